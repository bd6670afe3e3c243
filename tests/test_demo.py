"""The demo as a person runs it: calls arrive by themselves, and at the end nothing of it is left."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from callcenter.demo import fetch, replaying, traffic
from callcenter.demo.callers import Customer
from callcenter.telephony import record
from tests.pbx.fixtures import SetUp

ROOT = Path(__file__).parent.parent
SECONDS = 150


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `callcenter demo` with its temporary files below `folder`."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As a job in the background, for which a shell turns Ctrl-C off; a child would inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    env = {**os.environ, "TMPDIR": str(folder)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "callcenter", "demo",
        cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def said(process: asyncio.subprocess.Process, word: str) -> str:
    assert process.stdout is not None
    text = ""
    async with asyncio.timeout(SECONDS):
        while word not in text:
            line = await process.stdout.readline()
            assert line, text
            text += line.decode()
    return text


async def calls_of(folder: Path, count: int) -> list[tuple[str, str | None, str]]:
    """Wait until so many new calls are over, and give them: direction, result, how they were matched."""
    (file,) = folder.glob("callcenter-demo-*/callcenter.db")
    query = "select direction, result, match_state from call where ended is not null order by id"
    async with asyncio.timeout(SECONDS):
        before = None
        while True:
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as rows:
                found = rows.execute(query).fetchall()
            rows.close()
            before = len(found) if before is None else before
            if len(found) >= before + count:
                return found[before:]
            await asyncio.sleep(0.5)


async def ends(process: asyncio.subprocess.Process, folder: Path) -> None:
    """Press Ctrl-C, and see that the process ends and leaves nothing."""
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(60):
        assert process.stdout is not None
        await process.stdout.read()
        assert await process.wait() == 0
    assert not list(folder.glob("callcenter-demo-*"))
    left = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True, check=False)
    assert not left.stdout, left.stdout


@pytest.mark.asterisk
@pytest.mark.timeout(400)
async def test_calls_arrive_are_matched_and_logged_and_ctrl_c_ends_everything(
    asterisk: fetch.Programs, tmp_path: Path
) -> None:
    async with demo(tmp_path) as process:
        text = await said(process, "Ctrl-C")
        for login in ("michal", "ronen", "yael", "admin"):
            assert login in text
        calls = await calls_of(tmp_path, 2)
        assert {direction for direction, _, _ in calls} == {"inbound"}
        assert "answered" in {result for _, result, _ in calls}
        await ends(process, tmp_path)


async def test_a_recorded_exchange_signs_in_who_knows_the_secret_and_plays_whole_calls(
    tmp_path: Path,
) -> None:
    cast = traffic.Cast([Customer("0521234567", "Dana")], [Customer("0521234567")])
    async with replaying.ReplayedExchange(cast, tmp_path / "pbx") as exchange:
        stop = asyncio.Event()
        log = tmp_path / "played.ami"
        writing = asyncio.create_task(
            record.record(
                exchange.host,
                exchange.ami_port,
                exchange.ami_user,
                exchange.ami_secret,
                log,
                stop=stop,
            )
        )
        playing = asyncio.create_task(exchange.run(pause_seconds=(0.5, 1.0)))
        async with asyncio.timeout(60):
            while not log.exists() or not all_hung_up(log.read_bytes()):
                await asyncio.sleep(0.1)
        playing.cancel()
        stop.set()
        await writing
    done = subprocess.run(
        [sys.executable, "-m", "callcenter", "replay", str(log), "--trunk", "PJSIP/trunk-*", "--phone", "PJSIP/1???-*"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    first = json.loads(done.stdout.splitlines()[0])
    assert (first["direction"], first["result"]) == ("inbound", "answered")
    assert first["participants"]


def all_hung_up(log: bytes) -> bool:
    begun = log.count(b"Event: Newchannel\r\n")
    return begun > 0 and log.count(b"Event: Hangup\r\n") == begun


@pytest.mark.asterisk
async def test_what_is_recorded_by_command_replays(set_up: SetUp, tmp_path: Path) -> None:
    stage = await set_up("1001")
    exchange = stage.exchange
    settings = tmp_path / "callcenter.toml"
    settings.write_text(
        f'[[pbx]]\nhost = "{exchange.host}"\nport = {exchange.ami_port}\n'
        f'username = "{exchange.ami_user}"\nsecret = "{exchange.ami_secret}"\n'
    )
    log = tmp_path / "log.ami"
    command = [sys.executable, "-m", "callcenter", "record", str(log), "--config", str(settings)]
    recorder = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=subprocess.PIPE)
    await stage.until(lambda: log.exists() and b"FullyBooted" in log.read_bytes())
    call = await stage.trunk.call("+97237001001", number="0501234567", name="דנה לוי")
    await stage.answered_by("1001")
    await stage.until(lambda: log.read_bytes().count(b"Event: BridgeEnter") >= 2)
    await call.hang_up()
    await stage.until(lambda: all_hung_up(log.read_bytes()))
    recorder.send_signal(signal.SIGTERM)
    assert await recorder.wait() == 0
    assert exchange.ami_secret.encode() not in log.read_bytes()
    replay = [sys.executable, "-m", "callcenter", "replay", str(log), "--trunk", "PJSIP/trunk-*"]
    done = subprocess.run(replay, capture_output=True, text=True, check=True, cwd=ROOT)
    (told,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (told["from"], told["from_name"], told["result"]) == (
        "0501234567",
        "דנה לוי",
        "answered",
    )
    again = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert again.returncode == 2 and "exists already" in again.stderr
