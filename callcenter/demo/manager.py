"""A small manager client that steers an exchange in the demo and in tests: say, and wait for what comes of it.

The product's own link is callcenter/telephony/ami.py. This one stands apart from it, so that a fault there cannot hide
itself in the tests that look for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from callcenter import errors

Event = dict[str, str]
LIMIT = 1 << 20


class Manager:
    """A signed-in manager connection that remembers every event, so that waiting can never come too late."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.events: list[Event] = []
        self._reader, self._writer = reader, writer
        self._answers: dict[str, asyncio.Future[Event]] = {}
        self._ids = itertools.count(1)
        self._news = asyncio.Condition()
        self._over = False
        self._task = asyncio.create_task(self._read())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def send(
        self, action: str, headers: Mapping[str, str | list[str]] | None = None, /, **more: str
    ) -> Event:
        """Ask for an action, and return its answer; raise ActionRefused with the exchange's words where it refuses."""
        number = f"steer-{next(self._ids)}"
        lines = [f"Action: {action}", f"ActionID: {number}"]
        for key, value in {**(headers or {}), **more}.items():
            lines += [f"{key}: {one}" for one in (value if isinstance(value, list) else [value])]
        if any("\r" in line or "\n" in line for line in lines):
            raise errors.Invalid(action, "a header holds a line break")
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        async with asyncio.timeout(30):
            reply: Event = await answer
        if reply.get("Response") == "Error":
            raise errors.ActionRefused(reply.get("Message", "no reason"))
        return reply

    async def wait_for(
        self,
        name: str,
        test: Callable[[Event], bool] = lambda event: True,
        *,
        since: int = 0,
        timeout_seconds: float = 60.0,
        **headers: str,
    ) -> Event:
        """Wait for an event by its name and headers, also one that came already, from index `since` of `events` on."""

        def found() -> Event | None:
            for event in itertools.islice(self.events, since, None):
                if event.get("Event") == name and test(event) and headers.items() <= event.items():
                    return event
            return None

        async with self._news:
            try:
                async with asyncio.timeout(timeout_seconds):
                    await self._news.wait_for(lambda: found() or self._over)
            except TimeoutError:
                seen = [event.get("Event") for event in self.events[-12:]]
                raise TimeoutError(f"no {name} {headers} came; last came {seen}") from None
        event = found()
        if event is None:
            raise EOFError(f"the exchange went away before {name}")
        return event

    async def listing(self, action: str, *, complete: str, **headers: str) -> list[Event]:
        """Ask for an action that answers with a list of events, and return them all without the closing one."""
        begin = len(self.events)
        answer = await self.send(action, headers)
        number = answer["ActionID"]
        await self.wait_for(complete, since=begin, ActionID=number)
        return [
            e
            for e in self.events[begin:]
            if e.get("ActionID") == number and e.get("Event") != complete
        ]

    async def close(self) -> None:
        """Close the connection."""
        self._task.cancel()
        self._writer.close()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await self._task
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                self._take(await self._reader.readuntil(b"\r\n\r\n"))
                async with self._news:
                    self._news.notify_all()
        self._over = True
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(EOFError("the exchange went away"))
        async with self._news:
            self._news.notify_all()

    def _take(self, block: bytes) -> None:
        message: Event = {}
        for line in block.decode(errors="replace").splitlines():
            key, _, value = line.partition(":")
            message[key] = value.strip()
        if "Event" in message:
            self.events.append(message)
        elif (answer := self._answers.pop(message.get("ActionID", ""), None)) and not answer.done():
            answer.set_result(message)


async def connect(host: str, port: int, *, username: str, secret: str) -> Manager:
    """Connect and sign in; raise OSError where nobody listens and ActionRefused where the secret is wrong."""
    reader, writer = await asyncio.open_connection(host, port, limit=LIMIT)
    await reader.readline()
    signed_in = Manager(reader, writer)
    try:
        await signed_in.send("Login", Username=username, Secret=secret)
    except BaseException:
        await signed_in.close()
        raise
    return signed_in
