"""One call: who took part, what came of it, what was said."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy import orm as sa_orm
from sqlalchemy import select

from callcenter import models
from callcenter.crm import audit, visibility
from callcenter.db import utcnow
from recordings import holds, waiting
from web import auth, keys, lookups, receipts, rendering


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording that may be heard, and its place in the line of those to be transcribed."""

    recording: models.Recording
    segments: Sequence[models.Segment]
    transcript: models.Transcript | None
    place: waiting.Place | None
    listened: Sequence[models.Audit]


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a call's page tells."""

    call: models.Call
    party: models.Party | None
    heard: Heard | None
    silent: bool  # there is a recording, but not for this viewer
    notes: Sequence[models.Note]
    people: dict[int, str]
    queues: dict[str, str]
    outcome: str
    hold: models.LegalHold | None  # for those who answer for it
    attempt: models.DialAttempt | None  # what was asked for, where somebody dialled it from here


def read_call(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    call_id: int,
    *,
    language: str,
    workers: int = 1,
) -> Shown:
    """Read a visible call; raise NotFound else. `workers` transcribe at once."""
    call = visibility.get(session, viewer, models.Call, call_id)
    parts = list(call.participants)
    note = models.Note
    notes = session.scalars(
        select(note)
        .where(note.call_id == call.id, note.text != "", visibility.visible(viewer, note))
        .order_by(note.updated_at)
    ).all()
    heard = _heard(session, viewer, call.id, workers)
    mentioned = [part.user_id for part in parts] + [each.author_id for each in notes]
    mentioned += [line.user_id for line in heard.listened] if heard else []
    hold = holds.of(session, call.id) if viewer.role != "agent" else None
    mentioned += [hold.by_id] if hold else []
    silent = heard is None and bool(
        session.scalar(select(models.Recording.id).where(models.Recording.call_id == call.id))
    )
    attempt = receipts.of_calls(session, [call]).get(call.id)
    mentioned += [attempt.user_id] if attempt else []
    outcome = lookups.outcomes(session, language).get(call.outcome_id or 0, "")
    return Shown(
        call=call,
        party=lookups.open_customers(session, viewer, [call.party_id]).get(call.party_id or 0),
        heard=heard,
        silent=silent,
        notes=notes,
        people=lookups.people(session, mentioned),
        queues=lookups.queues(session, language),
        outcome=outcome,
        hold=hold,
        attempt=attempt,
    )


def _heard(
    session: sa_orm.Session, viewer: visibility.Viewer, call_id: int, workers: int
) -> Heard | None:
    recording = models.Recording
    found = session.scalar(
        select(recording)
        .where(recording.call_id == call_id, visibility.visible(viewer, recording))
        .order_by(recording.state.in_(lookups.UNHEARD), recording.id)
        .limit(1)
    )
    if found is None:
        return None
    transcript = found.transcript
    segments = list(transcript.segments) if transcript is not None else []
    place = waiting.place(session, found, workers=workers)
    return Heard(found, segments, transcript, place, _listened(session, viewer, found.id))


def _listened(
    session: sa_orm.Session, viewer: visibility.Viewer, recording_id: int
) -> Sequence[models.Audit]:
    """Return who heard it last; for those who answer for it."""
    if viewer.role == "agent":
        return []
    audit = models.Audit
    return session.scalars(
        select(audit)
        .where(
            audit.object_type == "recording",
            audit.object_id == str(recording_id),
            audit.action == "recording_play",
        )
        .order_by(audit.id.desc())
        .limit(10)
    ).all()


def opened(
    session: sa_orm.Session, person: auth.Person, call_id: int, *, language: str, workers: int
) -> Shown:
    """Read a visible call, noting that its transcript is read where there is one."""
    shown = read_call(session, person.viewer, call_id, language=language, workers=workers)
    if shown.heard and shown.heard.segments:
        of = ("recording", shown.heard.recording.id)
        audit.note_once(session, person.by, "transcript_open", of, browser=person.session)
    return shown


async def _read(request: web.Request) -> Shown:
    return await request.app[keys.DATABASE].run(
        opened,
        auth.current(request),
        int(request.match_info["id"]),
        language=auth.texts(request).language,
        workers=request.app[keys.SETTINGS].recordings.workers,
    )


async def show(request: web.Request) -> web.StreamResponse:
    """Show a call."""
    shown = await _read(request)
    return rendering.page(
        request, "calls/show.html", shown=shown, call=shown.call, now=utcnow(), seen=seen(shown),
        receipt=receipts.read(shown.attempt, auth.texts(request), rendering.fmt(request))
        if shown.attempt
        else None,
    )  # fmt: skip


async def recording(request: web.Request) -> web.StreamResponse:
    """Show the part of a call's page that is waited for; 204 while it says what the browser has seen."""
    shown = await _read(request)
    if request.query.get("seen") == seen(shown):
        return web.Response(status=204)
    return rendering.page(
        request, "calls/recording.html", shown=shown, call=shown.call, seen=seen(shown)
    )


def seen(shown: Shown) -> str:
    """Name what a page says about a recording, so that a browser can tell whether there is news."""
    if shown.heard is None:
        return f"none.{shown.silent:d}.{shown.call.ended is not None:d}"
    found, place = shown.heard.recording, shown.heard.place
    minutes = -1 if place is None or place.seconds is None else round(place.seconds / 60)
    number = -1 if place is None else place.number
    goes = f"{found.delete_at}.{found.kept}"
    return f"{found.id}.{found.state}.{number}.{minutes}.{zlib.crc32((found.reason + goes).encode()):x}"
