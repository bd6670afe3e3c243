"""What a person does with a notice of something due: in ten minutes again, or away."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from callcenter import db, errors
from callcenter.crm import reminding
from web import auth, keys, panel


async def snooze(request: web.Request) -> web.StreamResponse:
    """Let a notice come back in ten minutes."""
    return await _settle(request, reminding.snooze)


async def close(request: web.Request) -> web.StreamResponse:
    """Take a notice away."""
    return await _settle(request, reminding.deal)


async def _settle(request: web.Request, how: Any) -> web.StreamResponse:
    key, user_id = panel.number(request.match_info["id"]), auth.current(request).id
    if key is None:
        raise errors.NotFound("no such reminder")
    await request.app[keys.DATABASE].run(how, user_id, key, db.utcnow())
    await look_again(request, user_id)
    return web.json_response({})


async def look_again(request: web.Request, *users: int | None) -> None:
    """Let the notices of some users follow what was changed."""
    floor = request.app.get(keys.FLOOR)
    if floor is not None:
        await floor.reminders.look([u for u in users if u is not None and floor.server.present(u)])
