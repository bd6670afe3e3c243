"""The second step of the sign-in, and which passwords are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from callcenter import db, errors, models
from callcenter.crm import accounts, passwords, second_step
from tests.servers import on_both

NOW = datetime(2026, 3, 1, 9, 0, 10, tzinfo=UTC)


@on_both()
def test_a_code_opens_once_and_only_in_its_time(database: db.Database) -> None:
    with database.session() as session:
        user = accounts.create_user(session, "dana", "Dana", password="long enough", now=NOW)
        secret = second_step.new_secret()
        code = pyotp.TOTP(secret).at(NOW)
        with pytest.raises(errors.Invalid):
            second_step.turn_on(session, user.id, secret, "000000x", now=NOW)
        assert not user.totp_secret
        second_step.turn_on(session, user.id, secret, code, now=NOW)
        assert second_step.passes(session, user.id, code, now=NOW) == "", "the first one is used up"
        later = NOW + timedelta(seconds=30)
        code = pyotp.TOTP(secret).at(later)
        assert second_step.passes(session, user.id, f" {code[:3]} {code[3:]} ", now=later) == "totp"
        assert second_step.passes(session, user.id, code, now=later) == ""
        old = pyotp.TOTP(secret).at(NOW + timedelta(seconds=60))
        assert second_step.passes(session, user.id, old, now=NOW + timedelta(minutes=10)) == ""


@on_both()
def test_a_paper_code_opens_once_and_is_kept_as_a_hash(database: db.Database) -> None:
    with database.session() as session:
        user = accounts.create_user(session, "dana", "Dana", password="long enough", now=NOW)
        secret = second_step.new_secret()
        codes = second_step.turn_on(session, user.id, secret, pyotp.TOTP(secret).at(NOW), now=NOW)
        assert len(set(codes)) == second_step.CODES
        kept = {row.code_hash for row in session.query(models.RecoveryCode)}
        assert not kept & {code.replace("-", "") for code in codes}
        assert second_step.passes(session, user.id, codes[0].upper(), now=NOW) == "recovery"
        assert second_step.passes(session, user.id, codes[0], now=NOW) == ""
        assert second_step.codes_left(session, user.id) == second_step.CODES - 1
        second_step.new_codes(session, user.id)
        assert second_step.passes(session, user.id, codes[1], now=NOW) == ""
        second_step.turn_off(session, user.id)
        assert second_step.codes_left(session, user.id) == 0


@pytest.mark.parametrize(
    "password,why",
    [
        ("short", passwords.TOO_SHORT),
        ("x" * 201, passwords.TOO_SHORT),
        ("Password123!", passwords.TOO_COMMON),
        ("12345678", passwords.TOO_COMMON),
        ("qwertyuiop", passwords.TOO_COMMON),
        ("abababab", passwords.TOO_COMMON),
        ("Callcenter2026", passwords.TOO_COMMON),
        ("dana.levi1", passwords.OWN_NAME),
        ("Levi1985", passwords.OWN_NAME),
    ],
)
def test_a_password_that_anybody_would_try_is_refused(password: str, why: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        passwords.check(password, login="dana.levi", name="Dana Levi")
    assert caught.value.problem == why


@pytest.mark.parametrize(
    "password", ["correct horse battery", "סוס ירוק על הגג", "levi walks along the sea"]
)
def test_a_sentence_is_taken(password: str) -> None:
    passwords.check(password, login="dana.levi", name="Dana Levi")
