"""The reconciler beside a live floor: what a call's lost end, or a lost beginning, comes to."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from callcenter import db, models
from tests.screenpop import stand as stands
from tests.telephony import linked

QUICK_PINGS = dataclasses.replace(linked.QUICK, ping_seconds=0.05)
SCENARIO = "direct_inbound"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[db.Database]:
    made = stands.new_database(tmp_path)
    with made.session() as session:
        stands.people(session, db.utcnow())
    yield made
    made.close()


def cdr(linkedid: str, began: float, *, number: str = "0501234567", seconds: int = 10) -> str:
    at = ",".join(
        f'"{datetime.fromtimestamp(began + s, UTC):%Y-%m-%d %H:%M:%S}"' for s in (0, 1, seconds)
    )
    return (
        f'"","{number}","1001","direct","<{number}>","PJSIP/trunk-00000000","PJSIP/1001-00000001","Dial","",{at},'
        f'{seconds},{seconds - 1},"ANSWERED","","{linkedid}","","","{linkedid}",0\n'
    )


def rows(database: db.Database) -> list[models.Call]:
    with database.session() as session:
        return list(session.scalars(select(models.Call).order_by(models.Call.id)))


def listened_since(database: db.Database, at: float) -> None:
    """Let the exchange have been heard before."""
    when = datetime.fromtimestamp(at, UTC)
    with database.session() as session:
        session.add(
            models.ReconcileMark(pbx="main", since=when, read_until=when, seen_at=when, problem="")
        )


async def test_a_call_whose_end_was_never_told_is_not_stuck(
    database: db.Database, tmp_path: Path
) -> None:
    began, path = time.time() - 200, tmp_path / "Master.csv"
    listened_since(database, began - 100)
    records = {"cdr": str(path), "cdr_timezone": "UTC"}
    async with stands.standing(database, timing=QUICK_PINGS, records=records) as stand:
        whole = stands.events_of(SCENARIO)
        stand.exchange.write(whole[: whole.index(b"Event: HangupRequest")])
        await stand.settled()
        (row,) = rows(database)
        assert row.ended is None
        path.write_text(cdr(row.linkedid, began))
        await stand.center.reconciler.look("main")  # it doubts the call, and asks the exchange
        await stand.exchange.until(lambda: not stand.center.board.lines["main"].tracker.calls())
        await stand.center.reconciler.look("main")
        (row,) = rows(database)
        assert (row.result, row.source) == ("answered", "reconciled")


async def test_calls_of_before_we_first_listened_are_not_our_concern(
    database: db.Database, tmp_path: Path
) -> None:
    path = tmp_path / "Master.csv"
    path.write_text(cdr("1700000000.1", time.time() - 3000))
    records = {"cdr": str(path), "cdr_timezone": "UTC"}
    async with stands.standing(database, records=records) as stand:
        await stand.center.reconciler.look("main")
        assert rows(database) == []


async def test_a_call_that_was_not_seen_is_matched_to_its_customer_and_agent(
    database: db.Database, tmp_path: Path
) -> None:
    began, path = time.time() - 300, tmp_path / "Master.csv"
    listened_since(database, began - 100)
    with database.session() as session:
        party = stands.customer(session, "Dana", "050-123-4567", db.utcnow())
        for seat in session.scalars(select(models.ExtensionAssignment)):
            seat.since = datetime.fromtimestamp(began - 50, UTC)
    path.write_text(cdr("1700000000.1", began))
    records = {"cdr": str(path), "cdr_timezone": "UTC"}
    async with stands.standing(database, records=records) as stand:
        await stand.center.reconciler.look("main")
        (row,) = rows(database)
        assert (row.party_id, row.name_snapshot, row.far_e164) == (party, "Dana", "+972501234567")
        with database.session() as session:
            (part,) = session.scalars(select(models.CallParticipant))
            assert part.user_id == stand.center.seats.user_of("main", "PJSIP/1001")


async def test_a_lost_call_is_told_once_since_its_recording_may_lie_there(
    database: db.Database,
) -> None:
    told: list[tuple[int, float | None]] = []
    began = datetime.fromtimestamp(time.time() - 60, UTC)
    with database.session() as session:
        session.add(models.Call(pbx="main", linkedid="9.1", direction="inbound", started=began))
    async with stands.standing(database) as stand:
        looker = stand.center.reconciler
        looker.found.append(lambda _, found: told.extend((i, t.record.ended) for i, t in found))
        await stand.exchange.until(lambda: stand.center.board.lines["main"].seeded.is_set())
        for _ in range(3):
            await looker.look("main")
        (row,) = rows(database)
        assert row.result == "lost" and row.ended is not None
        assert told == [(row.id, row.ended.timestamp())]


async def test_records_that_cannot_be_read_are_named_and_stop_nothing(
    database: db.Database, tmp_path: Path
) -> None:
    listened_since(database, time.time() - 100)
    records = {"cdr": str(tmp_path)}  # a folder
    async with stands.standing(database, records=records) as stand:
        assert await stand.center.reconciler.look("main") == 0
        with database.session() as session:
            mark = session.get_one(models.ReconcileMark, "main")
            assert "directory" in mark.problem.lower()
