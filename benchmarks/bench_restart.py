"""After kill -9 under 50 calls a second: how soon it serves again, how soon the log is whole, and whether it is.

A scripted exchange plays calls of 80 events (pipeline_feed), lists those that run when it is asked, and writes its CDR and
queue_log as Asterisk does, behind a day's older lines. The product runs as `callcenter serve`, is killed with all its
workers, and started again DOWN_SECONDS later while the calls go on. What it must reach: serving again within 3 s of being
started, reconciled within 5 s more; no call lost, none twice, none stuck, none whose agent or second is wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from benchmarks import pipeline_feed
from callcenter import db, migrations, models
from callcenter.demo import ports

RATE = 50
AGENTS = 200
BEFORE_SECONDS, DOWN_SECONDS, AFTER_SECONDS = 4.0, 3.0, 8.0
OLD_LINES = 300_000
SERVES_SECONDS, RECONCILED_SECONDS = 3.0, 5.0
_CHANNEL = (
    b"Event: CoreShowChannel\r\nActionID: %(id)b\r\nChannel: %(name)b\r\nChannelState: 6\r\nCallerIDNum: %(from)b\r\n"
    b"Exten: support\r\nUniqueid: %(uniqueid)b\r\nLinkedid: %(linkedid)b\r\nApplication: %(app)b\r\nDuration: 00:00:01\r\n"
    b"BridgeId: %(bridge)b\r\n\r\n"
)


@dataclass
class Call:
    """A call as it really was; times are epoch seconds."""

    values: dict[bytes, bytes]
    agent: str
    started: float
    answered: float | None = None
    ended: float | None = None


@dataclass
class Exchange(pipeline_feed.Exchange):
    """An exchange that knows what runs, and writes down what was."""

    folder: Path = Path()
    calls: dict[str, Call] = field(default_factory=dict)

    def tell(self, data: bytes) -> None:
        """Send events to who listens, if anybody does."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(data)

    def _answer(self, writer: asyncio.StreamWriter, headers: dict[bytes, bytes]) -> None:
        if headers.get(b"action") == b"CoreShowChannels":
            self._writer = writer  # it hears of an end between the lists, too
            id_ = headers.get(b"actionid", b"")
            writer.write(b"Response: Success\r\nActionID: %b\r\nEventList: start\r\n\r\n" % id_)
            for linkedid, call in self.calls.items():
                if call.ended is None:
                    self._list(writer, id_, linkedid, call)
            writer.write(
                b"Event: CoreShowChannelsComplete\r\nActionID: %b\r\nEventList: Complete\r\n\r\n" % id_
            )  # fmt: skip
            return
        super()._answer(writer, headers)

    def _list(self, writer: asyncio.StreamWriter, id_: bytes, linkedid: str, call: Call) -> None:
        serial, there = call.values[b"@SERIAL@"], linkedid.encode()
        told = {
            b"id": id_, b"from": call.values[b"@FROM@"], b"linkedid": there, b"uniqueid": there,
            b"bridge": call.values[b"@BRIDGE@"] if call.answered else b"", b"app": b"Queue",
            b"name": b"PJSIP/trunk-" + serial,
        }  # fmt: skip
        writer.write(_CHANNEL % told)
        agent = {
            b"uniqueid": call.values[b"@ID@"] + b".1", b"app": b"AppQueue", b"from": call.agent.encode(),
            b"name": b"PJSIP/" + call.agent.encode() + b"-" + serial,
        }  # fmt: skip
        line = _CHANNEL % {**told, **agent}
        writer.write(line if call.answered else line.replace(b"ChannelState: 6", b"ChannelState: 5"))  # fmt: skip

    def begin(self, serial: int) -> None:
        """Let a caller join the queue, and an agent's phone ring."""
        extension = pipeline_feed.FIRST_EXTENSION + serial % AGENTS
        values = pipeline_feed.values(serial, extension, 1 + serial)
        linkedid = f"{values[b'@ID@'].decode()}.0"
        self.calls[linkedid] = Call(values, str(extension), time.time())
        self._log(linkedid, "NONE|ENTERQUEUE||05|1")
        loop = asyncio.get_running_loop()
        self.tell(pipeline_feed.filled(BURSTS[0], values))
        loop.call_later(pipeline_feed.ANSWER_SECONDS, self.answer, linkedid)
        loop.call_later(pipeline_feed.END_SECONDS, self.end, linkedid)

    def answer(self, linkedid: str) -> None:
        """Let the agent pick up."""
        call = self.calls[linkedid]
        call.answered = time.time()
        self._log(linkedid, f"{call.agent}|CONNECT|0|x|0")
        self.tell(pipeline_feed.filled(BURSTS[1], call.values))

    def end(self, linkedid: str) -> None:
        """Let the caller hang up, and write the CDR."""
        call = self.calls[linkedid]
        call.ended = time.time()
        self._log(linkedid, f"{call.agent}|COMPLETECALLER|0|1|1")
        self.tell(pipeline_feed.filled(BURSTS[2], call.values))
        with (self.folder / "Master.csv").open("a") as file:
            file.write(cdr(linkedid, call))

    def _log(self, linkedid: str, event: str) -> None:
        with (self.folder / "queue_log").open("a") as file:
            file.write(f"{int(time.time())}|{linkedid}|support|{event}\n")


BURSTS = pipeline_feed.template()


def cdr(linkedid: str, call: Call) -> str:
    """Write a call's line as cdr_csv does."""
    ended = call.ended or call.started
    times = ",".join(f'"{datetime.fromtimestamp(int(at), UTC):%Y-%m-%d %H:%M:%S}"' for at in (call.started, call.started, ended))  # fmt: skip
    number, serial = call.values[b"@FROM@"].decode(), call.values[b"@SERIAL@"].decode()
    return (
        f'"","{number}","support","queues","""X"" <{number}>","PJSIP/trunk-{serial}","PJSIP/{call.agent}-{serial}","Queue",'
        f'"support,tk",{times},1,1,"ANSWERED","DOCUMENTATION","{linkedid}","","","{linkedid}",0\n'
    )


class Product:
    """`callcenter serve`, killed and started."""

    def __init__(self, folder: Path, exchange: Exchange) -> None:
        self.folder, self.port = folder, ports.tcp()
        self.url = f"sqlite:///{folder}/a.db"
        (folder / "c.toml").write_text(
            f'[database]\nurl = "{self.url}"\n[web]\nport = {self.port}\n[recordings]\nfolder = "{folder}/store"\n'
            f'[[pbx]]\nport = {exchange.port}\ntrunks = ["PJSIP/trunk-*"]\nphones = ["PJSIP/2???-*"]\n'
            f'cdr = "{folder}/Master.csv"\nqueue_log = "{folder}/queue_log"\n'
        )
        self.database = db.Database(self.url)
        migrations.upgrade(self.database)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> float:
        """Start it; return the seconds until it answered a request."""
        began = time.perf_counter()
        with (self.folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "callcenter", "serve", "--config", str(self.folder / "c.toml"),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
                answer = await reader.read()
                writer.close()
                if b" 200 " in answer[:20]:
                    return time.perf_counter() - began
            await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """End it and its workers in the middle of what they do."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    def is_reconciled(self, outages: int) -> bool:
        """Say whether it hears the exchange, and has read all that was written before it did."""
        with self.database.session() as session:
            mark = session.get(models.ReconcileMark, "main")
            ends = list(session.scalars(select(models.Outage.ended)))
            if mark is None or mark.read_at is None or len(ends) < outages or None in ends:
                return False
            return mark.read_at >= max(end for end in ends if end is not None)

    def rows(self) -> list[models.Call]:
        """Read the log."""
        with self.database.session() as session:
            asked = select(models.Call).options(selectinload(models.Call.participants))
            return list(session.scalars(asked))


async def _until(test: Callable[[], Any], seconds: float = 60.0) -> float:
    began = time.perf_counter()
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(test):  # noqa: ASYNC110 - it waits for another process
            await asyncio.sleep(0.05)
    return time.perf_counter() - began


async def _play(exchange: Exchange, stop: asyncio.Event) -> None:
    loop, began, serial = asyncio.get_running_loop(), asyncio.get_running_loop().time(), 0
    while not stop.is_set():
        await asyncio.sleep(max(0.0, began + serial / RATE - loop.time()))
        exchange.begin(serial)
        serial += 1


async def _measure(folder: Path) -> tuple[float, float, dict[str, int]]:
    exchange = Exchange(AGENTS, folder=folder)
    old = Call(pipeline_feed.values(0, 2000, 1), "2000", time.time() - 90_000, None, time.time() - 90_000)  # fmt: skip
    line = cdr("1600000000.9", old)
    (folder / "Master.csv").write_text(line * OLD_LINES)
    await exchange.start()
    product = Product(folder, exchange)
    await product.start()
    await _until(lambda: product.is_reconciled(1))
    stop = asyncio.Event()
    playing = asyncio.create_task(_play(exchange, stop))
    await asyncio.sleep(BEFORE_SECONDS)
    await product.kill()
    await asyncio.sleep(DOWN_SECONDS)
    serves = await product.start()
    reconciled = await _until(lambda: product.is_reconciled(2))
    await asyncio.sleep(AFTER_SECONDS)
    stop.set()
    await playing
    with contextlib.suppress(TimeoutError):  # what is not whole by then is told below
        await _until(lambda: not any(_wrong(product.rows(), exchange.calls).values()), 40)
    told = {"calls": len(exchange.calls), **_wrong(product.rows(), exchange.calls)}
    told["reconciled"] = sum(row.source == "reconciled" for row in product.rows())
    await product.kill()
    await exchange.stop()
    product.database.close()
    return serves, reconciled, told


def _wrong(rows: list[models.Call], calls: dict[str, Call]) -> dict[str, int]:
    """Count the calls that are lost, twice, stuck, or told wrongly."""
    ids = [row.linkedid for row in rows]
    return {
        "lost": len(calls.keys() - set(ids)),
        "double": len(ids) - len(set(ids)) + len(set(ids) - calls.keys()),
        "stuck": sum(row.ended is None for row in rows),
        "untrue": sum(_untrue(row, calls[row.linkedid]) for row in rows if row.linkedid in calls),
    }


def _untrue(row: models.Call, call: Call) -> bool:
    pairs = ((row.started, call.started), (row.answered, call.answered), (row.ended, call.ended))
    late = any(at is None or (is_at is not None and abs(at.timestamp() - is_at) > 1.5) for at, is_at in pairs)  # fmt: skip
    agents = {part.extension for part in row.participants if part.answered is not None}
    return late or row.result != "answered" or agents != {call.agent}


def main() -> bool:
    """Print the figures; return whether all is reached."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        serves, reconciled, told = asyncio.run(_measure(Path(name)))
        log = (Path(name) / "log").read_text(errors="replace")[-1500:]
    print(
        f"{RATE} calls/s, killed with -9 for {DOWN_SECONDS:g} s, {OLD_LINES} older lines in Master.csv"
    )
    print(f"serving again     {serves:6.2f} s  (at most {SERVES_SECONDS:g})")
    print(f"reconciled after  {reconciled:6.2f} s more  (at most {RECONCILED_SECONDS:g})")
    print("  ".join(f"{key} {value}" for key, value in told.items()))
    whole = not any(told[key] for key in ("lost", "double", "stuck", "untrue"))
    if not whole:
        print(log)
    return whole and serves <= SERVES_SECONDS and reconciled <= RECONCILED_SECONDS
