"""The server begins when its database does."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool
from structlog.testing import capture_logs

from callcenter import settings
from callcenter.demo import ports
from web import serving


def _run(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _let_in(url: str, allowed: bool) -> None:
    known = make_url(url).set(drivername="postgresql+psycopg")
    allow = f'ALTER DATABASE "{known.database}" ALLOW_CONNECTIONS {str(allowed).lower()}'
    _run(known.set(database="postgres").render_as_string(hide_password=False), allow)


def _told(url: str, folder: Path) -> settings.Settings:
    return settings.Settings(
        database=settings.DatabaseSettings(url=url),
        web=settings.Web(port=ports.tcp()),
        recordings=settings.Recordings(folder=str(folder), workers=0),
        pbx=(),
    )


async def test_a_database_that_is_not_up_yet_is_waited_for(
    postgres_url: str, tmp_path: Path
) -> None:
    said, over = asyncio.Queue[str](), asyncio.Event()
    await asyncio.to_thread(_let_in, postgres_url, False)
    serving_ = asyncio.create_task(
        serving.serve(_told(postgres_url, tmp_path), announce=said.put_nowait, until=over.wait)
    )
    await asyncio.sleep(1.5)
    assert said.empty() and not serving_.done()
    await asyncio.to_thread(_let_in, postgres_url, True)
    async with asyncio.timeout(30):
        while not (await said.get()).startswith("http://"):
            pass
    over.set()
    await serving_


async def test_a_database_that_goes_away_while_it_begins_is_waited_for(
    postgres_url: str, tmp_path: Path
) -> None:
    """Its tables can be brought up to date over two connections, and nothing more."""
    known = make_url(postgres_url).set(drivername="postgresql+psycopg")
    boss, role = known.render_as_string(hide_password=False), f"few_{known.database}"
    make = f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 2"
    own = f'ALTER DATABASE "{known.database}" OWNER TO {role}'
    await asyncio.to_thread(_run, boss, make, own)
    said, over = asyncio.Queue[str](), asyncio.Event()
    url = known.set(username=role).render_as_string(hide_password=False)
    serving_ = asyncio.create_task(
        serving.serve(_told(url, tmp_path), announce=said.put_nowait, until=over.wait)
    )
    with capture_logs() as heard:
        async with asyncio.timeout(30):
            while not heard:
                await asyncio.sleep(0.05)
    assert "too many connections" in str(heard[0]["problem"])
    assert said.empty() and not serving_.done()
    assert not [thread for thread in threading.enumerate() if thread.name == "writer"]
    await asyncio.to_thread(_run, boss, f"ALTER ROLE {role} CONNECTION LIMIT -1")
    async with asyncio.timeout(30):
        while not (await said.get()).startswith("http://"):
            pass
    over.set()
    await serving_


async def test_who_is_told_to_stop_while_it_waits_for_its_database_stops(
    postgres_url: str, tmp_path: Path
) -> None:
    over = asyncio.Event()
    await asyncio.to_thread(_let_in, postgres_url, False)
    try:
        waiting = asyncio.create_task(serving.serve(_told(postgres_url, tmp_path), until=over.wait))
        await asyncio.sleep(0.5)
        over.set()
        with pytest.raises(OperationalError):
            async with asyncio.timeout(10):
                await waiting
    finally:
        await asyncio.to_thread(_let_in, postgres_url, True)
