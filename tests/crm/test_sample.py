"""The sample center: believable, the same each time, and never over somebody's data."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from callcenter import db, errors, models
from callcenter.crm import accounts, lookup, sample
from tests import servers

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


@servers.on_both()
def test_the_sample_has_everything_to_show(database: db.Database) -> None:
    made = database.call(sample.load_sample, now=NOW, customers=300, password="demo demo demo")
    m = models
    with database.session() as session:
        count = {t: session.scalar(select(func.count()).select_from(t)) for t in (m.Party, m.Call, m.Outcome, m.Case, m.Task)}  # fmt: skip
        assert (count[m.Party], count[m.Call], count[m.Outcome]) == (300, 900, 17)
        assert count[m.Case] and count[m.Task]
        languages = Counter(session.scalars(select(m.Party.language)))
        assert languages["he"] > languages["ru"] > 20 and languages["en"] > 20
        assert {o.digit for o in session.scalars(select(m.Outcome))} == {*range(1, 10), None}
        assert all(set(o.labels) == {"he", "en", "ru"} for o in session.scalars(select(m.Outcome)))
        roles = Counter(account.role for account in made.accounts)
        assert roles == {"agent": 7, "supervisor": 1, "manager": 1, "admin": 1}
        for login in ("michal", "ronen", "yael", "admin"):
            assert accounts.sign_in(session, login, "demo demo demo")
        answered = session.scalar(select(func.count()).where(m.Call.result == "answered"))
        people = session.scalar(select(func.count()).select_from(m.CallParticipant))
        assert answered and people and people >= answered
        newest = session.scalar(select(func.max(m.Call.started)))
        assert newest is not None and newest < NOW
    found = lookup.Lookup(database)
    states = {kind: found.match(number, now=NOW.timestamp()).state for number, kind in made.known.items()}  # fmt: skip
    assert states == {"vip": "strong", "one": "strong", "shared": "ambiguous"}
    found.close()


def test_the_same_seed_makes_the_same_center(tmp_path) -> None:
    from callcenter import migrations

    seen = []
    for name in ("a", "b"):
        database = db.Database(f"sqlite:///{tmp_path / name}.db")
        migrations.upgrade(database)
        database.call(sample.load_sample, now=NOW, customers=60)
        with database.session() as session:
            parties = list(session.scalars(select(models.Party.display)))
            calls = [tuple(row) for row in session.execute(select(models.Call.linkedid, models.Call.far_e164))]  # fmt: skip
            seen.append((parties, calls))
        database.close()
    assert seen[0] == seen[1]


def test_a_database_with_people_in_it_is_left_alone(database: db.Database) -> None:
    database.call(accounts.create_user, "real", "Real", password_hash="-", now=NOW)
    with pytest.raises(errors.Conflict, match="not empty"):
        database.call(sample.load_sample, now=NOW, customers=10)
