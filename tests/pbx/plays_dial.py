"""Calls that agents make: between themselves, by hand, by a click."""

from __future__ import annotations

from callcenter.demo import parties
from tests.pbx.stage import DAVID, QUICK, Stage, scenario


@scenario(
    {
        "direction": "internal",
        "from": "1001",
        "to": "1002",
        "queue": None,
        "result": "answered",
        "answered_by": "1002",
        "hangup_by": "caller",
        "participants": {"1002": "answered"},
    },
    phones=("1001", "1002"),
    also_on_16=True,
)
async def internal(s: Stage) -> None:
    """1001 dials 1002, who answers; 1001, who called, hangs up."""
    call = await s.phones["1001"].dial("1002")
    colleague = await s.phones["1002"].next_call()
    await s.talk(1.0)
    await colleague.answer()
    await s.bridged("PJSIP/1002-")
    await s.talk()
    await call.hang_up()
    await s.free("1001")
    await s.free("1002")


async def click(s: Stage, id: str, *, extension: str = "1001", number: str = DAVID) -> None:
    """Ask for a call as the screen does: the agent's phone first, and an id of our own choice."""
    await s.manager.send(
        "Originate",
        {
            "Channel": f"PJSIP/{extension}",
            "Context": "from-agents",
            "Exten": number,
            "Priority": "1",
            "CallerID": f"{number} <{number}>",
            "Timeout": "5000",
            "Async": "true",
            "ChannelId": id,
            "OtherChannelId": f"{id}-other",
            "Variable": ["__CC_ATTEMPT=41", "__CC_CUSTOMER=7"],
        },
    )


@scenario(
    {
        "id": "cc-click-answered",
        "direction": "outbound",
        "from": "1001",
        "to": DAVID,
        "queue": None,
        "result": "answered",
        "answered_by": DAVID,
        "hangup_by": "agent",
        "variables": {"CC_ATTEMPT": "41", "CC_CUSTOMER": "7"},
        "participants": {"1001": "answered"},
    },
    also_on_16=True,
)
async def click_to_dial_answered(s: Stage) -> None:
    """1001 clicks David's number: 1001's phone rings and is picked up, then David's rings and he answers; 1001 hangs up."""
    await click(s, "cc-click-answered")
    agent = await s.answered_by("1001")
    david = await s.trunk.next_call()
    await s.talk(1.0)
    await david.answer()
    await s.bridged("PJSIP/trunk-")
    await s.talk()
    await agent.hang_up()
    await david.ended.wait()
    await s.free("1001")


CLICKED = {"direction": "outbound", "from": "1001", "to": DAVID, "queue": None, "answered_by": None}


@scenario(
    CLICKED | {"id": "cc-click-busy", "result": "busy", "participants": {"1001": "answered"}},
    also_on_16=True,
)
async def click_to_dial_busy(s: Stage) -> None:
    """1001 clicks David's number and picks up; David's line is busy (486); the exchange ends 1001's leg."""
    s.trunk.plan[DAVID] = parties.BUSY
    await click(s, "cc-click-busy")
    agent = await s.answered_by("1001")
    await agent.ended.wait()


@scenario(
    CLICKED | {"id": "cc-click-unanswered", "result": "no_answer"}, timing=QUICK, also_on_16=True
)
async def click_to_dial_unanswered(s: Stage) -> None:
    """1001 clicks David's number and picks up; David's phone rings three seconds in vain; the exchange ends it."""
    await click(s, "cc-click-unanswered")
    agent = await s.answered_by("1001")
    await s.trunk.next_call()
    await agent.ended.wait()


@scenario(CLICKED | {"id": "cc-click-gave-up", "result": "cancelled", "hangup_by": "agent"})
async def click_to_dial_agent_gives_up(s: Stage) -> None:
    """1001 clicks David's number and picks up; David's phone rings, and 1001 hangs up before he answers."""
    await click(s, "cc-click-gave-up")
    agent = await s.answered_by("1001")
    david = await s.trunk.next_call()
    await s.talk()
    await agent.hang_up()
    await david.ended.wait()


@scenario(CLICKED | {"id": "cc-click-refused", "result": "failed"})
async def click_to_dial_refused(s: Stage) -> None:
    """1001 clicks David's number and picks up; David's phone refuses the call (603)."""
    s.trunk.plan[DAVID] = parties.DECLINES
    await click(s, "cc-click-refused")
    agent = await s.answered_by("1001")
    await agent.ended.wait()


@scenario(
    CLICKED | {"id": "cc-click-invalid", "to": "+972500000000", "result": "failed"}, also_on_16=True
)
async def click_to_dial_invalid_number(s: Stage) -> None:
    """1001 clicks a number that the provider does not know (404), and has picked up."""
    s.trunk.plan["+972500000000"] = parties.NO_SUCH_NUMBER
    await click(s, "cc-click-invalid", number="+972500000000")
    agent = await s.answered_by("1001")
    await agent.ended.wait()


@scenario(
    CLICKED
    | {"id": "cc-click-nobody", "result": "agent_no_answer", "participants": {"1001": "missed"}},
    also_on_16=True,
)
async def click_to_dial_agent_never_picks_up(s: Stage) -> None:
    """1001 clicks David's number, and does not pick up the own phone for five seconds: David is never called."""
    await click(s, "cc-click-nobody")
    await s.phones["1001"].next_call()
    await s.manager.wait_for("OriginateResponse", Response="Failure")


@scenario(
    CLICKED
    | {"id": "cc-click-rejects", "result": "agent_no_answer", "participants": {"1001": "rejected"}},
)
async def click_to_dial_agent_rejects(s: Stage) -> None:
    """1001 clicks David's number and presses reject on the own phone: David is never called."""
    await click(s, "cc-click-rejects")
    ringing = await s.phones["1001"].next_call()
    await ringing.reject(486)
    await s.manager.wait_for("OriginateResponse", Response="Failure")


@scenario(phones=())
async def click_to_dial_phone_unreachable(s: Stage) -> None:
    """1001 clicks David's number while the own phone is not registered: Originate fails without any channel: no call."""
    await click(s, "cc-click-unreachable")
    await s.manager.wait_for("OriginateResponse", Response="Failure")


BY_HAND = {"direction": "outbound", "from": "1001", "queue": None}


@scenario(
    BY_HAND
    | {
        "to": "0521112233",
        "result": "answered",
        "answered_by": "0521112233",
        "hangup_by": "callee",
        "participants": {},
    },
    also_on_16=True,
)
async def dialled_by_hand(s: Stage) -> None:
    """1001 dials David on the desk phone, in national form; David answers, and hangs up."""
    agent = await s.phones["1001"].dial("0521112233")
    david = await s.trunk.next_call()
    await s.talk(1.0)
    await david.answer()
    await s.bridged("PJSIP/trunk-")
    await s.talk()
    await david.hang_up()
    await agent.ended.wait()


@scenario(BY_HAND | {"to": "0521112233", "result": "busy", "answered_by": None})
async def dialled_by_hand_busy(s: Stage) -> None:
    """1001 dials David on the desk phone, and hears that he is busy."""
    s.trunk.plan["0521112233"] = parties.BUSY
    agent = await s.phones["1001"].dial("0521112233")
    await agent.ended.wait()


@scenario(
    {
        "direction": "internal",
        "from": "1001",
        "to": "1002",
        "result": "busy",
        "participants": {"1002": "busy"},
    },
    phones=("1001", "1002"),
)
async def internal_busy(s: Stage) -> None:
    """1001 dials 1002, whose phone says that it is busy (486)."""
    s.phones["1002"].behaviour = parties.BUSY
    call = await s.phones["1001"].dial("1002")
    await call.ended.wait()


@scenario(
    {
        "direction": "internal",
        "from": "1001",
        "to": "1002",
        "result": "no_answer",
        "participants": {"1002": "missed"},
    },
    phones=("1001", "1002"),
    timing=QUICK,
)
async def internal_no_answer(s: Stage) -> None:
    """1001 dials 1002, whose phone rings three seconds in vain."""
    call = await s.phones["1001"].dial("1002")
    await call.ended.wait()
