"""One run on the scripted exchange: load, the plan's faults and clicks, and what was wrong when all had settled."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from sqlalchemy.exc import SQLAlchemyError

from tests.faults import checks, line, plan, product
from tests.faults import exchange as exchanges
from tests.faults.plan import Kind

CALLS_A_SECOND = 4.0
SETTLE_SECONDS = 60.0
STORE_MEGABYTES = 64
LINE_FAULTS = (Kind.RESET, Kind.CLOSE, Kind.CUT_LETTER)


@dataclass
class Outcome:
    """What came of a run: what was wrong, and figures in seconds."""

    plan: plan.Plan
    wrong: list[str] = field(default_factory=list)
    calls: int = 0
    reconciled: int = 0
    clicks: int = 0
    heard: int = 0  # recordings with a transcript
    reconnects: list[float] = field(default_factory=list)  # cut -> signed in and seeded
    noticed: list[float] = field(default_factory=list)  # half-open -> given up
    settled: float = 0.0  # the last fault -> log and ledger whole
    logs: Path | None = None


class Room:
    """A tiny file system for the store, in a mount namespace that outlives the product; none where that is not allowed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.before = folder, list[str]()
        self._holder: asyncio.subprocess.Process | None = None

    async def open(self) -> bool:
        """Mount it; say whether there is one."""
        if not shutil.which("unshare") or not shutil.which("nsenter"):
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        script = f"mount -t tmpfs -o size={STORE_MEGABYTES}m tiny '{self.folder}' && echo mounted && exec sleep 3600"
        self._holder = await asyncio.create_subprocess_exec(
            "unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert self._holder.stdout is not None
        if b"mounted" not in await self._holder.stdout.readline():
            await self.close()
            return False
        self.before = ["nsenter", "--preserve-credentials", "-t", str(self._holder.pid), "--user", "--mount", "--wd=."]  # fmt: skip
        return True

    async def fill(self, seconds: float) -> None:
        """Leave no room for a byte, for so long."""
        assert self._holder is not None
        filler = Path(f"/proc/{self._holder.pid}/root{self.folder}/filler")
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            block = b"\0" * (1 << 16)
            while file.write(block):
                pass
        await asyncio.sleep(seconds)
        filler.unlink()

    async def close(self) -> None:
        """Unmount it."""
        if self._holder is not None and self._holder.returncode is None:
            self._holder.kill()
            await self._holder.wait()


class Run:
    """The stage of one run."""

    def __init__(self, of: plan.Plan, folder: Path, *, url: str = "") -> None:
        self.plan, self.folder = of, folder
        self.exchange = exchanges.Exchange(folder)
        self.room = Room(folder / "product" / "store")
        self.outcome = Outcome(of)
        self._url, self._chance = url, random.Random(of.seed * 7 + 1)
        self._has_room, self._began = False, time.time()
        self._steps = any(fault.kind is Kind.CLOCK for fault in of.faults)
        # A recording that seems to be an hour old is looked at each minute only.
        self._patience = SETTLE_SECONDS + 70.0 * self._steps
        self._strikes: dict[Kind, Callable[[plan.Fault], Awaitable[None]]] = {
            Kind.RESET: lambda _: self._cut(), Kind.CLOSE: lambda _: self._cut(fin=True),
            Kind.CUT_LETTER: lambda _: self._cut_letter(), Kind.HALF_OPEN: lambda _: self._half_open(),
            Kind.TRICKLE: self._trickle, Kind.REFUSED: self._refuse, Kind.KILL_SERVE: self._kill,
            Kind.KILL_WORKER: lambda _: self._kill_worker(), Kind.RESTART: self._restart,
            Kind.DATABASE: lambda f: self.made.hold_database(f.seconds), Kind.FULL_DISK: self._fill,
            Kind.CLOCK: self._step,
        }  # fmt: skip

    async def play(self) -> Outcome:
        """Play the plan, and check."""
        await self.exchange.start()
        self.line = line.Line(self.exchange.ami_port)
        await self.line.open()
        self.made = product.Installed(self.exchange, self.folder / "product", ami_port=self.line.port, url=self._url)  # fmt: skip
        self.made.staff(exchanges.AGENTS)
        if any(fault.kind is Kind.FULL_DISK for fault in self.plan.faults):
            self._has_room = await self.room.open()
            self.made.before = self.room.before
        try:
            async with self.made:
                await self.made.listens(1)
                await self._under_load()
                await self._settle()
        finally:
            await self.line.close()
            await self.exchange.kill()
            await self.room.close()
        return self.outcome

    # ---- load and faults

    async def _under_load(self) -> None:
        began = time.monotonic()
        load = asyncio.create_task(self._load())
        clicks = [asyncio.create_task(self._click(at)) for at in self.plan.clicks]
        try:
            for fault in self.plan.faults:
                await asyncio.sleep(max(0.0, began + fault.at - time.monotonic()))
                await self._strikes[fault.kind](fault)
            await asyncio.sleep(max(0.0, began + self.plan.seconds - time.monotonic()))
            await asyncio.gather(*clicks)
        finally:
            load.cancel()
            await asyncio.gather(load, *clicks, return_exceptions=True)

    async def _load(self) -> None:
        while True:
            await asyncio.sleep(self._chance.expovariate(CALLS_A_SECOND))
            free = self.exchange.free_agents()
            if len(free) > 2:  # one is left to click
                times = (self._chance.uniform(0.05, 0.5), self._chance.uniform(0.1, 2.5))
                agent = self._chance.choice(free[:-2])
                call = self.exchange.ring(agent, ring_seconds=times[0], talk_seconds=times[1])
                if self._chance.random() < 0.9:
                    call.may_end.set()  # the others go on until the board has been looked at

    async def _click(self, at: float) -> None:
        await asyncio.sleep(at)
        free = self.exchange.free_agents()
        if free:
            self.outcome.clicks += 1
            await self.made.dial(f"a{free[-1]}", f"05230{self._chance.randrange(10_000):05d}")

    async def _seeded_since(self, began: float, *, seconds: float = 40.0) -> float:
        """Wait until the product has taken a snapshot after this moment; return when."""
        async with asyncio.timeout(seconds):
            while not any(at > began for at in self.exchange.seeded):
                await asyncio.sleep(0.005)
        return next(at for at in self.exchange.seeded if at > began)

    async def _is_seeded(self) -> None:
        # What is cut must be up: a cut of what is down already measures nothing.
        await self._seeded_since(self.line.cuts[-1] if self.line.cuts else 0.0)

    async def _cut(self, *, fin: bool = False) -> None:
        await self._is_seeded()
        first = not self.line.cuts  # after troubles in a row the link waits longer, on purpose
        await self.line.cut(fin=fin)
        seeded = await self._seeded_since(self.line.cuts[-1])
        if first:
            self.outcome.reconnects.append(seeded - self.line.cuts[-1])

    async def _cut_letter(self) -> None:
        await self._is_seeded()
        self.line.cut_letter = True
        async with asyncio.timeout(20):
            while self.line.cut_letter:
                await asyncio.sleep(0.005)

    async def _half_open(self) -> None:
        await self._is_seeded()
        self.line.freeze()
        began = self.line.cuts[-1]
        await self._seeded_since(began)
        # The next attempt may come later: after troubles in a row the link waits longer, on purpose.
        self.outcome.noticed.append(next(at for at in self.line.given_up if at > began) - began)

    async def _trickle(self, fault: plan.Fault) -> None:
        self.line.trickle = True
        await asyncio.sleep(fault.seconds)
        self.line.trickle = False

    async def _refuse(self, fault: plan.Fault) -> None:
        await self.line.close()
        await asyncio.sleep(fault.seconds)
        await self.line.open()

    async def _kill(self, fault: plan.Fault) -> None:
        await self.made.kill()
        self.line.cuts.append(time.monotonic())
        await asyncio.sleep(fault.seconds)
        await self.made.start()

    async def _kill_worker(self) -> None:
        self.made.kill_worker()

    async def _restart(self, fault: plan.Fault) -> None:
        await self.exchange.kill()
        self.line.cuts.append(time.monotonic())
        await asyncio.sleep(fault.seconds)
        await self.exchange.start()

    async def _fill(self, fault: plan.Fault) -> None:
        if self._has_room:
            await self.room.fill(fault.seconds)

    async def _step(self, fault: plan.Fault) -> None:
        self.exchange.step(fault.step)
        await asyncio.sleep(fault.seconds)
        self.exchange.step(0.0)

    # ---- afterwards

    async def _settle(self) -> None:
        began = time.monotonic()
        await self._so("board", self._board)
        for call in self.exchange.calls.values():
            call.may_end.set()
        async with asyncio.timeout(30):
            while self.exchange.running():
                await asyncio.sleep(0.02)
        await self._so("log", self._log)
        await self._so("ledger", self._ledger)
        self.outcome.settled = time.monotonic() - began
        self.outcome.wrong += checks.once(self.made, self.exchange)
        self.outcome.wrong += checks.names(self.made.rows())
        health = await self.made.health()
        if '"status": "ok"' not in health or '"up"' not in health:
            self.outcome.wrong.append(f"health: {health}")
        await self.made.kill(signal.SIGTERM)
        self.outcome.wrong += checks.tracebacks(self.made.whole_log())
        self.outcome.calls = len(self.exchange.calls)
        self.outcome.reconciled = sum(row.source == "reconciled" for row in self.made.rows())

    async def _so(self, what: str, look: Callable[[], Awaitable[list[str]]]) -> None:
        """Ask until nothing is wrong, or time is up."""
        wrong = [f"{what}: never asked"]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                while wrong:
                    try:
                        wrong = await look()
                    except (aiohttp.ClientError, SQLAlchemyError) as error:
                        wrong = [f"{what}: {type(error).__name__} {error}"]
                    await asyncio.sleep(0.1 if wrong else 0)
        self.outcome.wrong += wrong

    async def _board(self) -> list[str]:
        return await checks.board(self.made, self.exchange)

    async def _log(self) -> list[str]:
        rows, kept = await asyncio.to_thread(lambda: (self.made.rows(), self.made.recordings()))
        return checks.log(rows, self.exchange) + checks.recordings(kept, self.exchange)

    async def _ledger(self) -> list[str]:
        around = 4000.0 if self._steps else 600.0
        told = await self.made.ledger(around_seconds=around)
        return checks.day(told, self.exchange, since=self._began)


async def run(of: plan.Plan, folder: Path, *, url: str = "") -> Outcome:
    """Play a plan in a folder of its own, which is left behind where something was wrong."""
    stage = Run(of, folder, url=url)
    try:
        outcome = await stage.play()
    except (TimeoutError, AssertionError, OSError, aiohttp.ClientError) as error:
        outcome = stage.outcome
        outcome.wrong.append(f"{type(error).__name__}: {str(error)[-3000:]}")
    if outcome.wrong:
        outcome.logs = folder
    else:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    return outcome
