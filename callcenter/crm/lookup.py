"""Number to customer while the phone rings: the hot path's one question to the database.

Nothing here is awaited and nothing goes through the ORM: the statements are written in SQLAlchemy Core, compiled once to the
database's own SQL and run on a connection held for this alone (reference: an ORM session a look-up costs ten times as much).
Call it from one thread only: the one that consumes the facts. A connection that breaks is opened anew, once at a time; while
the database stays away each look-up fails at once with DatabaseAway, and the call goes on without a name.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import create_engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from callcenter import errors, models
from callcenter.crm import matching, phones, statements, writer
from callcenter.db import Database
from callcenter.settings import Settings

RETRY_SECONDS = 1.0
ANSWER_TIMEOUT = "1000"  # milliseconds; a stuck server must not hold the calls
# PostgreSQL plans a range anew each time it is asked, which takes ten times as long as finding its rows. Everything here is
# asked by an index, so one plan does for all, the one by the indexes; with tables still empty it would be another.
PLANNED_ONCE = (
    "plan_cache_mode = force_generic_plan",
    "enable_seqscan = off",
    "enable_bitmapscan = off",
    "max_parallel_workers_per_gather = 0",
    "jit = off",
)


class Cursor(Protocol):
    """What is used of a DBAPI cursor."""

    def execute(self, operation: str, parameters: Sequence[Any], /) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Lookup:
    """Hold a connection, the compiled statements, and what tells our own numbers from others'."""

    def __init__(
        self,
        database: Database,
        *,
        region: str = "IL",
        match_digits: int = 8,
        ignore: Sequence[str] = (),
    ) -> None:
        options: dict[str, Any] = {} if database.is_sqlite else {"connect_timeout": 2}
        self._sqlite = database.is_sqlite
        self._engine = create_engine(
            database.url,
            poolclass=NullPool,
            connect_args=options,
            paramstyle="qmark" if self._sqlite else "format",
        )
        self._region = region
        self._match_digits = match_digits
        self._ignore = tuple(re.compile(pattern) for pattern in ignore)
        self._internal: frozenset[str] = frozenset()
        self._own: frozenset[str] = frozenset()
        self._connection: Any = None
        self._cursor: Cursor | None = None
        self._retry_at = 0.0
        self.trouble: writer.Trouble | None = None  # while the database cannot be asked
        self._exact = self._compile(statements.exact())
        self._weak = self._compile(statements.weak())
        self._party = self._compile(statements.by_id())
        self._choice = self._compile(statements.choice())
        self._cases = self._compile(statements.open_cases())

    @classmethod
    def of(cls, database: Database, settings: Settings) -> Lookup:
        """Make one as the settings say, knowing our own numbers and extensions."""
        made = cls(
            database,
            region=settings.site.region,
            match_digits=settings.calls.match_digits,
            ignore=settings.calls.ignore_numbers,
        )
        made.refresh()
        return made

    def refresh(self) -> None:
        """Read our own numbers and extensions again; call it when the administrator changed them."""
        own = self._rows(self._compile(select(models.OwnNumber.e164)), ())
        seat = models.ExtensionAssignment
        internal = self._rows(self._compile(select(seat.extension).where(seat.until.is_(None))), ())
        self._own = frozenset(row[0] for row in own)
        self._internal = frozenset(row[0] for row in internal)

    def classify(self, raw: str) -> phones.Number:
        """Say what kind of number this is, knowing our own."""
        return phones.classify(
            raw, self._region, internal=self._internal, own=self._own, ignore=self._ignore
        )

    def match(
        self,
        raw_number: str,
        *,
        did: str | None = None,
        now: float = 0.0,
        clicked_party_id: int | None = None,
        campaign_party_id: int | None = None,
    ) -> matching.Match:
        """Say who is calling, or who was dialled; `did` is the line, `now` epoch seconds.

        Raises DatabaseAway where the database cannot be asked.
        """
        number = self.classify(raw_number)
        exact: list[matching.Row] = []
        weak: list[matching.Row] = []
        if number.kind == phones.EXTERNAL:
            if number.e164:
                exact = [statements.row(r) for r in self._rows(self._exact, (number.e164,))]
            if not exact:
                weak = self._weakly(number)
        remembered = None
        if len(exact) > 1:
            remembered = self._remembered(number.e164 or "", did or "")
        # A switchboard has more rows than were read; these three must be among the candidates.
        for known in {clicked_party_id, campaign_party_id, remembered} - {None}:
            if all(row.party_id != known for row in exact):
                exact += [statements.row(r) for r in self._rows(self._party, (known,))]
        if len(exact) > 1:
            exact = self._with_cases(exact)
        context = matching.Context(clicked_party_id, campaign_party_id, remembered, now)
        return matching.decide(number, exact, weak, context)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._cursor = None
        self._engine.dispose()

    def _weakly(self, number: phones.Number) -> list[matching.Row]:
        """Return who has a number with the same last digits, at home or where the country is unknown."""
        if len(number.national) < self._match_digits:
            return []
        start = number.digits_reversed[: self._match_digits]
        rows = self._rows(self._weak, (start, start + phones.SUFFIX_END))
        country = phones.country(number.e164) if number.e164 else ""
        return [
            row
            for row in map(statements.row, rows)
            if not country or phones.country(row.e164) == country
        ]

    def _remembered(self, e164: str, did: str) -> int | None:
        """Return whom an agent chose for this number on this line."""
        rows = self._rows(self._choice, (e164, did))
        return int(rows[0][0]) if rows else None

    def _with_cases(self, rows: list[matching.Row]) -> list[matching.Row]:
        """Count the open cases of each; only several candidates need it."""
        counted = []
        for row in rows:
            found = self._rows(self._cases, (row.party_id,))
            counted.append(matching.with_cases(row, int(found[0][0])))
        return counted

    def _compile(self, statement: statements.Statement) -> str:
        """Return the database's own SQL; its parameters are positional, in the order of the text."""
        return str(statement.compile(self._engine))

    def _rows(self, sql: str, parameters: tuple[Any, ...]) -> list[Any]:
        """Run a compiled statement; on a broken connection open another and ask once more."""
        cursor = self._cursor or self._connect()
        try:
            cursor.execute(sql, parameters)
            rows = cursor.fetchall()
        except self._broken:
            self._drop()
        else:
            if self.trouble is not None:
                self.trouble = None
            return rows
        try:
            cursor = self._connect()
            cursor.execute(sql, parameters)
            return cursor.fetchall()
        except self._broken as error:
            self._drop()
            self._troubled(error)
            raise errors.DatabaseAway(f"the database cannot be asked: {error}") from error

    def _troubled(self, error: Exception) -> None:
        """Remember what the database said, and leave it alone for a moment."""
        self._retry_at = time.monotonic() + RETRY_SECONDS
        problem = str(getattr(error, "orig", None) or error)[:300]
        if self.trouble is None:
            self.trouble = writer.Trouble(problem)
        self.trouble.problem = problem

    @property
    def _broken(self) -> type[Exception]:
        found: type[Exception] = self._engine.dialect.loaded_dbapi.Error
        return found

    def _connect(self) -> Cursor:
        if time.monotonic() < self._retry_at:
            raise errors.DatabaseAway("the database cannot be reached")
        try:
            self._connection = self._engine.raw_connection()
        except (DBAPIError, self._broken) as error:
            self._troubled(error)
            raise errors.DatabaseAway(f"the database cannot be reached: {error}") from error
        driver = self._connection.driver_connection
        if self._sqlite:
            for pragma in (
                "query_only=ON",
                "busy_timeout=1000",
                "cache_size=-65536",
                "mmap_size=4294967296",
            ):
                driver.execute(f"PRAGMA {pragma}")
        else:
            driver.autocommit = True
            driver.prepare_threshold = 0
            for setting in PLANNED_ONCE:
                driver.execute(f"SET {setting}")
            driver.execute(f"SET statement_timeout = {ANSWER_TIMEOUT}")
        self._cursor = driver.cursor()
        return self._cursor

    def _drop(self) -> None:
        broken, self._connection, self._cursor = self._connection, None, None
        if broken is not None:
            broken.invalidate()
