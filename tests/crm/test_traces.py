"""Calls of which only a recording tells: theirs is the row that there is, or a lost one that is made of the file's name."""

from __future__ import annotations

from callcenter import db, models
from callcenter.crm import reconciling, traces
from callcenter.telephony import completing, reconcile
from tests import servers
from tests.crm import test_reconciling as past

NOON = past.NOON


def look(*, running: frozenset[str] = frozenset()) -> reconciling.Look:
    nobody = reconciling.Seats(())
    return reconciling.Look("main", NOON + 600, running, [], lambda *_: past.NOBODY, nobody)


def trace(linkedid: str) -> traces.Trace:
    return traces.Trace(linkedid, NOON, NOON + 40)


@servers.on_both()
def test_a_recording_of_a_call_that_nobody_wrote_down_makes_a_lost_call(
    database: db.Database,
) -> None:
    with database.session() as session:
        ((row_id, told),) = traces.told(session, look(), [trace("1.1")], {})
        (row,) = past.rows(session)
        assert (row.id, row.linkedid, row.result, row.source) == (
            row_id,
            "1.1",
            "lost",
            "reconciled",
        )
        assert (row.direction, row.from_raw, row.party_id) == ("inbound", "", None)
        assert (row.started.timestamp(), row.ended) == (NOON, past.when(40))
        assert (told.linkedids, told.ended) == (("1.1",), NOON + 40)


@servers.on_both()
def test_a_dialled_call_of_which_only_a_recording_is_left_is_of_whom_was_dialled(
    database: db.Database,
) -> None:
    with database.session() as session:
        mine = past.user(session, "dana")
        session.add(models.DialAttempt(id="cc-1", pbx="main", user_id=mine, number="0501234567", e164="+972501234567", requested_at=past.when(0), state="placed"))  # fmt: skip
        session.flush()
        traces.told(session, look(), [trace("cc-1")], {})
        (row,) = past.rows(session)
        assert (row.direction, row.to_raw, row.result) == ("outbound", "0501234567", "lost")


@servers.on_both()
def test_a_recording_of_a_call_with_a_row_is_that_calls(database: db.Database) -> None:
    with database.session() as session:
        # The clock of the exchange was an hour ahead: by its times nothing touched the outage.
        row = past.write(session, past.record("1.1", started=NOON + 3600, ended=NOON + 3601))
        ((row_id, told),) = traces.told(session, look(), [trace("1.1")], {})
        assert row_id == row.id and told.ended == NOON + 3601
        assert (row.result, row.source, len(past.rows(session))) == ("answered", "live", 1)


@servers.on_both()
def test_a_call_that_the_records_put_before_our_time_is_as_they_tell_it(
    database: db.Database,
) -> None:
    # The clock of the exchange was an hour behind while we were away, and we keep a log for minutes only.
    known = reconcile.Told(
        past.record("1.1", started=NOON - 3600, ended=NOON - 3590), ("1.0", "1.1")
    )
    with database.session() as session:
        ((row_id, _),) = traces.told(session, look(), [trace("1.1")], {"1.1": known})
        (row,) = past.rows(session)
        assert (row.id, row.result, row.ended) == (row_id, "answered", past.when(-3590))
        assert len(traces.told(session, look(), [trace("1.0")], {"1.0": known})) == 1
        assert len(past.rows(session)) == 1, "once"


@servers.on_both()
def test_what_still_runs_is_not_called_lost(database: db.Database) -> None:
    with database.session() as session:
        past.write(session, past.record("1.2", ended=None, result=None))
        seen = [trace("1.1"), trace("1.2")]
        assert traces.told(session, look(running=frozenset({"1.1"})), seen, {}) == []
        assert [row.linkedid for row in past.rows(session)] == ["1.2"]


def test_an_outages_files_are_looked_through_once_and_not_before_the_records_are_read() -> None:
    outages = {1: completing.Away(10, 20), 2: completing.Away(30, 95), 3: completing.Away(99)}
    assert traces.ripe(outages, set(), now=100) == {1: 10}
    assert traces.ripe(outages, {1}, now=111) == {2: 30}
