"""Calls that agents make: between themselves, by hand, by a click."""

from __future__ import annotations

from tests.pbx.stage import DAVID, Stage, scenario


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
