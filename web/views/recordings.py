"""The sound of a recording: for whom the rule of visibility lets hear it, in ranges, and written into the audit."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import visibility
from recordings import store
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
