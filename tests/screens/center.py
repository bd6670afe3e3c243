"""The center that is drawn: the product over a day of sample data, its live side on the scripted exchange, in one language."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from callcenter import migrations, settings
from callcenter.db import Database
from callcenter.telephony import switchboard
from tests.screens import clock as clocks
from tests.screens import day, exchange
from web import keys
from web.app import create_app

FIRST_WORD = "first-run"  # the word of the empty center's printed address


@dataclass(frozen=True)
class Place:
    """A running center."""

    url: str
    language: str
    clock: clocks.Clock
    exchange: exchange.Exchange
    database: Database
    app: web.Application
    names: Mapping[str, str]  # what addresses of screens name

    def number(self, who: str) -> str:
        """Give the number of one of the day's callers, as the exchange spells it."""
        return self.names[f"number_{who}"]


def _config(port: int, secret: str) -> settings.Settings:
    """Name everything relative to the folder that the drawing runs in, so that no picture shows a path of this machine."""
    return settings.Settings.model_validate(
        {
            "site": {"name": "צפון תקשורת", "language": "he"},
            "database": {"url": "sqlite:///site.db"},
            "recordings": {"folder": "recordings", "workers": 0},
            "campaigns": {"folder": "imports"},
            "pbx": [
                {"name": "main", "host": "127.0.0.1", "port": port, "secret": secret, "cdr": "Master.csv",
                 "trunks": ["PJSIP/trunk-*"], "recordings": "monitor"}
            ],
        }
    )  # fmt: skip


@contextlib.asynccontextmanager
async def _served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Work in a folder of its own until the block ends."""
    with tempfile.TemporaryDirectory() as made, contextlib.chdir(made):
        yield Path()


@contextlib.asynccontextmanager
async def running(language: str) -> AsyncIterator[Place]:
    """Run the center at the standing clock's moment."""
    with clocks.standing() as clock, _folder() as folder:
        (folder / "monitor").mkdir()
        database = Database("sqlite:///site.db")
        migrations.upgrade(database)
        with database.session() as session:
            names = day.fill(session, folder, now=clock.now, language=language)
        async with exchange.Exchange() as played:
            config = _config(played.port, played.secret)
            board = switchboard.Switchboard(config.pbx)
            app = create_app(config, database, board)
            async with _served(app) as url:
                await board.lines["main"].seeded.wait()
                yield Place(url, language, clock, played, database, app, names)
        database.close()


@contextlib.asynccontextmanager
async def empty() -> AsyncIterator[str]:
    """Run a center that nobody has set up yet; give the address that it would print."""
    with tempfile.TemporaryDirectory() as made:
        database = Database(f"sqlite:///{made}/empty.db")
        migrations.upgrade(database)
        config = settings.Settings.model_validate({"database": {"url": str(database.url)}})
        app = create_app(config, database)
        app[keys.FIRST_RUN].append(FIRST_WORD)
        async with _served(app) as url:
            yield url
        database.close()
