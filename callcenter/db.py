"""The database: one engine, sessions, and short functions run on a thread so that the event loop never waits.

Everything is written once, synchronously: `def f(session, ...)`. A command calls it in `with db.session()`, a view awaits
`db.run(f, ...)`. The hot path does neither: it holds a connection of its own (crm/lookup.py) and writes through a
writer thread that commits in groups (crm/writer.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from callcenter import errors
from callcenter.crm import wordindex

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 8


def utcnow() -> datetime:
    """Return the present, aware and in UTC."""
    return datetime.now(UTC)


def _tune_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "cache_size=-32000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class Database:
    """Hold the engine and give out sessions; `url` as SQLAlchemy spells it."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise errors.BadSetting(
                "database.url", f"{parsed.drivername} is neither sqlite nor postgresql"
            )
        self.url = parsed
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite and parsed.database not in (None, "", ":memory:"):
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        pool = {} if self.is_sqlite else {"pool_size": THREADS + 4, "pool_pre_ping": True}
        self.engine: Engine = create_engine(parsed, **pool)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _tune_sqlite)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        event.listen(self._sessions, "after_flush", wordindex.follow)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="db")

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a session; commit at the end, roll back on an error."""
        with self._sessions.begin() as session:
            yield session

    def call(self, f: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `f(session, ...)` in one transaction, here and now."""
        with self.session() as session:
            return f(session, *args, **kwargs)

    async def run(
        self, f: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `f(session, ...)` in one transaction on a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: self.call(f, *args, **kwargs))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the threads finish and close every connection."""
        self._threads.shutdown(wait=True)
        self.engine.dispose()
