"""What the scenarios share: an exchange of their own, its phones and customers, a recorder, and what must come out.

A scenario says what people do, waits for what comes of it, and ends when the exchange is idle. `expect` is what really
happened, in the words of `callcenter replay`, written down by whoever steered the people: the trackers' authors hold
their results against it, and never against their own output.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from callcenter.demo import exchange, manager, parties
from callcenter.demo.sipcall import Call
from callcenter.telephony import record

LOGS = Path(__file__).resolve().parents[1] / "ami"
SUPPORT, SALES, SERVICE, DIRECT = "+97237000100", "+97237000200", "+97237000300", "+97237001001"
DANA = "0501234567"
DAVID = "+972521112233"
QUICK = exchange.Timing(ring_seconds=3, member_seconds=2, queue_seconds=30, drop_seconds=2)
USUAL = exchange.Timing()


@dataclasses.dataclass(slots=True)
class Stage:
    """One exchange with a manager connection to steer it, a trunk, and phones by extension."""

    exchange: exchange.Exchange
    manager: manager.Manager
    trunk: parties.Trunk
    phones: dict[str, parties.Phone]

    async def plug(self, number: str) -> parties.Phone:
        """Register a phone, and return when the exchange knows."""
        phone = self.phones[number] = parties.Phone(self.exchange, number)
        begin = len(self.manager.events)
        await phone.start()
        await self.manager.wait_for(
            "DeviceStateChange", since=begin, Device=f"PJSIP/{number}", State="NOT_INUSE"
        )
        return phone

    async def free(self, number: str) -> None:
        """Wait until a phone is idle in the exchange's own eyes."""
        await self.state(f"PJSIP/{number}", "NOT_INUSE")

    async def state(self, device: str, state: str) -> None:
        """Wait until the last state of a device is this."""

        def last() -> bool:
            seen = [
                e["State"]
                for e in self.manager.events
                if e.get("Device") == device and "State" in e
            ]
            return bool(seen) and seen[-1] == state

        await self.until(last)

    async def until(self, test: Callable[[], bool], *, seconds: float = 60.0) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(seconds):
            while not test():
                await asyncio.sleep(0.02)

    async def answered_by(self, number: str) -> Call:
        """Let a phone be picked up when it rings."""
        call = await self.phones[number].next_call()
        await call.answer()
        return call

    async def talk(self, seconds: float = 1.2) -> None:
        """Let people talk: not a wait for anything, but time that the call's durations are made of."""
        await asyncio.sleep(seconds)

    def channel(self, prefix: str) -> str:
        """Name the newest channel that begins so, such as PJSIP/1001-."""
        names = [e["Channel"] for e in self.manager.events if e.get("Event") == "Newchannel"]
        return next(name for name in reversed(names) if name.startswith(prefix))

    async def bridged(self, prefix: str, *, since: int = 0) -> None:
        """Wait until a channel that begins so is in a bridge."""
        await self.manager.wait_for(
            "BridgeEnter", lambda e: e["Channel"].startswith(prefix), since=since
        )

    async def idle(self) -> None:
        """Wait until the exchange has no channel any more."""
        async with asyncio.timeout(60):
            while await self.manager.listing(
                "CoreShowChannels", complete="CoreShowChannelsComplete"
            ):
                await asyncio.sleep(0.05)


Play = Callable[[Stage], Awaitable[None]]


@dataclasses.dataclass(frozen=True, slots=True)
class Scenario:
    """A play, the phones on its stage, and what must come out of its log: one dict a call, in order of start."""

    name: str
    play: Play
    phones: Sequence[str]
    timing: exchange.Timing
    expect: Sequence[dict[str, Any]]
    also_on_16: bool
    note: str


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    *expect: dict[str, Any],
    phones: Sequence[str] = ("1001",),
    timing: exchange.Timing = USUAL,
    also_on_16: bool = False,
) -> Callable[[Play], Play]:
    """Enter a play into the repertoire, under its function's name."""

    def enter(play: Play) -> Play:
        name = play.__name__
        note = " ".join((play.__doc__ or "").split())
        SCENARIOS[name] = Scenario(name, play, phones, timing, expect, also_on_16, note)
        return play

    return enter


@contextlib.asynccontextmanager
async def set_up(
    folder: Path,
    *,
    phones: Sequence[str],
    timing: exchange.Timing = USUAL,
    version: str | None = None,
) -> AsyncIterator[Stage]:
    """Start an exchange with its trunk and phones, and take it all down afterwards."""
    async with contextlib.AsyncExitStack() as stack:
        pbx = exchange.Exchange(folder, version=version, timing=timing)
        await stack.enter_async_context(pbx)
        steer = await stack.enter_async_context(await pbx.manager())
        trunk = await stack.enter_async_context(parties.Trunk(pbx))
        stage = Stage(pbx, steer, trunk, {})
        try:
            for number in phones:
                await stage.plug(number)
            yield stage
        finally:
            for phone in stage.phones.values():
                await phone.stop()
            await stage.manager.close()


async def capture(name: str, *, version: str = "22", out: Path | None = None) -> Path:
    """Play a scenario while its manager stream is recorded, and write the log without this machine's paths."""
    played = SCENARIOS[name]
    suffix = "" if version == "22" else f".{version}"
    target = out or LOGS / f"{name}{suffix}.ami"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="stage-") as folder:
        raw, stop, ready = Path(folder) / "raw.ami", asyncio.Event(), asyncio.Event()
        async with set_up(
            Path(folder) / "pbx", phones=played.phones, timing=played.timing, version=version
        ) as stage:
            pbx = stage.exchange
            recording = asyncio.create_task(
                record.record(
                    pbx.host,
                    pbx.ami_port,
                    pbx.ami_user,
                    pbx.ami_secret,
                    raw,
                    stop=stop,
                    ready=ready,
                )
            )
            await asyncio.wait_for(ready.wait(), 30)
            begin = len(stage.manager.events)
            try:
                await asyncio.wait_for(played.play(stage), 150)
                await stage.idle()
                await _drained(stage, raw, begin=begin)
            finally:
                stop.set()
                await recording
            log = raw.read_bytes().replace(
                str(pbx.folder / "spool").encode(), b"/var/spool/asterisk"
            )
            log = log.replace(str(pbx.folder / "data").encode(), b"/usr/share/asterisk")
            assert folder.encode() not in log, "a path of this machine is in the log"
            assert pbx.ami_secret.encode() not in log
    target.write_bytes(log)
    return target


async def _drained(stage: Stage, raw: Path, *, begin: int) -> None:
    """Wait until the recorder has read as many ends of channels as the steering connection, and whole messages."""

    def caught_up() -> bool:
        ends = sum(e.get("Event") == "Hangup" for e in stage.manager.events[begin:])
        data = raw.read_bytes()
        return data.count(b"Event: Hangup\r\n") >= ends and data.endswith(b"\r\n\r\n")

    await stage.until(caught_up)
