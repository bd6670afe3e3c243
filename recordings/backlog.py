"""How far the recordings are, as health and the metrics ask it: rows by state, what failed and why, room, and the pace.

The pace is what the workers got done: seconds of speech transcribed a second, over the last quarter of an hour.
"""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter import health, models
from callcenter.settings import Settings
from recordings import jobs, retention

FAILED = ("failed", "missing")
RECENT = timedelta(days=1)
PACE = timedelta(minutes=15)
REDIS_SECONDS = 2.0


def read(session: Session, now: datetime) -> health.Backlog:
    """Count the recordings; `now` is aware."""
    row = models.Recording
    states = session.execute(select(row.state, func.count()).group_by(row.state))
    waits = select(func.min(row.started_at)).where(row.state.in_(jobs.HEARD))
    full = select(func.min(row.started_at)).where(
        row.state.in_(("expected", "missing", *jobs.HEARD)), row.reason.startswith("disk_full:")
    )
    kept = retention.state(session)
    heard = session.scalar(select(func.sum(row.seconds)).where(row.state == "done"))
    return health.Backlog(
        states={state: count for state, count in states},
        failed=_failed(session, now),
        oldest=_epoch(session.scalar(waits)),
        no_room_since=_epoch(session.scalar(full)),
        pace=_pace(session, now),
        seconds=float(heard or 0.0),
        swept=_epoch(kept.swept_at),
        marked=kept.marked.count,
    )


def room(settings: Settings) -> health.Disk:
    """Measure the room in the recordings' folder, or in the nearest one above that exists."""
    folder = Path(settings.recordings.folder).absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    usage = shutil.disk_usage(there)
    return health.Disk(settings.recordings.folder, usage.free, usage.total)


def redis_problem(url: str) -> str:
    """Ask Redis for a sign of life; return what it said instead, or an empty text."""
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS
        ) as server:
            server.ping()
    except (redis.RedisError, OSError) as problem:
        return str(problem)[:300] or type(problem).__name__
    return ""


def _failed(session: Session, now: datetime) -> dict[str, int]:
    """Count the failures of a day by the code before the reason's colon."""
    row = models.Recording
    reasons = session.execute(
        select(row.state, row.reason, func.count())
        .where(row.state.in_(FAILED), row.started_at > now - RECENT)
        .group_by(row.state, row.reason)
    )
    counted: dict[str, int] = {}
    for state, reason, count in reasons:
        code = reason.partition(":")[0] or state
        counted[code] = counted.get(code, 0) + count
    return counted


def _pace(session: Session, now: datetime) -> float:
    row, made = models.Recording, models.Transcript
    seconds = session.scalar(
        select(func.sum(row.seconds))
        .join(made, made.recording_id == row.id)
        .where(made.created_at > now - PACE)
    )
    return float(seconds or 0.0) / PACE.total_seconds()


def _epoch(at: datetime | None) -> float | None:
    return at.timestamp() if at is not None else None
