"""From facts to rows: every recording once, whatever the database does meanwhile."""

from __future__ import annotations

import time

from sqlalchemy import select, text

from callcenter import db, models
from callcenter.telephony import facts
from recordings import expect
from tests.recordings.conftest import REMOTE, Place

TRUNK, PHONE = "PJSIP/trunk-00000001", "PJSIP/1001-00000002"


def started(
    linkedid: str, *, file: str = "a.wav", channel: str = TRUNK, at: float = 1_700_000_000.0
) -> facts.Fact:
    return facts.RecordingStarted(linkedid, at, channel, f"{REMOTE}/{file}")


def stopped(linkedid: str, *, at: float = 1_700_000_060.0) -> facts.Fact:
    return facts.RecordingStopped(linkedid, at, TRUNK)


def rows(place: Place) -> list[models.Recording]:
    with place.database.session() as session:
        return list(session.scalars(select(models.Recording).order_by(models.Recording.id)))


def tell(place: Place, *told: facts.Fact) -> list[int]:
    """Tell facts to a fresh expecter; return what it hinted at."""
    hinted: list[int] = []
    expecter = expect.Expecter(place.database, place.settings, hint=hinted.append)
    for fact in told:
        expecter.on_fact("main", fact)
    assert expecter.flush()
    expecter.close()
    return hinted


def test_a_recording_is_expected_when_it_starts_and_hinted_when_it_ends(place: Place) -> None:
    assert tell(place, started("1.1")) == []
    assert [(row.state, row.file, row.ended_at) for row in rows(place)] == [
        ("expected", f"{REMOTE}/a.wav", None)
    ]
    assert tell(place, stopped("1.1")) == [rows(place)[0].id]
    ended = rows(place)[0].ended_at
    assert ended and ended.timestamp() == 1_700_000_060


def test_the_same_facts_twice_leave_one_row(place: Place) -> None:
    for _ in range(2):
        tell(place, started("1.1"), stopped("1.1"))
    assert len(rows(place)) == 1


def test_a_recording_that_starts_on_a_phone_hears_the_agent(place: Place) -> None:
    tell(place, started("1.1"), started("2.2", file="b.wav", channel=PHONE))
    assert [row.heard for row in rows(place)] == ["customer", "agent"]


def test_a_recording_finds_its_call_whichever_is_written_first(place: Place) -> None:
    tell(place, started("1.1"))
    with place.database.session() as session:
        session.add(
            models.Call(pbx="main", linkedid="1.1", direction="inbound", started=db.utcnow())
        )
        session.add(
            models.Call(pbx="other", linkedid="1.1", direction="inbound", started=db.utcnow())
        )
    tell(place, stopped("1.1"))
    with place.database.session() as session:
        found = session.get_one(models.Call, rows(place)[0].call_id)
    assert (found.pbx, found.linkedid) == ("main", "1.1")


def test_recordings_of_calls_that_became_one_belong_to_the_one_that_is_left(place: Place) -> None:
    with place.database.session() as session:
        for linkedid in ("1.1", "2.2"):
            session.add(
                models.Call(pbx="main", linkedid=linkedid, direction="inbound", started=db.utcnow())
            )
    tell(
        place, started("1.1"), started("2.2", file="b.wav"),
        facts.CallMerged("1.1", 1_700_000_030.0, absorbed="2.2"), stopped("1.1"),
    )  # fmt: skip
    assert {row.linkedid for row in rows(place)} == {"1.1"} and len(
        {row.call_id for row in rows(place)}
    ) == 1
    assert all(row.ended_at for row in rows(place))


def test_hostile_names_are_kept_harmless(place: Place) -> None:
    tell(
        place,
        started("1\0.1", file="a\0\ud800<b>\u202e.wav"),
        started("2.2" * 100, file="x" * 500),
        started("3.3", file="c.wav"),
    )
    harmless, long, plain = rows(place)
    assert "\0" not in harmless.file + harmless.linkedid and harmless.file.endswith(
        "?<b>\u202e.wav"
    )
    assert (long.state, len(long.file), len(long.linkedid)) == ("failed", 400, 150)
    assert plain.state == "expected"


def test_a_database_that_is_away_loses_nothing(place: Place) -> None:
    with place.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE recording RENAME TO away"))
    expecter = expect.Expecter(place.database, place.settings)
    began = time.monotonic()
    expecter.on_fact("main", started("1.1"))
    expecter.on_fact("main", stopped("1.1"))
    assert time.monotonic() - began < 0.1
    assert not expecter.flush(0.2)
    with place.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO recording"))
    assert expecter.flush(20)
    expecter.close()
    assert [bool(row.ended_at) for row in rows(place)] == [True]
