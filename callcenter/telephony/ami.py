"""One connection to an exchange's manager interface: panoramisk's, with its faults taken out.

What panoramisk 1.4 does, and what stands here instead:

    decodes each TCP chunk by itself          whole messages are decoded (wire.py)
    a callback that raises ends the link      `deliver` is guarded: logged, and the stream goes on
    coroutine callbacks finish in any order   one plain callable takes each chunk's messages in order
    guesses whether an answer has parts       `until` names the last event of a list; without it there is one response
    events with an awaited ActionID vanish    only the parts of an awaited list do
    sends unanswered actions again            never: they fail with LinkDown when the connection goes
    waits for ever                            every action has a time-out
    writes values raw                         control characters are refused (fields.py)
    reconnects every two seconds by itself    a connection never comes back; link.py decides when to make another

This is the only module that imports panoramisk.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from panoramisk import ami_protocol, manager

from callcenter import errors
from callcenter.telephony import fields, wire

log = logging.getLogger(__name__)

Action = Mapping[str, str | Sequence[str]]
Deliver = Callable[[list[wire.Message]], None]

_SUCCESS = frozenset(
    {"Success", "Follows", "Goodbye", "Pong"}
)  # Asterisk 1.4 answers Ping with Pong


@dataclass(frozen=True, slots=True)
class Address:
    """Where an exchange is and how to sign in; `tls` is None for plain TCP."""

    host: str
    port: int
    username: str
    secret: str = field(repr=False)
    tls: ssl.SSLContext | None = None


def tls_context(ca_file: str | None = None, *, verify: bool = True) -> ssl.SSLContext:
    """Make the context for an exchange that speaks TLS, trusting the CA in a file, the system's, or anybody.

    Raises:
        errors.BadSetting: there is no certificate in the file.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise errors.BadSetting("tls_ca", f"{ca_file!r} holds no certificate: {error}") from error
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def login(address: Address) -> dict[str, str]:
    """Give the action that signs in."""
    return {
        "Action": "Login",
        "Username": address.username,
        "Secret": address.secret,
        "Events": "on",
    }


@dataclass(frozen=True, slots=True)
class Reply:
    """What the exchange answered: the response's headers, and the events of a list with its last one."""

    headers: Mapping[str, str]
    events: Sequence[wire.Message] = ()

    @property
    def output(self) -> str:
        """Give what a `Command` printed."""
        return self.headers.get("Output", "")


class _Pending:
    """An action that waits for its answer."""

    __slots__ = ("events", "future", "headers", "until")

    def __init__(self, until: str | None, future: asyncio.Future[Reply]) -> None:
        self.until = until
        self.future = future
        self.headers: dict[str, str] | None = None
        self.events: list[wire.Message] = []

    def take(self, message: wire.Message) -> bool:
        """Take one message with our ActionID; say whether it was a part of the answer and nothing else."""
        if not message.name:
            self._take_response(message.headers)
            return True
        if self.until is None or self.headers is None:
            return False
        self.events.append(message)
        if message.name == self.until:
            self._finish()
        # OriginateResponse and its like end a wait and are news to everybody as well.
        return self.until.endswith("Complete")

    def _take_response(self, headers: dict[str, str]) -> None:
        self.headers = headers
        if headers.get("Response") not in _SUCCESS:
            words = headers.get("Message") or headers.get("Output") or "refused without a reason"
            self._fail(errors.ActionRefused(words))
        elif self.until is None:
            self._finish()

    def _finish(self) -> None:
        if not self.future.done():
            self.future.set_result(Reply(self.headers or {}, tuple(self.events)))

    def _fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class _Protocol(ami_protocol.AMIProtocol):  # type: ignore[misc]
    """Bytes in and out; what they mean is the connection's business."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.factory = self.connection

    def data_received(self, data: bytes) -> None:
        self.connection.received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self.connection.connection_lost(exc)


class Connection(manager.Manager):  # type: ignore[misc]
    """One connection, from `open` until `lost` is done; never opened twice."""

    def __init__(
        self,
        address: Address,
        deliver: Deliver,
        *,
        names: Iterable[bytes] | None = None,
        variables: Iterable[bytes] | None = None,
    ) -> None:
        super().__init__(
            host=address.host,
            port=address.port,
            ssl=address.tls if address.tls is not None else False,
            loop=asyncio.get_running_loop(),
            protocol_factory=lambda: _Protocol(self),
        )
        self.address = address
        self.bytes_received = 0
        self.heard_at = 0.0  # when the last of them came, epoch seconds
        self.lost: asyncio.Future[str] = self.loop.create_future()
        self._deliver = deliver
        self._prefix = f"cc-{secrets.token_hex(4)}-"
        self._ids = itertools.count(1)
        self._pending: dict[str, _Pending] = {}
        self.framer = wire.Framer(names, variables=variables, answers=self._prefix.encode())

    async def open(self, timeout_seconds: float) -> None:
        """Connect and sign in.

        Raises:
            OSError, TimeoutError, errors.LinkDown, errors.ActionTimeout: there is no exchange, or not a willing one.
            errors.ActionRefused: it does not take the name or the secret.
        """
        async with asyncio.timeout(timeout_seconds):
            await self.connect()
        await self.send(login(self.address), timeout_seconds=timeout_seconds)
        self.authenticated = True

    def connection_made(self, f: asyncio.Future[Any]) -> None:
        """Keep the protocol of a finished `connect`; panoramisk signs in and pings here, and tries again if it failed."""
        if not f.cancelled() and f.exception() is None:
            self.protocol = f.result()[1]

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what waits for an answer; panoramisk keeps it to send it again, and schedules a reconnect."""
        reason = str(exc) if exc else "the exchange closed the connection"
        if not self.lost.done():
            self.lost.set_result(reason)
        pending, self._pending = self._pending, {}
        for waiting in pending.values():
            waiting._fail(errors.LinkDown(reason))

    def new_action_id(self) -> str:
        """Give an ActionID for an action whose later events must be known before its answer comes."""
        return f"{self._prefix}{next(self._ids)}"

    async def send(
        self, action: Action, *, until: str | None = None, timeout_seconds: float
    ) -> Reply:
        """Send one action, once, and wait for its response; with `until`, for a list's events up to that one.

        Raises:
            errors.Invalid: a header cannot be sent as it is.
            errors.LinkDown, errors.ActionTimeout, errors.ActionRefused
        """
        action_id = action.get("ActionID") or self.new_action_id()
        if not isinstance(action_id, str) or action_id in self._pending:
            raise errors.Invalid("ActionID", "must be one value that no waiting action has")
        if until is not None and not action_id.startswith(self._prefix):
            raise errors.Invalid("ActionID", "must come from new_action_id where a list is awaited")
        data = fields.encode({**action, "ActionID": action_id})
        if self.protocol is None or self.protocol.closed or self.lost.done():
            raise errors.LinkDown(self.lost.result() if self.lost.done() else "not connected")
        waiting = self._pending[action_id] = _Pending(until, self.loop.create_future())
        self.protocol.transport.write(data)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await waiting.future
        except TimeoutError:
            name = action.get("Action")
            raise errors.ActionTimeout(
                f"no answer to {name} within {timeout_seconds:g} s"
            ) from None
        finally:
            self._pending.pop(action_id, None)

    def received(self, data: bytes) -> None:
        """Take bytes off the wire: answers to their actions, all else to `deliver`, in order."""
        self.bytes_received += len(data)
        self.heard_at = time.time()
        framer = self.framer
        oversized = framer.oversized
        messages = framer.feed(data)
        if framer.oversized != oversized:
            for fault in list(framer.faults)[oversized - framer.oversized :]:
                log.error(
                    "%s: discarded a message of %d bytes: event %r, Linkedid %r",
                    *(self.address.host, fault.size_bytes, fault.event, fault.linkedid),
                )
        if self._pending:
            news = [m for m in messages if not self._is_answer(m)]
        else:  # a response here comes too late: nobody waits for it any more
            news = [m for m in messages if m.name]
        if news:
            self.deliver(news)

    def deliver(self, messages: list[wire.Message]) -> None:
        """Pass messages on; a fault of the receiver is logged."""
        try:
            self._deliver(messages)
        except (
            Exception
        ):  # a fault of ours in one chunk must not cost the connection, and the stream with it
            log.exception("%s: could not take %d messages", self.address.host, len(messages))

    def _is_answer(self, message: wire.Message) -> bool:
        if message.name and "\r\nActionID: " not in message.text:
            return False
        waiting = self._pending.get(message.get("ActionID"))
        return waiting.take(message) if waiting is not None else not message.name

    def close(self) -> None:
        """End the connection now, without waiting for the other side."""
        if self.protocol is not None and not self.protocol.closed:
            self.protocol.transport.abort()
