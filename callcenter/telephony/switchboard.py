"""Where the exchanges come together: link -> parse -> trackers -> facts -> subscribers, one task a line, in order.

Rules
1. The link's callback does one thing that cannot raise: it puts what came on the line's queue. One task consumes it.
2. A subscriber is a plain function or coroutine function of (pbx, fact), in a list. They are called in turn, each fact to
   all before the next fact; one that raises is logged with the Linkedid, and the next still runs.
3. A sign-in's snapshot goes through the same queue, so it stands between the events before and after it. Calls that are
   not in it any more are told as CallLost.
4. An event that our code cannot take is logged and passed over, and what lives on the exchange is asked for again.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from callcenter import errors, settings
from callcenter.telephony import (
    ami,
    calls,
    events,
    facts,
    link,
    listeners,
    queues,
    roles,
    snapshot,
    wire,
)

log = structlog.get_logger(__name__)

Subscriber = Callable[[str, facts.Fact], Awaitable[None] | None]
StateListener = Callable[["Status"], None]

# A burst is worked off in slices, so that browsers and timers are served meanwhile.
SLICE = 200
RECENT_SECONDS = 10.0  # a lag is the present's for so long


@dataclass(frozen=True, slots=True)
class Status:
    """How a line is; `since` and `signed_in` in epoch seconds, `lag_seconds` between arrival and work."""

    name: str
    state: str
    reason: str
    since: float
    events_per_second: float
    lag_seconds: float
    waiting: int
    calls: int
    signed_in: float | None
    missing: Sequence[str]  # what the last snapshot could not tell, in the exchange's words
    events: int
    facts: int
    oversized: int


@dataclass(slots=True)
class _Batch:
    arrived: float
    messages: list[wire.Message]
    seed: snapshot.Snapshot | None = None


class Line:
    """One exchange: its link, its trackers and the queue between them."""

    def __init__(
        self,
        pbx: settings.Pbx,
        tell: Callable[[str, Sequence[facts.Fact]], Awaitable[None]],
        *,
        on_state: Callable[[], None],
        timing: link.Timing | None = None,
    ) -> None:
        self.settings = pbx
        self.name = pbx.name
        known = roles.Roles(pbx.trunks, pbx.phones)
        self.tracker = calls.CallTracker(known)
        self.board = queues.QueueBoard(known)
        self.ears = listeners.Ears()
        self.lag_seconds = 0.0
        self.arrived = 0.0  # when what is worked off now came in; 0 between two batches
        self._worked = 0.0
        self.events = 0
        self.seeded = asyncio.Event()  # the tracker knows what lives on the exchange
        self.told = (
            asyncio.Event()
        )  # the subscribers know what the tracker does; not in the middle of a batch
        self.told.set()
        self.facts = 0
        self.signed_in: float | None = None
        self.missing: Sequence[str] = ()
        self._tell = tell
        self._on_state = on_state
        self._batches: deque[_Batch] = deque()
        self._news = asyncio.Event()
        self._closing = False
        self._counted: deque[tuple[float, int]] = deque(maxlen=12)
        self._task: asyncio.Task[None] | None = None
        self.link = link.AmiLink(
            pbx.name,
            address(pbx),
            on_messages=self._take,
            on_state=self._state,
            on_up=self._up,
            names=events.NAMES,
            variables=events.VARIABLES,
            timing=timing
            or link.Timing(
                ping_seconds=pbx.ping_seconds, auth_retry_seconds=pbx.auth_retry_seconds
            ),
        )

    def start(self) -> None:
        """Begin to connect and to consume; a second time does nothing."""
        if self._task is not None:
            return
        self._closing = False
        self._task = asyncio.create_task(self._consume(), name=f"line {self.name}")
        self.link.start()

    async def stop(self) -> None:
        """Close the link, work off what came, and stop."""
        await self.link.close()
        self._closing = True
        self._news.set()
        task, self._task = self._task, None
        if task is not None:
            await task

    def status(self) -> Status:
        """Say how the line is."""
        now = time.time()
        if not self._counted or now - self._counted[-1][0] >= 1.0:
            self._counted.append((now, self.events))
        first, count = self._counted[0]
        rate = (self.events - count) / max(now - first, RECENT_SECONDS / 2)
        state = self.link.state
        waits = now - self._batches[0].arrived if self._batches else 0.0
        lag = max(waits, self.lag_seconds if now - self._worked < RECENT_SECONDS else 0.0)
        return Status(
            self.name, state.phase.value, state.reason, state.since, round(rate, 1),
            round(lag, 4), len(self._batches), self.tracker.running(),
            self.signed_in, self.missing, self.events, self.facts, self.link.oversized,
        )  # fmt: skip

    def _take(self, _pbx: str, messages: list[wire.Message]) -> None:
        self._batches.append(_Batch(time.time(), messages))
        self._news.set()

    async def _up(self, up: link.AmiLink) -> None:
        seen = await snapshot.take(up)
        self.missing = seen.missing
        for missing in seen.missing:
            log.warning("snapshot incomplete", pbx=self.name, missing=missing)
        self._batches.append(_Batch(time.time(), [], seen))
        self._news.set()

    def _state(self, _pbx: str, state: link.State) -> None:
        if state.phase is link.Phase.UP:
            self.signed_in = state.since
        else:
            self.seeded.clear()
        self._on_state()

    async def _consume(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._batches:
                batch = self._batches[0]
                self.arrived = batch.arrived
                self.told.clear()
                if batch.seed is not None:
                    await self._seed(batch.seed, batch.arrived)
                    self.seeded.set()
                await self._feed(batch)
                self._batches.popleft()
                self.told.set()
                self._worked = time.time()
                self.lag_seconds = self._worked - batch.arrived
            self.arrived = 0.0
            if self._closing:
                return

    async def _feed(self, batch: _Batch) -> None:
        feed, board = self.tracker.feed, self.board.feed
        for i, message in enumerate(batch.messages):
            try:
                event = events.of(message, batch.arrived)
                told: Sequence[facts.Fact] = feed(event)
                if told:
                    self.facts += len(told)
                    await self._tell(self.name, told)
                told = board(event)
                if told:
                    self.facts += len(told)
                    await self._tell(self.name, told)
                if listeners.PREFIX in event.lines:
                    await self._tell(self.name, self.ears.feed(event))
            except Exception:  # one event that we cannot take must not leave the exchange unheard
                log.exception("event not taken", pbx=self.name, event_name=message.name)
                self.link.look_again()
            if i % SLICE == SLICE - 1:
                await asyncio.sleep(0)
        self.events += len(batch.messages)

    async def _seed(self, seen: snapshot.Snapshot, at: float) -> None:
        def parsed(messages: Sequence[wire.Message]) -> list[events.Event]:
            return [events.of(m, at) for m in messages]

        inside = [m for bridge in seen.bridges for m in bridge.channels]
        told: list[facts.Fact] = list(self.tracker.seed(parsed([*seen.channels, *inside]), at))
        told += self.board.seed(parsed(seen.queues), at)
        told += self.ears.seed(parsed(seen.channels), at)
        self.facts += len(told)
        await self._tell(self.name, told)


class Switchboard:
    """Every line, and those who are told what happens on them."""

    def __init__(
        self, exchanges: Sequence[settings.Pbx], *, timing: link.Timing | None = None
    ) -> None:
        """Make a line for each exchange; add to `subscribers` and `states` before `start`."""
        self.subscribers: list[Subscriber] = []
        self.states: list[Callable[[], None]] = []  # called when any line's state changes
        self.failures = 0  # of subscribers
        self.lines = {
            pbx.name: Line(pbx, self._tell, on_state=self._state, timing=timing)
            for pbx in exchanges
        }

    async def start(self) -> None:
        """Begin to listen; never fails, the states say how it goes."""
        for line in self.lines.values():
            line.start()

    async def stop(self) -> None:
        """Stop listening."""
        for line in self.lines.values():
            await line.stop()

    def line(self, pbx: str) -> Line:
        """Give a line by name; an assignment that names no exchange means the first one."""
        found = self.lines.get(pbx) or (next(iter(self.lines.values()), None) if not pbx else None)
        if found is None:
            raise errors.LinkDown(f"there is no exchange {pbx!r}")
        return found

    def record(self, pbx: str, linkedid: str) -> facts.CallRecord | None:
        """Tell a running call."""
        line = self.lines.get(pbx)
        return line.tracker.record(linkedid) if line else None

    def status(self) -> list[Status]:
        """Say how every line is."""
        return [line.status() for line in self.lines.values()]

    def _state(self) -> None:
        for tell in self.states:
            tell()

    async def _tell(self, pbx: str, told: Sequence[facts.Fact]) -> None:
        for fact in told:
            for subscriber in self.subscribers:
                try:
                    waiting = subscriber(pbx, fact)
                    if waiting is not None:
                        await waiting
                except Exception:
                    self.failures += 1
                    log.exception(
                        "subscriber failed",
                        pbx=pbx,
                        linkedid=getattr(fact, "linkedid", ""),
                        fact=type(fact).__name__,
                        subscriber=getattr(subscriber, "__qualname__", repr(subscriber)),
                    )


def address(pbx: settings.Pbx) -> ami.Address:
    """Give where an exchange is and how to sign in, from its settings."""
    tls = ami.tls_context(pbx.tls_ca or None, verify=pbx.tls_verify) if pbx.tls else None
    secret = pbx.secret.get_secret_value()
    return ami.Address(pbx.host, pbx.port, pbx.username, secret, tls)
