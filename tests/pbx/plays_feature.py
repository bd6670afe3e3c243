"""Pickup, parking, hold and conference; and what befalls the exchange or our connection in the middle of a call."""

from __future__ import annotations

from typing import Any

from callcenter.demo.sipcall import Call
from tests.pbx.plays_transfer import TWO, talking
from tests.pbx.stage import DANA, DIRECT, SUPPORT, Stage, scenario


def answered(*, hangup_by: str = "caller", **participants: str) -> dict[str, Any]:
    """Say what comes of Dana's call to support; participants are spelled p1001."""
    return {
        "direction": "inbound",
        "from": DANA,
        "did": SUPPORT,
        "queue": "support",
        "result": "answered",
        "answered_by": "1001",
        "hangup_by": hangup_by,
        "participants": {name[1:]: outcome for name, outcome in participants.items()},
    }


@scenario(
    answered(p1001="answered_elsewhere", p1002="answered")
    | {"did": DIRECT, "queue": None, "to": "1001", "answered_by": "1002"},
    phones=TWO,
    also_on_16=True,
)
async def pickup(s: Stage) -> None:
    """Dana calls 1001's own number; it rings there, and 1002 takes the call with *8; Dana hangs up."""
    dana = await s.trunk.call(DIRECT, number=DANA, name="Dana Levi")
    ringing = await s.phones["1001"].next_call()
    await s.talk(0.5)
    picker = await s.phones["1002"].dial("*8")
    await ringing.ended.wait()
    await picker.answered.wait()
    await dana.answered.wait()
    await s.bridged("PJSIP/1002-")
    await s.talk()
    await dana.hang_up()


async def retrieve(s: Stage, dana: Call) -> None:
    """Let 1002 take Dana from the first parking place, and Dana hang up."""
    await s.talk()
    retriever = await s.phones["1002"].dial("701")
    await retriever.answered.wait()
    await s.bridged("PJSIP/1002-")
    await s.talk()
    await dana.hang_up()


@scenario(answered(p1001="transferred", p1002="answered"), phones=TWO, also_on_16=True)
async def parking_and_retrieval(s: Stage) -> None:
    """Dana talks to 1001, who parks her by the phone's key (REFER to 700); 1002 dials 701 and has her; Dana hangs up."""
    dana, agent = await talking(s)
    await agent.refer("700")
    await s.manager.wait_for("ParkedCall")
    await agent.hang_up()
    await retrieve(s, dana)


@scenario(answered(p1001="transferred", p1002="answered"), phones=TWO)
async def parking_ami(s: Stage) -> None:
    """Dana talks to 1001; the screen parks her (Park); 1002 dials 701 and has her; Dana hangs up."""
    dana, agent = await talking(s)
    channel, back = s.channel("PJSIP/trunk-"), s.channel("PJSIP/1001-")
    await s.manager.send("Park", Channel=channel, TimeoutChannel=back, Timeout="30000")
    await s.manager.wait_for("ParkedCall")
    await agent.ended.wait()
    await retrieve(s, dana)


@scenario(answered(p1001="transferred"), phones=("1001",))
async def parking_caller_hangs_up(s: Stage) -> None:
    """Dana talks to 1001, who parks her; she gives up waiting and hangs up."""
    dana, agent = await talking(s)
    await agent.refer("700")
    await s.manager.wait_for("ParkedCall")
    await agent.hang_up()
    await s.talk()
    await dana.hang_up()
    await s.manager.wait_for("ParkedCallGiveUp")


@scenario(answered(p1001="answered"), also_on_16=True)
async def hold_and_resume(s: Stage) -> None:
    """Dana talks to 1001, who holds her for a second and a half by the phone's key, and takes her back; Dana hangs up."""
    dana, agent = await talking(s)
    await agent.hold()
    await s.manager.wait_for("Hold")
    await s.talk(1.5)
    await agent.resume()
    await s.manager.wait_for("Unhold")
    await s.talk()
    await dana.hang_up()


@scenario(answered(p1001="answered", p1002="answered"), phones=TWO, also_on_16=True)
async def conference_of_three(s: Stage) -> None:
    """Dana talks to 1001, who moves both into room 800 (Redirect of two channels); 1002 dials 800; they leave, Dana last."""
    dana, agent = await talking(s)
    both = {"Channel": s.channel("PJSIP/trunk-"), "ExtraChannel": s.channel("PJSIP/1001-")}
    where = {"Exten": "800", "Context": "from-agents", "Priority": "1"}
    also = {"ExtraExten": "800", "ExtraContext": "from-agents", "ExtraPriority": "1"}
    await s.manager.send("Redirect", both | where | also)
    for name in ("PJSIP/trunk-", "PJSIP/1001-"):
        await s.manager.wait_for(
            "ConfbridgeJoin", lambda e, name=name: e["Channel"].startswith(name)
        )
    third = await s.phones["1002"].dial("800")
    await s.manager.wait_for("ConfbridgeJoin", lambda e: e["Channel"].startswith("PJSIP/1002-"))
    await s.talk()
    await third.hang_up()
    await agent.hang_up()
    await s.talk(0.5)
    await dana.hang_up()
    await s.manager.wait_for("ConfbridgeEnd")


@scenario(answered(hangup_by="agent", p1001="answered"))
async def hung_up_by_ami(s: Stage) -> None:
    """Dana talks to 1001, who ends the call from the screen (Hangup of the own channel)."""
    dana, agent = await talking(s)
    await s.manager.send("Hangup", Channel=s.channel("PJSIP/1001-"), Cause="16")
    await agent.ended.wait()
    await dana.ended.wait()


async def afterwards(s: Stage) -> None:
    """Let one more call come and be answered: everything goes on."""
    dana = await s.trunk.call(SUPPORT, number=DANA, name="Dana Levi")
    begin = len(s.manager.events)
    await s.answered_by("1001")
    await s.bridged("PJSIP/1001-", since=begin)
    await s.talk(0.5)
    await dana.hang_up()
    await s.free("1001")


@scenario(
    answered(p1001="answered") | {"result": "lost", "hangup_by": None},
    answered(p1001="answered"),
    also_on_16=True,
)
async def asterisk_killed_mid_call(s: Stage) -> None:
    """Dana talks to 1001 as Asterisk dies (kill -9) and is started again: no Hangup is ever seen. Dana calls once more."""
    await talking(s)
    await s.exchange.kill()
    await s.exchange.start()
    await s.came_back()
    await afterwards(s)


@scenario(answered(hangup_by="system", p1001="answered"), answered(p1001="answered"))
async def asterisk_restarted_mid_call(s: Stage) -> None:
    """Dana talks to 1001 as Asterisk is stopped in order and started again (Shutdown is seen). Dana calls once more."""
    await talking(s)
    await s.exchange.restart()
    await s.came_back()
    await afterwards(s)


@scenario(
    answered(p1001="answered") | {"result": "lost", "hangup_by": None},
    answered(p1001="answered"),
    also_on_16=True,
)
async def ami_disconnected_mid_call(s: Stage) -> None:
    """Dana talks to 1001; our connection breaks; she hangs up unseen; we connect again. Dana calls once more."""
    dana, _agent = await talking(s)
    assert s.recorder
    await s.recorder.stop()
    await dana.hang_up()
    await s.idle()
    await s.recorder.start()
    await afterwards(s)


@scenario(answered(p1001="answered"))
async def ami_disconnected_call_goes_on(s: Stage) -> None:
    """Dana talks to 1001; our connection breaks and is made again while they talk; then Dana hangs up, and we see it."""
    dana, _agent = await talking(s)
    assert s.recorder
    await s.recorder.stop()
    await s.talk()
    await s.recorder.start()
    await s.talk(0.5)
    await dana.hang_up()
    await s.free("1001")
