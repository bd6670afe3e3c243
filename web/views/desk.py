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
from sqlalchemy import func, or_, select
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import visibility
from callcenter.db import utcnow
from web import auth, keys, rendering
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
    session: sa_orm.Session, viewer: visibility.Viewer, now: datetime, begin: datetime, end: datetime
) -> Day:  # fmt: skip
    """Read an agent's day between two moments."""
    part, call = models.CallParticipant, models.Call
    handled = select(
        func.count(),
        func.sum(call.talk_seconds),
        func.sum(call.hold_seconds),
        func.sum(call.wrapup_seconds),
    ).join(part, part.call_id == call.id)
    mine = (part.user_id == viewer.id, part.answered.is_not(None), call.started >= begin)
    count, *lengths = session.execute(
        handled.where(*mine, call.started < end, call.merged_into.is_(None))
    ).one()
    talk, hold, wrapup = (float(seconds or 0.0) for seconds in lengths)
    return Day(
        calls=count,
        talk_seconds=talk,
        aht_seconds=(talk + hold + wrapup) / count if count else None,
        due=tuple(
            sorted(
                [*_due(session, viewer, now, end), *_promised(session, viewer, now, end)], key=_when
            )
        ),
        missed=tuple(_missed(session, viewer, begin, end)),
    )


def _due(
    session: sa_orm.Session, viewer: visibility.Viewer, now: datetime, end: datetime
) -> list[Due]:
    task, party = models.Task, models.Party
    rows = session.execute(
        select(task, party)
        .outerjoin(party, party.id == task.party_id)
        .where(
            task.assignee_id == viewer.id,
            task.done_at.is_(None),
            or_(task.due_at.is_(None), task.due_at < end),
        )
        .order_by(task.due_at.is_(None), task.due_at, task.id)
        .limit(MOST)
    ).all()
    numbers = _numbers(session, {task.party_id for task, _ in rows if task.party_id})
    return [
        Due(
            kind=task.kind,
            at=task.due_at,
            name=party.display if party else "",
            party_id=task.party_id,
            number=numbers.get(task.party_id or 0, ""),
            title=task.title,
            late=task.due_at is not None and task.due_at < now,
        )
        for task, party in rows
    ]


def _when(due: Due) -> tuple[bool, float]:
    return due.at is None, due.at.timestamp() if due.at else 0.0


def _promised(
    session: sa_orm.Session, viewer: visibility.Viewer, now: datetime, end: datetime
) -> list[Due]:
    """Return the callbacks of campaigns for today; they come by themselves, so there is nothing to dial here."""
    lead, campaign = models.Lead, models.Campaign
    rows = session.execute(
        select(lead, campaign.name)
        .join(campaign, campaign.id == lead.campaign_id)
        .where(lead.callback_user_id == viewer.id, lead.state == "callback", lead.next_at < end)
        .order_by(lead.next_at)
        .limit(MOST)
    ).all()
    return [
        Due("callback", row.next_at, row.name, row.party_id if visibility.may_see(session, viewer, models.Party, row.party_id) else None,
            "", name, row.next_at < now)
        for row, name in rows
    ]  # fmt: skip


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


def _numbers(session: sa_orm.Session, parties: set[int]) -> dict[int, str]:
    """Return the number to dial of each customer: the primary one, else the oldest."""
    link, phone = models.PartyPhone, models.Phone
    rows = session.execute(
        select(link.party_id, phone.e164)
        .join(phone, phone.id == link.phone_id)
        .where(link.party_id.in_(parties), phone.quality != "bad", ~phone.do_not_call)
        .order_by(link.primary, link.id.desc())
    )
    return {row.party_id: row.e164 for row in rows}


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
    viewer = auth.current(request).viewer
    return await request.app[keys.DATABASE].run(day, viewer, now, *bounds(now, zone))


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
    figures = await _today(request)
    strip = {
        "calls": figures.calls,
        "aht_seconds": figures.aht_seconds and round(figures.aht_seconds),
    }
    seated = auth.current(request).role in ("agent", "supervisor")
    lead = {"lead": await leads_api.held(request)} if seated else {}
    return web.json_response({**offered, "today": strip, **lead})
