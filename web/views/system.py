"""The state of the system: exchanges, database, recordings, disk. `/healthz` is the same for machines, in one word."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from sqlalchemy import func, select, text
from sqlalchemy import orm as sa_orm
from sqlalchemy.exc import SQLAlchemyError

from callcenter import models
from callcenter.settings import Settings
from recordings import backlog
from web import keys, rendering

WAITING = ("expected", "stored", "transcribing")
STUCK = ("failed", "missing", "no_model")
LOW_DISK_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database says of itself."""

    seconds: float
    calls: int
    customers: int
    recordings: dict[str, int]
    waiting_for: dict[str, int]  # language -> recordings that wait for its model
    pace: float | None  # seconds of speech that a worker hears in a second


@dataclass(frozen=True, slots=True)
class Disk:
    """Room left where recordings are kept."""

    folder: str
    free: int
    total: int

    @property
    def share(self) -> float:
        """Return the share that is free."""
        return self.free / self.total if self.total else 0.0

    @property
    def low(self) -> bool:
        """Tell whether it is time to act."""
        return self.share < LOW_DISK_SHARE


def kept(session: sa_orm.Session) -> Kept:
    """Read the figures of the page, and how long the reading took."""
    began = time.perf_counter()
    states = session.execute(
        select(models.Recording.state, func.count()).group_by(models.Recording.state)
    )
    recordings = {state: count for state, count in states}
    calls = session.scalar(select(func.count()).select_from(models.Call)) or 0
    customers = session.scalar(select(func.count()).select_from(models.Party)) or 0
    waiting = session.execute(
        select(models.Recording.language, func.count())
        .where(models.Recording.state == "no_model")
        .group_by(models.Recording.language)
    )
    waiting_for = {language: count for language, count in waiting}
    seconds = time.perf_counter() - began
    return Kept(seconds, calls, customers, recordings, waiting_for, backlog.pace(session))


def disk(settings: Settings) -> Disk:
    """Measure the room in the recordings' folder, or in the nearest one above that exists."""
    folder = Path(settings.recordings.folder).absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    usage = shutil.disk_usage(there)
    return Disk(settings.recordings.folder, usage.free, usage.total)


def exchanges(request: web.Request) -> list[dict[str, Any]]:
    """Return the state of every link: what the switchboard says, else that nothing is connected."""
    switchboard = request.app[keys.SWITCHBOARD]
    if switchboard is not None:
        return [dataclasses.asdict(status) for status in switchboard.status()]
    return [{"name": pbx.name, "state": "stopped"} for pbx in request.app[keys.SETTINGS].pbx]


async def show(request: web.Request) -> web.StreamResponse:
    """Show the page."""
    settings = request.app[keys.SETTINGS]
    figures = await request.app[keys.DATABASE].run(kept)
    room = await asyncio.to_thread(disk, settings)
    return rendering.page(
        request,
        "system.html",
        exchanges=exchanges(request),
        kept=figures,
        database=request.app[keys.DATABASE].url.get_backend_name(),
        disk=room,
        models=settings.speech.models,
        waiting=sum(figures.recordings.get(state, 0) for state in WAITING),
        stuck=sum(figures.recordings.get(state, 0) for state in STUCK),
    )


def _one(session: sa_orm.Session) -> int:
    return int(session.execute(text("SELECT 1")).scalar_one())


async def health(request: web.Request) -> web.StreamResponse:
    """Answer 200 while pages can be served, 503 while the database cannot be reached."""
    try:
        await request.app[keys.DATABASE].run(_one)
    except SQLAlchemyError:
        return web.json_response({"status": "down", "database": "unreachable"}, status=503)
    switchboard = request.app[keys.SWITCHBOARD]
    lines = switchboard.status() if switchboard is not None else ()
    links = {line.name: line.state for line in lines}
    return web.json_response({"status": "ok", "database": "ok", "pbx": links})
