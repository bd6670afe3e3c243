"""A standing clock: it is always the same Tuesday, twenty past two in Jerusalem, and time goes on when a picture needs it.

The program asks `time.time()` and `db.utcnow()` what time it is; both are answered here. Every answer is a microsecond later
than the one before, so that no two rows have the same moment. Timers and time-outs run on the monotonic clock, as ever.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from callcenter import db

OFFICE = ZoneInfo("Asia/Jerusalem")
MOMENT = datetime(2026, 11, 24, 14, 20, tzinfo=OFFICE)


class Clock:
    """What time it is, epoch seconds."""

    def __init__(self) -> None:
        self._at = MOMENT.timestamp()
        self._ticks = itertools.count(1)

    def time(self) -> float:
        """Give the present."""
        return self._at + next(self._ticks) / 1_000_000

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self._at += seconds

    @property
    def now(self) -> datetime:
        """Give the present, in UTC."""
        return datetime.fromtimestamp(self._at, UTC)


@contextlib.contextmanager
def standing() -> Iterator[Clock]:
    """Let this process live at the moment of the pictures."""
    clock = Clock()

    class Standing(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.fromtimestamp(clock.time(), tz)

    real = time.time
    time.time = clock.time
    db.datetime = Standing  # type: ignore[misc,attr-defined]
    try:
        yield clock
    finally:
        time.time = real
        db.datetime = datetime  # type: ignore[attr-defined]
