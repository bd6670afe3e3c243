"""Real calls on a real Asterisk: who sees what on their screen, and what the rows say afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from callcenter import db, models
from callcenter.crm import agents, shift, steering
from tests.pbx.fixtures import SetUp
from tests.pbx.stage import DANA, QUICK, SUPPORT
from tests.screenpop import real
from tests.screenpop import stand as stands

pytestmark = pytest.mark.asterisk
READY = agents.State.READY


@pytest.fixture
async def stand(set_up: SetUp, tmp_path: Path) -> AsyncIterator[real.RealStand]:
    stage = await set_up("1001", "1002", timing=QUICK)
    async with real.standing(stage, tmp_path) as standing:
        with standing.database.session() as session:
            stands.customer(session, "Dana Levi", DANA, db.utcnow())
        yield standing


def only_call(stand: real.RealStand) -> models.Call:
    with stand.database.session() as session:
        call = session.scalars(select(models.Call).where(models.Call.merged_into.is_(None))).one()
        assert call.participants is not None
        return call


async def test_a_queue_call_is_carried_from_ring_to_wrap_up(stand: real.RealStand) -> None:
    await shift.become(stand.center, stand.user("1001"), READY)
    browser, other = (
        await stand.browser(stand.user("1001")),
        await stand.browser(stand.user("1002")),
    )
    dana = await stand.stage.trunk.call(SUPPORT, number=DANA, name="Dana Levi")
    card = (await browser.next("call.pop"))["card"]
    assert (card["state"], card["name"], card["match"]["state"]) == (
        "ringing",
        "Dana Levi",
        "strong",
    )
    await browser.next("agent.state", state="ringing")
    await stand.stage.answered_by("1001")
    await browser.next("agent.state", state="talking")
    await stand.until(lambda: stand.paused("support", "1001"))
    await stand.stage.talk()
    await dana.hang_up()
    ended = await browser.next("call.end")
    assert ended["reason"] == "ended"
    assert ended["wrapup"]["seconds"] == 30
    assert stand.state("1001") is agents.State.WRAPUP
    stand.center.finish_wrapup(stand.user("1001"))
    await browser.next("agent.state", state="ready")
    await stand.until(lambda: not stand.paused("support", "1001"))
    await stand.center.written()
    call = only_call(stand)
    assert (call.result, call.name_snapshot, call.queue) == ("answered", "Dana Levi", "support")
    assert call.wrapup_seconds is not None
    assert [(p.extension, p.user_id) for p in call.participants] == [("1001", stand.user("1001"))]
    assert not other.of("call.pop")


async def test_a_held_customer_is_taken_back_and_stays_one_call(stand: real.RealStand) -> None:
    await shift.become(stand.center, stand.user("1001"), READY)
    browser = await stand.browser(stand.user("1001"))
    dana = await stand.stage.trunk.call(SUPPORT, number=DANA, name="Dana Levi")
    id_ = (await browser.next("call.pop"))["card"]["id"]
    await stand.stage.answered_by("1001")
    await browser.next("agent.state", state="talking")
    await stand.stage.talk()
    await steering.hold(stand.center, stand.user("1001"), id_)
    await browser.next("agent.state", state="hold")
    await stand.stage.talk()
    await steering.resume(stand.center, stand.user("1001"), id_)
    await browser.next("agent.state", state="talking", count=2)
    await stand.stage.talk()
    await dana.hang_up()
    await browser.next("call.end", reason="ended")
    await stand.center.written()
    call = only_call(stand)
    assert call.hold_seconds > 0.5
    assert call.talk_seconds is not None and call.talk_seconds > 1.5
    assert [(p.extension, p.outcome) for p in call.participants] == [("1001", "answered")]
    assert len(browser.of("call.pop")) == 1
