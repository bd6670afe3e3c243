"""Calls of Asterisk's records against our rows: what is made, what is completed, and what nobody touches."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from callcenter import db, models, settings
from callcenter.crm import calllog, customers, ledger, pasts, reconciling, writer
from callcenter.telephony import completing, facts, reconcile
from tests import servers

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
AWAY = completing.Away(NOON - 10, NOON + 40)
NOBODY = {
    "party_id": None, "match_state": "none", "match_reasons": [], "name_snapshot": "", "far_e164": None,
}  # fmt: skip


def when(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOON + seconds, UTC)


def record(id_: str = "1764072000.0", **changes: Any) -> facts.CallRecord:
    agent = facts.Participant("PJSIP/1001", "1001", NOON + 1, NOON + 5, NOON + 30, facts.Outcome.ANSWERED)  # fmt: skip
    made = facts.CallRecord(
        id=id_, direction=facts.Direction.INBOUND, from_="0501234567", from_name="Dana", to="", did=None,
        queue="support", started=NOON, queued=NOON, ringing=NOON + 1, answered=NOON + 5, ended=NOON + 30,
        result=facts.Result.ANSWERED, talk_seconds=25.0, participants=(agent,),
    )  # fmt: skip
    return replace(made, **changes)


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


def write(session: Session, of: facts.CallRecord, **changes: Any) -> models.Call:
    row = models.Call(**calllog.values_of("main", of), **NOBODY)
    for part in of.participants:
        row.participants.append(models.CallParticipant(**calllog.seat_of(part)))
    for name, value in changes.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    return row


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


def test_a_restarted_tracker_takes_nothing_from_a_row(database: db.Database) -> None:
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
    to.flush()
    to.close()
    with database.session() as session:
        (row,) = rows(session)
        assert (row.direction, row.queue, row.started) == ("inbound", "support", when(0))
        assert (row.queued, row.answered, row.ended) == (when(-20), when(5), when(90))
        assert (row.match_state, row.party_id is not None) == ("chosen", True)
        assert [p.answered for p in row.participants] == [when(5)]


def test_the_command_names_a_missing_call_and_fails(tmp_path: Path) -> None:
    cdr = tmp_path / "Master.csv"
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    config = tmp_path / "c.toml"
    config.write_text(
        f'[site]\ntimezone = "UTC"\n[database]\nurl = "sqlite:///{tmp_path}/a.db"\n[[pbx]]\ncdr = "{cdr}"\n'
    )
    made = db.Database(f"sqlite:///{tmp_path}/a.db")
    models.Base.metadata.create_all(made.engine)
    day = start.date().isoformat()

    def ask() -> tuple[int, dict[str, Any]]:
        command = [sys.executable, "-m", "callcenter", "ledger", "--json", "--day", day, "--config", str(config)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)

    assert ask()[1]["problem"] == "this exchange was never listened to"
    times = ",".join(f'"{start + timedelta(seconds=s):%Y-%m-%d %H:%M:%S}"' for s in (0, 1, 9))
    key = f"{int(start.timestamp())}.7"
    cdr.write_text(
        f'"","0501234567","1001","direct","<0501234567>","PJSIP/trunk-1","PJSIP/1001-2","Dial","",{times},9,8,"ANSWERED","","{key}","","","{key}",0\n'
    )
    with made.session() as session:
        at = start - timedelta(days=1)
        session.add(models.ReconcileMark(pbx="main", since=at, read_until=at, seen_at=at, problem=""))  # fmt: skip
    status, told_ = ask()
    assert (status, told_["total"], told_["missing"], told_["calls"][0]["linkedid"]) == (1, 1, 1, key)  # fmt: skip
    with made.session() as session:
        write(session, record(key, started=start.timestamp(), ended=start.timestamp() + 9))
    status, told_ = ask()
    assert (status, told_["captured"], told_["missing"]) == (0, 1, 0)
    command = [sys.executable, "-m", "callcenter", "ledger", "--day", day, "--config", str(config)]
    words = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"main {day}: 1 of 1 calls captured (1 live, 0 reconciled, 0 missing)" in words
    wrong = subprocess.run([*command, "--day", "tomorrow"], capture_output=True, text=True, check=False)  # fmt: skip
    assert (wrong.returncode, "tomorrow" in wrong.stderr) == (2, True)
    made.close()


@servers.on_both()
def test_the_ledger_tells_states_and_outages(database: db.Database, tmp_path: Path) -> None:
    lines = []
    for n, (began, of) in enumerate([(0, "live"), (60, "made"), (120, "gone"), (180, "open")]):
        times = ",".join(f'"{when(began + s):%Y-%m-%d %H:%M:%S}"' for s in (0, 1, 30))
        lines.append(
            f'"","05012345{n:02}","1001","direct","<05012345{n:02}>","PJSIP/trunk-{n}","PJSIP/1001-{n}a","Dial","",{times},'
            f'30,29,"ANSWERED","","{of}.1","","","{of}.1",{n}\n'
        )
    (tmp_path / "Master.csv").write_text("".join(lines))
    pbx = settings.Pbx(cdr=str(tmp_path / "Master.csv"), cdr_timezone="UTC", trunks=("PJSIP/trunk-*",))  # fmt: skip
    config = settings.Settings(pbx=(pbx,), site=settings.Site(timezone="UTC"))
    with database.session() as session:
        session.add(models.ReconcileMark(pbx="main", since=when(-9999), read_until=when(0), seen_at=when(0), problem=""))  # fmt: skip
        session.add(models.Outage(pbx="main", began=when(50), ended=when(100)))
        session.add(models.Outage(pbx="main", began=when(110)))
        write(session, record("live.1"))
        write(session, record("made.1"), source="reconciled")
        write(session, record("open.1", ended=None, result=None))
        write(session, record("ours.1"))
    told_ = ledger.read(database, config, pbx, when(0).date())
    assert {e.linkedid: e.state for e in told_.entries} == {
        "live.1": "captured", "made.1": "reconciled", "gone.1": "missing", "open.1": "running",
    }  # fmt: skip
    assert (told_.total, told_.kept, told_.only_ours, len(told_.outages)) == (3, 2, 1, 2)
    assert [e.outage and e.outage.ended for e in told_.not_live] == [NOON + 100, None]


def test_a_call_that_ended_in_the_second_of_a_cut_was_not_seen_to_its_end() -> None:
    away = completing.Away(NOON + 0.9, NOON + 5)
    assert away.touches(NOON - 30, NOON)  # the records say NOON, and mean up to NOON + 1
    assert not away.touches(NOON - 30, NOON - 1)
