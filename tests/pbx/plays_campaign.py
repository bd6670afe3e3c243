"""Calls that a campaign makes: the customer first, an agent when he answers."""

from __future__ import annotations

from callcenter.demo import parties
from tests.pbx.stage import DAVID, QUICK, SUPPORT, Stage, scenario

CAMPAIGN = {
    "direction": "outbound",
    "to": DAVID,
    "variables": {"CC_ATTEMPT": "42", "CC_CAMPAIGN": "3"},
}


async def dial(
    s: Stage, id: str, *, timeout_seconds: int = 20, context: str = "cc-campaign"
) -> None:
    """Ask for a call as the dialer does: the customer is put into a queue when he answers."""
    await s.manager.send(
        "Originate",
        {
            "Channel": f"PJSIP/{DAVID}@trunk",
            "Context": context,
            "Exten": "support",
            "Priority": "1",
            "CallerID": f"Support <{SUPPORT}>",
            "Timeout": str(timeout_seconds * 1000),
            "Async": "true",
            "ChannelId": id,
            "Variable": ["__CC_ATTEMPT=42", "__CC_CAMPAIGN=3"],
        },
    )


@scenario(
    CAMPAIGN
    | {
        "id": "cc-campaign-connected",
        "queue": "support",
        "result": "answered",
        "answered_by": "1001",
        "hangup_by": "agent",
        "participants": {"1001": "answered"},
    },
    also_on_16=True,
)
async def campaign_connected(s: Stage) -> None:
    """The campaign calls David, who answers; he is put into support, 1001 answers, and hangs up after a second's talk."""
    await dial(s, "cc-campaign-connected")
    david = await s.trunk.next_call()
    await s.talk(1.0)
    await david.answer()
    agent = await s.answered_by("1001")
    await s.bridged("PJSIP/1001-")
    await s.talk()
    await agent.hang_up()
    await david.ended.wait()
    await s.free("1001")


@scenario(
    CAMPAIGN
    | {
        "id": "cc-campaign-dropped",
        "queue": "support",
        "result": "dropped",
        "answered_by": None,
        "hangup_by": "system",
        "participants": {},
    },
    phones=(),
    timing=QUICK,
    also_on_16=True,
)
async def campaign_dropped(s: Stage) -> None:
    """The campaign calls David, who answers; no agent is there for two seconds; he hears a sentence, and the exchange ends it."""
    await dial(s, "cc-campaign-dropped")
    david = await s.trunk.next_call()
    await david.answer()
    await david.ended.wait()


@scenario(
    CAMPAIGN
    | {
        "id": "cc-campaign-hung-up",
        "queue": "support",
        "result": "dropped",
        "answered_by": None,
        "hangup_by": "callee",
        "participants": {"1001": "missed"},
    },
)
async def campaign_customer_hangs_up_waiting(s: Stage) -> None:
    """The campaign calls David, who answers, hears nobody while 1001's phone rings, and hangs up within the time to drop."""
    await dial(s, "cc-campaign-hung-up")
    david = await s.trunk.next_call()
    await david.answer()
    await s.phones["1001"].next_call()
    await s.talk()
    await david.hang_up()


@scenario(
    CAMPAIGN
    | {
        "id": "cc-campaign-unanswered",
        "queue": None,
        "result": "no_answer",
        "answered_by": None,
        "participants": {},
    },
    phones=(),
    also_on_16=True,
)
async def campaign_not_answered(s: Stage) -> None:
    """The campaign calls David; his phone rings two seconds in vain."""
    await dial(s, "cc-campaign-unanswered", timeout_seconds=2)
    david = await s.trunk.next_call()
    await david.ended.wait()
    await s.manager.wait_for("OriginateResponse", Response="Failure")


@scenario(
    CAMPAIGN
    | {
        "id": "cc-campaign-busy",
        "queue": None,
        "result": "busy",
        "answered_by": None,
        "participants": {},
    },
    phones=(),
)
async def campaign_busy(s: Stage) -> None:
    """The campaign calls David, whose line is busy."""
    s.trunk.plan[DAVID] = parties.BUSY
    await dial(s, "cc-campaign-busy")
    await s.manager.wait_for("OriginateResponse", Response="Failure")


@scenario(
    CAMPAIGN
    | {
        "id": "cc-campaign-spool",
        "queue": None,
        "result": "no_answer",
        "answered_by": None,
        "participants": {},
    },
    phones=(),
    dialplan="[greedy]\nexten => _.,1,NoOp()\n same => n,Hangup()\n",
    also_on_16=True,
)
async def campaign_not_answered_greedy_dialplan(s: Stage) -> None:
    """As campaign_not_answered, in a dialplan whose pattern fits all: Asterisk makes a channel OutgoingSpoolFailed of its own

    under a Linkedid of its own, on which nobody ever was: that is not a call.
    """
    await dial(s, "cc-campaign-spool", timeout_seconds=2, context="greedy")
    david = await s.trunk.next_call()
    await david.ended.wait()
    await s.manager.wait_for("Hangup", Channel="OutgoingSpoolFailed")
