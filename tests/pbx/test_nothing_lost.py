"""Whatever becomes of us or of the exchange, the log has every call once, as somebody heard it who listened all the time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.demo import parties, ports
from callcenter.demo.sipcall import Call
from callcenter.telephony import facts
from tests.pbx import fixtures, product, stage
from tests.pbx.stage import SERVICE, SUPPORT, Stage

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(300)]
LOCKED_SECONDS = 12.0  # longer than SQLite itself waits for a lock
ALL = tuple(str(number) for number in range(1001, 1009))


def direct(extension: str) -> str:
    """Give an agent's direct number."""
    return f"+9723700{extension}"


async def talking(s: Stage, did: str, number: str) -> Call:
    """Let a customer call whom some phone answers; return the customer's end."""
    since = len(s.manager.events)
    caller = await s.trunk.call(did, number=number)
    await s.bridged("PJSIP/10", since=since)
    return caller


async def joined(s: Stage, count: int) -> None:
    """Wait until so many callers have joined queues since the beginning."""
    await s.until(
        lambda: sum(e.get("Event") == "QueueCallerJoin" for e in s.manager.events) >= count
    )


async def test_after_kill_9_under_ten_calls_the_log_has_thirteen_each_once(
    set_up: fixtures.SetUp, tmp_path: Path
) -> None:
    s = await set_up(*ALL)
    s.trunk.agent.voice = parties.prompt(s.exchange, "basic-pbx-ivr-main")
    for phone in s.phones.values():
        phone.agent.voice = parties.prompt(s.exchange, "demo-thanks")
    async with installed(s, tmp_path) as made:
        lines = [SUPPORT] * 3 + [SERVICE] * 2 + [direct(e) for e in ("1004", "1007", "1008")]
        calls = [await talking(s, did, f"05010000{n:02}") for n, did in enumerate(lines)]
        waiting = await s.trunk.call(SUPPORT, number="0501000008")
        giving_up = await s.trunk.call(SUPPORT, number="0501000009")
        await joined(s, 7)
        await made.until(lambda: len(made.rows()) == 10)
        await made.kill()

        await giving_up.hang_up()  # four end
        agent = await s.phones["1005"].next_call()
        await agent.hang_up()
        await calls[6].hang_up()
        await s.free("1007")
        since = len(s.manager.events)
        await calls[0].hang_up()
        await s.bridged("PJSIP/10", since=since)  # the one who waits gets the agent
        ended = await talking(s, direct("1007"), "0501000010")  # three begin
        await s.free("1005")
        going_on = await talking(s, direct("1005"), "0501000011")
        abandons = await s.trunk.call(SUPPORT, number="0501000012")
        await joined(s, 8)
        await s.talk()
        await ended.hang_up()
        await s.free("1007")

        await made.start()
        await made.listens(2)

        def known() -> bool:
            met = [row for row in made.rows() if row.from_raw == "0501000011"]
            return [(r.direction, r.ended, r.answered is not None) for r in met] == [("inbound", None, True)]  # fmt: skip

        await made.until(known)  # who began while we were away is seen as what he is
        await abandons.hang_up()
        for caller in (waiting, going_on, *(calls[n] for n in (1, 2, 3, 4, 5, 7))):
            await caller.hang_up()
        told = await as_heard(s, made, tmp_path)
        assert len(told) == 13
        spoken = {key for key, record in told.items() if record.answered is not None}
        await made.until(
            lambda: (
                {key for key, r in made.recordings().items() if r.stored and r.call_id} == spoken
            )
        )
        assert sum(row.source == "reconciled" for row in made.rows()) >= 7
        said = await ledger_of(made)
        day = json.loads(said.stdout)
        assert (said.returncode, day["missing"], day["problem"]) == (0, 0, ""), said.stderr
        assert day["captured"] + day["reconciled"] + day["running"] == 13


async def ledger_of(made: product.Product) -> subprocess.CompletedProcess[str]:
    """Say `callcenter ledger` of today."""
    command = [sys.executable, "-m", "callcenter", "ledger", "--json", "--config", str(made.config)]
    return await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, check=False
    )


class Wire:
    """What lies between the product and the exchange, and can be cut."""

    def __init__(self, port: int) -> None:
        self.port, self._to = ports.tcp(), port
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def mend(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Break what goes through, and let nothing through any more."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers += [writer, ours]
        for source, sink in ((reader, ours), (theirs, writer)):
            task = asyncio.create_task(self._carry(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(1 << 16):
                sink.write(data)
                await sink.drain()


async def as_heard(s: Stage, made: product.Product, folder: Path) -> dict[str, facts.CallRecord]:
    """Wait until the log says what was heard by who listened all the time; return the latter."""
    assert s.recorder is not None
    await s.idle()
    await stage.drained(s, s.recorder)
    told = product.truth(s.recorder, folder)

    def wrong() -> list[str]:
        rows = {row.linkedid: row for row in made.rows() if not row.merged_into}
        if rows.keys() != told.keys():
            return [f"{sorted(rows)} is not {sorted(told)}"]
        return [d for key, row in rows.items() for d in product.differences(row, told[key], made.users)]  # fmt: skip

    try:
        await made.until(lambda: not wrong(), seconds=30)
    except AssertionError as problem:
        raise AssertionError("\n".join(wrong()) + f"\n{problem}") from None
    return told


@contextlib.asynccontextmanager
async def installed(
    s: Stage, folder: Path, *, ami_port: int | None = None
) -> AsyncIterator[product.Product]:
    """Run the product beside a recorder that listens all the time; every phone is picked up."""
    s.recorder = stage.Recorder(s.exchange, folder)
    await s.recorder.start()
    for phone in s.phones.values():
        phone.behaviour = parties.ANSWERS
    made = product.Product(s.exchange, folder / "product", ami_port=ami_port)
    made.seat(list(s.phones))
    try:
        async with made:
            await made.listens(1)
            yield made
    finally:
        await s.recorder.stop()


async def test_calls_of_a_time_in_which_the_line_was_cut_are_completed(
    set_up: fixtures.SetUp, tmp_path: Path
) -> None:
    s = await set_up("1001", "1002", "1003", "1007", "1008")
    wire = Wire(s.exchange.ami_port)
    await wire.mend()
    try:
        async with installed(s, tmp_path, ami_port=wire.port) as made:
            ends = await talking(s, SUPPORT, "0501000000")
            goes_on = await talking(s, direct("1007"), "0501000001")
            await made.until(lambda: len(made.rows()) == 2)
            await wire.cut()
            await s.talk()
            await ends.hang_up()
            connects = await talking(s, SUPPORT, "0501000002")
            short = await talking(s, direct("1008"), "0501000003")
            await short.hang_up()
            await s.talk(2.5)
            await wire.mend()
            await made.listens(2)
            for caller in (goes_on, connects):
                await caller.hang_up()
            told = await as_heard(s, made, tmp_path)
            assert len(told) == 4
            sources = {row.from_raw: row.source for row in made.rows()}
            assert sources["0501000001"] == "live"
            assert sources["0501000000"] == sources["0501000003"] == "reconciled"
    finally:
        await wire.cut()


async def test_a_database_that_is_locked_delays_the_log_and_loses_nothing(
    set_up: fixtures.SetUp, tmp_path: Path
) -> None:
    s = await set_up("1001", "1002", "1003", "1007")
    async with installed(s, tmp_path) as made:
        before = await talking(s, SUPPORT, "0501000000")
        await made.until(lambda: len(made.rows()) == 1)
        lock = sqlite3.connect(made.folder / "callcenter.db", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        await before.hang_up()
        meanwhile = await talking(s, direct("1007"), "0501000001")
        await meanwhile.hang_up()
        abandons = await s.trunk.call(SUPPORT, number="0501000002")
        await s.talk()
        await abandons.hang_up()
        await s.idle()
        await asyncio.sleep(max(0.0, LOCKED_SECONDS - (time.monotonic() - began)))
        assert len(made.rows()) == 1
        lock.execute("ROLLBACK")
        lock.close()
        assert len(await as_heard(s, made, tmp_path)) == 3
        assert {row.source for row in made.rows()} == {"live"}


async def test_a_call_whose_exchange_was_killed_is_closed_at_its_last_known_moment(
    set_up: fixtures.SetUp, tmp_path: Path
) -> None:
    s = await set_up("1001", "1002", "1003", "1007")
    async with installed(s, tmp_path) as made:
        done = await talking(s, direct("1007"), "0501000000")
        await done.hang_up()
        await s.free("1007")
        await talking(s, direct("1007"), "0501000001")
        await made.until(lambda: any(row.answered and not row.ended for row in made.rows()))
        await s.exchange.kill()
        killed = time.time()
        await s.talk(2.5)
        await s.exchange.start()
        await s.came_back()
        await made.listens(2)
        after = await talking(s, direct("1007"), "0501000002")
        await after.hang_up()
        await s.idle()
        await made.until(lambda: [row.result for row in made.rows()] == ["answered", "lost", "answered"])  # fmt: skip

        def closed() -> bool:
            row = made.rows()[1]
            return row.ended is not None and abs(row.ended.timestamp() - killed) < 2

        await made.until(closed)
        day = json.loads((await ledger_of(made)).stdout)
        assert (day["missing"], day["only_ours"]) == (0, 1)
