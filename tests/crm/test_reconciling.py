"""Calls of Asterisk's records against our rows: what is made, what is completed, and what nobody touches."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from callcenter import db, models
from callcenter.crm import calllog, customers, pasts, reconciling, writer
from callcenter.telephony import completing, facts, reconcile
from tests import servers
from tests.crm.rows_of import NOBODY, NOON, record, when, write

AWAY = completing.Away(NOON - 10, NOON + 40)


def told(of: facts.CallRecord | None = None, *others: str) -> reconcile.Told:
    found = of or record()
    return reconcile.Told(found, (found.id, *others))


def settle(
    session: Session,
    *calls: reconcile.Told,
    away: completing.Away | None = None,
    now: float = 600.0,
    **changes: Any,
) -> reconciling.Settled:
    seats = reconciling.Seats.read(session)
    values: dict[str, Any] = {
        "pbx": "main", "now": NOON + now, "running": frozenset(), "away": [away] if away else [],
        "identify": lambda *_: NOBODY, "seats": seats,
    }  # fmt: skip
    return reconciling.settle(session, reconciling.Look(**(values | changes)), calls)


def rows(session: Session) -> list[models.Call]:
    session.flush()
    session.expire_all()
    call = models.Call
    return list(session.scalars(select(call).options(selectinload(call.participants)).order_by(call.id)))  # fmt: skip


def user(session: Session, login: str) -> int:
    made = models.User(login=login, name=login, password_hash="-", created_at=when(0))
    session.add(made)
    session.flush()
    return made.id


@servers.on_both()
def test_a_call_that_nobody_saw_is_made_with_who_sat_there_then(database: db.Database) -> None:
    with database.session() as session:
        early, late = user(session, "early"), user(session, "late")
        for who, since, until in ((early, -3600, 20), (late, 20, None)):
            session.add(
                models.ExtensionAssignment(
                    pbx="main", extension="1001", interface="PJSIP/1001", user_id=who, since=when(since),
                    until=when(until) if until is not None else None,
                )
            )  # fmt: skip
        session.flush()
        assert len(settle(session, told()).reconciled) == 1
        assert settle(session, told()).captured == 1  # and once only
        (row,) = rows(session)
        assert (row.source, row.result, row.answered) == ("reconciled", "answered", when(5))
        assert [p.user_id for p in row.participants] == [early]


def test_what_was_seen_live_is_not_touched(database: db.Database) -> None:
    with database.session() as session:
        write(session, record(answered=NOON + 4.2, ended=NOON + 30.9, from_name="Dana Levi"))
        # The line was cut in the middle of the call: its beginning and its end were heard.
        gone = completing.Away(NOON + 10, NOON + 20)
        settled = settle(session, told(record(answered=NOON, from_name="")), away=gone)
        assert (settled.captured, settled.reconciled) == (1, [])
        assert rows(session)[0].source == "live"


def test_a_row_that_was_left_open_is_ended_as_the_records_say(database: db.Database) -> None:
    with database.session() as session:
        seat = facts.Participant("PJSIP/1001", "1001", NOON - 20.5)
        seen = record(
            started=NOON - 21, queued=NOON - 20.9, answered=None, ended=None, result=None, participants=(seat,)
        )  # fmt: skip
        write(session, seen)
        settle(session, told(), away=AWAY)
        (row,) = rows(session)
        assert (row.result, row.source, row.ended) == ("answered", "reconciled", when(30))
        assert (row.queued, row.answered) == (when(-20.9), when(5))  # ours, and theirs
        assert [(p.rang, p.answered, p.outcome) for p in row.participants] == [(when(-20.5), when(5), "answered")]  # fmt: skip


def test_what_people_said_of_a_call_outlives_its_completion(database: db.Database) -> None:
    with database.session() as session:
        party = customers.create(session, "Dana", now=when(0))
        outcome = models.Outcome(code="sold", labels={"en": "Sold"})
        session.add(outcome)
        session.flush()
        write(
            session, record(ended=NOON + 40, result=facts.Result.LOST), party_id=party.id, match_state="chosen",
            outcome_id=outcome.id, wrapup_seconds=7.0,
        )  # fmt: skip
        settle(session, told(), away=AWAY)
        (row,) = rows(session)
        assert (row.result, row.party_id, row.match_state) == ("answered", party.id, "chosen")
        assert (row.outcome_id, row.wrapup_seconds) == (outcome.id, 7.0)


def test_a_call_that_was_met_in_its_middle_gets_its_beginning_back(database: db.Database) -> None:
    with database.session() as session:
        seat = facts.Participant("PJSIP/1001", "1001", None, NOON + 41, NOON + 90, facts.Outcome.ANSWERED)  # fmt: skip
        write(
            session,
            record(
                direction=facts.Direction.OUTBOUND, from_="", queue=None, started=NOON + 0.4, queued=None, ringing=None,
                answered=NOON + 41, ended=NOON + 90.3, participants=(seat,),
            ),
        )  # fmt: skip
        settle(session, told(record(ended=NOON + 90)), away=AWAY)
        (row,) = rows(session)
        assert (row.direction, row.from_raw, row.queue) == ("inbound", "0501234567", "support")
        assert (row.queued, row.answered, row.ended) == (when(0), when(5), when(90.3))
        assert row.participants[0].answered == when(5)


def test_a_call_that_was_absorbed_is_found_by_the_one_that_absorbed_it(
    database: db.Database,
) -> None:
    with database.session() as session:
        write(session, record("2.0"))
        write(session, record("1.0"), merged_into="2.0")
        assert settle(session, told(record("1.0"))).captured == 1
        assert len(rows(session)) == 2


@pytest.mark.parametrize("now,running", [(31.0, []), (40.0, []), (600.0, ["1764072000.0"])])
def test_a_call_that_has_just_ended_or_still_runs_is_waited_for(
    database: db.Database, now: float, running: list[str]
) -> None:
    with database.session() as session:
        settled = settle(session, told(), now=now, running=frozenset(running))
        assert len(settled.waiting) == 1 and rows(session) == []


def test_a_call_that_ended_in_the_future_is_not_waited_for(database: db.Database) -> None:
    with database.session() as session:  # the exchange's clock was an hour fast for a while
        settled = settle(session, told(), now=30.0 - 3600.0)
        assert (len(settled.reconciled), len(settled.waiting)) == (1, 0)


def test_rows_that_nothing_tells_the_end_of_are_closed_when_we_ceased_to_hear(
    database: db.Database,
) -> None:
    with database.session() as session:
        write(session, record(started=NOON - 60, answered=NOON - 50, queued=None, ringing=None, ended=None, result=None, participants=()))  # fmt: skip
        write(session, record("2.0", started=NOON - 60, ended=None, result=None))
        look = reconciling.Look("main", NOON + 60, frozenset({"2.0"}), [AWAY], lambda *_: NOBODY, reconciling.Seats(()))  # fmt: skip
        assert reconciling.close_orphans(session, look) == 1
        assert [(r.result, r.ended) for r in rows(session)] == [("lost", when(-10)), (None, None)]


def test_a_call_that_began_in_the_future_and_nobody_follows_is_closed(
    database: db.Database,
) -> None:
    began = NOON + 3600.0  # the exchange's clock was an hour fast for a while
    with database.session() as session:
        write(session, record(started=began, queued=began, ringing=None, answered=None, ended=None, result=None, participants=()))  # fmt: skip
        write(session, record("2.0", started=began, ended=None, result=None))
        write(session, record("3.0", started=NOON + 61, ended=None, result=None))  # has just begun
        look = reconciling.Look("main", NOON + 60, frozenset({"2.0"}), [], lambda *_: NOBODY, reconciling.Seats(()))  # fmt: skip
        assert reconciling.close_orphans(session, look) == 1
        assert [r.result for r in rows(session)] == ["lost", None, None]


async def test_a_restarted_tracker_takes_nothing_from_a_row(database: db.Database) -> None:
    with database.session() as session:
        row = write(
            session, record(ended=None, result=None, queued=NOON - 20), match_state="chosen"
        )
        row.party_id = customers.create(session, "Dana", now=when(0)).id
    to = writer.Writer(database, linger_seconds=0.001)
    log = calllog.CallLog(to, records=lambda *_: None, user_of=lambda *_: None)
    log.remember(database.call(pasts.open_calls))
    late = record(
        direction=facts.Direction.OUTBOUND, started=NOON + 3, queued=None, ringing=None, answered=NOON + 50,
        ended=NOON + 90, participants=(), queue=None,
    )  # fmt: skip
    log.link("main", late.id, NOBODY)
    log.on_fact("main", facts.CallEnded(late.id, NOON + 90, late))
    log.write_stale()
    to.flush()
    to.close()
    with database.session() as session:
        (row,) = rows(session)
        assert (row.direction, row.queue, row.started) == ("inbound", "support", when(0))
        assert (row.queued, row.answered, row.ended) == (when(-20), when(5), when(90))
        assert (row.match_state, row.party_id is not None) == ("chosen", True)
        assert [p.answered for p in row.participants] == [when(5)]


def test_a_call_that_ended_in_the_second_of_a_cut_was_not_seen_to_its_end() -> None:
    away = completing.Away(NOON + 0.9, NOON + 5)
    assert away.touches(NOON - 30, NOON)  # the records say NOON, and mean up to NOON + 1
    assert not away.touches(NOON - 30, NOON - 1)
