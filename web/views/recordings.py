"""The sound of a recording: for whom the rule of visibility lets hear it, in ranges, and written into the audit."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import audit, visibility
from recordings import store
from web import auth, keys

TYPES = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".opus": "audio/ogg"}


def heard(session: sa_orm.Session, person: auth.Person, recording_id: int) -> models.Recording:
    """Return a recording that somebody may hear, noting the first time in a session that they do; NotFound else."""
    found = visibility.get(session, person.viewer, models.Recording, recording_id)
    of = ("recording", found.id)
    audit.note_once(session, person.by, "recording_play", of, browser=person.session)
    return found


async def audio(request: web.Request) -> web.StreamResponse:
    """Send the sound, or the range that the player asks for."""
    person, wanted = auth.current(request), int(request.match_info["id"])
    recording = await request.app[keys.DATABASE].run(heard, person, wanted)
    path = store.path_of(request.app[keys.SETTINGS], recording, store.played(recording))
    response = web.FileResponse(path)
    response.content_type = TYPES.get(path.suffix.lower(), "application/octet-stream")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = f'inline; filename="call-{recording.id}{path.suffix}"'
    return response
