"""The sound of a recording, in ranges, and another try at one that failed: for whom the rule of visibility lets hear it."""

from __future__ import annotations

import asyncio

from aiohttp import web
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import audit, visibility
from recordings import jobs, store
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


def again(session: sa_orm.Session, person: auth.Person, recording_id: int) -> int | None:
    """Let a recording that the viewer may hear be tried again; return its call. NotFound, or Conflict where it is not due."""
    found = visibility.get(session, person.viewer, models.Recording, recording_id)
    jobs.retry(session, found.id)
    audit.note(session, person.by, "recording_retry", ("recording", found.id))
    return found.call_id


async def retry(request: web.Request) -> web.StreamResponse:
    """Begin again with a recording, and go back to its call."""
    recording_id = int(request.match_info["id"])
    call_id = await request.app[keys.DATABASE].run(again, auth.current(request), recording_id)
    await asyncio.to_thread(request.app[keys.HINT], recording_id)
    raise web.HTTPSeeOther(f"/calls/{call_id}" if call_id else "/calls")


def all_again(session: sa_orm.Session, by: audit.By) -> list[int]:
    """Let all that failed be tried again."""
    found = jobs.retry_all(session)
    audit.note(session, by, "recording_retry_all", ("recording", ""), {"count": len(found)})
    return found


async def retry_all(request: web.Request) -> web.StreamResponse:
    """Begin again with every recording that failed; nobody needs to hear them for that."""
    found = await request.app[keys.DATABASE].run(all_again, auth.current(request).by)
    if found:
        await asyncio.to_thread(request.app[keys.HINT], found[0])  # the sweep takes up the others
    raise web.HTTPSeeOther("/system")
