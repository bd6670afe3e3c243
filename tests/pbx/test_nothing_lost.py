"""Whatever becomes of us or of the exchange, the log has every call once, as somebody heard it who listened all the time."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter.demo import parties
from callcenter.demo.sipcall import Call
from tests.pbx import fixtures, product, stage
from tests.pbx.stage import SERVICE, SUPPORT, Stage

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(300)]
ALL = tuple(str(number) for number in range(1001, 1009))


def direct(extension: str) -> str:
    """Give an agent's direct number."""
    return f"+9723700{extension}"


async def talking(s: Stage, did: str, number: str) -> Call:
    """Let a customer call whom some phone answers; return the customer's end."""
    since = len(s.manager.events)
    caller = await s.trunk.call(did, number=number)
    await s.bridged("PJSIP/10", since=since)
    return caller


async def joined(s: Stage, count: int) -> None:
    """Wait until so many callers have joined queues since the beginning."""
    await s.until(
        lambda: sum(e.get("Event") == "QueueCallerJoin" for e in s.manager.events) >= count
    )


async def test_after_kill_9_under_ten_calls_the_log_has_thirteen_each_once(
    set_up: fixtures.SetUp, tmp_path: Path
) -> None:
    s = await set_up(*ALL)
    s.recorder = stage.Recorder(s.exchange, tmp_path)
    await s.recorder.start()
    s.trunk.agent.voice = parties.prompt(s.exchange, "basic-pbx-ivr-main")
    made = product.Product(s, tmp_path / "product")
    made.seat(ALL)
    async with made:
        await made.listens(1)
        for phone in s.phones.values():
            phone.behaviour = parties.ANSWERS
            phone.agent.voice = parties.prompt(s.exchange, "demo-thanks")
        lines = [SUPPORT] * 3 + [SERVICE] * 2 + [direct(e) for e in ("1004", "1007", "1008")]
        calls = [await talking(s, did, f"05010000{n:02}") for n, did in enumerate(lines)]
        waiting = await s.trunk.call(SUPPORT, number="0501000008")
        giving_up = await s.trunk.call(SUPPORT, number="0501000009")
        await joined(s, 7)
        await made.until(lambda: len(made.rows()) == 10)
        await made.kill()

        await giving_up.hang_up()  # four end
        agent = await s.phones["1005"].next_call()
        await agent.hang_up()
        await calls[6].hang_up()
        await s.free("1007")
        since = len(s.manager.events)
        await calls[0].hang_up()
        await s.bridged("PJSIP/10", since=since)  # the one who waits gets the agent
        ended = await talking(s, direct("1007"), "0501000010")  # three begin
        await s.free("1005")
        going_on = await talking(s, direct("1005"), "0501000011")
        abandons = await s.trunk.call(SUPPORT, number="0501000012")
        await joined(s, 8)
        await s.talk()
        await ended.hang_up()
        await s.free("1007")

        await made.start()
        await made.listens(2)
        await abandons.hang_up()
        for caller in (waiting, going_on, *(calls[n] for n in (1, 2, 3, 4, 5, 7))):
            await caller.hang_up()
        await s.idle()
        await stage.drained(s, s.recorder)
        await s.recorder.stop()
        told = product.truth(s.recorder, tmp_path)
        assert len(told) == 13

        def wrong() -> list[str]:
            rows = made.rows()
            ids = sorted(row.linkedid for row in rows)
            if ids != sorted(told):
                return [f"{ids} is not {sorted(told)}"]
            return [d for row in rows for d in product.differences(row, told[row.linkedid], made.users)]  # fmt: skip

        try:
            await made.until(lambda: not wrong(), seconds=30)
        except AssertionError as problem:
            raise AssertionError("\n".join(wrong()) + f"\n{problem}") from None
        spoken = {key for key, record in told.items() if record.answered is not None}
        await made.until(
            lambda: (
                {key for key, r in made.recordings().items() if r.stored and r.call_id} == spoken
            )
        )
        assert sum(row.source == "reconciled" for row in made.rows()) >= 7
        await asyncio.sleep(0)
        command = [sys.executable, "-m", "callcenter", "ledger", "--json", "--config", made.config]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        day = json.loads(said.stdout)
        assert (said.returncode, day["missing"], day["problem"]) == (0, 0, ""), said.stderr
        assert day["captured"] + day["reconciled"] + day["running"] == 13
