"""A restart in the middle of a wrap-up: the agent gets it back, with its call and the time that is left."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from callcenter import db, models
from callcenter.crm import agents
from tests.screenpop import stand as stands
from tests.telephony import peer

SCENARIO = "queue_answered_caller_hangs_up"


async def wrapping(stand: stands.Stand) -> tuple[int, stands.Browser]:
    """Let Dana's call to support end, so that the agent at 1001 is in wrap-up."""
    seat = stand.center.seats.user_of("main", "PJSIP/1001", "1001")
    assert seat is not None
    stand.center.agents.declare(seat, agents.State.READY, "", time.time() - 600)
    browser = await stand.browser(seat)
    stand.play(SCENARIO)
    ended = await browser.next("call.end")
    assert ended["wrapup"]["seconds"] == 30
    await stand.settled()
    return seat, browser


@pytest.fixture
def database(tmp_path: Path) -> db.Database:
    made = stands.new_database(tmp_path)
    with made.session() as session:
        stands.people(session, db.utcnow())
        stands.customer(session, "Dana Levi", stands.DANA, db.utcnow())
        session.add(models.Outcome(code="solved", labels={"en": "Solved"}))
    return made


async def test_the_wrap_up_comes_back_and_its_outcome_can_be_said(database: db.Database) -> None:
    async with stands.standing(database) as stand:
        user, before = await wrapping(stand)
        until = before.of("call.end")[0]["wrapup"]["until"]
        id_ = before.of("call.pop")[0]["card"]["id"]
    async with stands.standing(database, exchange=peer.Peer()) as stand:
        browser = await stand.browser(user)
        snapshot = browser.of("snapshot")[-1]
        assert (snapshot["me"]["state"], snapshot["me"]["until"]) == ("wrapup", until)
        (card,) = snapshot["calls"]
        assert (card["id"], card["state"], card["name"]) == (id_, "wrapup", "Dana Levi")
        assert card["wrapup"] == {"until": until, "seconds": 30.0}
        assert card["ended"] and card["answered"]
        with database.session() as session:
            outcome = session.scalars(select(models.Outcome.id)).one()
        stand.center.finish_wrapup(user, outcome_id=outcome)
        await browser.next("agent.state", state="ready")
        await browser.next("call.end")
        await stand.center.written()
        assert stand.center.desk.calls == {}
    with database.session() as session:
        call = session.scalars(select(models.Call)).one()
        assert (call.outcome_id, call.result) == (outcome, "answered")
        assert 0 < (call.wrapup_seconds or 0) <= 30
        states = session.scalars(select(models.AgentState).order_by(models.AgentState.since)).all()
    assert [s.state for s in states][-2:] == ["wrapup", "ready"]
    assert [s.state for s in states if s.until is None] == ["ready"]
    assert states[-2].until == states[-1].since
    database.close()


async def test_a_wrap_up_that_is_given_back_ends_by_itself(database: db.Database) -> None:
    async with stands.standing(database) as stand:
        user, _ = await wrapping(stand)
    _shift(database, 24.0)
    async with stands.standing(database, exchange=peer.Peer()) as stand:
        browser = await stand.browser(user)
        assert browser.of("snapshot")[-1]["me"]["state"] == "wrapup"
        await browser.next("agent.state", state="ready")
        await stand.center.written()
    with database.session() as session:
        assert session.scalars(select(models.Call.wrapup_seconds)).one() == pytest.approx(30.0)
    database.close()


async def test_a_wrap_up_that_ran_out_meanwhile_ended_when_it_did(database: db.Database) -> None:
    async with stands.standing(database) as stand:
        user, _ = await wrapping(stand)
    _shift(database, 300.0)
    async with stands.standing(database, exchange=peer.Peer()) as stand:
        assert stand.center.agents.get(user).state is agents.State.READY
        assert stand.center.desk.calls == {}
        await stand.center.written()
    with database.session() as session:
        assert session.scalars(select(models.Call.wrapup_seconds)).one() == 30.0
        state = models.AgentState
        row = session.scalars(select(state).where(state.state == "wrapup")).one()
    assert row.until is not None and (row.until - row.since).total_seconds() == pytest.approx(30.0)
    database.close()


def _shift(database: db.Database, seconds: float) -> None:
    """Let all that was written be so much longer ago."""
    back = timedelta(seconds=seconds)
    with database.session() as session:
        for state in session.scalars(select(models.AgentState).order_by(models.AgentState.since)):
            state.since -= back
            state.until = state.until and state.until - back
            session.flush()
        for call in session.scalars(select(models.Call)):
            call.ended = call.ended and call.ended - back
        for part in session.scalars(select(models.CallParticipant)):
            part.left = part.left and part.left - back
