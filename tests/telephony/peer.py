"""A scripted AMI peer on loopback, for faults that a real Asterisk does not show on demand.

It signs in whoever knows the secret, answers Ping, and all else by `answers`. Tests write bytes to it, cut where they like,
mute it, reset it. It is not a model of Asterisk: what Asterisk really does is tested on a real one in tests/pbx.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

Answer = Callable[[dict[str, str]], str | bytes | None]

BANNER = b"Asterisk Call Manager/9.0.0\r\n"
BOOTED = "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"


class Watch:
    """Remember what happened, and let a test wait until it is enough: a condition with a deadline, never a sleep."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def note(self) -> None:
        self._changed.set()

    async def until(self, condition: Callable[[], Any], seconds: float = 90.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


class Peer(Watch):
    """An exchange that does what the test says."""

    def __init__(self, *, secret: str = "secret", tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.secret = secret
        self.tls = tls
        self.answers: dict[str, Answer] = {}
        self.actions: list[dict[str, str]] = []  # in order, over all connections, Ping left out
        self.pings = 0
        self.connections = 0
        self.closed = 0
        self.booted = True  # FullyBooted follows the sign-in
        self.mute = False  # reads on, never answers
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Peer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self.until(lambda: self.closed == self.connections)

    def named(self, action: str) -> list[dict[str, str]]:
        """Give the actions of one name that came in so far."""
        return [a for a in self.actions if a.get("Action") == action]

    def write(self, data: bytes | str) -> None:
        """Send bytes to the latest connection, as they are."""
        self._writers[-1].write(data.encode() if isinstance(data, str) else data)

    async def write_in_pieces(self, *pieces: bytes) -> None:
        """Send each piece so that it arrives as a read of its own: a Ping between two of them would be answered."""
        for piece in pieces:
            self.write(piece)
            await self._writers[-1].drain()
            for _ in range(5):  # both ends live in this loop: let it poll the socket
                await asyncio.sleep(0)

    def reset(self) -> None:
        """Drop the latest connection with a TCP reset."""
        transport = self._writers[-1].transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        writer.write(BANNER)
        self.note()
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                raw = (await reader.readuntil(b"\r\n\r\n")).decode()
                action: dict[str, str] = {}
                for line in raw.strip().split("\r\n"):
                    key, _, value = line.partition(": ")
                    action[key] = f"{action[key]}\n{value}" if key in action else value
                self._take(action, writer)
        writer.close()
        self.closed += 1
        self.note()

    def _take(self, action: dict[str, str], writer: asyncio.StreamWriter) -> None:
        name = action.get("Action", "")
        if name == "Ping":
            self.pings += 1
        else:
            self.actions.append(action)
        answer = self.answers.get(name, self._usual)(action)
        if answer is not None and not self.mute:
            data = answer.encode() if isinstance(answer, str) else answer
            writer.write(data.replace(b"{id}", action.get("ActionID", "").encode()))
            if name == "Login" and b"Response: Error" in data:
                writer.close()  # as Asterisk does
        self.note()

    def _usual(self, action: dict[str, str]) -> str:
        if action.get("Action") == "Ping":
            return "Response: Success\r\nActionID: {id}\r\nPing: Pong\r\nTimestamp: 1700000000.000001\r\n\r\n"
        if action.get("Action") == "Login":
            if action.get("Secret") != self.secret:
                return "Response: Error\r\nActionID: {id}\r\nMessage: Authentication failed\r\n\r\n"
            accepted = (
                "Response: Success\r\nActionID: {id}\r\nMessage: Authentication accepted\r\n\r\n"
            )
            return accepted + (BOOTED if self.booted else "")
        return "Response: Success\r\nActionID: {id}\r\nMessage: Done\r\n\r\n"


def event(name: str, **headers: str) -> bytes:
    """Write an event as Asterisk does."""
    lines = [f"Event: {name}", *(f"{key}: {value}" for key, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()
