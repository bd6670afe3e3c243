"""Real calls on a real Asterisk: who sees what on their screen, and what the rows say afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from callcenter import db, models
from callcenter.crm import agents, casework, shift, steering
from callcenter.demo import parties
from callcenter.telephony import originate
from tests.pbx.fixtures import SetUp
from tests.pbx.stage import DANA, DAVID, SUPPORT
from tests.screenpop import real

pytestmark = pytest.mark.asterisk
READY = agents.State.READY


@pytest.fixture
async def stand(set_up: SetUp, tmp_path: Path) -> AsyncIterator[real.RealStand]:
    async with real.known_dana(set_up, tmp_path) as standing:
        yield standing


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
    call = stand.only_call()
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
    call = stand.only_call()
    assert call.hold_seconds > 0.5
    assert call.talk_seconds is not None and call.talk_seconds > 1.5
    assert [(p.extension, p.outcome) for p in call.participants] == [("1001", "answered")]
    assert len(browser.of("call.pop")) == 1


async def test_a_blind_transfer_moves_the_card_with_its_notes(stand: real.RealStand) -> None:
    id_, browser = await stand.talking(DANA, "Dana Levi")
    await stand.center.written()
    viewer = stand.center.seats.person(stand.user("1001"))
    assert viewer is not None
    stand.center.database.call(
        casework.save_note, "main", id_, viewer.viewer, "Promised a technician", version=0,
        now=db.utcnow(),
    )  # fmt: skip
    other = await stand.browser(stand.user("1002"))
    await steering.transfer(stand.center, stand.user("1001"), id_, "1002", attended=False)
    card = (await other.next("call.pop"))["card"]
    assert (card["id"], card["name"]) == (id_, "Dana Levi")
    late = (await other.next("card.enrich"))["card"]
    assert [n["text"] for n in late["notes"]] == ["Promised a technician"]
    assert (await browser.next("call.end"))["reason"] == "transferred"
    await stand.stage.answered_by("1002")
    await other.next("agent.state", state="talking")
    await stand.stage.talk()
    await steering.hang_up(stand.center, stand.user("1002"), id_)
    await other.next("call.end", reason="ended")
    await stand.center.written()
    call = stand.only_call()
    assert [(p.extension, p.outcome) for p in call.participants] == [
        ("1001", "transferred"), ("1002", "answered"),
    ]  # fmt: skip
    assert [t["kind"] for t in call.transfers] == ["blind"]


async def test_a_tone_goes_out_to_the_customer(stand: real.RealStand) -> None:
    await shift.become(stand.center, stand.user("1001"), READY)
    browser = await stand.browser(stand.user("1001"))
    dana = await stand.stage.trunk.call(SUPPORT, number=DANA, name="Dana Levi")
    id_ = str((await browser.next("call.pop"))["card"]["id"])
    await stand.stage.answered_by("1001")
    await browser.next("agent.state", state="talking")
    for digit in "4#":
        await steering.press(stand.center, stand.user("1001"), id_, digit)
    await stand.until(lambda: dana.audio.digits == "4#")
    await dana.hang_up()
    await browser.next("call.end")


async def test_click_to_dial_rings_the_agent_first_and_belongs_to_who_was_clicked(
    stand: real.RealStand,
) -> None:
    browser = await stand.browser(stand.user("1001"))
    with stand.database.session() as session:
        dana = session.scalars(select(models.Party)).one().id
    stand.stage.trunk.default = parties.ANSWERS
    id_ = (await stand.center.dialer.dial(stand.user("1001"), DAVID, dana)).id
    card = (await browser.next("call.pop"))["card"]
    assert (card["id"], card["state"], card["party_id"]) == (id_, "dialing", dana)
    await stand.stage.answered_by("1001")
    await browser.next("agent.state", state="talking")
    await stand.stage.talk()
    await steering.hang_up(stand.center, stand.user("1001"), id_)
    await browser.next("call.end", reason="ended")
    await stand.center.written()
    call = stand.only_call()
    assert (call.linkedid, call.direction, call.result) == (id_, "outbound", "answered")
    assert (call.party_id, call.variables["CC_KIND"]) == (dana, "click")
    with stand.database.session() as session:
        assert session.get_one(models.DialAttempt, id_).state == "placed"


@pytest.mark.parametrize(
    "behaviour,code",
    [
        (parties.BUSY, "busy"),
        (parties.DECLINES, "refused"),
        (parties.NO_SUCH_NUMBER, "invalid_number"),
        (parties.RINGS_ON, "no_answer"),
    ],
    ids=["busy", "refused", "no such number", "no answer"],
)
async def test_a_dial_that_fails_says_why(
    stand: real.RealStand, behaviour: parties.Behaviour, code: str
) -> None:
    browser = await stand.browser(stand.user("1001"))
    stand.stage.trunk.default = behaviour
    id_ = (await stand.center.dialer.dial(stand.user("1001"), DAVID)).id
    await stand.stage.answered_by("1001")
    assert (await browser.next("notice"))["code"] == code
    await browser.next("call.end")
    await stand.center.written()
    with stand.database.session() as session:
        assert session.get_one(models.DialAttempt, id_).error == code


async def test_a_dial_whose_phone_is_not_picked_up_says_so(stand: real.RealStand) -> None:
    browser = await stand.browser(stand.user("1001"))
    await stand.center.dialer.dial(stand.user("1001"), DAVID)
    assert (await browser.next("notice"))["code"] == "agent_no_answer"


async def test_a_dial_from_a_phone_that_is_not_there_says_so(stand: real.RealStand) -> None:
    browser = await stand.browser(stand.user("1003"))
    with pytest.raises(originate.NotPlaced) as refused:
        await stand.center.dialer.dial(stand.user("1003"), DAVID)
        await browser.next("notice", code="phone_unreachable")
        raise originate.NotPlaced("phone_unreachable")
    assert refused.value.code == "phone_unreachable"


async def test_a_paused_agent_gets_no_queue_call_and_a_ready_one_does(
    stand: real.RealStand,
) -> None:
    one, two = stand.user("1001"), stand.user("1002")
    await shift.become(stand.center, one, READY)
    await shift.become(stand.center, two, agents.State.PAUSED)
    await stand.until(lambda: stand.paused("support", "1002"))
    first, second = await stand.browser(one), await stand.browser(two)
    dana = await stand.stage.trunk.call(SUPPORT, number=DANA)
    await first.next("call.end", reason="missed")  # the queue's turn passed 1002 by, and came back
    await first.next("call.pop", count=2)
    assert not second.of("call.pop")
    await shift.become(stand.center, two, READY)
    await second.next("call.pop")
    await dana.hang_up()
    await second.next("call.end")
