"""Accounts, passwords, and who sits at which telephone."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from callcenter import db, errors, models
from callcenter.crm import accounts

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_a_password_is_kept_as_argon2id_and_verified(database: db.Database) -> None:
    with database.session() as session:
        user = accounts.create_user(session, " Michal ", "מיכל", password="correct horse", now=NOW)
        assert user.login == "michal"
        assert user.password_hash.startswith("$argon2id$")
        assert accounts.sign_in(session, "MICHAL", "correct horse") is user
        assert accounts.sign_in(session, "michal", "wrong") is None
        assert accounts.sign_in(session, "nobody", "correct horse") is None
        user.active = False
        assert accounts.sign_in(session, "michal", "correct horse") is None


def test_outside_of_the_tests_a_password_costs_what_it_should() -> None:
    code = "from callcenter.crm import accounts; print(accounts.hasher.type.name, accounts.hasher.memory_cost, accounts.hasher.time_cost)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    kind, memory_kib, passes = told.stdout.split()
    assert kind == "ID" and int(memory_kib) >= 19_456 and int(passes) >= 2  # OWASP's least


def test_an_old_hash_is_renewed_at_sign_in(database: db.Database) -> None:
    with database.session() as session:
        weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("correct horse")
        user = accounts.create_user(session, "michal", "מיכל", password_hash=weak, now=NOW)
        assert accounts.sign_in(session, "michal", "correct horse")
        assert user.password_hash != weak
        assert accounts.sign_in(session, "michal", "correct horse")


def test_a_hash_that_is_none_lets_nobody_in() -> None:
    assert not accounts.fits("-", "anything")
    assert not accounts.fits("", "")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("password", {"password": "short"}), ("password", {"password": "x" * 201}), ("login", {"login": "a b"}),
        ("login", {"login": "דנה"}), ("login", {"login": ""}), ("role", {"role": "root"}),
        ("language", {"language": "fr"}), ("name", {"name": " "}),
    ],
)  # fmt: skip
def test_a_wrong_account_is_refused_by_field(
    database: db.Database, field: str, values: dict[str, str]
) -> None:
    given = {"login": "michal", "name": "מיכל", "password": "correct horse"} | values
    with database.session() as session, pytest.raises(errors.Invalid) as caught:
        accounts.create_user(session, given.pop("login"), given.pop("name"), now=NOW, **given)  # type: ignore[arg-type]
    assert caught.value.field == field


def test_a_login_is_taken_once(database: db.Database) -> None:
    with database.session() as session:
        accounts.create_user(session, "michal", "מיכל", password_hash="-", now=NOW)
        with pytest.raises(errors.Conflict):
            accounts.create_user(session, "Michal", "אחרת", password_hash="-", now=NOW)


def test_a_new_password_signs_out_everywhere(database: db.Database) -> None:
    with database.session() as session:
        user = accounts.create_user(session, "michal", "מיכל", password_hash="-", now=NOW)
        session.add(models.WebSession(key_hash="k", user_id=user.id, created_at=NOW, seen_at=NOW, expires_at=NOW))  # fmt: skip
        session.flush()
        accounts.set_password(session, user.id, "another horse")
        session.flush()
        assert session.scalar(select(models.WebSession)) is None
        assert accounts.sign_in(session, "michal", "another horse")


def test_who_sits_down_ends_what_was_there_and_where_they_sat(database: db.Database) -> None:
    later = NOW + timedelta(hours=1)
    with database.session() as session:
        a = accounts.create_user(session, "a", "A", password_hash="-", now=NOW).id
        b = accounts.create_user(session, "b", "B", password_hash="-", now=NOW).id
        accounts.assign_extension(session, a, "1001", now=NOW)
        accounts.assign_extension(session, b, "1002", now=NOW, interface="SIP/1002", pbx="main")
        assert accounts.interface_users(session) == {("", "PJSIP/1001"): a, ("main", "SIP/1002"): b}
        accounts.assign_extension(session, b, "1001", now=later)
        assert accounts.interface_users(session)[("", "PJSIP/1001")] == b
        past = session.scalars(select(models.ExtensionAssignment).order_by(models.ExtensionAssignment.id)).all()  # fmt: skip
        assert [(p.user_id, p.until) for p in past] == [(a, later), (b, None), (b, None)]
        assert accounts.release_extension(session, b, now=later) == 2
        assert accounts.interface_users(session) == {}


@pytest.mark.parametrize("extension", ["", "10 01", "1001\r\n", "PJSIP/1001", "א", "1" * 41])
def test_a_wrong_extension_is_refused(database: db.Database, extension: str) -> None:
    with database.session() as session:
        user = accounts.create_user(session, "a", "A", password_hash="-", now=NOW)
        with pytest.raises(errors.Invalid):
            accounts.assign_extension(session, user.id, extension, now=NOW)
