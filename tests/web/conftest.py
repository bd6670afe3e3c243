"""The application over sample data: made once a run, copied for each test, served on a free port."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from callcenter.db import Database
from tests.web import site
from web.app import create_app


@dataclass(frozen=True, slots=True)
class Prepared:
    """A folder with sample data that nobody writes to."""

    folder: Path
    call_id: int
    party_id: int


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("site")
    database = Database(site.settings(folder).database.url)
    call_id, party_id = site.fill(database, folder, customers=80)
    database.close()
    return Prepared(folder, call_id, party_id)


@pytest.fixture
async def place(prepared: Prepared, tmp_path: Path) -> AsyncIterator[site.Site]:
    """Serve a copy of the sample data."""
    folder = tmp_path / "site"
    shutil.copytree(prepared.folder, folder)
    config = site.settings(folder)
    database = Database(config.database.url)
    app = create_app(config, database)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    yield site.Site(
        f"http://127.0.0.1:{port}", app, database, folder, prepared.call_id, prepared.party_id
    )
    await runner.cleanup()
    database.close()


Client = Callable[..., Awaitable[aiohttp.ClientSession]]


@pytest.fixture
async def client(place: site.Site) -> AsyncIterator[Client]:
    """Give browsers without a screen: `await client()` is nobody, `await client("agent")` is signed in."""
    opened: list[aiohttp.ClientSession] = []

    async def open_(role: str = "anonymous", *, login: str = "") -> aiohttp.ClientSession:
        session = aiohttp.ClientSession(
            place.url,
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            headers={"Origin": place.url},
        )
        opened.append(session)
        if role != "anonymous" or login:
            fields = {"login": login or place.login_of(role), "password": site.PASSWORD}
            async with session.post("/signin", data=fields, allow_redirects=False) as answer:
                assert answer.status == 303, await answer.text()
        return session

    yield open_
    for session in opened:
        await session.close()
