"""Campaigns on pages: the list with how far each has come, and one with its script, its rules and its imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy import or_, select
from sqlalchemy import orm as sa_orm

from callcenter import errors, models
from callcenter.crm import visibility
from callcenter.db import utcnow
from callcenter.outbound import campaigns, hours, recycling
from web import auth, i18n, keys, rendering

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
RESULTS = ("busy", "no_answer", "voicemail", "cancelled", "failed", "answered")
PROBLEMS = {
    "name": i18n.N_("The name is missing, too long, or another campaign has it"),
    "team_id": i18n.N_("Choose one of the teams that you lead"),
    "caller_id": i18n.N_("This is not a valid phone number"),
    "hours": i18n.N_("Hours are written like 09:00-20:00; empty means no calls that day"),
    "retry": i18n.N_("Minutes are a whole number"),
    "max_attempts": i18n.N_("Attempts are a whole number from 1 to 50"),
    "scripts": i18n.N_("The script is too long"),
}
OTHERWISE = i18n.N_("This value is too long or not possible")


@dataclass(frozen=True, slots=True)
class Listed:
    """The campaigns that a person sees."""

    rows: Sequence[models.Campaign]
    progress: dict[int, campaigns.Progress]
    teams: dict[int, str]
    joined: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One campaign, with all that can be chosen for it."""

    campaign: models.Campaign
    progress: campaigns.Progress
    outcomes: Sequence[models.Outcome]
    teams: dict[int, str]
    batches: Sequence[models.ImportBatch]
    manages: bool


def read_list(session: sa_orm.Session, viewer: visibility.Viewer, now: datetime) -> Listed:
    """Read the campaigns with their progress, those that run first."""
    campaign = models.Campaign
    order = {state: place for place, state in enumerate(("running", "paused", "draft", "ended"))}
    rows = session.scalars(
        select(campaign).where(visibility.visible(viewer, campaign)).order_by(campaign.id.desc())
    ).all()
    seat = campaigns.joined(session, viewer)
    return Listed(
        sorted(rows, key=lambda row: order[row.state]),
        campaigns.progress(session, [row.id for row in rows], now),
        _teams(session, None),
        seat.id if seat else None,
    )


def read_one(
    session: sa_orm.Session, viewer: visibility.Viewer, campaign_id: int, now: datetime
) -> Shown:
    """Read a campaign; raise NotFound for one that is hidden."""
    campaign = visibility.get(session, viewer, models.Campaign, campaign_id)
    batch, outcome = models.ImportBatch, models.Outcome
    counted = campaigns.progress(session, [campaign.id], now)
    return Shown(
        campaign,
        counted.get(campaign.id, campaigns.Progress()),
        session.scalars(
            select(outcome)
            .where(or_(outcome.active, outcome.code.in_(campaign.outcomes)))
            .order_by(outcome.position, outcome.id)
        ).all(),
        _teams(session, viewer),
        session.scalars(
            select(batch)
            .where(batch.campaign_id == campaign.id)
            .order_by(batch.id.desc())
            .limit(20)
        ).all(),
        campaigns.manages(viewer, campaign),
    )


def _teams(session: sa_orm.Session, viewer: visibility.Viewer | None) -> dict[int, str]:
    rows = session.execute(
        select(models.Team.id, models.Team.name).order_by(models.Team.name)
    ).all()
    mine = None if viewer is None or viewer.sees_all else viewer.led_team_ids
    return {id_: name for id_, name in rows if mine is None or id_ in mine}


async def listing(request: web.Request) -> web.StreamResponse:
    """Show the list."""
    listed = await request.app[keys.DATABASE].run(read_list, auth.current(request).viewer, utcnow())
    return rendering.page(request, "campaigns/list.html", listed=listed)


async def show(request: web.Request) -> web.StreamResponse:
    """Show a campaign."""
    return await _page(request, int(request.match_info["id"]))


async def blank(request: web.Request) -> web.StreamResponse:
    """Show the form for a new campaign."""
    return await _blank(request, {}, {}, 200)


async def create(request: web.Request) -> web.StreamResponse:
    """Make a campaign."""
    fields = await request.post()
    values = {"name": str(fields.get("name", "")), "team_id": str(fields.get("team_id", ""))}
    viewer = auth.current(request).viewer
    try:
        made = await request.app[keys.DATABASE].run(_create, viewer, values, utcnow())
    except errors.Invalid as error:
        return await _blank(request, values, _problem(request, error), 422)
    raise web.HTTPSeeOther(f"/campaigns/{made}")


async def save(request: web.Request) -> web.StreamResponse:
    """Keep the script and the rules; a refused form comes back as it was typed."""
    campaign_id = int(request.match_info["id"])
    fields = await request.post()
    sent = str(fields.get("version", ""))
    viewer = auth.current(request).viewer
    typed = _typed(fields)
    try:
        await request.app[keys.DATABASE].run(
            _edit, viewer, campaign_id, typed, int(sent) if sent.isdecimal() else 0
        )
    except errors.Invalid as error:
        return await _page(request, campaign_id, typed=typed, problems=_problem(request, error), status=422)  # fmt: skip
    except (errors.Conflict, sa_orm.exc.StaleDataError):
        return await _page(request, campaign_id, typed=typed, conflict=True, status=409)
    raise web.HTTPSeeOther(f"/campaigns/{campaign_id}?saved=1")


async def state(request: web.Request) -> web.StreamResponse:
    """Start, pause or end a campaign."""
    campaign_id = int(request.match_info["id"])
    fields = await request.post()
    viewer = auth.current(request).viewer
    await request.app[keys.DATABASE].run(
        _move, viewer, campaign_id, str(fields.get("state", "")), utcnow()
    )
    raise web.HTTPSeeOther(f"/campaigns/{campaign_id}")


async def _page(
    request: web.Request, campaign_id: int, *, typed: Mapping[str, Any] | None = None,
    problems: Mapping[str, str] | None = None, conflict: bool = False, status: int = 200,
) -> web.Response:  # fmt: skip
    viewer = auth.current(request).viewer
    shown = await request.app[keys.DATABASE].run(read_one, viewer, campaign_id, utcnow())
    campaign = shown.campaign
    values = {
        "name": campaign.name, "team_id": campaign.team_id, "caller_id": campaign.caller_id, "scripts": campaign.scripts,
        "hours": campaign.hours, "retry": campaign.retry, "max_attempts": campaign.max_attempts,
        "outcomes": campaign.outcomes, **(typed or {}),
    }  # fmt: skip
    asked = request.app[keys.SETTINGS].compliance
    return rendering.page(
        request,
        "campaigns/show.html",
        status=status,
        shown=shown,
        campaign=campaign,
        values=values,
        problems=problems or {},
        conflict=conflict,
        saved=request.query.get("saved") == "1",
        moves=campaigns.MOVES[campaign.state],
        days=DAYS,
        results=RESULTS,
        usual=recycling.USUAL,
        site_hours={day: hours.write(hours.parse(asked.hours.get(day, ""))) for day in DAYS},
    )


async def _blank(
    request: web.Request, values: Mapping[str, Any], problems: Mapping[str, str], status: int
) -> web.Response:
    viewer = auth.current(request).viewer
    teams = await request.app[keys.DATABASE].run(_teams, viewer)
    return rendering.page(
        request, "campaigns/new.html", status=status, values=values, problems=problems, teams=teams,
        anybody=viewer.sees_all,
    )  # fmt: skip


def _create(
    session: sa_orm.Session, viewer: visibility.Viewer, values: Mapping[str, Any], now: datetime
) -> int:
    return campaigns.create(session, viewer, values, now=now).id


def _edit(
    session: sa_orm.Session, viewer: visibility.Viewer, campaign_id: int, values: Mapping[str, Any], version: int
) -> None:  # fmt: skip
    campaigns.edit(session, viewer, campaign_id, values, version=version, now=utcnow())


def _move(
    session: sa_orm.Session, viewer: visibility.Viewer, campaign_id: int, wanted: str, now: datetime
) -> None:
    campaigns.move(session, viewer, campaign_id, wanted, now=now)


def _typed(fields: Any) -> dict[str, Any]:
    """Return what the form holds, by the campaign's field names."""

    def under(prefix: str) -> dict[str, str]:
        return {
            str(k)[len(prefix) :]: str(v) for k, v in fields.items() if str(k).startswith(prefix)
        }

    return {
        **{name: str(fields[name]) for name in ("name", "team_id", "caller_id", "max_attempts") if name in fields},
        "scripts": under("script_"), "hours": under("hours_"), "retry": under("retry_"),
        "outcomes": [str(code) for code in fields.getall("outcome", [])],
    }  # fmt: skip


def _problem(request: web.Request, error: errors.Invalid) -> dict[str, str]:
    field = error.field.partition(".")[0]
    return {field: auth.texts(request).say(PROBLEMS.get(field, OTHERWISE))}
