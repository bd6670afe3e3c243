"""The live floor: its page, the way from a running call to its page, and listening. What it shows is pushed (screenpop/board.py)."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy import orm as sa_orm
from sqlalchemy import select

from callcenter import errors, models
from callcenter.crm import listening, visibility
from web import auth, keys, rendering
from web.views import bodies


async def page(request: web.Request) -> web.StreamResponse:
    """Show the floor."""
    return rendering.page(request, "floor.html")


def find_call(session: sa_orm.Session, viewer: visibility.Viewer, linkedid: str) -> int:
    """Return the row of a visible call by its Linkedid, also of one that was merged; raise NotFound else."""
    call = models.Call
    found = session.scalar(
        select(call)
        .where(call.linkedid == linkedid, visibility.visible(viewer, call))
        .order_by(call.id.desc())
        .limit(1)
    )
    if found is None:
        raise errors.NotFound("no such call")
    if found.merged_into and found.merged_into != linkedid:
        return find_call(session, viewer, found.merged_into)
    return found.id


async def open_call(request: web.Request) -> web.StreamResponse:
    """Go to the page of a running call."""
    live = request.app.get(keys.FLOOR)
    if live is not None:
        await live.center.written()
    viewer = auth.current(request).viewer
    linkedid = request.match_info["id"]
    found = await request.app[keys.DATABASE].run(find_call, viewer, linkedid)
    raise web.HTTPSeeOther(f"/calls/{found}")


async def listen(request: web.Request) -> web.StreamResponse:
    """Ring the user's phone and let it hear an agent's call."""
    body = await bodies.read(request, bodies.ListenBody)
    id_ = await _ears(request).begin(auth.current(request).id, body.agent, body.mode)
    return web.json_response({"id": id_})


async def stop(request: web.Request) -> web.StreamResponse:
    """Let the user's phone go."""
    await _ears(request).end(auth.current(request).id)
    return web.json_response({})


def _ears(request: web.Request) -> listening.Listening:
    found = request.app.get(keys.FLOOR)
    if found is None:
        raise errors.LinkDown("no exchange is configured")
    return found.listening
