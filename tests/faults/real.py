"""One run on the real Asterisk: phones, a trunk and light load behind the line, the plan's faults, and the same checks.
The worker has a model: each call's recording must be heard through to its end, whoever was killed meanwhile.

What Asterisk itself says counts: CoreShowChannels and QueueStatus over a connection that is never cut, Master.csv and
queue_log through the ledger, and the files in its folder of recordings.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import signal
import time
from pathlib import Path

import aiohttp
from sqlalchemy.exc import SQLAlchemyError

from callcenter.demo import parties
from callcenter.demo.sipcall import Call
from tests.faults import checks, line, plan, product, scripted
from tests.faults.plan import Kind
from tests.pbx import stage as stages
from tests.recordings import sounds

PHONES = ("1001", "1002", "1003", "1007")
SETTLE_SECONDS = 150.0
SECONDS = 8.0
HEARD = {"done", "empty"}  # with a model at hand nothing else is an end


class Run:
    """The stage of one real run."""

    def __init__(self, of: plan.Plan, stage: stages.Stage, folder: Path) -> None:
        self.plan, self.stage, self.folder = of, stage, folder
        self.outcome = scripted.Outcome(of)
        self.line = line.Line(stage.exchange.ami_port)
        speech = f'[speech]\nlanguage = "ko"\nstand_back = false\n[speech.models]\nko = "{sounds.model_folder()}"'
        self.made = product.Installed(
            stage.exchange, folder / "product", ami_port=self.line.port, more=speech
        )
        self._chance = random.Random(of.seed)
        self._callers: list[Call] = []

    async def play(self) -> scripted.Outcome:
        """Play the plan, and check."""
        for phone in self.stage.phones.values():
            phone.behaviour = parties.ANSWERS
            phone.agent.voice = parties.prompt(self.stage.exchange, "demo-thanks")
        self.stage.trunk.agent.voice = parties.prompt(self.stage.exchange, "basic-pbx-ivr-main")
        self.made.staff(PHONES)
        await self.line.open()
        try:
            async with self.made:
                await self.made.listens(1)
                await self._under_load()
                await self._settle()
        finally:
            await self.line.close()
        return self.outcome

    async def _under_load(self) -> None:
        began = time.monotonic()
        load = asyncio.create_task(self._load())
        try:
            for fault in self.plan.faults:
                await asyncio.sleep(max(0.0, began + fault.at - time.monotonic()))
                if fault.kind is Kind.RESTART:  # who calls waits until the exchange is back
                    load.cancel()
                    await asyncio.gather(load, return_exceptions=True)
                await self._strike(fault)
                if load.done():
                    load = asyncio.create_task(self._load())
            await asyncio.sleep(max(0.0, began + self.plan.seconds - time.monotonic()))
        finally:
            load.cancel()
            await asyncio.gather(load, return_exceptions=True)

    async def _load(self) -> None:
        """Let somebody call about each second, and whoever has called longest hang up."""
        direct = [f"+9723700{extension}" for extension in PHONES]
        while True:
            number = f"050{self._chance.randrange(10_000_000):07d}"
            did = self._chance.choice([stages.SUPPORT, *direct])
            with contextlib.suppress(TimeoutError, OSError):
                self._callers.append(await self.stage.trunk.call(did, number=number))
            await asyncio.sleep(self._chance.uniform(0.5, 1.2))
            if len(self._callers) > 2:
                await self._end(self._callers.pop(0))

    async def _end(self, call: Call) -> None:
        with contextlib.suppress(TimeoutError, OSError, AssertionError):
            await call.hang_up()

    async def _strike(self, fault: plan.Fault) -> None:
        match fault.kind:
            case Kind.RESET:
                await self.line.cut()
            case Kind.CUT_LETTER:
                self.line.cut_letter = True  # whenever the next such name comes by
            case Kind.HALF_OPEN:
                await self._so(self._up)  # what is down already is noticed by nobody
                self.line.freeze()
                began = self.line.cuts[-1]
                await self.stage.until(lambda: any(at > began for at in self.line.given_up))
                given_up = next(at for at in self.line.given_up if at > began)
                self.outcome.noticed.append(given_up - began)
            case Kind.REFUSED:
                await self.line.close()
                await asyncio.sleep(fault.seconds)
                await self.line.open()
            case Kind.KILL_SERVE:
                await self.made.kill()
                await asyncio.sleep(fault.seconds)
                await self.made.start()
            case Kind.KILL_WORKER:
                self.made.kill_worker()
            case Kind.RESTART:
                await self.stage.exchange.kill()
                self._callers.clear()
                await asyncio.sleep(fault.seconds)
                await self.stage.exchange.start()
                await self.stage.came_back()

    # ---- afterwards

    async def _settle(self) -> None:
        began = time.monotonic()
        await self._so(self._board)
        for call in self._callers:
            await self._end(call)
        await self.stage.idle()
        await self._so(self._log)
        self.outcome.settled = time.monotonic() - began
        await self._so(self._ledger)
        await self.made.kill(signal.SIGTERM)
        self.outcome.wrong += checks.names(self.made.rows())
        self.outcome.wrong += checks.tracebacks(self.made.whole_log())
        rows = self.made.rows()
        self.outcome.calls = len(rows)
        self.outcome.reconciled = sum(row.source == "reconciled" for row in rows)

    async def _so(self, look: object) -> None:
        assert callable(look)
        wrong: list[str] = ["never asked"]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                while wrong:
                    try:
                        wrong = await look()
                    except (aiohttp.ClientError, SQLAlchemyError) as error:
                        wrong = [f"{type(error).__name__}: {error}"]
                    await asyncio.sleep(0.2 if wrong else 0)
        self.outcome.wrong += wrong

    async def _up(self) -> list[str]:
        state = await self.made.metrics()
        return [] if state.get('line_state{pbx="main",state="up"}') else [f"never up: {state}"]

    async def _board(self) -> list[str]:
        manager = self.stage.manager
        channels = await manager.listing("CoreShowChannels", complete="CoreShowChannelsComplete")
        status = await manager.listing("QueueStatus", complete="QueueStatusComplete")
        calls = {channel["Linkedid"] for channel in channels}
        waiting = sum(e.get("Event") == "QueueEntry" and e["Queue"] == "support" for e in status)
        figures = await self.made.metrics()
        told = figures.get('calls{pbx="main"}'), figures.get('queue_waiting{pbx="main",queue="support"}', 0)  # fmt: skip
        wrong = [] if told == (len(calls), waiting) else [f"board: {told} calls and waiting, not {len(calls)} and {waiting}"]  # fmt: skip
        for extension in PHONES:
            shown = {card["id"] for card in (await self.made.snapshot(f"a{extension}"))["calls"]}
            theirs = {c["Linkedid"] for c in channels if c["Channel"].startswith(f"PJSIP/{extension}-")}  # fmt: skip
            if shown != theirs:
                wrong.append(f"board: the desk of {extension} shows {sorted(shown)}, not {sorted(theirs)}")  # fmt: skip
        return wrong

    async def _log(self) -> list[str]:
        rows, kept = self.made.rows(), self.made.recordings()
        ids = [row.linkedid for row in rows]
        wrong = [f"double: {id_}" for id_ in set(ids) if ids.count(id_) > 1]
        wrong += [f"stuck: {row.linkedid} has no end" for row in rows if row.ended is None]
        files = {path.name.partition("_")[0] for path in self.stage.exchange.recordings.glob("*.wav")}  # fmt: skip
        wrong += [f"recording lost: of {id_} there is a file and no row" for id_ in files - kept.keys()]  # fmt: skip
        whole = {row.linkedid for row in rows if row.result != "lost"}
        for id_, row in kept.items():
            # What Asterisk was killed over is taken as it is when it has been silent for two minutes.
            if id_ in whole and row.state not in HEARD:
                wrong.append(f"transcript missing or stuck: {id_} is {row.state}, {row.reason}")
        self.outcome.heard = sum(row.state == "done" for row in kept.values())
        return wrong

    async def _ledger(self) -> list[str]:
        told = await self.made.ledger()
        if told["problem"] or told["missing"] or told["running"]:
            few = {k: told[k] for k in ("total", "captured", "reconciled", "missing", "running", "problem")}  # fmt: skip
            return [f"ledger: {few}"]
        return [] if told["total"] else ["ledger: no call"]


async def run(seed: int, folder: Path, *, seconds: float = SECONDS) -> scripted.Outcome:
    """Play a seed in a folder of its own, which is left behind where something was wrong."""
    of = plan.make(seed, kinds=plan.REAL, seconds=seconds)
    outcome = scripted.Outcome(of)
    folder.mkdir(parents=True)
    try:
        async with stages.set_up(folder / "pbx", phones=PHONES) as stage:
            playing = Run(of, stage, folder)
            outcome = playing.outcome
            await playing.play()
    except (TimeoutError, AssertionError, OSError, aiohttp.ClientError) as error:
        outcome.wrong.append(f"{type(error).__name__}: {str(error)[-3000:]}")
    if outcome.wrong:
        outcome.logs = folder
    else:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    return outcome
