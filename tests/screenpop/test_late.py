"""What a card learns a moment later, on both databases: earlier contacts, what is open, what was written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from callcenter import db, migrations, models
from tests.screenpop import stand as stands


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def stand(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[stands.Stand]:
    if request.param == "sqlite":
        database = stands.new_database(tmp_path)
    else:
        database = db.Database(request.getfixturevalue("postgres_url"))
        migrations.upgrade(database)
    with database.session() as session:
        stands.people(session, db.utcnow())
    async with stands.standing(database) as standing:
        yield standing
    database.close()


def history(stand: stands.Stand) -> int:
    """Give Dana a past: a call with a note and an outcome, a task, an open case, a note on her card."""
    now = db.utcnow()
    with stand.database.session() as session:
        dana = stands.customer(session, "Dana Levi", stands.DANA, now)
        outcome = models.Outcome(code="solved", labels={"en": "Solved"})
        session.add(outcome)
        session.flush()
        call = models.Call(
            pbx="main", linkedid="old", direction="inbound", started=now - timedelta(hours=2), party_id=dana,
            far_e164="+972501234567", outcome_id=outcome.id, result="answered", ended=now,
        )  # fmt: skip
        session.add(call)
        session.flush()
        session.add(
            models.CallParticipant(
                call_id=call.id, interface="PJSIP/1002", extension="1002", user_id=2, answered=now
            )
        )
        common = {"author_id": 2, "created_at": now, "updated_at": now}
        session.add(models.Note(call_id=call.id, party_id=dana, text="Router blinks", **common))
        session.add(models.Note(party_id=dana, text="Prefers mornings", **common))
        session.add(models.Task(party_id=dana, title="Send a bill", created_at=now, assignee_id=1))
        session.add(models.Case(number="C-1", party_id=dana, title="No line", opened_at=now))
    return dana


async def test_a_card_is_filled_with_the_past(stand: stands.Stand) -> None:
    history(stand)
    browser = await stand.browser(1)
    stand.play("queue_answered_caller_hangs_up")
    card = (await browser.next("card.enrich"))["card"]
    (contact,) = card["contacts"]
    assert (contact["agent"], contact["outcome"], contact["note"]) == (
        "Agent 1002", "Solved", "Router blinks",
    )  # fmt: skip
    assert card["last"] == contact
    assert [t["title"] for t in card["tasks"]] == ["Send a bill"]
    assert [c["number"] for c in card["cases"]] == ["C-1"]
    assert {n["text"] for n in card["notes"]} == {"Router blinks", "Prefers mornings"}
    assert card["calls_24h"] == 2


async def test_the_call_and_the_agents_intervals_are_written(stand: stands.Stand) -> None:
    history(stand)
    browser = await stand.browser(1)
    stand.play("queue_answered_caller_hangs_up")
    await browser.next("call.end")
    await stand.settled()
    with stand.database.session() as session:
        call = (
            session.query(models.Call)
            .filter_by(source="live")
            .filter(models.Call.linkedid != "old")
            .one()
        )
        assert (call.result, call.name_snapshot) == ("answered", "Dana Levi")
        assert call.participants[0].user_id == 1
        states = [
            s.state for s in session.query(models.AgentState).order_by(models.AgentState.since)
        ]
        assert states[:3] == ["ringing", "talking", "wrapup"]
    assert stand.center.writer.refused == 0
