"""On a call's page: a legal hold placed and lifted, and a recording taken out of what retention deletes."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import visibility
from callcenter.db import utcnow
from recordings import holds
from web import auth, keys, panel


async def hold(request: web.Request) -> web.StreamResponse:
    """Put a call on legal hold with a reason, or lift the hold with another."""
    fields, person = await panel.fields(request), auth.current(request)
    call_id, reason = int(request.match_info["id"]), fields.get("reason", "")
    database = request.app[keys.DATABASE]
    if fields.get("lift") == "1":
        await database.run(holds.lift, person.viewer, person.by, call_id, reason=reason)
    else:
        await database.run(
            holds.place, person.viewer, person.by, call_id, reason=reason, now=utcnow()
        )
    raise web.HTTPSeeOther(f"/calls/{call_id}")


def _keep(session: sa_orm.Session, person: auth.Person, key: int, kept: bool) -> int | None:
    found = visibility.get(session, person.viewer, models.Recording, key)
    holds.keep(session, person.by, found.id, kept=kept)
    return found.call_id


async def keep(request: web.Request) -> web.StreamResponse:
    """Take a recording that somebody may hear out of what goes, or let it go with the others again."""
    fields = await panel.fields(request)
    call_id = await request.app[keys.DATABASE].run(
        _keep, auth.current(request), int(request.match_info["id"]), fields.get("kept") != "0"
    )
    raise web.HTTPSeeOther(f"/calls/{call_id}" if call_id else "/calls")
