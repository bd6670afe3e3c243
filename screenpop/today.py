"""The queues' figures of today on the floor: computed once for everybody who watches, when calls came or ended, and no more often
than every ten seconds; what changed goes out with the floor's rows.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter import db, errors
from callcenter.crm import center
from callcenter.reports import conditions, periods, today
from callcenter.telephony import facts

log = structlog.get_logger(__name__)

EVERY_SECONDS = 10.0
ANYWAY_SECONDS = 60.0  # calls are completed from the exchange's records too, and outcomes change
_TICK_SECONDS = 1.0
_NEWS = (facts.CallQueued, facts.CallEnded, facts.CallLost, facts.CallMerged)


class Today:
    """Keep the numbers of the day while somebody watches."""

    def __init__(self, of: center.Center) -> None:
        self.changed: list[Callable[[], None]] = []
        self.watched: Callable[[], bool] = lambda: False
        self.numbers: dict[today.Key, today.Numbers] = {}
        self.begin = self.end = 0  # of the office's day, epoch seconds
        self._of = of
        self._read_at = 0.0
        self._news = True
        self._task: asyncio.Task[None] | None = None
        of.board.subscribers.append(self._on_fact)

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="today")

    async def stop(self) -> None:
        """Leave off."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def refresh(self) -> bool:
        """Compute the numbers when they may have changed and were not just computed; say whether they were."""
        now, zone = db.utcnow(), ZoneInfo(self._of.settings.site.timezone)
        at = now.timestamp()
        stale = self._news or at >= self.end or at - self._read_at >= ANYWAY_SECONDS
        if not stale or at - self._read_at < EVERY_SECONDS:
            return False
        self._news, self._read_at = False, at
        day = now.astimezone(zone).date()
        begin, end = (periods.midnight(d, zone) for d in (day, day + timedelta(days=1)))
        reports = self._of.settings.reports
        rules = conditions.Rules(reports.short_abandon_seconds, reports.target_seconds)
        await self._of.written()
        self.numbers = await self._of.database.run(
            today.read, conditions.Wanted(begin, end, zone=zone.key), rules, now, list(self._of.board.lines)
        )  # fmt: skip
        self.begin, self.end = int(begin.timestamp()), int(end.timestamp())
        return True

    def _on_fact(self, _pbx: str, fact: facts.Fact) -> None:
        if isinstance(fact, _NEWS):
            self._news = True

    async def _run(self) -> None:
        while True:
            if self.watched():
                try:
                    if await self.refresh():
                        for tell in self.changed:
                            tell()
                except (SQLAlchemyError, errors.CallCenterError) as error:
                    self._news = True
                    log.warning("figures of today not read", problem=str(error)[:200])
            await asyncio.sleep(_TICK_SECONDS)


def row(numbers: today.Numbers, **more: Any) -> dict[str, Any]:
    """Write numbers as a browser is told them: rounded, so that what looks the same is the same."""
    return {
        code: value if value is None else round(value, 4) for code, value in numbers.told().items()
    } | more
