"""The agent's desk: the frame that scripts fill from the live state, the agent's own day, and the choices that they offer.

What changes by itself comes over the live connection; what a person looks at calmly (the figures and lists of the day) is a
page of ours, read again after each call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import orm as sa_orm
from sqlalchemy import select

from callcenter import models
from callcenter.crm import tasklist, visibility
from callcenter.db import utcnow
from callcenter.reports import conditions, days, figures
from web import auth, figure_asks, keys, rendering
from web.views import leads_api

MOST = 20


@dataclass(frozen=True, slots=True)
class Due:
    """Something to do today: a callback, a task, or a call of mine that nobody answered."""

    kind: str  # callback | task | missed
    at: datetime | None
    name: str
    party_id: int | None
    number: str  # to dial; empty when none is known
    title: str
    late: bool
    wait_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """An agent's own day so far; averages are None before the first call."""

    calls: int
    talk_seconds: float
    aht_seconds: float | None
    due: tuple[Due, ...]
    missed: tuple[Due, ...]


def bounds(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the beginning of the office's day and of the next."""
    today = now.astimezone(zone).date()
    return (
        datetime.combine(today, time(), zone),
        datetime.combine(today + timedelta(days=1), time(), zone),
    )


def day(
    session: sa_orm.Session, viewer: visibility.Viewer, now: datetime, begin: datetime, end: datetime, rules: conditions.Rules,
) -> Day:  # fmt: skip
    """Read an agent's day between two moments; its figures are those of the page of the day."""
    wanted = conditions.Wanted(begin, end, agent_id=viewer.id)
    tally = days.own(session, viewer, wanted, rules, now)
    return Day(
        calls=int(tally["taken"]),
        talk_seconds=tally["in_calls"],
        aht_seconds=figures.BY_CODE["own_aht"].value(tally),
        due=tuple(_due(session, viewer, now, end)),
        missed=tuple(_missed(session, viewer, begin, end)),
    )


def _due(
    session: sa_orm.Session, viewer: visibility.Viewer, now: datetime, end: datetime
) -> list[Due]:
    """Return what is due today; a campaign's callback comes by itself, so there is nothing to dial."""
    wanted = tasklist.Wanted(now, end, user_id=viewer.id, until=end)
    return [
        Due(
            kind=item.kind,
            at=item.due_at,
            name=item.name,
            party_id=item.party_id,
            number=item.number if item.source == tasklist.TASK else "",
            title=item.title,
            late=item.late,
        )
        for item in tasklist.page(session, viewer, wanted, limit=MOST).items
    ]


def _missed(
    session: sa_orm.Session, viewer: visibility.Viewer, begin: datetime, end: datetime
) -> list[Due]:
    """Return today's calls that rang here and that nobody answered, if nobody has spoken with them since."""
    part, call = models.CallParticipant, models.Call
    later = sa_orm.aliased(models.Call)
    spoken = (
        select(later.id)
        .where(
            later.far_e164 == call.far_e164,
            later.started > call.started,
            later.answered.is_not(None),
        )
        .exists()
    )
    rows = session.scalars(
        select(call)
        .join(part, part.call_id == call.id)
        .where(
            part.user_id == viewer.id,
            part.outcome == "missed",
            call.direction == "inbound",
            call.answered.is_(None),
            call.ended.is_not(None),
            call.far_e164.is_not(None),
            call.started >= begin,
            call.started < end,
            ~spoken,
            visibility.visible(viewer, call),
        )
        .order_by(call.started.desc())
        .limit(5)
    )
    return [
        Due(
            "missed",
            row.started,
            row.name_snapshot,
            row.party_id,
            row.far_e164 or "",
            "",
            False,
            row.wait_seconds,
        )  # fmt: skip
        for row in rows
    ]


def choices(session: sa_orm.Session, language: str) -> dict[str, list[dict[str, Any]]]:
    """Return the outcomes and the reasons of a pause, labelled in one language."""

    def label(labels: dict[str, str], code: str) -> str:
        return labels.get(language) or labels.get("en") or code

    outcomes = session.scalars(
        select(models.Outcome)
        .where(models.Outcome.active, models.Outcome.scope == "all")
        .order_by(models.Outcome.position, models.Outcome.id)
    )
    reasons = session.scalars(
        select(models.PauseReason)
        .where(models.PauseReason.active)
        .order_by(models.PauseReason.position, models.PauseReason.id)
    )
    return {
        "outcomes": [
            {
                "id": row.id,
                "label": label(row.labels, row.code),
                "digit": row.digit,
                "callback": row.callback,
                "success": row.success,
            }
            for row in outcomes
        ],
        "reasons": [
            {
                "code": row.code,
                "label": label(row.labels, row.code),
                "allowed_minutes": row.allowed_minutes,
            }
            for row in reasons
        ],
    }


async def _today(request: web.Request) -> Day:
    zone = ZoneInfo(request.app[keys.SETTINGS].site.timezone)
    now = utcnow()
    viewer, rules = auth.current(request).viewer, figure_asks.rules(request.app[keys.SETTINGS])
    begin, end = bounds(now, zone)
    return await request.app[keys.DATABASE].run(day, viewer, now, begin, end, rules)


async def page(request: web.Request) -> web.StreamResponse:
    """Show the desk."""
    return rendering.page(request, "desk.html", day=await _today(request), now=utcnow())


async def today(request: web.Request) -> web.StreamResponse:
    """Show the agent's day alone, for the desk to put in place of the old one."""
    return rendering.page(request, "desk_today.html", day=await _today(request), now=utcnow())


async def setup(request: web.Request) -> web.StreamResponse:
    """Answer what the bar and the desk offer: outcomes, reasons of a pause, the figures of the strip."""
    language = auth.texts(request).language
    offered = await request.app[keys.DATABASE].run(choices, language)
    told = await _today(request)
    strip = {
        "calls": told.calls,
        "aht_seconds": told.aht_seconds and round(told.aht_seconds),
    }
    seated = auth.current(request).role in ("agent", "supervisor")
    lead = {"lead": await leads_api.held(request)} if seated else {}
    return web.json_response({**offered, "today": strip, **lead})
