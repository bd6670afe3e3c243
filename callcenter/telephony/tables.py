"""Asterisk's own records in a database: the `cdr` table that FreePBX keeps, or that cdr_odbc or cdr_pgsql write.

Columns are found by name, so a table with more or fewer of them will do. A leg stands in the table by its beginning, but is
written at its end: what began within the longest call's time is read again each time, and known ones are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, MetaData, Table, create_engine, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.types import DateTime

from callcenter.telephony import history, journals

LONGEST_CALL_SECONDS = 4 * 3600.0
MOST_ROWS = 200_000


class _Rows:
    """Read a table by one column of time."""

    def __init__(self, address: str, table: str, *times: str) -> None:
        self._engine = create_engine(address, poolclass=NullPool)
        self._table, self._times = table, times
        self.column = ""

    def columns(self) -> list[str]:
        """Return the names of the columns; raise OSError where the database cannot be asked."""
        try:
            with self._engine.connect() as connection:
                return [str(c["name"]) for c in inspect(connection).get_columns(self._table)]
        except SQLAlchemyError as error:
            raise OSError(str(error).splitlines()[0]) from error

    def read(self, begin: datetime, end: datetime) -> list[dict[str, str]]:
        """Return the rows of a stretch of time as texts.

        Raises:
            OSError: the database cannot be asked, or has no such table.
        """
        try:
            names = self.columns()
            with self._engine.connect() as connection:
                self.column = next((n for n in self._times if n in names), "")
                if not self.column:
                    raise OSError(f"table {self._table} has none of {', '.join(self._times)}")
                columns = [Column(n, DateTime()) if n == self.column else Column(n) for n in names]
                table = Table(self._table, MetaData(), *columns)
                at = table.c[self.column]
                asked = select(table).where(at >= begin, at <= end).order_by(at).limit(MOST_ROWS)
                return [_texts(row._mapping) for row in connection.execute(asked)]
        except SQLAlchemyError as error:
            raise OSError(str(error).splitlines()[0]) from error


def _texts(row: Mapping[Any, Any]) -> dict[str, str]:
    return {str(k): "" if v is None else str(v) for k, v in row.items()}


class CdrTable:
    """The legs of a CDR table."""

    def __init__(self, address: str, clock: journals.CdrClock) -> None:
        self._rows = _Rows(address, "cdr", "calldate", "start")
        self._clock = clock
        self._seen: dict[history.Leg, None] = {}
        self._until = 0.0

    def columns(self) -> list[str]:
        """Give the names of the table's columns; raise OSError where it cannot be read."""
        return self._rows.columns()

    def read(self, since: float) -> list[history.Leg]:
        """Return the legs that were written since the last time, at first those from about `since` on."""
        begin = max(since, self._until) - LONGEST_CALL_SECONDS
        fresh = [leg for leg in self.between(begin, begin + 1e9) if leg not in self._seen]
        if self._until == 0.0:
            fresh = [leg for leg in fresh if leg.end >= since]
        self._seen.update(dict.fromkeys(fresh))
        self._until = max([self._until, *(leg.start for leg in fresh)])
        if len(self._seen) > MOST_ROWS:
            self._seen = {leg: None for leg in self._seen if leg.start >= begin}
        return fresh

    def between(self, begin: float, end: float) -> list[history.Leg]:
        """Return the legs that began in a stretch of time."""
        # A naive time of the table is a time in its zone, which may have to be learned from the rows first.
        day = 86_400.0
        rows = self._rows.read(journals.naive(begin - day), journals.naive(min(end + day, 4e9)))
        self._clock.learn((r.get("uniqueid", ""), r[self._rows.column][:19]) for r in rows[-200:])
        legs = []
        for row in rows:
            row["start"] = row[self._rows.column][:19]
            leg = history.leg(row, self._clock)
            if leg is not None and begin <= leg.start <= end:
                legs.append(leg)
        return legs
