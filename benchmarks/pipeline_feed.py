"""The two ends of the pipeline's benchmark: an exchange that plays calls at a steady rate, and the agents' browsers.

A call is 80 events of a real one (tests/ami/queue_answered_caller_hangs_up.ami) under ids, channels and numbers of its own,
in three bursts: up to the ringing phone, the answer, the end. The delay is measured from writing the first burst to the
arrival of the call's `call.pop` frame. Browsers speak Socket.IO by hand, so that measuring costs little.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks import bench_match

LOG = Path(__file__).parent.parent / "tests" / "ami" / "queue_answered_caller_hangs_up.ami"
EVENTS_A_CALL = 80
FIRST_EXTENSION = 2000
ANSWER_SECONDS, END_SECONDS = 0.4, 1.4
STRAGGLE_SECONDS = 20.0
_LISTS = {
    b"CoreShowChannels": b"CoreShowChannelsComplete",
    b"Status": b"StatusComplete",
    b"BridgeList": b"BridgeListComplete",
    b"QueueStatus": b"QueueStatusComplete",
}


def template() -> tuple[bytes, bytes, bytes]:
    """Return the three bursts of a call, with marks where a call's own values go."""
    parts = [p for p in LOG.read_bytes().split(b"\r\n\r\n") if p.startswith(b"Event: ")]
    parts = [p for p in parts if not p.startswith(b"Event: FullyBooted")]
    spare = [
        i
        for i, p in enumerate(parts)
        if p.startswith(b"Event: VarSet") and b"\r\nVariable: CC_" not in p
    ]
    for i in reversed(spare[-(len(parts) - EVENTS_A_CALL) :]):
        del parts[i]
    rings = (
        next(
            i
            for i, p in enumerate(parts)
            if p.startswith((b"Event: DialState", b"Event: Newstate")) and b"RINGING" in p.upper()
        )
        + 1
    )
    talks = next(i for i, p in enumerate(parts) if p.startswith(b"Event: HangupRequest"))
    bursts = []
    for some in (parts[:rings], parts[rings:talks], parts[talks:]):
        text = b"\r\n\r\n".join([*some, b""])
        linkedid = re.search(rb"\r\nLinkedid: (\d+)\.0\r\n", b"\r\n\r\n".join(parts))
        assert linkedid is not None
        text = re.sub(rb"Timestamp: [0-9.]+", b"Timestamp: @NOW@", text)
        text = text.replace(linkedid[1] + b".", b"@ID@.")
        text = re.sub(rb"PJSIP/trunk-[0-9a-f]{8}", b"PJSIP/trunk-@SERIAL@", text)
        text = re.sub(rb"PJSIP/1001-[0-9a-f]{8}", b"PJSIP/@EXT@-@SERIAL@", text)
        text = (
            text.replace(b"PJSIP/1001", b"PJSIP/@EXT@")
            .replace(b": 1001\r", b": @EXT@\r")
            .replace(b"Agent 1001", b"Agent @EXT@")
        )
        text = text.replace(b"0501234567", b"@FROM@")
        text = re.sub(rb"(Bridge(?:Unique)?[iI]d: )[0-9a-f-]{36}", rb"\g<1>@BRIDGE@", text)
        bursts.append(text)
    return bursts[0], bursts[1], bursts[2]


@dataclass
class Exchange:
    """A server that speaks AMI as far as a listener needs, and writes calls."""

    agents: int
    port: int = 0
    signed_in: asyncio.Event = field(default_factory=asyncio.Event)
    actions: int = 0
    _writer: asyncio.StreamWriter | None = None
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening."""
        assert self._server is not None
        self._server.close()
        if self._writer is not None:
            self._writer.close()

    def write(self, data: bytes) -> None:
        """Send events."""
        assert self._writer is not None
        self._writer.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/9.0.0\r\n")
        try:
            while True:
                raw = await reader.readuntil(b"\r\n\r\n")
                headers = dict(line.split(b": ", 1) for line in raw.split(b"\r\n") if b": " in line)
                self._answer(writer, {k.lower(): v for k, v in headers.items()})
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    def _answer(self, writer: asyncio.StreamWriter, headers: dict[bytes, bytes]) -> None:
        name, id_ = headers.get(b"action", b""), headers.get(b"actionid", b"")
        writer.write(b"Response: Success\r\nActionID: %b\r\nMessage: ok\r\n\r\n" % id_)
        if name == b"Login":
            writer.write(b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n")
        if name == b"QueueStatus":
            for extension in range(FIRST_EXTENSION, FIRST_EXTENSION + self.agents):
                writer.write(
                    b"Event: QueueMember\r\nActionID: %b\r\nQueue: support\r\nName: %d\r\nLocation: PJSIP/%d\r\n"
                    b"StateInterface: PJSIP/%d\r\nStatus: 1\r\nPaused: 0\r\n\r\n"
                    % (id_, extension, extension, extension)
                )
        if name in _LISTS:
            writer.write(
                b"Event: %b\r\nActionID: %b\r\nEventList: Complete\r\n\r\n" % (_LISTS[name], id_)
            )
        if name == b"QueueStatus" or (
            name == b"Login" and not headers.get(b"username", b"").startswith(b"callcenter")
        ):
            self._writer = writer
            self.signed_in.set()
        self.actions += name == b"QueuePause"


@dataclass
class Browsers:
    """One browser an agent; keeps when each call's pop arrived."""

    arrived: dict[str, float] = field(default_factory=dict)
    frames: int = 0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def open(self, url: str, cookies: list[str]) -> None:
        """Connect one browser for each cookie."""
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(connector=connector)
        for at in range(0, len(cookies), 25):
            opened = [self._connect(url, cookie) for cookie in cookies[at : at + 25]]
            for ws in await asyncio.gather(*opened):
                self._tasks.append(asyncio.create_task(self._listen(ws)))

    async def close(self) -> None:
        """Close every browser."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    async def _connect(self, url: str, cookie: str) -> aiohttp.ClientWebSocketResponse:
        address = f"{url}/socket.io/?EIO=4&transport=websocket"
        ws = await self._session.ws_connect(
            address, headers={"Cookie": cookie}, autoping=True, compress=15
        )
        await ws.receive_str()
        await ws.send_str("40")
        answer = await ws.receive_str()
        if not answer.startswith("40"):
            raise RuntimeError(f"not let in: {answer}")
        await ws.send_str('42["hello",{"last_seq":0,"tab":"b"}]')
        return ws

    async def _listen(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        async for message in ws:
            text = message.data
            if not isinstance(text, str):
                continue
            self.frames += 1
            if text == "2":
                await ws.send_str("3")
            elif '"call.pop"' in text[:40]:  # alone, or first in a batch
                now = time.perf_counter()
                at = text.index('"id":"') + 6
                self.arrived.setdefault(text[at : text.index('"', at)], now)
                ack = text[2 : text.index("[")]
                if ack:
                    await ws.send_str(f"43{ack}[]")


@dataclass
class Played:
    """What was played, and how long each pop took, in milliseconds."""

    calls: int
    delays: list[float]
    lost: int

    def percentile(self, part: float) -> float:
        """Return the delay under which this part of the pops stayed."""
        ordered = sorted(self.delays)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")


async def play(
    exchange: Exchange,
    browsers: Browsers,
    *,
    rate: int,
    seconds: float,
    agents: int,
    customers: int,
    serial: int,
) -> Played:
    """Play calls at a steady rate; return when the last has ended."""
    bursts = template()
    loop = asyncio.get_running_loop()
    sent: dict[str, float] = {}
    chance = random.Random(serial)
    began = loop.time()
    count = int(rate * seconds)
    for i in range(count):
        delay = began + i / rate - loop.time()
        if delay > 0:
            await asyncio.sleep(delay)
        own = values(
            serial + i, FIRST_EXTENSION + (serial + i) % agents, chance.randrange(1, customers)
        )
        sent[f"{1700000000 + serial + i}.0"] = time.perf_counter()
        exchange.write(filled(bursts[0], own))
        loop.call_later(ANSWER_SECONDS, _later, exchange, bursts[1], own)
        loop.call_later(END_SECONDS, _later, exchange, bursts[2], own)
    await asyncio.sleep(END_SECONDS + 0.5)
    with contextlib.suppress(
        TimeoutError
    ):  # who is saturated gets time to finish, and the delays tell of it
        async with asyncio.timeout(STRAGGLE_SECONDS):
            while not sent.keys() <= browsers.arrived.keys():  # noqa: ASYNC110 - a look every 100 ms costs less than a wake-up a pop
                await asyncio.sleep(0.1)
    delays = [
        (browsers.arrived[id_] - at) * 1000 for id_, at in sent.items() if id_ in browsers.arrived
    ]
    return Played(count, delays, count - len(delays))


def values(serial: int, extension: int, customer: int) -> dict[bytes, bytes]:
    """Give the values of one call for the marks of the template."""
    return {
        b"@ID@": b"%d" % (1700000000 + serial),
        b"@SERIAL@": b"%08x" % serial,
        b"@EXT@": b"%d" % extension,
        b"@FROM@": b"0" + bench_match.national(customer).encode(),
        b"@BRIDGE@": b"00000000-0000-4000-8000-%012x" % serial,
    }


def filled(burst: bytes, marks: dict[bytes, bytes]) -> bytes:
    """Fill in a burst, as of now."""
    for mark, value in marks.items():
        burst = burst.replace(mark, value)
    return burst.replace(b"@NOW@", b"%.6f" % time.time())


def _later(exchange: Exchange, burst: bytes, marks: dict[bytes, bytes]) -> None:
    exchange.write(filled(burst, marks))


def rss_kb(pid: int) -> int:
    """Return a process's memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS")


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used, its threads included."""
    fields: list[Any] = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100.0
