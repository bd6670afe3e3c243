"""One thread writes what calls leave behind, and commits in groups: the event loop never waits for a disk.

Rules
1. `put` costs a dictionary entry. Two puts of one kind and key become one row's write: the later values win.
2. A group is written in the order of `Kind.rank` (a call before its participants), in one transaction.
3. What fails is kept. A locked, full or absent database is asked again, forever, and `trouble` says so; a row that the
   database refuses for what it says is written alone, logged and counted, and the rest goes on.
4. After `flush` returns, all that was put before it is committed.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Connection, Executable, Insert
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from callcenter import db
from callcenter.crm import bulk

log = structlog.get_logger(__name__)

Values = dict[str, Any]
Group = dict["Kind", dict[Hashable, Values]]

# Rows of one moment share a commit and a statement's overhead; nobody reads the log within so short a time.
LINGER_SECONDS = 0.25
LONGEST_RETRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A way to write one row: `statement(dialect)` is compiled once and given the values of many rows."""

    name: str
    rank: int
    statement: Callable[[str], Executable]


@dataclass(slots=True)
class Trouble:
    """What the database says while it cannot be written, and since when (epoch seconds)."""

    problem: str
    since: float = field(default_factory=time.time)


class Writer:
    """Hold what is to be written, and the thread that writes it."""

    def __init__(self, database: db.Database, *, linger_seconds: float = LINGER_SECONDS) -> None:
        self.trouble: Trouble | None = None
        self.written = 0  # rows
        self.refused = 0  # rows that the database would never take
        self.refused_at: float | None = None  # the last of them, epoch seconds
        self._database = database
        self._linger = linger_seconds
        self._dialect = database.engine.dialect
        self._upserts: dict[Kind, bulk.Bulk] = {}
        self._changes: dict[Kind, Executable] = {}
        self._waiting: Group = {}
        self._writing = 0
        self._flushes: list[Future[None]] = []
        self._lock = threading.Lock()
        self._work = threading.Event()
        self._hurry = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    @property
    def depth(self) -> int:
        """Count the rows that are not committed yet."""
        with self._lock:
            return self._writing + sum(len(rows) for rows in self._waiting.values())

    def put(self, kind: Kind, key: Hashable, values: Values) -> None:
        """Take one row to write; never waits."""
        with self._lock:
            rows = self._waiting.get(kind)
            if rows is None:
                rows = self._waiting[kind] = {}
            known = rows.get(key)
            if known is None:
                rows[key] = values
            else:
                rows[key] = {**known, **values}
        if not self._work.is_set():
            self._work.set()

    def flush(self, timeout_seconds: float = 30.0) -> None:
        """Wait until all that was put so far is committed; raise TimeoutError when it cannot be."""
        self._asked().result(timeout_seconds)

    async def flushed(self, timeout_seconds: float = 30.0) -> None:
        """Wait as `flush` does, without holding the loop."""
        async with asyncio.timeout(timeout_seconds):
            await asyncio.wrap_future(self._asked())

    def close(self, timeout_seconds: float = 10.0) -> None:
        """Write what waits, as far as the database lets us in that time, and end the thread."""
        self._closing = True
        self._hurry.set()
        self._work.set()
        self._thread.join(timeout_seconds)
        if left := self.depth:
            log.error("rows left unwritten", rows=left)

    def _asked(self) -> Future[None]:
        asked: Future[None] = Future()
        with self._lock:
            self._flushes.append(asked)
        self._hurry.set()
        self._work.set()
        return asked

    def _run(self) -> None:
        delay = 0.0
        while True:
            self._work.wait()
            if not delay:
                self._hurry.wait(self._linger)
            group, flushes = self._take()
            if self._written(group):
                delay = 0.0
                for asked in flushes:
                    if not asked.done():
                        asked.set_result(None)
                if self._closing and not self.depth:
                    return
                continue
            self._give_back(group, flushes)
            if self._closing:
                return
            delay = min(LONGEST_RETRY_SECONDS, delay * 2 or 0.05)
            time.sleep(delay)

    def _take(self) -> tuple[Group, list[Future[None]]]:
        with self._lock:
            self._work.clear()
            self._hurry.clear()
            group, self._waiting = self._waiting, {}
            flushes, self._flushes = self._flushes, []
            self._writing = sum(len(rows) for rows in group.values())
            if self._closing:
                self._work.set()
        return group, flushes

    def _give_back(self, group: Group, flushes: list[Future[None]]) -> None:
        """Put what could not be written below what came meanwhile."""
        with self._lock:
            for kind, rows in group.items():
                newer = self._waiting.get(kind, {})
                for key, values in newer.items():
                    rows[key] = {**rows.get(key, {}), **values}
                self._waiting[kind] = rows
            self._flushes = flushes + self._flushes
            self._writing = 0
            self._work.set()

    def _written(self, group: Group) -> bool:
        """Write a group; return False when it should be tried again as it is."""
        if not group:
            self._settle(0)
            return True
        try:
            with self._database.engine.begin() as connection:
                for kind in sorted(group, key=lambda kind: kind.rank):
                    self._execute(connection, kind, list(group[kind].values()))
        except (OperationalError, InterfaceError) as error:
            return self._troubled(error)
        except SQLAlchemyError:
            return self._one_by_one(group)
        self._settle(sum(len(rows) for rows in group.values()))
        return True

    def _one_by_one(self, group: Group) -> bool:
        """Write each row alone, and set aside those that the database refuses for what they say."""
        for kind in sorted(group, key=lambda kind: kind.rank):
            for key, values in list(group[kind].items()):
                try:
                    with self._database.engine.begin() as connection:
                        self._execute(connection, kind, [values])
                except (OperationalError, InterfaceError) as error:
                    return self._troubled(error)
                except SQLAlchemyError as error:
                    self.refused += 1
                    self.refused_at = time.time()
                    log.error("row refused", kind=kind.name, key=str(key), problem=str(error)[:500])
                else:
                    self._settle(1)
                del group[kind][key]
        return True

    def _execute(self, connection: Connection, kind: Kind, rows: list[Values]) -> None:
        if kind not in self._upserts and kind not in self._changes:
            statement = kind.statement(self._dialect.name)
            if isinstance(statement, Insert):
                self._upserts[kind] = bulk.Bulk(statement, self._dialect)
            else:
                self._changes[kind] = statement
        upsert = self._upserts.get(kind)
        if upsert is not None:
            upsert.execute(connection, rows)
        else:
            connection.execute(self._changes[kind], rows)

    def _settle(self, rows: int) -> None:
        if rows and self.trouble is not None:
            log.warning(
                "database written again", after_seconds=round(time.time() - self.trouble.since, 1)
            )
            self.trouble = None
        self.written += rows
        with self._lock:
            self._writing = max(0, self._writing - rows)

    def _troubled(self, error: SQLAlchemyError) -> bool:
        problem = str(getattr(error, "orig", None) or error)[:300]
        if self.trouble is None:
            self.trouble = Trouble(problem)
            log.error(
                "database cannot be written, kept and tried again",
                problem=problem,
                rows=self._writing,
            )
        self.trouble.problem = problem
        return False
