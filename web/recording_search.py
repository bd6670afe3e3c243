"""Recordings by what was said in them and written about them, newest first, as far as the viewer may hear and read.

Every word must be in the transcript or in a note of the call. There is no index of words yet: the newest recordings are walked
until a page is full, so that rare words in a large store take their time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, or_, select, tuple_
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import paging, visibility

PAGE = 50
MOST_WORDS = 6
AROUND = 60  # characters shown before and after the first word that was found


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of what was found: (text, is a word that was asked for); `at` seconds into the recording, None for a note."""

    pieces: tuple[tuple[str, bool], ...]
    at: float | None = None


def words_of(text: str) -> list[str]:
    """Part what was typed into the words to look for."""
    return list(dict.fromkeys(text.casefold().split()))[:MOST_WORDS]


def recordings(
    session: sa_orm.Session, viewer: visibility.Viewer, words: Sequence[str], *, after: str = ""
) -> paging.Page[models.Recording]:
    """Return a page of recordings that the viewer may hear, with all of the words."""
    recording = models.Recording
    query = (
        select(recording)
        .where(recording.call_id.is_not(None), visibility.visible(viewer, recording))
        .where(*(_has(viewer, word) for word in words))
        .order_by(recording.started_at.desc(), recording.id.desc())
        .limit(PAGE + 1)
    )
    if after:
        place = tuple_(recording.started_at, recording.id)
        query = query.where(place < paging.decode(after))
    rows = session.scalars(query).all()
    return paging.page(rows, PAGE, lambda row: (row.started_at, row.id))


def _has(viewer: visibility.Viewer, word: str) -> ColumnElement[bool]:
    said, note = sa_orm.aliased(models.Segment), sa_orm.aliased(models.Note)
    transcript = sa_orm.aliased(models.Transcript)
    return or_(
        exists().where(
            transcript.recording_id == models.Recording.id,
            said.transcript_id == transcript.id,
            said.text.icontains(word, autoescape=True),
        ),
        exists().where(
            note.call_id == models.Recording.call_id,
            note.text.icontains(word, autoescape=True),
            visibility.visible(viewer, note),
        ),
    )


def snippets(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    found: Sequence[models.Recording],
    words: Sequence[str],
) -> dict[int, Snippet]:
    """Return, of each recording, where the first of the words is: in what was said, else in a note."""
    if not words:
        return {}
    shown: dict[int, Snippet] = {}
    calls = {row.call_id: row.id for row in found}
    note, said, transcript = models.Note, models.Segment, models.Transcript
    notes = session.scalars(
        select(note).where(note.call_id.in_(calls), visibility.visible(viewer, note))
    )
    for row in notes:
        if any(word in row.text.casefold() for word in words):
            shown[calls[row.call_id]] = Snippet(mark(row.text, words))
    spoken = session.execute(
        select(transcript.recording_id, said.t0, said.text)
        .join(said, said.transcript_id == transcript.id)
        .where(
            transcript.recording_id.in_([row.id for row in found]),
            or_(*(said.text.icontains(word, autoescape=True) for word in words)),
        )
        .order_by(said.t0.desc())
    )
    for recording_id, t0, text in spoken:
        shown[recording_id] = Snippet(mark(text, words), t0)
    return shown


def mark(text: str, words: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """Cut a text around the first word that was asked for, and part it so that the words can be marked."""
    low = text.lower()  # as long as the text, in the languages that we speak
    if len(low) != len(text):
        return ((text[: 2 * AROUND], False),)
    hits = sorted((i, i + len(w)) for w in words for i in _places(low, w))
    if not hits:
        return ((text[: 2 * AROUND], False),)
    begin, end = max(0, hits[0][0] - AROUND), min(len(text), hits[0][1] + AROUND)
    pieces: list[tuple[str, bool]] = [("…", False)] if begin else []
    at = begin
    for first, last in hits:
        if first >= at and last <= end:
            pieces += [(text[at:first], False), (text[first:last], True)]
            at = last
    pieces += [(text[at:end], False), ("…" if end < len(text) else "", False)]
    return tuple(piece for piece in pieces if piece[0])


def _places(text: str, word: str) -> list[int]:
    found, at = [], text.find(word)
    while at >= 0:
        found.append(at)
        at = text.find(word, at + len(word))
    return found
