"""Write many rows by few statements: one INSERT with 64 rows in its VALUES instead of 64 INSERTs.

SQLite's driver lets go of the interpreter and takes it back at every statement. With 64 a group the writer's thread and the
loop's wrestle for it 64 times, which costs both more than the rows do; PostgreSQL is spared as many round trips. The statement
is SQLAlchemy's own, compiled once; only its VALUES are repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Executable

SIZES = (64, 16, 4, 1)
_VALUES, _CONFLICT = " VALUES ", " ON CONFLICT "


class Bulk:
    """One upsert of one table, for any number of rows."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        """Take an INSERT ... VALUES (one row) ON CONFLICT ..., whose parameters are all named."""
        of: Callable[..., Dialect] = type(dialect)
        paramstyle = "qmark" if dialect.name == "sqlite" else "format"
        compiled: Any = statement.compile(dialect=of(paramstyle=paramstyle))  # type: ignore[attr-defined]
        self._head, _, rest = str(compiled).partition(_VALUES)
        self._row, found, self._tail = rest.rpartition(_CONFLICT)
        if not found or compiled.positiontup is None:
            raise ValueError(f"not an upsert of one row: {compiled}")
        processors = compiled._bind_processors
        absent = {column.name: column.default.arg for column in compiled.insert_prefetch}
        if any(callable(default) for default in absent.values()):
            raise ValueError(f"a column without a value has no plain default: {compiled}")
        self._columns = [
            (name, absent.get(name), processors.get(name)) for name in compiled.positiontup
        ]
        self._sql: dict[int, str] = {}

    def execute(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows; no two may have the same key."""
        at = 0
        while at < len(rows):
            size = next(size for size in SIZES if size <= len(rows) - at)
            values: list[Any] = []
            for row in rows[at : at + size]:
                values += self._bound(row)
            connection.exec_driver_sql(self._text(size), tuple(values))
            at += size

    def _bound(self, row: Mapping[str, Any]) -> list[Any]:
        return [
            value if process is None or value is None else process(value)
            for name, default, process in self._columns
            for value in (row.get(name, default),)
        ]

    def _text(self, size: int) -> str:
        text = self._sql.get(size)
        if text is None:
            repeated = ", ".join([self._row] * size)
            text = self._sql[size] = f"{self._head}{_VALUES}{repeated}{_CONFLICT}{self._tail}"
        return text
