"""The supervised link to one exchange: it connects, signs in, seeds, watches, and comes back.

    connecting -> up -> down -> up -> ... -> stopped
    auth_failed: the exchange refuses name or secret; tried again slowly, so that nobody locks us out
    down: since the first failure of the outage, with the reason of the last; tried again with growing delays

Rules
1. Events reach `on_messages(pbx, messages)` in the order of the wire, each chunk at once, in the loop's own thread.
2. On every sign-in `on_up(link)` is awaited before events flow: it takes the snapshot that seeds the present. Events that
   arrive meanwhile are held and follow it in order.
3. An action is sent at most once. What had no answer when the connection went fails with LinkDown; it may have been done.
4. A silent exchange is a dead one: a Ping goes out every `ping_seconds`, and when neither its answer nor any other byte
   comes for as long again, the connection is given up.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from callcenter import errors
from callcenter.telephony import ami, fields, heartbeat, wire

log = logging.getLogger(__name__)


class Phase(StrEnum):
    """Say how the link is."""

    CONNECTING = "connecting"
    UP = "up"
    DOWN = "down"
    AUTH_FAILED = "auth_failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class State:
    """A phase, why, and since when (epoch seconds)."""

    phase: Phase
    reason: str
    since: float


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait for what; all in seconds."""

    connect_seconds: float = 5.0
    action_seconds: float = 5.0
    boot_seconds: float = 1.0  # FullyBooted comes at once, or never without `system`
    ping_seconds: float = 1.5
    first_retry_seconds: float = 0.25
    longest_retry_seconds: float = 30.0
    auth_retry_seconds: float = 60.0
    steady_seconds: float = (
        10.0  # up for so long, the next loss is a new trouble and retried at once
    )


OnMessages = Callable[[str, list[wire.Message]], None]
OnState = Callable[[str, State], None]
OnUp = Callable[["AmiLink"], Awaitable[None]]

# What the link itself must hear, whatever names its owner asks for.
_OWN_NAMES = frozenset({b"FullyBooted", b"Shutdown"})


def retry_delays(timing: Timing) -> Iterator[float]:
    """Yield the seconds to wait before each next attempt: at once, then doubling up to the cap, each up to half shorter."""
    for attempt in itertools.count():
        delay = min(
            timing.longest_retry_seconds, timing.first_retry_seconds * 2 ** min(attempt, 30)
        )
        yield delay * random.uniform(0.5, 1.0)


class AmiLink:
    """The link to one exchange, named by its `pbx`."""

    def __init__(
        self,
        pbx: str,
        address: ami.Address,
        *,
        on_messages: OnMessages,
        on_state: OnState | None = None,
        on_up: OnUp | None = None,
        names: Iterable[bytes] | None = None,
        variables: Iterable[bytes] | None = None,
        timing: Timing | None = None,
    ) -> None:
        """Keep events of these names (all if None), and VarSet of variables with these prefixes (all if None).

        Raises:
            errors.Invalid: the name or the secret holds what cannot be sent.
        """
        fields.encode(ami.login(address))  # a secret that cannot be sent is found out now
        self.pbx = pbx
        self.state = State(Phase.STOPPED, "not started", time.time())
        self._oversized = 0  # on the connections that ended
        self._heard_at = 0.0
        self._address = address
        self._on_messages = on_messages
        self._on_state = on_state
        self._on_up = on_up
        self._names = None if names is None else frozenset(names) | _OWN_NAMES
        self._variables = None if variables is None else tuple(variables)
        self._timing = timing or Timing()
        self._connection: ami.Connection | None = None
        self._held: list[wire.Message] | None = None  # a list while `on_up` seeds the present
        self._booted = asyncio.Event()
        self._goodbye = ""
        self._again = False  # somebody asked for another snapshot
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect, in the background; never fails, the state says how it goes."""
        if self._task is None:
            self._task = asyncio.create_task(self._supervise(), name=f"ami {self.pbx}")

    async def close(self) -> None:
        """End the connection, or the wait for the next one; nothing is tried again."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        self._set(Phase.STOPPED, "closed")

    def look_again(self) -> None:
        """Ask for another snapshot, with the next ping: what is held of the present may be wrong."""
        self._again = True

    @property
    def oversized(self) -> int:
        """Count the messages that were discarded for their size, on all connections so far."""
        now = self._connection.framer.oversized if self._connection is not None else 0
        return self._oversized + now

    @property
    def heard_at(self) -> float:
        """Give when the last byte came, on whichever connection; epoch seconds, 0 where none ever did."""
        return self._connection.heard_at if self._connection is not None else self._heard_at

    def new_action_id(self) -> str:
        """Give an ActionID of the present connection, to know an action's events by before its answer comes."""
        return self._signed_in().new_action_id()

    async def send(
        self, action: ami.Action, *, until: str | None = None, timeout_seconds: float | None = None
    ) -> ami.Reply:
        """Send one action, at most once, and wait for its response; with `until`, for a list up to that event.

        Raises:
            errors.Invalid: a header holds control characters or is too long; nothing was sent.
            errors.LinkDown: not connected (nothing was sent), or lost before the answer (it may have been done).
            errors.ActionTimeout, errors.ActionRefused: no answer in time; an error, in the exchange's words.
        """
        seconds = self._timing.action_seconds if timeout_seconds is None else timeout_seconds
        return await self._signed_in().send(action, until=until, timeout_seconds=seconds)

    def _signed_in(self) -> ami.Connection:
        connection = self._connection
        if connection is None or connection.lost.done():
            raise errors.LinkDown(f"{self.pbx}: {self.state.reason or self.state.phase}")
        return connection

    async def _supervise(self) -> None:
        self._set(Phase.CONNECTING, f"{self._address.host}:{self._address.port}")
        delays = retry_delays(self._timing)
        while True:
            began = time.monotonic()
            try:
                phase, reason = await self._attempt()
            except (
                Exception
            ):  # the outermost loop: a fault of ours must not leave the exchange unheard for good
                log.exception("%s: the link failed", self.pbx)
                phase, reason = Phase.DOWN, "internal error, see the log"
            if (
                self.state.phase is Phase.UP
                and time.monotonic() - began > self._timing.steady_seconds
            ):
                delays = retry_delays(self._timing)
            self._set(phase, reason)
            failed = phase is Phase.AUTH_FAILED
            await asyncio.sleep(self._timing.auth_retry_seconds if failed else next(delays))

    async def _attempt(self) -> tuple[Phase, str]:
        """Run one connection from first to last; return how it ended, and why."""
        connection = ami.Connection(
            self._address, self._deliver, names=self._names, variables=self._variables
        )
        self._held = []
        self._booted.clear()
        self._goodbye = ""
        try:
            try:
                await connection.open(self._timing.connect_seconds)
            except errors.ActionRefused as refusal:
                return Phase.AUTH_FAILED, str(refusal)
            self._connection = connection
            return Phase.DOWN, await self._until_lost(connection)
        except (TimeoutError, errors.ActionTimeout):
            return Phase.DOWN, self._silence(connection)
        except (OSError, UnicodeError, errors.TelephonyError) as error:
            return Phase.DOWN, str(error) or type(error).__name__
        finally:
            self._connection = self._held = None
            self._oversized += connection.framer.oversized
            self._heard_at = connection.heard_at or self._heard_at
            connection.close()

    def _silence(self, connection: ami.Connection) -> str:
        seconds = f"within {self._timing.connect_seconds:g} s"
        if not connection.bytes_received:
            return f"no connection, or no greeting, {seconds}"
        greeting = connection.framer.pending[:40].decode("ascii", "replace")
        return f"no answer to the sign-in {seconds}; the greeting was {greeting!r}"

    async def _until_lost(self, connection: ami.Connection) -> str:
        life = asyncio.create_task(self._live(connection))
        silence = asyncio.create_task(
            heartbeat.until_silent(connection, ping_seconds=self._timing.ping_seconds)
        )
        ends = [life, silence, connection.lost]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if connection.lost.done():
                return self._goodbye or connection.lost.result()
            return silence.result() if silence.done() else life.result()
        finally:
            life.cancel()
            silence.cancel()
            await asyncio.gather(life, silence, return_exceptions=True)

    async def _live(self, connection: ami.Connection) -> str:
        """Seed, let events flow, and seed again where that is asked for."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timing.boot_seconds):
                await self._booted.wait()
        booted, self._again = self._booted.is_set(), False
        await self._seed(connection)
        self._set(Phase.UP, connection.framer.banner)
        while True:
            await asyncio.sleep(self._timing.ping_seconds)
            late = self._booted.is_set() and not booted  # it was still loading when we signed in
            if late or self._again:
                booted, self._again = self._booted.is_set(), False
                self._held = []
                await self._seed(connection)

    async def _seed(self, connection: ami.Connection) -> None:
        """Let the owner take its snapshot, then pass on what arrived meanwhile."""
        if self._on_up is not None:
            try:
                await self._on_up(self)
            except errors.LinkDown:
                pass  # the link says so itself, and asks again when it is back
            except Exception:  # without a snapshot the present fills up by itself
                log.exception("%s: the snapshot could not be taken", self.pbx)
        held, self._held = self._held, None
        if held:
            connection.deliver(held)

    def _deliver(self, messages: list[wire.Message]) -> None:
        if not self._booted.is_set() and any(m.name == "FullyBooted" for m in messages):
            self._booted.set()
        if messages[-1].name == "Shutdown":
            self._goodbye = "the exchange is shutting down"
        if self._held is None:
            self._on_messages(self.pbx, messages)
        else:
            self._held += messages

    def _set(self, phase: Phase, reason: str) -> None:
        before = self.state
        if (before.phase, before.reason) == (phase, reason):
            return
        # Attempts that fail one after another are one outage, since its beginning.
        self.state = State(phase, reason, before.since if before.phase is phase else time.time())
        level = logging.WARNING if phase in (Phase.DOWN, Phase.AUTH_FAILED) else logging.INFO
        log.log(level, "%s: %s: %s", self.pbx, phase, reason)
        if self._on_state is not None:
            try:
                self._on_state(self.pbx, self.state)
            except Exception:  # whoever shows the state must not end the supervision
                log.exception("%s: could not tell the state %s", self.pbx, phase)
