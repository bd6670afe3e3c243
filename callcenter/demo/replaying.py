"""Where no Asterisk can be had: recordings of a real one, played again and again by a scripted manager peer.

Each log keeps its own rhythm; ids and times are made new each time it is played, the caller's number is one of the
sample's. Actions are answered with an error that says so: nothing can be dialled on a recording.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from callcenter.demo.traffic import Cast, pick

LOGS = Path(__file__).resolve().parents[2] / "tests" / "ami"
PLAYED = (
    "queue_answered_caller_hangs_up",
    "queue_answered_agent_hangs_up",
    "queue_no_answer_then_next_member",
    "direct_inbound",
)
BANNER = b"Asterisk Call Manager/11.0.0\r\n"
REFUSED = "This demo plays recordings of an exchange: nothing can be dialled"
LISTS = {
    "CoreShowChannels": "CoreShowChannelsComplete",
    "QueueStatus": "QueueStatusComplete",
    "BridgeList": "BridgeListComplete",
    "Status": "StatusComplete",
    "PJSIPShowEndpoints": "EndpointListComplete",
}
_IDS = re.compile(rb"\b(\d{10}\.\d+)\b")
_STAMP = re.compile(rb"\r\nTimestamp: ([\d.]+)")
_CALLER = re.compile(rb"\b0501234567\b")


def moments(log: bytes) -> Iterator[tuple[float, bytes]]:
    """Yield a log's events with their times, the first at 0."""
    first: float | None = None
    for block in log.split(b"\r\n\r\n"):
        stamp = _STAMP.search(block)
        if not block.startswith(b"Event: ") or stamp is None:
            continue
        at = float(stamp.group(1))
        first = at if first is None else first
        yield at - first, block + b"\r\n\r\n"


def renew(block: bytes, *, play: int, number: str, now: float) -> bytes:
    """Give an event ids, a caller and a time of this play."""
    block = _IDS.sub(lambda m: m.group(1) + b"%03d" % (play % 1000), block)
    block = _CALLER.sub(number.encode() or b"anonymous", block)
    return _STAMP.sub(b"\r\nTimestamp: %.6f" % now, block)


class ReplayedExchange:
    """A manager port on which recordings happen again."""

    def __init__(self, cast: Cast, folder: Path, *, seed: int = 7) -> None:
        """Draw who calls by `seed`; `folder` is where recordings would be, were there any."""
        self.cast, self.recordings = cast, folder
        self.cdr = self.queue_log = ""  # it keeps no records
        self.host, self.ami_port = "127.0.0.1", 0
        self.ami_user, self.ami_secret = "callcenter", "recorded"
        self._draw = random.Random(seed)
        self._writers: set[asyncio.StreamWriter] = set()
        self._heard = asyncio.Event()  # somebody signed in: nothing is played to an empty house
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self.recordings.mkdir(parents=True, exist_ok=True)
        self._server = await asyncio.start_server(self._serve, self.host, self.ami_port)
        self.ami_port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.close()

    async def run(self, *, pause_seconds: tuple[float, float] = (3.0, 9.0)) -> None:
        """Play logs one after the other until cancelled."""
        logs = load_logs()
        play = 0
        while True:
            await self._heard.wait()
            play += 1
            await self._play(self._draw.choice(logs), play, pick(self.cast, self._draw).number)
            await asyncio.sleep(self._draw.uniform(*pause_seconds))

    async def _play(self, log: Sequence[tuple[float, bytes]], play: int, number: str) -> None:
        began = time.time()
        for after, block in log:
            await asyncio.sleep(max(0.0, began + after - time.time()))
            self._send(renew(block, play=play, number=number, now=time.time()))

    def _send(self, data: bytes) -> None:
        for writer in self._writers:
            writer.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(BANNER)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                raw = (await reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
                pairs = (line.partition(": ") for line in raw.split("\r\n"))
                action = {key: value for key, colon, value in pairs if colon}
                writer.write(self._answer(action).encode())
                if action.get("Action") == "Login":
                    self._writers.add(writer)
                    self._heard.set()
        self._writers.discard(writer)
        writer.close()

    def _answer(self, action: dict[str, str]) -> str:
        name, number = action.get("Action", ""), action.get("ActionID", "")
        tail = f"ActionID: {number}\r\n"
        if name == "Login" and action.get("Secret") != self.ami_secret:
            return f"Response: Error\r\n{tail}Message: Authentication failed\r\n\r\n"
        if name in {"Login", "Ping", "Events", "Logoff"}:
            booted = "Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n" if name == "Login" else ""
            pong = f"Ping: Pong\r\nTimestamp: {time.time():.6f}\r\n" if name == "Ping" else ""
            return f"Response: Success\r\n{tail}{pong}Message: done\r\n\r\n{booted}"
        if name in LISTS:
            start = f"Response: Success\r\n{tail}EventList: start\r\n\r\n"
            return (
                f"{start}Event: {LISTS[name]}\r\n{tail}EventList: Complete\r\nListItems: 0\r\n\r\n"
            )
        return f"Response: Error\r\n{tail}Message: {REFUSED}\r\n\r\n"


def load_logs() -> list[list[tuple[float, bytes]]]:
    """Read the recordings that are played."""
    files = (LOGS / f"{name}.ami" for name in PLAYED)
    return [list(moments(file.read_bytes())) for file in files if file.is_file()]
