"""`callcenter serve`: one process that listens to the exchanges, serves the pages, and starts the workers.

What it starts it ends, in the opposite order: first no new request, then the exchanges, then what is still to be written.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import structlog
import uvloop
from aiohttp import web
from sqlalchemy.exc import InterfaceError, OperationalError

from callcenter import errors, logs, migrations
from callcenter.db import Database
from callcenter.settings import Settings
from callcenter.telephony.switchboard import Switchboard
from recordings import expect, jobs, mixmonitor, recover, worker
from web import keys
from web.app import create_app
from web.views import welcome

log = structlog.get_logger(__name__)

Announce = Callable[[str], None]
GOODBYE_SECONDS = 5.0
DATABASE_SECONDS = 30.0
FIRST_RUN = (
    "There is no administrator yet. Open this address of the call center: /welcome?token={word}"
)


def _recordings(
    app: web.Application, switchboard: Switchboard, database: Database, settings: Settings
) -> Callable[[web.Application], AsyncIterator[None]]:
    hints = jobs.Hints(settings)
    app[keys.HINT] = hints.__call__
    expecter = expect.Expecter(database, settings, hint=hints)
    # Before the exchanges are listened to, and after those who write the calls.
    recorder = mixmonitor.Recorder(switchboard, settings, expecter, database)
    switchboard.subscribers += [expecter.on_fact, recorder.on_fact]
    recoverer = recover.Recoverer(database, settings, hint=hints)
    app[keys.FLOOR].center.reconciler.found.append(recoverer.on_found)
    app[keys.FLOOR].center.reconciler.traces.append(recoverer.unexpected)

    async def context(_app: web.Application) -> AsyncIterator[None]:
        yield
        await recorder.close()
        await asyncio.to_thread(expecter.close)
        hints.close()

    return context


def _workers(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(app: web.Application) -> AsyncIterator[None]:
        children = [worker.spawn(settings) for _ in range(settings.recordings.workers)]
        app[keys.MONITOR].workers += children
        yield
        app[keys.MONITOR].workers.clear()
        await asyncio.gather(*(asyncio.to_thread(child.stop) for child in children))

    return context


async def _until_told() -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, over.set)
    await over.wait()


async def serve(
    settings: Settings,
    *,
    announce: Announce = print,
    until: Callable[[], Awaitable[None]] = _until_told,
    reload: Callable[[], Settings] | None = None,
) -> None:
    """Run the product until told to stop; `announce` gets its address when it takes requests.

    With `reload` the settings can be read again while it runs: everything ends and begins anew, but for the socket, on which
    requests wait meanwhile.
    """
    database_url, over = settings.database.url, asyncio.ensure_future(until())
    listening = _listen(settings.web.host, settings.web.port)
    try:
        while True:
            again = asyncio.Event()
            runner, database = await _begin(settings, again if reload else None, announce, over)
            try:
                await web.SockSite(runner, listening.dup()).start()
                announce(f"http://{_shown(listening)}")
                await _either(over, again)
            finally:
                await runner.cleanup()
                database.close()
            if over.done() or reload is None:
                return
            settings = _read_again(reload, settings)
            if settings.database.url != database_url:
                log.warning("another database is used from the next start on")
    finally:
        over.cancel()
        listening.close()


async def _begin(
    settings: Settings, again: asyncio.Event | None, announce: Announce, over: asyncio.Future[Any]
) -> tuple[web.AppRunner, Database]:
    """Start everything; a database that starts at the same time, or is away for a moment, is waited for."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + DATABASE_SECONDS
    while True:
        try:
            return await _begun(settings, again, announce)
        except (OperationalError, InterfaceError, errors.DatabaseAway) as error:
            if over.done() or loop.time() > give_up:
                raise
            problem = str(getattr(error, "orig", None) or error).splitlines()[:1]
            log.warning("the database cannot be reached, tried again", problem=problem)
            await asyncio.wait({over}, timeout=1.0)


async def _begun(
    settings: Settings, again: asyncio.Event | None, announce: Announce
) -> tuple[web.AppRunner, Database]:
    """Make the application and everything beside it, and start them; where that fails, nothing stays."""
    async with contextlib.AsyncExitStack() as undone:
        database = Database(settings.database.url)
        undone.callback(database.close)
        await asyncio.to_thread(migrations.upgrade, database)
        switchboard = Switchboard(settings.pbx)
        app = create_app(settings, database, switchboard)
        if again is not None:
            app[keys.RESTART] = again.set
        # Ended in the opposite order: the exchanges first, then the recordings' last rows, then the workers.
        app.cleanup_ctx.insert(0, _recordings(app, switchboard, database, settings))
        app.cleanup_ctx.insert(0, _workers(settings))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=GOODBYE_SECONDS)
        undone.push_async_callback(runner.cleanup)
        await runner.setup()
        if not await database.run(welcome.has_admin):
            word = secrets.token_urlsafe(24)
            app[keys.FIRST_RUN].append(word)
            announce(FIRST_RUN.format(word=word))
        undone.pop_all()
    return runner, database


async def _either(over: asyncio.Future[Any], again: asyncio.Event) -> None:
    """Wait until it is over, or is to begin again."""
    asked: asyncio.Future[Any] = asyncio.ensure_future(again.wait())
    try:
        await asyncio.wait({over, asked}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        asked.cancel()


def _read_again(reload: Callable[[], Settings], before: Settings) -> Settings:
    """Read the settings; those that cannot be read leave the ones in force."""
    try:
        return reload()
    except errors.BadSetting as error:
        log.error("settings not read again", problem=str(error))
        return before


def _shown(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(128)  # from now on: who comes while everything begins anew waits
    except OSError:
        made.close()
        raise
    return made


def run(settings: Settings, reload: Callable[[], Settings] | None = None) -> None:
    """Run `serve` on uvloop, from a command."""
    logs.configure(settings)
    uvloop.run(serve(settings, reload=reload))
