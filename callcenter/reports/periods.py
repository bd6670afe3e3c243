"""Days and hours as the office's clock has them: a day is 23 or 25 hours long when the clock is moved.

No clock here: today is an argument. SQL counts in quarters of an hour since the epoch (`SLOT_SECONDS`), which no time zone
of the present cuts; days and hours are put together from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from callcenter import errors

SLOT_SECONDS = 900
NAMES = ("today", "yesterday", "week", "month", "custom")
LONGEST_DAYS = 366
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of the office, the last one included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def days(self) -> int:
        """Give how many days there are."""
        return (self.last - self.first).days + 1

    @property
    def begin(self) -> datetime:
        """Give its first moment."""
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """Give the first moment after it."""
        return midnight(self.last + timedelta(days=1), self.zone)

    def before(self) -> Period:
        """Give as many days, right before."""
        back = timedelta(days=self.days)
        return Period(self.first - back, self.last - back, self.zone)

    def each_day(self) -> Iterator[date]:
        """Yield its days."""
        return (self.first + timedelta(days=n) for n in range(self.days))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Give when a day begins, in UTC: where midnight is skipped, the first moment there is."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_of(at: float, zone: ZoneInfo) -> date:
    """Give the office's date of a moment in epoch seconds."""
    return datetime.fromtimestamp(at, zone).date()


def hour_of(at: float, zone: ZoneInfo) -> int:
    """Give the hour that the office's clock shows; the one that comes twice is one."""
    return datetime.fromtimestamp(at, zone).hour


def offsets(begin: datetime, end: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime, int]]:
    """Cut a time where the clock is moved: (from, until, seconds ahead of UTC)."""
    found: list[tuple[datetime, datetime, int]] = []
    step, at = timedelta(seconds=SLOT_SECONDS), begin
    while at < end:
        ahead = _ahead(at, zone)
        # Leaps of a day, then a quarter at a time to the place where it differs.
        until = at
        while until < end and _ahead(until, zone) == ahead:
            until += timedelta(days=1)
        until = min(until, end)
        while until > at + step and _ahead(until - step, zone) != ahead:
            until -= step
        found.append((at, until, ahead))
        at = until
    return found


def _ahead(at: datetime, zone: ZoneInfo) -> int:
    moved = at.astimezone(zone).utcoffset()
    return int(moved.total_seconds()) if moved is not None else 0


def named(name: str, today: date, zone: ZoneInfo) -> Period:
    """Give today, yesterday, the last seven days, or this month so far."""
    first, last = {
        "yesterday": (today - timedelta(days=1),) * 2,
        "week": (today - timedelta(days=6), today),
        "month": (today.replace(day=1), today),
    }.get(name, (today, today))
    return Period(first, last, zone)


def between(first: str, last: str, zone: ZoneInfo) -> Period:
    """Read two dates as YYYY-MM-DD; raise Invalid for what is none, is turned round or is too long."""
    read = []
    for field, text in (("from", first), ("to", last)):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise errors.Invalid(field, "is not a date such as 2026-11-25") from None
        if not EARLIEST <= day <= LATEST:
            raise errors.Invalid(field, "is out of reach")
        read.append(day)
    period = Period(read[0], read[1], zone)
    if period.days < 1:
        raise errors.Invalid("to", "is before the first day")
    if period.days > LONGEST_DAYS:
        raise errors.Invalid("to", f"is more than {LONGEST_DAYS} days after the first")
    return period
