"""The monitor: it looks at every part, says what is wrong when that changes, and keeps the last look for page and metrics.

What is in memory is looked at each second and at once when a link changes; what costs a question (rows, room, Redis) is
measured every quarter of a minute on a thread. A trouble that begins or ends is a line in the log with its setting's name.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from callcenter import health
from callcenter.crm import writer
from callcenter.db import Database, utcnow
from callcenter.settings import Settings
from callcenter.telephony import switchboard
from recordings import backlog, worker
from screenpop import floor, present

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
MEASURE_SECONDS = 15.0


class Monitor:
    """What was seen last, and what is wrong; without a switchboard nothing is live and only rows and room are seen."""

    def __init__(
        self, settings: Settings, database: Database, board: switchboard.Switchboard | None
    ) -> None:
        self.board = board
        self.clock = present.clock(settings.site.timezone)
        self.floor: floor.Floor | None = None
        self.workers: list[worker.Child] = []
        self.seen = health.Seen(time.time())
        self.troubles: tuple[health.Trouble, ...] = ()
        self.lines: Sequence[switchboard.Status] = ()
        self._settings, self._database = settings, database
        self._retry = {pbx.name: pbx.auth_retry_seconds for pbx in settings.pbx}
        self._recordings: health.Backlog | None = None
        self._disk: health.Disk | None = None
        self._reading: health.Fault | None = None
        self._redis: health.Fault | None = None
        if board is not None:
            board.states.append(self.look)

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Look on, as long as the application runs."""
        tasks = [asyncio.create_task(work()) for work in (self._look_on, self._measure_on)]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def look(self) -> None:
        """Look at what is in memory, and tell what changed."""
        self.seen = self._see()
        before, now = self.troubles, tuple(health.troubles(self.seen, self.troubles))
        if now == before:
            return
        self.troubles = now
        _log(before, now)
        if self.floor is not None:
            self.floor.screens.tell_troubles(now)

    async def measure(self) -> None:
        """Ask for what costs a question: rows, room, Redis."""
        try:
            self._recordings = await self._database.run(backlog.read, utcnow())
            self._reading = None
        except SQLAlchemyError as error:
            self._reading = _fault(self._reading, str(getattr(error, "orig", None) or error)[:300])
        with contextlib.suppress(OSError):
            self._disk = await asyncio.to_thread(backlog.room, self._settings)
        if url := self._settings.web.redis_url:
            problem = await asyncio.to_thread(backlog.redis_problem, url)
            self._redis = _fault(self._redis, problem) if problem else None
        self.look()

    def _see(self) -> health.Seen:
        self.lines = self.board.status() if self.board is not None else ()
        center = self.floor.center if self.floor is not None else None
        return health.Seen(
            time.time(),
            lines=[
                health.Line(
                    line.name, line.state, line.reason, line.since, line.lag_seconds, line.missing,
                    self._retry.get(line.name, 60.0),
                )
                for line in self.lines
            ],
            writing=_said(center.writer.trouble) if center else None,
            reading=self._reading,
            lookup=_said(center.lookup.trouble) if center else None,
            rows_refused=center.writer.refused if center else 0,
            refused_at=center.writer.refused_at if center else None,
            recordings=self._recordings,
            disk=self._disk,
            workers_wanted=len(self.workers),
            workers_alive=sum(child.alive for child in self.workers),
            redis=self._redis,
        )  # fmt: skip

    async def _look_on(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def _measure_on(self) -> None:
        while True:
            await self.measure()
            await asyncio.sleep(MEASURE_SECONDS)


def _said(trouble: writer.Trouble | None) -> health.Fault | None:
    return health.Fault(trouble.problem, trouble.since) if trouble is not None else None


def _fault(before: health.Fault | None, problem: str) -> health.Fault:
    return health.Fault(problem, before.since if before else time.time())


def _log(before: Sequence[health.Trouble], now: Sequence[health.Trouble]) -> None:
    """Write what began and what ended."""
    was, is_ = ({trouble.key: trouble for trouble in some} for some in (before, now))
    for key in is_.keys() - was.keys():
        trouble = is_[key]
        write: Any = log.error if trouble.severity is health.Severity.BAD else log.warning
        write("trouble begins", code=trouble.code, setting=trouble.setting, **trouble.params)
    for key in was.keys() - is_.keys():
        trouble = was[key]
        log.warning(
            "trouble over", code=trouble.code, pbx=trouble.params.get("pbx", ""),
            after_seconds=round(time.time() - trouble.since, 1),
        )  # fmt: skip
