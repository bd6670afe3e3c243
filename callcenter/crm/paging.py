"""Keyset pages: the next page begins after a row, not after a count, so that no row is shown twice or skipped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from callcenter import errors

T = TypeVar("T")

_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, and what to pass as `after` for those behind them; empty at the end."""

    items: tuple[T, ...]
    next: str = ""


def page(rows: Sequence[T], limit: int, key: Callable[[T], tuple[datetime, int]]) -> Page[T]:
    """Cut off the one row that was fetched too many; its being there means that there is more."""
    items = tuple(rows[:limit])
    more = len(rows) > limit and items
    return Page(items, encode(*key(items[-1])) if more else "")


def encode(at: datetime, key: int, kind: str = "") -> str:
    """Return a place in a list, to the microsecond, as text for an address."""
    micros = (at - _START) // timedelta(microseconds=1)
    return f"{micros}.{key}" + (f".{kind}" if kind else "")


def decode(text: str) -> tuple[datetime, int]:
    """Return the time and the row of a place; raise Invalid for what we did not give out."""
    at, key, _ = decode_kind(text)
    return at, key


def decode_kind(text: str) -> tuple[datetime, int, str]:
    """Return the time, the row and the kind of a place."""
    parts = text[:60].split(".")
    try:
        micros, key = int(parts[0]), int(parts[1])
        return _START + timedelta(microseconds=micros), key, parts[2] if len(parts) > 2 else ""
    except (ValueError, IndexError, OverflowError) as error:
        raise errors.Invalid("after", "is not a place in this list") from error
