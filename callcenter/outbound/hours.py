"""Calling hours: which minutes of a week are open, and when it opens next; pure, in the clock of whoever is called.

A week is seven spans, Monday first (`datetime.weekday`), each open from a minute to a minute of the day or closed. A holiday
closes its whole day. Every question takes an aware time in the zone that it is about: no zone is looked up here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from callcenter import errors

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_DAYS_AHEAD = 30
_SPAN = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*[-\u2013]\s*([01]?\d|2[0-4]):([0-5]\d)")

Span = tuple[int, int]  # minutes of the day: from, and up to but not including


@dataclass(frozen=True, slots=True)
class Week:
    """When calls may be made; `holidays` by ISO date."""

    spans: tuple[Span | None, ...]
    holidays: Mapping[str, str] = field(default_factory=dict)

    def span(self, day: datetime) -> Span | None:
        """Return the open minutes of a day, or None when it is closed."""
        return None if self.holiday(day) else self.spans[day.weekday()]

    def holiday(self, day: datetime) -> str:
        """Return the name of the day's holiday, or nothing."""
        iso = day.date().isoformat()
        return (self.holidays[iso] or iso) if iso in self.holidays else ""

    def is_open(self, at: datetime) -> bool:
        """Say whether a call may be made at this local time."""
        span = self.span(at)
        return span is not None and span[0] <= at.hour * 60 + at.minute < span[1]

    def next_open(self, at: datetime) -> datetime | None:
        """Return the next local time at which it is open: `at` itself where it is; None within thirty days."""
        if self.is_open(at):
            return at
        for ahead in range(MOST_DAYS_AHEAD):
            day = at + timedelta(days=ahead)
            span = self.span(day)
            if span is None:
                continue
            opens = _at(day, span[0])
            if opens > at:
                return opens
        return None


def parse(text: str, name: str = "hours") -> Span | None:
    """Read `09:00-20:00`; nothing is closed. Raise Invalid naming `name`."""
    if not text.strip():
        return None
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise errors.Invalid(name, f"{text[:30]!r} is not like 09:00-20:00, and empty means closed")
    begin, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if end > 24 * 60 or begin >= end:
        raise errors.Invalid(name, f"{text[:30]!r} does not end after it begins")
    return begin, end


def week(hours: Mapping[str, str], holidays: Mapping[str, str]) -> Week:
    """Read a week as the settings write it: `sun = "09:00-20:00"`; a day that is not named is closed."""
    if unknown := set(hours) - set(DAYS):
        raise errors.Invalid("hours", f"{sorted(unknown)[0]!r} is none of {', '.join(DAYS)}")
    return Week(tuple(parse(hours.get(day, ""), f"hours.{day}") for day in DAYS), dict(holidays))


def narrowed(wide: Week, hours: Mapping[str, str]) -> Week:
    """Return the hours that both allow; a campaign that names none keeps the site's, and it can only narrow them."""
    if not hours:
        return wide
    own = week(hours, {})
    return Week(tuple(map(_common, wide.spans, own.spans)), wide.holidays)


def write(span: Span | None) -> str:
    """Write a span as it is read."""
    return "" if span is None else f"{clock(span[0])}-{clock(span[1])}"


def clock(minute: int) -> str:
    """Write a minute of the day as HH:MM."""
    return f"{minute // 60:02}:{minute % 60:02}"


def midnight_after(at: datetime) -> datetime:
    """Return the beginning of the next day there."""
    return _at(at + timedelta(days=1), 0)


def _common(a: Span | None, b: Span | None) -> Span | None:
    if a is None or b is None:
        return None
    begin, end = max(a[0], b[0]), min(a[1], b[1])
    return (begin, end) if begin < end else None


def _at(day: datetime, minute: int) -> datetime:
    """Return a wall-clock time of a day in its own zone."""
    return datetime.combine(day.date(), time(minute // 60, minute % 60), day.tzinfo)
