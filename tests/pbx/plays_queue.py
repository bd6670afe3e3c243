"""Calls to the queues."""

from __future__ import annotations

from tests.pbx.stage import DANA, DAVID, QUICK, SALES, SUPPORT, Stage, scenario

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
    TO_SUPPORT
    | {
        "from_name": "Dana Levi",
        "result": "answered",
        "answered_by": "1001",
        "hangup_by": "caller",
        "participants": {"1001": "answered"},
    },
    {
        "direction": "inbound",
        "from": DAVID,
        "did": SUPPORT,
        "queue": "support",
        "result": "answered",
        "answered_by": "1002",
        "hangup_by": "agent",
        "participants": {"1002": "answered"},
    },
    phones=("1001", "1002"),
    also_on_16=True,
)
async def queue_two_callers_at_once(s: Stage) -> None:
    """Dana, then David call support while nobody has answered; 1001 takes Dana, 1002 David. 1002 hangs up first, then Dana."""
    dana = await s.trunk.call(SUPPORT, number=DANA, name="Dana Levi")
    first = await s.phones["1001"].next_call()
    david = await s.trunk.call(SUPPORT, number=DAVID, name="David")
    second = await s.phones["1002"].next_call()
    await first.answer()
    await second.answer()
    await s.bridged("PJSIP/1001-")
    await s.bridged("PJSIP/1002-")
    await s.talk()
    await second.hang_up()
    await david.ended.wait()
    await s.talk(0.5)
    await dana.hang_up()


@scenario(
    {
        "direction": "inbound",
        "from": "",
        "did": SUPPORT,
        "queue": "support",
        "result": "answered",
        "answered_by": "1001",
        "hangup_by": "caller",
        "participants": {"1001": "answered"},
    },
    also_on_16=True,
)
async def queue_withheld_number(s: Stage) -> None:
    """Somebody who withholds his number (Privacy: id) calls support; 1001 answers; the caller hangs up."""
    caller = await s.trunk.call(SUPPORT, number="", withheld=True)
    await s.answered_by("1001")
    await s.bridged("PJSIP/1001-")
    await s.talk()
    await caller.hang_up()
    await s.free("1001")


@scenario(
    TO_SUPPORT
    | {
        "from_name": "דנה לוי־כהן",
        "result": "answered",
        "answered_by": "1001",
        "hangup_by": "caller",
        "participants": {"1001": "answered"},
    },
    also_on_16=True,
)
async def queue_hebrew_name(s: Stage) -> None:
    """Dana, whose name comes in Hebrew, calls support; 1001 answers; Dana hangs up."""
    dana = await s.trunk.call(SUPPORT, number=DANA, name="דנה לוי־כהן")
    await s.answered_by("1001")
    await s.bridged("PJSIP/1001-")
    await s.talk()
    await dana.hang_up()
    await s.free("1001")


@scenario(
    {
        "direction": "inbound",
        "from": DANA,
        "did": SALES,
        "queue": "sales",
        "result": "answered",
        "answered_by": "1004",
        "hangup_by": "caller",
        "participants": {"1003": "answered_elsewhere", "1004": "answered"},
    },
    phones=("1003", "1004"),
    also_on_16=True,
)
async def queue_ringall_answered_elsewhere(s: Stage) -> None:
    """Dana calls sales, where all phones ring at once: 1003 and 1004 ring, 1004 answers, 1003 falls silent; Dana hangs up."""
    dana = await s.trunk.call(SALES, number=DANA, name="Dana Levi")
    other = await s.phones["1003"].next_call()
    await s.answered_by("1004")
    await other.ended.wait()
    await s.bridged("PJSIP/1004-")
    await s.talk()
    await dana.hang_up()
    await s.free("1004")


@scenario(
    TO_SUPPORT
    | {
        "result": "answered",
        "answered_by": "1002",
        "hangup_by": "caller",
        "participants": {"1001": "rejected", "1002": "answered"},
    },
    phones=("1001", "1002"),
)
async def queue_agent_rejects_then_next_member(s: Stage) -> None:
    """Dana calls support; 1001 presses reject on the ringing phone (486), then 1002 rings and answers; Dana hangs up."""
    dana = await s.trunk.call(SUPPORT, number=DANA, name="Dana Levi")
    rejected = await s.phones["1001"].next_call()
    await s.talk(0.5)
    await rejected.reject(486)
    await s.answered_by("1002")
    await s.bridged("PJSIP/1002-")
    await s.talk()
    await dana.hang_up()
    await s.free("1002")
