"""A colleague is asked while the customer waits, on a real Asterisk: by the desk, and how it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.crm import agents, steering
from callcenter.demo import parties
from tests.pbx.fixtures import SetUp
from tests.pbx.stage import DANA, DAVID
from tests.screenpop import real

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def stand(set_up: SetUp, tmp_path: Path) -> AsyncIterator[real.RealStand]:
    async with real.known_dana(set_up, tmp_path) as standing:
        yield standing


async def test_a_colleague_is_asked_before_the_call_is_theirs(stand: real.RealStand) -> None:
    id_, browser = await stand.talking(DANA, "Dana Levi")
    other = await stand.browser(stand.user("1002"))
    await steering.transfer(stand.center, stand.user("1001"), id_, "1002", attended=True)
    await browser.next("agent.state", state="consulting")
    colleague = stand.center.seats.person(stand.user("1002"))
    assert colleague is not None
    told = [e["call"]["transfer"] for e in browser.of("call.update") if e["call"]["transfer"]]
    assert told[-1]["label"] == colleague.name != told[-1]["to"] == "1002"
    await other.next("call.pop")
    assert told[-1]["state"] == "ringing"
    with pytest.raises(steering.NotAnswered):
        await steering.complete(stand.center, stand.user("1001"), id_)
    await stand.stage.answered_by("1002")
    await other.next("agent.state", state="talking")
    await stand.until(
        lambda: browser.of("call.update")[-1]["call"]["transfer"]["state"] == "talking"
    )
    await stand.stage.talk()
    await steering.complete(stand.center, stand.user("1001"), id_)
    assert (await browser.next("call.end"))["reason"] == "transferred"
    await stand.stage.talk()
    assert stand.state("1002") is agents.State.TALKING
    await steering.hang_up(stand.center, stand.user("1002"), id_)
    ended = await other.next("call.end", reason="ended")
    assert ended["wrapup"]["seconds"] == 30, "the call was theirs at its end"
    await stand.center.written()
    assert [t["kind"] for t in stand.only_call().transfers] == ["attended"]


async def test_who_asked_a_colleague_can_go_back_to_the_customer(stand: real.RealStand) -> None:
    id_, browser = await stand.talking(DANA, "Dana Levi")
    other = await stand.browser(stand.user("1002"))
    await steering.transfer(stand.center, stand.user("1001"), id_, "1002", attended=True)
    await other.next("call.pop")
    await stand.stage.answered_by("1002")
    await other.next("agent.state", state="talking")
    await steering.cancel(stand.center, stand.user("1001"), id_)
    ended = await other.next("call.end")
    assert ended["wrapup"] is None, "who was only asked has nothing to write up"
    assert stand.center.agents.get(stand.user("1002")).wrapup is None
    await stand.stage.talk()
    assert stand.state("1001") is agents.State.TALKING
    await steering.hang_up(stand.center, stand.user("1001"), id_)
    await browser.next("call.end", reason="ended")


@pytest.mark.parametrize("to", [DAVID, "9999"], ids=["rings on outside", "no such extension"])
async def test_a_consultation_that_the_exchange_drops_without_a_word_ends_by_itself(
    stand: real.RealStand, to: str
) -> None:
    id_, browser = await stand.talking(DANA, "Dana Levi")
    stand.stage.trunk.default = parties.RINGS_ON
    await steering.transfer(stand.center, stand.user("1001"), id_, to, attended=True)
    await browser.next("agent.state", state="consulting")
    assert (await browser.next("notice"))["code"] == "consult_over"
    await browser.next("agent.state", state="talking", count=2)
    call = stand.center.desk.find(stand.user("1001"), id_)
    assert call is not None and call.transfer is None
    await steering.hang_up(stand.center, stand.user("1001"), id_)
    await browser.next("call.end", reason="ended")


async def test_who_consults_when_the_customer_hangs_up_is_told(stand: real.RealStand) -> None:
    id_, browser = await stand.talking(DANA, "Dana Levi")
    await steering.transfer(stand.center, stand.user("1001"), id_, "1002", attended=True)
    await stand.stage.answered_by("1002")
    await stand.stage.talk()
    await stand.caller.hang_up()
    assert (await browser.next("notice"))["code"] == "customer_gone"
    await browser.next("agent.state", state="talking", count=2)
    await steering.hang_up(stand.center, stand.user("1001"), id_)
    await browser.next("call.end")


async def test_a_colleague_asked_by_the_phones_keys_is_shown_as_one_asked_from_the_screen(stand: real.RealStand) -> None:  # fmt: skip
    id_, browser = await stand.talking(DANA, "Dana Levi")
    other = await stand.browser(stand.user("1002"))
    (phone,) = stand.stage.phones["1001"].agent.calls.values()
    await phone.press("*21002")
    await browser.next("agent.state", state="consulting")
    told = [e["call"]["transfer"] for e in browser.of("call.update") if e["call"]["transfer"]]
    assert (told[-1]["to"], told[-1]["state"]) == ("1002", "ringing")
    await other.next("call.pop")
    await stand.stage.answered_by("1002")
    await other.next("agent.state", state="talking")
    await stand.until(lambda: browser.of("call.update")[-1]["call"]["transfer"]["state"] == "talking")  # fmt: skip
    await phone.press("*1")  # back to the customer
    ended = await other.next("call.end")
    assert ended["wrapup"] is None, "who was only asked has nothing to write up"
    await browser.next("agent.state", state="talking", count=2)
    await stand.stage.talk()
    await phone.press("*21002")  # begun by hand, and ended from the screen: first back, then on
    await browser.next("agent.state", state="consulting", count=2)
    await stand.stage.answered_by("1002")
    await other.next("agent.state", state="talking", count=2)
    await steering.cancel(stand.center, stand.user("1001"), id_)
    await other.next("call.end", count=2)
    await stand.stage.talk()
    await phone.press("*21002")
    await browser.next("agent.state", state="consulting", count=3)
    await stand.stage.answered_by("1002")
    await stand.stage.talk()
    await steering.complete(stand.center, stand.user("1001"), id_)
    assert (await browser.next("call.end"))["reason"] == "transferred"
    await steering.hang_up(stand.center, stand.user("1002"), id_)
    assert (await other.next("call.end", count=3))["wrapup"]["seconds"] == 30
    await stand.center.written()
    assert [t["kind"] for t in stand.only_call().transfers] == ["attended"]


async def test_who_passes_a_call_on_by_the_phones_keys_consults_nobody(stand: real.RealStand) -> None:  # fmt: skip
    id_, browser = await stand.talking(DANA, "Dana Levi")
    other = await stand.browser(stand.user("1002"))
    (phone,) = stand.stage.phones["1001"].agent.calls.values()
    await phone.hold()
    await browser.next("agent.state", state="hold")
    await phone.resume()
    await browser.next("agent.state", state="talking", count=2)
    await phone.press("#11002")
    assert (await browser.next("call.end"))["reason"] == "transferred"
    await stand.stage.answered_by("1002")
    await other.next("agent.state", state="talking")
    assert not [e for e in browser.of("agent.state") if e["state"] == "consulting"]
    await steering.hang_up(stand.center, stand.user("1002"), id_)
    assert (await other.next("call.end", reason="ended"))["wrapup"]["seconds"] == 30
