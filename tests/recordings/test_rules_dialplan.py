"""The lines that the page offers for a dialplan, on a real exchange: they are read, and they decide as the rules do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.demo import parties
from recordings import rules
from tests.pbx import stage as stages
from tests.pbx.stage import DANA, Stage

pytestmark = [pytest.mark.asterisk]

TOLD = rules.Rules(
    record=True,
    exceptions=(
        rules.Rule("queue", "main", "sales", False),
        rules.Rule("campaign", "", "7", False),
        rules.Rule("campaign", "", "8", True),
    ),
)
SUPPORT, SALES, WAITS = "+97237009991", "+97237009992", "+97237009993"
QUIET, LOUD = "0509990001", "0509990002"


def _after(context: str) -> str:
    """Return the line that is offered for a context."""
    lines = rules.dialplan(TOLD, "main").splitlines()
    return lines[lines.index(f"[{context}]") + 1]


def _dialled(number: str, campaign: str) -> str:
    line = _after("from-agents").partition(",1,")[2]
    return f"exten => {number},1,Set(CC_CAMPAIGN={campaign})\n same => n,{line}\n"


DIALPLAN = f"""
[from-trunk](+)
exten => {SUPPORT},1,Goto(ruled,support,1)
exten => {SALES},1,Goto(ruled,sales,1)
exten => {WAITS},1,Set(CC_CAMPAIGN=8)
 same => n,Goto(ruled-campaign,sales,1)
[ruled]
exten => _[a-z][a-z].,1,Answer()
{_after("queues")}
 same => n,Queue(support,tk,,,60)
 same => n,Hangup()
[ruled-campaign]
{_after("cc-campaign-wait")}
 same => n,Queue(support,tk,,,60)
 same => n,Hangup()
[from-agents](+)
{_dialled(QUIET, "7")}{_dialled(LOUD, "8")}
"""


@pytest.fixture(params=["22", "16"])
async def stage(
    request: pytest.FixtureRequest, asterisk: object, tmp_path: Path
) -> AsyncIterator[Stage]:
    """Set up an exchange whose dialplan has the lines; customers have something to say."""
    async with stages.set_up(
        tmp_path / "pbx", phones=("1001",), version=request.param, dialplan=DIALPLAN
    ) as made:
        made.trunk.default = parties.ANSWERS
        made.trunk.agent.voice = parties.prompt(made.exchange, "vm-intro")
        yield made


def _recorded(stage: Stage) -> int:
    return sum(e.get("Variable") == "MIXMONITOR_FILENAME" for e in stage.manager.events)


async def test_the_offered_lines_record_as_the_rules_say(stage: Stage) -> None:
    recorded = 0
    for number, record in ((SUPPORT, True), (SALES, False), (WAITS, True)):
        customer = await stage.trunk.call(number, number=DANA)
        agent = await stage.answered_by("1001")
        heard = agent.audio.packets
        await stage.until(lambda agent=agent, heard=heard: agent.audio.packets > heard + 25)  # type: ignore[misc]
        await customer.hang_up()
        await stage.idle()
        recorded += record
        assert _recorded(stage) == recorded, number
    for number, record in ((QUIET, False), (LOUD, True)):
        agent = await stage.phones["1001"].dial(number)
        await stage.bridged("PJSIP/1001-")
        heard = agent.audio.packets
        await stage.until(lambda agent=agent, heard=heard: agent.audio.packets > heard + 25)  # type: ignore[misc]
        await agent.hang_up()
        await stage.idle()
        recorded += record
        assert _recorded(stage) == recorded, number
