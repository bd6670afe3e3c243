"""The floor's figures of today: computed once for all who watch, told with what changed, and each queue to whom it is open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from callcenter import db, models
from tests.screenpop import stand as stands

SUPPORT = "main/support"


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[stands.Stand]:
    database = stands.new_database(tmp_path)
    with database.session() as session:
        ids = stands.people(session, db.utcnow())
        team = models.Team(name="sales")
        session.add(team)
        session.flush()
        for extension, role in (("1004", "supervisor"), ("1005", "manager")):
            session.get_one(models.User, ids[extension]).role = role
        for profile in session.query(models.QueueProfile).where(models.QueueProfile.queue == "sales"):  # fmt: skip
            profile.team_id = team.id
        member = session.query(models.Membership).where(models.Membership.user_id == ids["1004"]).one()  # fmt: skip
        member.team_id, member.leads = team.id, True
    async with stands.standing(database) as standing:
        yield standing
    database.close()


def _user(stand: stands.Stand, extension: str) -> int:
    found = stand.center.seats.user_of("main", f"PJSIP/{extension}", extension)
    assert found is not None
    return found


async def _watch(browser: stands.Browser) -> dict[str, Any]:
    """Open the floor, and wait until it tells of today."""
    await browser.client.emit("watch", True)
    await browser.until(lambda: any(told.get("today") for told in browser.of("floor")))
    return next(told["today"] for told in reversed(browser.of("floor")) if told.get("today"))


async def test_a_queues_day_is_told_to_who_watches_and_renewed_when_calls_end(
    stand: stands.Stand,
) -> None:
    browser = await stand.browser(_user(stand, "1005"))
    day = stand.floor.board.today
    assert (await _watch(browser))[""]["offered"] == 0
    stand.play("queue_answered_caller_hangs_up")
    await stand.settled()
    assert not await day.refresh(), "what was just computed is not computed again"
    day._read_at -= 60
    await browser.until(lambda: any(SUPPORT in told.get("today", {}) for told in browser.of("floor")))  # fmt: skip
    row = next(t["today"][SUPPORT] for t in browser.of("floor") if SUPPORT in t.get("today", {}))
    assert (row["offered"], row["answered"], row["abandoned"], row["service_level"]) == (1, 1, 0, 1)
    assert row["asa"] == row["longest"] > 0
    assert row["until"] - row["since"] in (82_800, 86_400, 90_000)


async def test_who_leads_another_team_is_told_nothing_of_a_queue_and_an_agent_nothing_at_all(
    stand: stands.Stand,
) -> None:
    stand.play("queue_answered_caller_hangs_up")
    await stand.settled()
    boss = await stand.browser(_user(stand, "1005"))
    lead = await stand.browser(_user(stand, "1004"))
    agent = await stand.browser(_user(stand, "1002"))
    assert SUPPORT in await _watch(boss)
    told = await _watch(lead)
    assert set(told) == {""} and told[""]["offered"] == 0 and told[""]["opens"] is False
    await agent.client.emit("watch", True)
    await agent.hello()
    assert agent.of("floor") == []
