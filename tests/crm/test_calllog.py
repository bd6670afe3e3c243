"""The writer keeps what it cannot write, and the log writes each call once, whatever the database does meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from callcenter import db, models
from callcenter.crm import calllog, writer
from callcenter.telephony import facts
from tests import servers

STARTED = 1_700_000_000.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[db.Database]:
    made = servers.migrated(tmp_path / "log.db")
    yield made
    made.close()


@pytest.fixture
def log_writer(database: db.Database) -> Iterator[writer.Writer]:
    made = writer.Writer(database, linger_seconds=0.001)
    yield made
    made.close()


def record(id_: str = "1.0", **changes: object) -> facts.CallRecord:
    values = {
        "id": id_, "direction": facts.Direction.INBOUND, "from_": "0501234567", "from_name": "Dana",
        "to": "1001", "did": "037000100", "queue": "support", "started": STARTED,
    }  # fmt: skip
    return facts.CallRecord(**(values | changes))  # type: ignore[arg-type]


def ended(**changes: object) -> facts.CallEnded:
    done = record(result=facts.Result.ANSWERED, ended=STARTED + 60, **changes)
    return facts.CallEnded(done.id, STARTED + 60, done)


def log(to: writer.Writer, users: dict[str, int | None] | None = None) -> calllog.CallLog:
    found = users or {}
    return calllog.CallLog(to, records=lambda *_: None, user_of=lambda _p, i, _e: found.get(i))


def flush(calls: calllog.CallLog, to: writer.Writer) -> None:
    calls.write_stale()
    to.flush()


def rows(database: db.Database) -> list[models.Call]:
    with database.session() as session:
        return list(session.scalars(select(models.Call).order_by(models.Call.linkedid)))


async def test_the_same_end_twice_leaves_one_row(
    database: db.Database, log_writer: writer.Writer
) -> None:
    calls = log(log_writer)
    phone = facts.Participant("PJSIP/1001", "1001", STARTED, STARTED + 5, STARTED + 60)
    for _ in range(2):
        calls.on_fact("main", ended(participants=(phone,)))
        flush(calls, log_writer)
    assert [(r.linkedid, r.result) for r in rows(database)] == [("1.0", "answered")]
    with database.session() as session:
        assert len(session.scalars(select(models.CallParticipant)).all()) == 1


async def test_two_exchanges_may_use_the_same_linkedid(
    database: db.Database, log_writer: writer.Writer
) -> None:
    calls = log(log_writer)
    calls.on_fact("main", ended())
    calls.on_fact("branch", ended())
    flush(calls, log_writer)
    assert len(rows(database)) == 2


async def test_what_an_agent_said_is_not_overwritten_by_the_telephone(
    database: db.Database, log_writer: writer.Writer
) -> None:
    calls = log(log_writer)
    with database.session() as session:
        outcome = models.Outcome(code="solved", labels={"en": "Solved"})
        session.add(outcome)
        session.flush()
        said = outcome.id
    calls.on_fact("main", ended())
    calls.finish("main", "1.0", outcome_id=said, at=STARTED + 70, seconds=10.0)
    flush(calls, log_writer)
    calls.on_fact("main", ended())
    calls.finish("main", "1.0", outcome_id=None, at=STARTED + 80, seconds=20.0)
    flush(calls, log_writer)
    row = rows(database)[0]
    assert (row.outcome_id, row.wrapup_seconds) == (said, 20.0)


async def test_a_locked_database_loses_nothing(database: db.Database, tmp_path: Path) -> None:
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=10")
    made = writer.Writer(database, linger_seconds=0.001)
    other = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        calls = log(made)
        calls.on_fact("main", ended())
        calls.write_stale()
        with pytest.raises(TimeoutError):
            made.flush(0.5)
        assert made.depth == 1
    finally:
        other.execute("ROLLBACK")
        other.close()
    made.flush()
    assert (made.depth, made.trouble, len(rows(database))) == (0, None, 1)
    made.close()


async def test_a_row_that_the_database_refuses_does_not_hold_the_others_up(
    database: db.Database, log_writer: writer.Writer
) -> None:
    calls = log(log_writer, {"PJSIP/9": 999})  # no such user
    calls.on_fact("main", ended(participants=(facts.Participant("PJSIP/9", "9", STARTED),)))
    calls.on_fact("main", facts.CallEnded("2.0", STARTED + 1, record("2.0", ended=STARTED + 1)))
    flush(calls, log_writer)
    assert [r.linkedid for r in rows(database)] == ["1.0", "2.0"]
    assert log_writer.refused == 1


async def test_texts_from_the_wire_are_cut_and_cleaned(
    database: db.Database, log_writer: writer.Writer
) -> None:
    calls = log(log_writer)
    calls.on_fact("main", ended(from_name="\x00" + "x" * 500, from_="9" * 500))
    flush(calls, log_writer)
    row = rows(database)[0]
    assert (row.from_name, len(row.from_raw)) == ("x" * 120, 80)


async def test_a_lost_call_does_not_look_as_if_it_still_went_on(
    database: db.Database, log_writer: writer.Writer
) -> None:
    lost = record(result=facts.Result.LOST)
    calls = log(log_writer)
    calls.on_fact("main", facts.CallLost("1.0", STARTED + 9, lost))
    flush(calls, log_writer)
    row = rows(database)[0]
    assert row.result == "lost"
    assert row.ended is not None and row.ended.timestamp() == STARTED + 9


async def test_the_rows_of_one_moment_are_one_write(database: db.Database) -> None:
    made = writer.Writer(database, linger_seconds=60)
    calls = log(made)
    for _ in range(50):
        calls.on_fact("main", ended())
    calls.write_stale()
    assert made.depth == 1
    made.flush()
    assert made.written == 1
    made.close()


async def test_a_row_is_made_a_moment_after_its_fact_and_by_itself(
    database: db.Database, log_writer: writer.Writer
) -> None:
    log(log_writer).on_fact("main", ended())
    assert log_writer.depth == 0  # the pop goes first
    async with asyncio.timeout(30):
        while not rows(database):
            await asyncio.sleep(calllog.GATHER_SECONDS)
    assert rows(database)[0].result == "answered"


async def test_a_call_that_is_lost_and_met_again_in_one_moment_goes_on(
    database: db.Database, log_writer: writer.Writer
) -> None:
    again = record(answered=STARTED + 4)
    calls = calllog.CallLog(log_writer, records=lambda *_: again, user_of=lambda *_: None)
    lost = record(result=facts.Result.LOST)
    calls.on_fact("main", facts.CallLost("1.0", STARTED + 9, lost))
    started = facts.CallStarted(
        "1.0", STARTED, None, facts.Direction.INBOUND, "0501234567", "Dana", "1001", None
    )
    calls.on_fact("main", started)
    flush(calls, log_writer)
    (row,) = rows(database)
    assert (row.result, row.ended, row.answered is not None) == (None, None, True)
