"""The sound of a recording, in ranges, and another try at one that failed: for whom the rule of visibility lets hear it."""

from __future__ import annotations

import asyncio

from aiohttp import web
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import visibility
from recordings import jobs, store
from web import auth, keys, security

TYPES = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".opus": "audio/ogg"}


def heard(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    recording_id: int,
    *,
    begins: bool,
    address: str,
) -> models.Recording:
    """Return a recording that the viewer may hear, noting that they begin to; NotFound else."""
    found = visibility.get(session, viewer, models.Recording, recording_id)
    if begins:
        auth.note(session, viewer.id, "recording_play", address, "recording", str(found.id))
    return found


async def audio(request: web.Request) -> web.StreamResponse:
    """Send the sound, or the range that the player asks for."""
    wanted = request.headers.get("Range", "")
    recording = await request.app[keys.DATABASE].run(
        heard,
        auth.current(request).viewer,
        int(request.match_info["id"]),
        begins=not wanted or wanted.startswith("bytes=0-"),
        address=security.address(request),
    )
    path = store.path_of(request.app[keys.SETTINGS], recording, store.played(recording))
    response = web.FileResponse(path)
    response.content_type = TYPES.get(path.suffix.lower(), "application/octet-stream")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = f'inline; filename="call-{recording.id}{path.suffix}"'
    return response


def again(
    session: sa_orm.Session, viewer: visibility.Viewer, recording_id: int, address: str
) -> int | None:
    """Let a recording that the viewer may hear be tried again; return its call. NotFound, or Conflict where it is not due."""
    found = visibility.get(session, viewer, models.Recording, recording_id)
    jobs.retry(session, found.id)
    auth.note(session, viewer.id, "recording_retry", address, "recording", str(found.id))
    return found.call_id


async def retry(request: web.Request) -> web.StreamResponse:
    """Begin again with a recording, and go back to its call."""
    recording_id = int(request.match_info["id"])
    call_id = await request.app[keys.DATABASE].run(
        again, auth.current(request).viewer, recording_id, security.address(request)
    )
    await asyncio.to_thread(request.app[keys.HINT], recording_id)
    raise web.HTTPSeeOther(f"/calls/{call_id}" if call_id else "/calls")


def all_again(session: sa_orm.Session, user_id: int, address: str) -> list[int]:
    """Let all that failed be tried again."""
    found = jobs.retry_all(session)
    auth.note(session, user_id, "recording_retry_all", address, "recording", str(len(found)))
    return found


async def retry_all(request: web.Request) -> web.StreamResponse:
    """Begin again with every recording that failed; nobody needs to hear them for that."""
    viewer = auth.current(request).viewer
    found = await request.app[keys.DATABASE].run(all_again, viewer.id, security.address(request))
    if found:
        await asyncio.to_thread(request.app[keys.HINT], found[0])  # the sweep takes up the others
    raise web.HTTPSeeOther("/system")
