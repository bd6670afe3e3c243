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


class Recorder:
    """The manager stream of an exchange into one file, over one connection or several with gaps between them."""

    def __init__(self, pbx: exchange.Exchange, folder: Path) -> None:
        self._pbx, self._folder, self._parts = pbx, folder, 0
        self._stop = asyncio.Event()
        self._task: asyncio.Task[int] | None = None

    async def start(self) -> None:
        """Record from now on, over a new connection."""
        pbx, self._parts, self._stop = self._pbx, self._parts + 1, asyncio.Event()
        ready, part = asyncio.Event(), self._folder / f"{self._parts}.ami"
        self._task = asyncio.create_task(
            record.record(
                pbx.host,
                pbx.ami_port,
                pbx.ami_user,
                pbx.ami_secret,
                part,
                stop=self._stop,
                ready=ready,
            )
        )
        await asyncio.wait_for(ready.wait(), 30)

    async def stop(self) -> None:
        """Cut the connection."""
        self._stop.set()
        if self._task:
            await self._task

    def data(self) -> bytes:
        """Return all that was recorded so far."""
        return b"".join(
            (self._folder / f"{part}.ami").read_bytes() for part in range(1, self._parts + 1)
        )


@dataclasses.dataclass(slots=True)
class Stage:
    """One exchange with a manager connection to steer it, a trunk, and phones by extension."""

    exchange: exchange.Exchange
    manager: manager.Manager
    trunk: parties.Trunk
    phones: dict[str, parties.Phone]
    recorder: Recorder | None = None

    async def came_back(self) -> None:
        """Sign in again after the exchange was started anew, and let the phones register again."""
        await self.manager.close()
        self.manager = await self.exchange.manager()
        await self.manager.wait_for("FullyBooted")
        for phone in self.phones.values():
            for call in phone.agent.calls.values():
                call.forget()
            await phone.agent.register()
            await self.reachable(phone.number)
        for call in self.trunk.agent.calls.values():
            call.forget()

    async def plug(self, number: str) -> parties.Phone:
        """Register a phone, and return when the exchange knows."""
        phone = self.phones[number] = parties.Phone(self.exchange, number)
        await phone.start()
        await self.reachable(number)
        return phone

    async def reachable(self, number: str) -> None:
        """Wait until the exchange holds a phone for idle."""
        while True:
            states = await self.manager.listing(
                "DeviceStateList", complete="DeviceStateListComplete"
            )
            if any(e["Device"] == f"PJSIP/{number}" and e["State"] == "NOT_INUSE" for e in states):
                return
            await asyncio.sleep(0.05)

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
    dialplan: str
    note: str


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    *expect: dict[str, Any],
    phones: Sequence[str] = ("1001",),
    timing: exchange.Timing = USUAL,
    also_on_16: bool = False,
    dialplan: str = "",
) -> Callable[[Play], Play]:
    """Enter a play into the repertoire, under its function's name."""

    def enter(play: Play) -> Play:
        name = play.__name__
        note = " ".join((play.__doc__ or "").split())
        SCENARIOS[name] = Scenario(name, play, phones, timing, expect, also_on_16, dialplan, note)
        return play

    return enter


@contextlib.asynccontextmanager
async def set_up(
    folder: Path,
    *,
    phones: Sequence[str],
    timing: exchange.Timing = USUAL,
    version: str | None = None,
    dialplan: str = "",
) -> AsyncIterator[Stage]:
    """Start an exchange with its trunk and phones, and take it all down afterwards."""
    async with contextlib.AsyncExitStack() as stack:
        pbx = exchange.Exchange(folder, version=version, timing=timing, dialplan=dialplan)
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
    with tempfile.TemporaryDirectory(prefix="stage-") as name_:
        folder = Path(name_)
        options = {"phones": played.phones, "timing": played.timing, "dialplan": played.dialplan}
        async with set_up(folder / "pbx", version=version, **options) as stage:
            pbx = stage.exchange
            stage.recorder = Recorder(pbx, folder)
            await stage.recorder.start()
            try:
                await asyncio.wait_for(played.play(stage), 150)
                await stage.idle()
                await drained(stage, stage.recorder)
            finally:
                await stage.recorder.stop()
            log = stage.recorder.data().replace(
                str(pbx.folder / "spool").encode(), b"/var/spool/asterisk"
            )
            log = log.replace(str(pbx.folder / "data").encode(), b"/usr/share/asterisk")
            assert name_.encode() not in log, "a path of this machine is in the log"
            assert pbx.ami_secret.encode() not in log
    target.write_bytes(log)
    return target


async def drained(stage: Stage, recorder: Recorder) -> None:
    """Wait until every channel has ended in the events too, and the recorder has read as far, in whole messages."""
    events = stage.manager.events

    def of(name: str) -> set[str]:
        return {event["Uniqueid"] for event in events if event.get("Event") == name}

    # An exchange that has no channel any more may still have its last Hangup to tell.
    await stage.until(lambda: of("Newchannel") <= of("Hangup"))
    ends = [event for event in events if event.get("Event") == "Hangup"]
    last = f"Timestamp: {ends[-1]['Timestamp']}".encode() if ends else b""

    def caught_up() -> bool:
        data = recorder.data()
        return last in data and data.endswith(b"\r\n\r\n")

    await stage.until(caught_up)
