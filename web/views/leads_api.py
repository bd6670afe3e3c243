"""The JSON API of dialling: a click at a number, and the lead of a campaign on an agent's desk."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy import orm as sa_orm

from callcenter import db, models
from callcenter.crm import visibility
from callcenter.outbound import campaigns, gate, leads
from web import auth, keys, verdicts
from web.views import bodies, desk_api, leads_shown


class DialBody(bodies.Body):
    """POST /dial."""

    number: Annotated[str, Field(min_length=1, max_length=80)]
    party_id: int | None = None
    purpose: Literal["service", "marketing"] | None = None


class LeadBody(bodies.Body):
    """POST /lead/dial and /lead/renew."""

    lead_id: int


class SkipBody(bodies.Body):
    """POST /lead/skip."""

    lead_id: int
    reason: Annotated[str, Field(max_length=20)]


class JoinBody(bodies.Body):
    """POST /lead/join."""

    campaign_id: int


async def dial(request: web.Request) -> web.StreamResponse:
    """Place a call: the agent's phone first, then the number."""
    body = await bodies.read(request, DialBody)
    return await _dial(request, body.number, party_id=body.party_id, purpose=body.purpose)


async def show(request: web.Request) -> web.StreamResponse:
    """Answer which campaign the user works on, and the lead on their desk."""
    return await _answer(request, _held)


async def take(request: web.Request) -> web.StreamResponse:
    """Give the next lead; one that is on the desk already stays there."""
    return await _answer(request, _next)


async def renew(request: web.Request) -> web.StreamResponse:
    """Keep the lead on the desk."""
    body = await bodies.read(request, LeadBody)
    seconds = request.app[keys.SETTINGS].campaigns.lease_seconds
    kept = await request.app[keys.DATABASE].run(
        leads.renew, auth.current(request).id, body.lead_id, seconds=seconds, now=db.utcnow()
    )
    return web.json_response({"kept": kept})


async def call(request: web.Request) -> web.StreamResponse:
    """Dial the lead on the desk."""
    body = await bodies.read(request, LeadBody)
    user_id = auth.current(request).id
    number, party_id = await request.app[keys.DATABASE].run(_number, user_id, body.lead_id)
    return await _dial(request, number, party_id=party_id, lead_id=body.lead_id)


async def skip(request: web.Request) -> web.StreamResponse:
    """Give the lead back, with a reason."""
    body = await bodies.read(request, SkipBody)
    await request.app[keys.DATABASE].run(
        leads.skip, auth.current(request).id, body.lead_id, body.reason, now=db.utcnow()
    )
    return await _answer(request, _next)


async def join(request: web.Request) -> web.StreamResponse:
    """Work on a campaign from now on."""
    body = await bodies.read(request, JoinBody)
    viewer = auth.current(request).viewer
    await request.app[keys.DATABASE].run(_join, viewer, body.campaign_id, db.utcnow())
    return await _answer(request, _next)


async def leave(request: web.Request) -> web.StreamResponse:
    """Work on no campaign, and give the lead back."""
    await request.app[keys.DATABASE].run(_leave, auth.current(request).id)
    return await _answer(request, _held)


async def _dial(
    request: web.Request, number: str, *, party_id: int | None, purpose: str | None = None, lead_id: int | None = None
) -> web.StreamResponse:  # fmt: skip
    person, texts = auth.current(request), auth.texts(request)
    try:
        placed = await desk_api.center_of(request).dialer.dial(
            person.id, number, party_id, purpose=purpose, lead_id=lead_id
        )
    except gate.Refused as refused:
        habits = request.app[keys.RENDERER].formats[texts.language]
        reasons = refused.verdict.reasons
        error = {
            "code": refused.code,
            "message": verdicts.refusal(reasons, texts, habits),
            "reasons": [reason.code for reason in reasons],
        }
        return web.json_response({"error": error}, status=409)
    warning = verdicts.warning(placed.warnings, texts)
    return web.json_response({"id": placed.id, **({"warning": warning} if warning else {})})


async def _answer(request: web.Request, how: Any) -> web.StreamResponse:
    return web.json_response(await _told(request, how))


async def held(request: web.Request) -> dict[str, Any]:
    """Give what `show` answers, for the desk's first look."""
    return await _told(request, _held)


async def _told(request: web.Request, how: Any) -> dict[str, Any]:
    shown: dict[str, Any] = await request.app[keys.DATABASE].run(
        _shown, auth.current(request), how, request.app[keys.SETTINGS], auth.texts(request), db.utcnow()
    )  # fmt: skip
    return shown


def _shown(
    session: sa_orm.Session, person: auth.Person, how: Any, config: Any, texts: Any, now: datetime
) -> dict[str, Any]:
    campaign = campaigns.joined(session, person.viewer)
    given = how(session, person.viewer, campaign, config, now)
    return leads_shown.desk(
        session, person, campaign, given, config=config, language=texts.language, now=now
    )


def _held(
    session: sa_orm.Session, viewer: visibility.Viewer, campaign: models.Campaign | None, config: Any, now: datetime
) -> leads.Given:  # fmt: skip
    held = leads.current(session, viewer.id, now)
    if held is not None or campaign is None:
        return leads.Given(held, why="" if held is not None else "not_joined")
    return leads.Given(None, why="" if campaign.state == "running" else "not_running")


def _next(
    session: sa_orm.Session, viewer: visibility.Viewer, campaign: models.Campaign | None, config: Any, now: datetime
) -> leads.Given:  # fmt: skip
    return leads.next_lead(session, viewer, campaign, config=config, now=now)


def _number(session: sa_orm.Session, user_id: int, lead_id: int) -> tuple[str, int]:
    lead = leads.own(session, user_id, lead_id, db.utcnow())
    return leads.number(session, lead), lead.party_id


def _join(
    session: sa_orm.Session, viewer: visibility.Viewer, campaign_id: int, now: datetime
) -> None:
    leads.release(session, viewer.id)
    campaigns.join(session, viewer, campaign_id, now=now)


def _leave(session: sa_orm.Session, user_id: int) -> None:
    leads.release(session, user_id)
    campaigns.leave(session, user_id)
