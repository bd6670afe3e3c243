"""Calls to the queues and to an agent's own number."""

from __future__ import annotations

from tests.pbx.stage import DANA, DAVID, DIRECT, QUICK, SUPPORT, Stage, scenario

TO_SUPPORT = {"direction": "inbound", "from": DANA, "did": SUPPORT, "queue": "support"}


@scenario(
    TO_SUPPORT
    | {
        "from_name": "Dana Levi",
        "result": "answered",
        "answered_by": "1001",
        "hangup_by": "caller",
        "participants": {"1001": "answered"},
    },
    also_on_16=True,
)
async def queue_answered_caller_hangs_up(s: Stage) -> None:
    """Dana calls support; 1001's phone rings alone and is answered; after a second's talk Dana hangs up."""
    dana = await s.trunk.call(SUPPORT, number=DANA, name="Dana Levi")
    agent = await s.phones["1001"].next_call()
    await s.talk(1.0)
    await agent.answer()
    await s.bridged("PJSIP/1001-")
    await s.talk()
    await dana.hang_up()
    await s.free("1001")


@scenario(
    TO_SUPPORT
    | {
        "from_name": "Dana Levi",
        "result": "answered",
        "answered_by": "1001",
        "hangup_by": "agent",
        "participants": {"1001": "answered"},
    },
    also_on_16=True,
)
async def queue_answered_agent_hangs_up(s: Stage) -> None:
    """Dana calls support; 1001 answers, and hangs up after a second's talk."""
    dana = await s.trunk.call(SUPPORT, number=DANA, name="Dana Levi")
    agent = await s.answered_by("1001")
    await s.bridged("PJSIP/1001-")
    await s.talk()
    await agent.hang_up()
    await dana.ended.wait()
    await s.free("1001")


@scenario(
    TO_SUPPORT
    | {
        "result": "abandoned",
        "answered_by": None,
        "hangup_by": "caller",
        "participants": {"1001": "missed"},
    },
    also_on_16=True,
)
async def queue_abandoned(s: Stage) -> None:
    """Dana calls support; 1001's phone rings and is not answered; Dana gives up while it rings."""
    dana = await s.trunk.call(SUPPORT, number=DANA, name="Dana Levi")
    agent = await s.phones["1001"].next_call()
    await s.talk()
    await dana.hang_up()
    await agent.ended.wait()
    await s.free("1001")


@scenario(
    TO_SUPPORT
    | {"result": "abandoned", "answered_by": None, "hangup_by": "caller", "participants": {}},
    phones=(),
)
async def queue_abandoned_nobody_there(s: Stage) -> None:
    """Dana calls support, where no phone is registered; she hears music for a second and hangs up. No phone ever rang."""
    dana = await s.trunk.call(SUPPORT, number=DANA, name="Dana Levi")
    await s.manager.wait_for("QueueCallerJoin")
    await s.talk()
    await dana.hang_up()


@scenario(
    TO_SUPPORT
    | {
        "result": "answered",
        "answered_by": "1002",
        "hangup_by": "caller",
        "participants": {"1001": "missed", "1002": "answered"},
    },
    phones=("1001", "1002"),
    timing=QUICK,
    also_on_16=True,
)
async def queue_no_answer_then_next_member(s: Stage) -> None:
    """Dana calls support; 1001 rings for the member's two seconds in vain, then 1002 rings and answers; Dana hangs up."""
    dana = await s.trunk.call(SUPPORT, number=DANA, name="Dana Levi")
    missed = await s.phones["1001"].next_call()
    await missed.ended.wait()
    await s.answered_by("1002")
    await s.bridged("PJSIP/1002-")
    await s.talk()
    await dana.hang_up()
    await s.free("1002")


@scenario(
    {
        "direction": "inbound",
        "from": DAVID,
        "from_name": "David",
        "did": DIRECT,
        "queue": None,
        "to": "1001",
        "result": "answered",
        "answered_by": "1001",
        "hangup_by": "caller",
        "participants": {"1001": "answered"},
    },
    also_on_16=True,
)
async def direct_inbound(s: Stage) -> None:
    """David calls 1001's own number, with no queue in between; 1001 answers; David hangs up."""
    david = await s.trunk.call(DIRECT, number=DAVID, name="David")
    agent = await s.phones["1001"].next_call()
    await s.talk(1.0)
    await agent.answer()
    await s.bridged("PJSIP/1001-")
    await s.talk()
    await david.hang_up()
    await s.free("1001")
