"""Every live event against every role: what concerns one person reaches that person's browsers, and nobody else's, whatever their role."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from callcenter import db, models
from screenpop import frames
from tests.screenpop import stand as stands

ROLES = ("agent", "supervisor", "manager", "admin")
# Of each event: whether it belongs to the person whom it concerns alone. What is for everybody names no call and no customer.
OWN = {
    "snapshot": True,
    "call.pop": True,
    "card.enrich": True,
    "call.update": True,
    "call.end": True,
    "agent.state": True,
    "notice": True,
    "lead.changed": True,
    "task.due": True,
    "floor": True,  # to whom asked for it, by their teams
    "queue.stats": False,
    "system.state": False,
    "offers.changed": False,
}


def test_every_event_stands_in_the_table() -> None:
    assert set(OWN) == set(frames.EVENTS)


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[stands.Stand]:
    database = stands.new_database(tmp_path)
    with database.session() as session:
        stands.people(session, db.utcnow())
        stands.customer(session, "דנה לוי", stands.DANA, db.utcnow())
    async with stands.standing(database) as standing:
        yield standing
    database.close()


@pytest.mark.parametrize("role", ROLES)
async def test_a_call_is_told_to_whom_it_rings_and_to_no_role_beside(
    role: str, stand: stands.Stand
) -> None:
    """Let everybody but the one who is rung have the role, lead the team of the queue even, and listen."""
    rung = stand.center.seats.user_of("main", "PJSIP/1001", "1001")
    assert rung is not None
    with stand.database.session() as session:
        user = models.User
        others = list(session.scalars(select(user.id).where(user.id != rung)))
        session.execute(update(user).where(user.id.in_(others)).values(role=role))
        session.execute(
            update(models.Membership)
            .where(models.Membership.user_id.in_(others))
            .values(leads=True)
        )
    await stand.center.refresh()
    mine = await stand.browser(rung)
    theirs = [await stand.browser(other, session=f"s{other}") for other in others]
    stand.play("direct_inbound")
    pop = await mine.next("call.pop")
    await mine.next("call.end")
    stand.floor.screens.notice(rung, "info", "busy")
    stand.floor.screens.offers_changed()
    await mine.next("offers.changed")
    await mine.next("notice")
    for browser in theirs:
        await browser.next("offers.changed")
        told = {name for name, _ in browser.events}
        own = {name for name, alone in OWN.items() if alone} - {"snapshot", "agent.state"}
        assert not told & own, f"{role} was told {told & own}"
        said = json.dumps(browser.events, ensure_ascii=False)
        assert pop["card"]["id"] not in said and "דנה" not in said and "501234567" not in said
        assert all(
            payload.get("user_id", payload.get("id")) in (None, "") or name == "snapshot"
            for name, payload in browser.events
        ), "no state of another person"
    assert {"call.pop", "call.update", "call.end", "agent.state"} <= {n for n, _ in mine.events}


async def test_a_snapshot_holds_ones_own_calls_alone(stand: stands.Stand) -> None:
    rung = stand.center.seats.user_of("main", "PJSIP/1001", "1001")
    other = stand.center.seats.user_of("main", "PJSIP/1002", "1002")
    assert rung is not None and other is not None
    with stand.database.session() as session:
        session.get_one(models.User, other).role = "admin"
    await stand.center.refresh()
    mine, theirs = await stand.browser(rung), await stand.browser(other, session="t")
    stand.play("direct_inbound")
    await mine.next("call.end")
    assert (await theirs.hello())["calls"] == []
