"""Calls that come in to an agent's own number."""

from __future__ import annotations

from callcenter.demo import parties
from tests.pbx.stage import DAVID, DIRECT, QUICK, Stage, scenario


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


@scenario(
    {
        "direction": "inbound",
        "from": DAVID,
        "did": DIRECT,
        "queue": None,
        "to": "1001",
        "result": "cancelled",
        "answered_by": None,
        "hangup_by": "caller",
        "participants": {"1001": "missed"},
    },
)
async def direct_inbound_cancelled(s: Stage) -> None:
    """David calls 1001's own number and gives up while it rings."""
    david = await s.trunk.call(DIRECT, number=DAVID, name="David")
    await s.phones["1001"].next_call()
    await s.talk()
    await david.hang_up()


@scenario(
    {
        "direction": "inbound",
        "from": DAVID,
        "did": DIRECT,
        "queue": None,
        "to": "1001",
        "result": "voicemail",
        "answered_by": None,
        "hangup_by": "caller",
        "participants": {"1001": "missed"},
    },
    timing=QUICK,
    also_on_16=True,
)
async def voicemail(s: Stage) -> None:
    """David calls 1001's own number; it rings three seconds in vain; he hears the greeting, leaves a message, hangs up."""
    s.trunk.agent.voice = parties.prompt(s.exchange)
    david = await s.trunk.call(DIRECT, number=DAVID, name="David")
    await s.phones["1001"].next_call()
    await david.answered.wait()
    folder = s.exchange.folder / "spool" / "voicemail"
    await s.until(lambda: any(path.stat().st_size > 20_000 for path in folder.rglob("*.wav")))
    await david.hang_up()
    await s.idle()
    await s.until(lambda: any(folder.rglob("INBOX/msg0000.txt")))


@scenario(
    {
        "direction": "inbound",
        "from": "0509999999",
        "did": DIRECT,
        "queue": None,
        "to": "1001",
        "result": "answered",
        "answered_by": "1001",
        "hangup_by": "caller",
        "participants": {"1001": "answered"},
    },
)
async def direct_inbound_withheld_but_asserted(s: Stage) -> None:
    """As a provider does that tells the exchange a withheld number (P-Asserted-Identity): AMI shows it like any other."""
    caller = await s.trunk.call(DIRECT, number="0509999999", withheld=True)
    await s.answered_by("1001")
    await s.bridged("PJSIP/1001-")
    await s.talk()
    await caller.hang_up()
    await s.free("1001")
