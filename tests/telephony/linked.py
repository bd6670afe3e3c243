"""A link whose messages and states a test can wait for, and bare panoramisk beside it, to show what the link removes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import panoramisk

from callcenter.telephony import ami, link, wire
from tests.telephony import peer

# A test that waits for an outage or a time-out should not wait long; none asserts how long it took.
QUICK = link.Timing(
    connect_seconds=10,
    boot_seconds=10,
    ping_seconds=60,
    first_retry_seconds=0.01,
    longest_retry_seconds=0.05,
)


class Listener(peer.Watch):
    """Keeps what a link tells, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[wire.Message] = []
        self.states: list[link.State] = []
        self.pbxs: set[str] = set()

    def on_messages(self, pbx: str, messages: list[wire.Message]) -> None:
        self.pbxs.add(pbx)
        self.messages += messages
        self.note()

    def on_state(self, pbx: str, state: link.State) -> None:
        self.states.append(state)
        self.note()

    @property
    def phases(self) -> list[str]:
        return [state.phase.value for state in self.states]

    def names(self) -> list[str]:
        return [message.name for message in self.messages if message.name != "FullyBooted"]

    async def phase(self, name: str, times: int = 1) -> None:
        await self.until(lambda: self.phases.count(name) >= times)


def address(of: peer.Peer, **changes: Any) -> ami.Address:
    fields = {
        "host": "127.0.0.1",
        "port": of.port,
        "username": "ours",
        "secret": of.secret,
    } | changes
    return ami.Address(**fields)


@contextlib.asynccontextmanager
async def linked(
    to: peer.Peer, *, wait_for: str = "up", where: dict[str, Any] | None = None, **kwargs: Any
) -> AsyncIterator[tuple[link.AmiLink, Listener]]:
    """Open a link to a peer, wait until it is up (or as asked), and close it."""
    listener = Listener()
    kwargs = {"on_messages": listener.on_messages, "timing": QUICK} | kwargs
    connected = link.AmiLink(
        "pbx1", address(to, **(where or {})), on_state=listener.on_state, **kwargs
    )
    connected.start()
    try:
        await listener.phase(wait_for)
        yield connected, listener
    finally:
        await connected.close()


class Bare(panoramisk.Manager):  # type: ignore[misc]
    """panoramisk as it comes, but for an end to its reconnecting."""

    ended = False

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        return None if self.ended else super().connect(*args, **kwargs)


@contextlib.asynccontextmanager
async def bare(to: peer.Peer, **config: Any) -> AsyncIterator[Bare]:
    """Connect bare panoramisk to a peer and wait until it has signed in."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)  # its faults show here, loudly
    where = {"host": "127.0.0.1", "port": to.port, "username": "bare", "secret": to.secret}
    manager = Bare(**(where | {"loop": loop, "reconnect_timeout": 0, "ping_delay": 3600} | config))
    manager.connect()
    try:
        await to.until(lambda: any(a.get("Username") == "bare" for a in to.named("Login")))
        yield manager
    finally:
        manager.ended = True
        manager.close()
        loop.set_exception_handler(None)
