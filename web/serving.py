"""`callcenter serve`: one process that listens to the exchanges, serves the pages, and starts the workers.

What it starts it ends, in the opposite order: first no new request, then the exchanges, then what is still to be written.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
import uvloop
from aiohttp import web

from callcenter import logs, migrations
from callcenter.db import Database
from callcenter.settings import Settings
from callcenter.telephony.switchboard import Switchboard
from recordings import expect, jobs, mixmonitor, recover, worker
from web import keys
from web.app import create_app

log = structlog.get_logger(__name__)

Announce = Callable[[str], None]
GOODBYE_SECONDS = 5.0


def _recordings(
    app: web.Application, switchboard: Switchboard, database: Database, settings: Settings
) -> Callable[[web.Application], AsyncIterator[None]]:
    hints = jobs.Hints(settings)
    app[keys.HINT] = hints.__call__
    expecter = expect.Expecter(database, settings, hint=hints)
    # Before the exchanges are listened to, and after those who write the calls.
    recorder = mixmonitor.Recorder(switchboard, settings, expecter)
    switchboard.subscribers += [expecter.on_fact, recorder.on_fact]
    recoverer = recover.Recoverer(database, settings, hint=hints)
    app[keys.FLOOR].center.reconciler.found.append(recoverer.on_found)

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
) -> None:
    """Run the product until told to stop; `announce` gets its address when it takes requests."""
    database = Database(settings.database.url)
    await asyncio.to_thread(migrations.upgrade, database)
    switchboard = Switchboard(settings.pbx)
    app = create_app(settings, database, switchboard)
    # Ended in the opposite order: the exchanges first, then the recordings' last rows, then the workers.
    app.cleanup_ctx.insert(0, _recordings(app, switchboard, database, settings))
    app.cleanup_ctx.insert(0, _workers(settings))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GOODBYE_SECONDS)
    await runner.setup()
    try:
        site = web.SockSite(runner, _listen(settings.web.host, settings.web.port))
        await site.start()
        announce(f"{site.name}")
        await until()
    finally:
        await runner.cleanup()
        database.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


def run(settings: Settings) -> None:
    """Run `serve` on uvloop, from a command."""
    logs.configure(settings)
    uvloop.run(serve(settings))
