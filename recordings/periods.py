"""How long a recording is kept: a number of days for all, with exceptions for campaigns and queues. Pure.

The campaign's word comes before the queue's, the queue's before that for all; no number of days means for good. A recording whose
time is over is marked first and goes `GRACE` later; until then anybody who may can take it back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

CAMPAIGN, QUEUE = "campaign", "queue"
SCOPES = (CAMPAIGN, QUEUE)
GRACE = timedelta(days=7)
MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Period:
    """One exception; `days` is None for good, `pbx` is empty but for a queue."""

    scope: str
    pbx: str
    value: str
    days: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """How long what is kept; `transcripts` stay when the sound goes."""

    days: int | None = None
    exceptions: tuple[Period, ...] = ()
    transcripts: bool = True

    @property
    def shortest(self) -> int | None:
        """Return the least number of days after which anything goes; None where nothing ever does."""
        told = [self.days, *(each.days for each in self.exceptions)]
        return min((days for days in told if days is not None), default=None)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is asked of one recording."""

    id: int
    started_at: datetime
    pbx: str = ""
    queue: str = ""
    campaign: str = ""
    seconds: float = 0.0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Sum:
    """How many recordings, how long and how large."""

    count: int = 0
    seconds: float = 0.0
    bytes: int = 0

    def plus(self, seconds: float, size: int, count: int = 1) -> Sum:
        """Return it with more."""
        return Sum(self.count + count, self.seconds + seconds, self.bytes + size)


def days(plan: Plan, kept: Kept) -> int | None:
    """Return for how many days a recording is kept; None for good."""
    said = {(each.scope, each.pbx, each.value): each.days for each in plan.exceptions}
    for key in ((CAMPAIGN, "", kept.campaign), (QUEUE, kept.pbx, kept.queue)):
        if key[2] and key in said:
            return said[key]
    return plan.days


def is_over(plan: Plan, kept: Kept, now: datetime) -> bool:
    """Say whether a recording's time is over."""
    whole = days(plan, kept)
    return whole is not None and kept.started_at < now - timedelta(days=whole)


def by_day(found: Iterable[Kept], zone: tzinfo) -> dict[date, Sum]:
    """Add up recordings by the office's day, the oldest first."""
    sums: dict[date, Sum] = {}
    for kept in found:
        day = kept.started_at.astimezone(zone).date()
        sums[day] = sums.get(day, Sum()).plus(kept.seconds, kept.bytes)
    return dict(sorted(sums.items()))


def total(sums: Iterable[Sum]) -> Sum:
    """Add up sums."""
    whole = Sum()
    for each in sums:
        whole = whole.plus(each.seconds, each.bytes, each.count)
    return whole
