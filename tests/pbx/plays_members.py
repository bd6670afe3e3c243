"""Calls to queues whose members are not as usual: Local channels, signed in by the screen, or deaf to it."""

from __future__ import annotations

from callcenter.demo import exchange
from tests.pbx.plays_queue import TO_SUPPORT
from tests.pbx.stage import DANA, QUICK, SERVICE, SUPPORT, Stage, scenario


@scenario(
    {
        "direction": "inbound",
        "from": DANA,
        "did": SERVICE,
        "queue": "service",
        "result": "answered",
        "answered_by": "1006",
        "hangup_by": "agent",
        "participants": {"1005": "missed", "1006": "answered"},
    },
    phones=("1005", "1006"),
    timing=QUICK,
    also_on_16=True,
)
async def queue_local_members(s: Stage) -> None:
    """As FreePBX has it, members are Local channels: Dana calls service, 1005 rings in vain, 1006 answers and hangs up."""
    dana = await s.trunk.call(SERVICE, number=DANA, name="Dana Levi")
    missed = await s.phones["1005"].next_call()
    await missed.ended.wait()
    agent = await s.answered_by("1006")
    await s.bridged("PJSIP/1006-")
    await s.talk()
    await agent.hang_up()
    await dana.ended.wait()


@scenario(
    TO_SUPPORT
    | {
        "result": "no_answer",
        "answered_by": None,
        "hangup_by": "system",
        "participants": {"1001": "missed"},
    },
    timing=exchange.Timing(member_seconds=2, queue_seconds=4),
)
async def queue_timeout(s: Stage) -> None:
    """Dana calls support and waits; 1001 rings and rings, until the queue's four seconds are over and the exchange hangs up."""
    dana = await s.trunk.call(SUPPORT, number=DANA, name="Dana Levi")
    await s.phones["1001"].next_call()
    await dana.ended.wait()


@scenario(
    TO_SUPPORT
    | {
        "result": "answered",
        "answered_by": "1008",
        "hangup_by": "caller",
        "participants": {"1008": "answered"},
    },
    phones=("1008",),
)
async def queue_dynamic_member(s: Stage) -> None:
    """1008 signs in to support (QueueAdd), is paused and unpaused, takes Dana's call until she hangs up, and signs out."""
    member = {"Queue": "support", "Interface": "PJSIP/1008"}
    await s.manager.send("QueueAdd", member, MemberName="1008", Penalty="0")
    await s.manager.send("QueuePause", member, Paused="true", Reason="lunch")
    await s.talk(0.5)
    await s.manager.send("QueuePause", member, Paused="false")
    dana = await s.trunk.call(SUPPORT, number=DANA, name="Dana Levi")
    await s.answered_by("1008")
    await s.bridged("PJSIP/1008-")
    await s.talk()
    await dana.hang_up()
    await s.free("1008")
    await s.manager.send("QueueRemove", member)
    await s.manager.wait_for("QueueMemberRemoved")
