"""Calls that are passed on: blind and attended, by the manager interface and by the phone's own key (SIP REFER)."""

from __future__ import annotations

from typing import Any

from callcenter.demo.sipcall import Call
from tests.pbx.stage import DANA, DAVID, SUPPORT, Stage, scenario

TWO = ("1001", "1002")


def passed_on(kind: str, *, hangup_by: str = "caller", to: str = "1002") -> dict[str, Any]:
    """Say what comes of Dana's call to support when 1001 has it and passes it on."""
    return {
        "direction": "inbound",
        "from": DANA,
        "did": SUPPORT,
        "queue": "support",
        "result": "answered",
        "answered_by": "1001",
        "hangup_by": hangup_by,
        "transfers": [{"kind": kind, "by": "1001", "to": to}],
        "participants": {"1001": "transferred", "1002": "answered"},
    }


KEPT = passed_on("attended") | {
    "transfers": [],
    "participants": {"1001": "answered", "1002": "missed"},
}


async def talking(s: Stage) -> tuple[Call, Call]:
    """Let Dana call support and talk to 1001; return her call and the agent's."""
    dana = await s.trunk.call(SUPPORT, number=DANA, name="Dana Levi")
    agent = await s.answered_by("1001")
    await s.bridged("PJSIP/1001-")
    await s.talk()
    return dana, agent


@scenario(passed_on("blind"), phones=TWO, also_on_16=True)
async def blind_transfer_ami(s: Stage) -> None:
    """Dana talks to 1001, who passes her to 1002 from the screen (BlindTransfer); 1002 answers; Dana hangs up."""
    dana, agent = await talking(s)
    channel = s.channel("PJSIP/1001-")
    await s.manager.send("BlindTransfer", Channel=channel, Context="from-agents", Exten="1002")
    await agent.ended.wait()
    await s.answered_by("1002")
    await s.bridged("PJSIP/1002-")
    await s.talk()
    await dana.hang_up()


@scenario(passed_on("blind"), phones=TWO)
async def redirect_transfer_ami(s: Stage) -> None:
    """As blind_transfer_ami, but by Redirect of Dana's channel: no event tells of a transfer, only what follows."""
    dana, agent = await talking(s)
    channel = s.channel("PJSIP/trunk-")
    await s.manager.send(
        "Redirect", Channel=channel, Context="from-agents", Exten="1002", Priority="1"
    )
    await agent.ended.wait()
    await s.answered_by("1002")
    await s.bridged("PJSIP/1002-")
    await s.talk()
    await dana.hang_up()


@scenario(passed_on("blind", hangup_by="agent"), phones=TWO, also_on_16=True)
async def blind_transfer_phone(s: Stage) -> None:
    """Dana talks to 1001, who passes her to 1002 by the phone's key (REFER); 1002 answers, and hangs up."""
    dana, agent = await talking(s)
    await agent.refer("1002")
    colleague = await s.answered_by("1002")
    await s.bridged("PJSIP/1002-")
    await s.talk()
    await colleague.hang_up()
    await dana.ended.wait()
    await agent.hang_up()


@scenario(
    passed_on("blind") | {"participants": {"1001": "transferred", "1002": "missed"}},
    phones=TWO,
)
async def blind_transfer_unanswered(s: Stage) -> None:
    """Dana talks to 1001, who passes her to 1002 by the phone's key; 1002's phone rings, and Dana hangs up unheard."""
    dana, agent = await talking(s)
    await agent.refer("1002")
    await s.phones["1002"].next_call()
    await s.talk()
    await dana.hang_up()
    await agent.hang_up()


@scenario(passed_on("blind", to=DAVID) | {"participants": {"1001": "transferred"}})
async def blind_transfer_to_outside(s: Stage) -> None:
    """Dana talks to 1001, who passes her to David's mobile, outside, from the screen; he answers; Dana hangs up."""
    dana, agent = await talking(s)
    channel = s.channel("PJSIP/1001-")
    await s.manager.send("BlindTransfer", Channel=channel, Context="from-agents", Exten=DAVID)
    await agent.ended.wait()
    begin = len(s.manager.events)
    david = await s.trunk.next_call()
    await david.answer()
    await s.bridged("PJSIP/trunk-", since=begin)
    await s.talk()
    await dana.hang_up()


async def complete(s: Stage, dana: Call, agent: Call) -> None:
    """Let 1002, who is asked, answer, and 1001 leave Dana there, who hangs up."""
    await s.answered_by("1002")
    await s.bridged("PJSIP/1002-")
    await s.talk()
    await agent.hang_up()
    await s.manager.wait_for("AttendedTransfer")
    await s.talk()
    await dana.hang_up()


async def consult(s: Stage) -> None:
    """Let 1001 ask for a consultation with 1002 from the screen, and wait until 1002's phone rings."""
    await s.manager.send(
        "Atxfer", Channel=s.channel("PJSIP/1001-"), Context="from-agents", Exten="1002"
    )


@scenario(passed_on("attended"), phones=TWO, also_on_16=True)
async def attended_transfer_ami(s: Stage) -> None:
    """Dana talks to 1001, who consults 1002 from the screen (Atxfer) and hangs up: Dana and 1002 talk; Dana hangs up."""
    dana, agent = await talking(s)
    await consult(s)
    await complete(s, dana, agent)


@scenario(
    KEPT | {"participants": {"1001": "answered", "1002": "answered"}}, phones=TWO, also_on_16=True
)
async def attended_transfer_ami_abandoned(s: Stage) -> None:
    """Dana talks to 1001, who consults 1002 (Atxfer); 1002 says no and hangs up: Dana and 1001 talk on; Dana hangs up."""
    dana, _agent = await talking(s)
    await consult(s)
    colleague = await s.answered_by("1002")
    await s.bridged("PJSIP/1002-")
    await s.talk()
    begin = len(s.manager.events)
    await colleague.hang_up()
    await s.bridged("PJSIP/1001-", since=begin)
    await s.talk()
    await dana.hang_up()


@scenario(KEPT, phones=TWO)
async def attended_transfer_ami_cancelled(s: Stage) -> None:
    """Dana talks to 1001, who consults 1002 (Atxfer) and takes it back while it rings (CancelAtxfer); Dana hangs up."""
    dana, _agent = await talking(s)
    await consult(s)
    await s.phones["1002"].next_call()
    await s.talk()
    begin = len(s.manager.events)
    await s.manager.send("CancelAtxfer", Channel=s.channel("PJSIP/1001-"))
    await s.bridged("PJSIP/1001-", since=begin)
    await s.talk()
    await dana.hang_up()


@scenario(passed_on("attended"), phones=TWO)
async def attended_transfer_ami_while_ringing(s: Stage) -> None:
    """Dana talks to 1001, who asks for 1002 (Atxfer) and hangs up while it rings ("blonde"): 1002 answers Dana."""
    dana, agent = await talking(s)
    await consult(s)
    colleague = await s.phones["1002"].next_call()
    await agent.hang_up()
    await s.talk(0.5)
    await colleague.answer()
    await s.manager.wait_for("AttendedTransfer")
    await s.bridged("PJSIP/1002-")
    await s.talk()
    await dana.hang_up()


@scenario(passed_on("attended", hangup_by="agent"), phones=TWO, also_on_16=True)
async def attended_transfer_phone(s: Stage) -> None:
    """Dana talks to 1001, who holds her, calls 1002, and joins them by the phone's key (REFER with Replaces); 1002 hangs up."""
    dana, agent = await talking(s)
    await agent.hold()
    consultation = await s.phones["1001"].dial("1002")
    colleague = await s.answered_by("1002")
    await consultation.answered.wait()
    await s.bridged("PJSIP/1002-")
    await s.talk()
    await agent.refer("1002", replaces=consultation)
    await s.manager.wait_for("AttendedTransfer")
    await s.talk()
    await colleague.hang_up()
    await dana.ended.wait()
    await agent.hang_up()
    await consultation.hang_up()


@scenario(
    KEPT | {"participants": {"1001": "answered"}},
    {
        "direction": "internal",
        "from": "1001",
        "to": "1002",
        "result": "answered",
        "hangup_by": "caller",
        "participants": {"1002": "answered"},
    },
    phones=TWO,
    also_on_16=True,
)
async def attended_transfer_phone_abandoned(s: Stage) -> None:
    """Dana talks to 1001, who holds her, calls 1002, hangs up on 1002 and takes Dana back; Dana hangs up: two calls."""
    dana, agent = await talking(s)
    await agent.hold()
    consultation = await s.phones["1001"].dial("1002")
    await s.answered_by("1002")
    await consultation.answered.wait()
    await s.bridged("PJSIP/1002-")
    await s.talk()
    await consultation.hang_up()
    await agent.resume()
    await s.talk()
    await dana.hang_up()


@scenario(passed_on("blind"), phones=TWO, also_on_16=True)
async def blind_transfer_code(s: Stage) -> None:
    """Dana talks to 1001, who presses #1 and 1002 on the phone and is out; 1002 answers; Dana hangs up."""
    dana, agent = await talking(s)
    await agent.press("#11002")
    await s.answered_by("1002")
    await s.bridged("PJSIP/1002-")
    await agent.ended.wait()
    await s.talk()
    await dana.hang_up()


@scenario(passed_on("attended"), phones=TWO, also_on_16=True)
async def attended_transfer_code(s: Stage) -> None:
    """Dana talks to 1001, who presses *2 and 1002 on the phone, speaks to 1002, and hangs up; Dana hangs up."""
    dana, agent = await talking(s)
    await agent.press("*21002")
    await complete(s, dana, agent)


@scenario(
    KEPT | {"participants": {"1001": "answered", "1002": "answered"}}, phones=TWO, also_on_16=True
)
async def attended_transfer_code_abandoned(s: Stage) -> None:
    """Dana talks to 1001, who presses *2 and 1002, and, when 1002 says no, *1 to have Dana back; Dana hangs up."""
    dana, agent = await talking(s)
    await agent.press("*21002")
    await s.answered_by("1002")
    await s.bridged("PJSIP/1002-")
    await s.talk()
    begin = len(s.manager.events)
    await agent.press("*1")
    await s.bridged("PJSIP/1001-", since=begin)
    await s.talk()
    await dana.hang_up()
