"""The state of the system: what is wrong in words, and the figures behind it. `/healthz` is the same for machines, in one word."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy import func, select, text
from sqlalchemy import orm as sa_orm
from sqlalchemy.exc import SQLAlchemyError

import callcenter
from callcenter import health, models
from callcenter.telephony import switchboard
from recordings import retention
from screenpop import floor, troubles
from web import keys, rendering

STATES = (
    "expected", "stored", "transcribing", "done", "no_model", "missing", "failed", "empty",
    "deleted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database says of itself; `seconds` is how long it took to ask."""

    seconds: float
    calls: int
    customers: int
    version: str
    waiting_for: Mapping[str, int]  # language -> recordings that wait for its model


@dataclass(frozen=True, slots=True)
class Live:
    """What the browsers got: connections, pops, and the bounds that half and 99 of 100 pops did not exceed."""

    browsers: int
    people: int
    pops: int
    acked: int
    sent_again: int
    given_up: int
    half_seconds: float | None
    most_seconds: float | None


def kept(session: sa_orm.Session) -> Kept:
    """Read the figures of the page, and how long the reading took."""
    began = time.perf_counter()
    sqlite = session.get_bind().dialect.name == "sqlite"
    asked = "SELECT sqlite_version()" if sqlite else "SHOW server_version"
    calls = session.scalar(select(func.count()).select_from(models.Call)) or 0
    customers = session.scalar(select(func.count()).select_from(models.Party)) or 0
    version = f"{'SQLite' if sqlite else 'PostgreSQL'} {session.scalar(text(asked))}"
    waiting = session.execute(
        select(models.Recording.language, func.count())
        .where(models.Recording.state == "no_model")
        .group_by(models.Recording.language)
    )
    waiting_for = {language: count for language, count in waiting}
    return Kept(time.perf_counter() - began, calls, customers, version, waiting_for)


def live(of: floor.Floor) -> Live:
    """Count what went to the browsers."""
    counts, delays = of.server.counts, of.screens.delays
    return Live(
        of.server.browsers, len(of.server.users()), counts.pops, counts.acked, counts.sent_again,
        counts.given_up, delays.quantile(0.5), delays.quantile(0.99),
    )  # fmt: skip


def told(request: web.Request) -> list[troubles.Told]:
    """Put what is wrong into the reader's words."""
    monitor, say = request.app[keys.MONITOR], request[keys.TEXTS].translations.gettext
    return [troubles.told(trouble, say, monitor.clock) for trouble in monitor.troubles]


def worst(request: web.Request) -> health.Severity | None:
    """Give how bad it is, None for all is well."""
    return max((one.severity for one in request.app[keys.MONITOR].troubles), default=None)


async def show(request: web.Request) -> web.StreamResponse:
    """Show the page; a part that cannot be asked says so, the others go on."""
    monitor, of = request.app[keys.MONITOR], request.app.get(keys.FLOOR)
    if monitor.seen.disk is None:  # nobody has measured yet
        await monitor.measure()
    try:
        figures = await request.app[keys.DATABASE].run(kept)
    except SQLAlchemyError:
        figures = None
    settings = request.app[keys.SETTINGS]
    return rendering.page(
        request,
        "system.html",
        told=told(request),
        worst=worst(request),
        seen=monitor.seen,
        exchanges=_exchanges(monitor.lines, settings.pbx),
        kept=figures,
        writer=of.center.writer if of else None,
        workers=[(child.pid, child.alive) for child in monitor.workers],
        recordings=monitor.seen.recordings or health.Backlog(),
        states=STATES,
        sweeps_every=retention.EVERY.total_seconds(),
        disk=monitor.seen.disk,
        live=live(of) if of else None,
        failures=monitor.board.failures if monitor.board else 0,
        models=settings.speech.models,
        versions=_versions(monitor.lines),
    )


def _exchanges(lines: Any, named: Any) -> list[Any]:
    """Give the state of every link; without a switchboard nothing is connected."""
    return [*lines] or [
        switchboard.Status(pbx.name, "stopped", "", 0.0, 0.0, 0.0, 0, 0, None, (), 0, 0, 0)
        for pbx in named
    ]


def _versions(lines: Any) -> Mapping[str, str]:
    banners = {
        line.name: line.reason for line in lines if line.state == "up"
    }  # the AMI's own greeting
    return {
        "Callcenter": callcenter.__version__,
        **banners,
        "Python": platform.python_version(),
    }


def _one(session: sa_orm.Session) -> int:
    return int(session.execute(text("SELECT 1")).scalar_one())


async def health_word(request: web.Request) -> web.StreamResponse:
    """Answer 200 while pages can be served, 503 while the database cannot be reached."""
    try:
        await request.app[keys.DATABASE].run(_one)
    except SQLAlchemyError:
        return web.json_response({"status": "down", "database": "unreachable"}, status=503)
    board = request.app[keys.SWITCHBOARD]
    lines = board.status() if board is not None else ()
    links = {line.name: line.state for line in lines}
    return web.json_response({"status": "ok", "database": "ok", "pbx": links})
