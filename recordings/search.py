"""Finding what was said in recordings and noted of calls, newest first: one statement with the rule of visibility in it.

The index (models/words.py) says where to look, on SQLite by FTS5, on PostgreSQL by a tsvector; what is shown is read from the
transcript or the note itself and held against the query there. What is no longer so is not shown, whatever the index says.

A document is all that was said in one recording, or one note: all that was asked for must be in one. Ids grow with time, so the
newest of a common word come without sorting. Who sees few of many, and filters that fit few, would walk far back:
one page looks through the newest NEAR documents with the words, then through REACH more, and says where to go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    func,
    or_,
    select,
)  # fmt: skip
from sqlalchemy import orm as sa_orm

from callcenter import errors, models
from callcenter.crm import visibility, wordindex, words
from recordings import indexes, passages

PAGE = 20
NEAR, REACH = 300, 5_000
SIDES = wordindex.SIDES

Document = models.WordDocument


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for, and what it is narrowed to; what is empty narrows nothing."""

    query: words.Query
    side: str = ""  # agent | customer: who said it, so that notes are left out
    since: datetime | None = None
    until: datetime | None = None
    agent_id: int | None = None
    queue: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A recording, or a note of a call, with the words in it."""

    id: int
    call_id: int
    recording_id: int | None
    note_id: int | None
    at: datetime
    lines: tuple[passages.Line, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of hits; `next` is the `after` of what is older, empty at the end.

    `reached`: not all there is was looked through; there may be more behind `next`, even where the page is short.
    """

    hits: tuple[Hit, ...]
    next: str = ""
    reached: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Documents below one id, from another on; of those the newest `most`."""

    below: int | None = None
    floor: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks for what, and the index that is asked."""

    session: sa_orm.Session
    viewer: visibility.Viewer
    wanted: Wanted
    index: indexes.Index


def search(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    wanted: Wanted,
    *,
    after: str = "",
    limit: int = PAGE,
) -> Found:
    """Return a page of what the viewer may hear or read with all of the words, newest first; raise Invalid for a bad `after`."""
    if not wanted.query.terms:
        return Found(())
    below = _place(after)
    index = indexes.index(session, wanted.query, wanted.side, below)
    look = Look(session, viewer, wanted, index)
    if viewer.hears_all and viewer.sees_all and wanted.agent_id is None and not wanted.queue:
        return _page(list(islice(_hits(look, Span(below)), limit + 1)), limit)
    hits = list(islice(_hits(look, Span(below, most=NEAR)), limit + 1))
    edge = None if len(hits) > limit else _after(look, below, NEAR)
    if edge is None:
        return _page(hits, limit)
    below = min([edge + 1, *(hit.id for hit in hits)])
    floor = _after(look, below, REACH)
    far = _hits(look, Span(below, floor))
    return _page([*hits, *islice(far, limit + 1 - len(hits))], limit, floor)


def _page(hits: list[Hit], limit: int, floor: int | None = None) -> Found:
    if len(hits) > limit:
        return Found(tuple(hits[:limit]), str(hits[limit - 1].id))
    return Found(tuple(hits)) if floor is None else Found(tuple(hits), str(floor), reached=True)


def _hits(look: Look, span: Span) -> Iterator[Hit]:
    """Yield the hits of a span of documents; their rows are read as they are wanted, a page at a time."""
    while True:
        rows = look.session.execute(_statement(look, span).limit(PAGE + 1)).all()
        pieces = passages.read(look.session, look.wanted.side, rows)
        for row in rows:
            if lines := passages.lines(look.wanted.query, pieces[row.id]):
                at = row.started_at or row.started
                yield Hit(row.id, row.call_id, row.recording_id, row.note_id, at, lines)
        if len(rows) <= PAGE:
            return
        span = replace(span, below=rows[-1].id)


def _place(after: str) -> int | None:
    if not after:
        return None
    if not (after.isascii() and after.isdigit() and len(after) <= 19 and int(after) < 2**63):
        raise errors.Invalid("after", "is not a place in this list")
    return int(after)


def _after(look: Look, below: int | None, passed: int) -> int | None:
    """Return the id of the document that comes after so many; None where there are no more."""
    ids = look.index.ids
    query = select(ids).where(*_between(look, Span(below)))
    return look.session.scalar(query.order_by(ids.desc()).offset(passed).limit(1))


def _between(look: Look, span: Span) -> list[ColumnElement[bool]]:
    """Return the conditions of the index, of the span and of the period."""
    ids, wanted = look.index.ids, look.wanted
    found = list(look.index.conditions)
    if span.below is not None:
        found.append(ids < span.below)
    if span.floor is not None:
        found.append(ids >= span.floor)
    if wanted.since is not None:
        found.append(ids >= wordindex.first_key(wanted.since))
    if wanted.until is not None:
        found.append(ids < wordindex.first_key(wanted.until))
    return found


def _statement(look: Look, span: Span) -> Select[*tuple[Any, ...]]:
    """Select documents with the words, their source and their call, as far as the viewer may hear or read them."""
    viewer, wanted, ids = look.viewer, look.wanted, look.index.ids
    made, recording = models.Transcript, models.Recording
    note, call = models.Note, models.Call
    query: Select[*tuple[Any, ...]] = (
        select(
            Document.id,
            Document.transcript_id,
            Document.note_id,
            call.id.label("call_id"),
            call.started,
            made.recording_id,
            recording.started_at,
        )  # fmt: skip
        .select_from(Document)
        .outerjoin(made, made.id == Document.transcript_id)
        .outerjoin(recording, recording.id == made.recording_id)
        .outerjoin(note, note.id == Document.note_id)
        .join(call, call.id == func.coalesce(recording.call_id, note.call_id))
        .where(_open(viewer, recording, None if wanted.side else note), *narrowed(wanted, call))
        .order_by(Document.id.desc())
    )
    conditions = _between(look, span)
    if span.most is not None:
        newest = select(ids).where(*conditions).order_by(ids.desc()).limit(span.most)
        return query.where(Document.id.in_(newest.correlate(None)))
    query = query.where(*conditions)
    if look.index.is_the_table:
        return query
    return query.where(Document.id == ids).order_by(None).order_by(ids.desc())


def _open(viewer: visibility.Viewer, recording: Any, note: Any) -> ColumnElement[bool]:
    heard = and_(recording.id.is_not(None), visibility.visible(viewer, recording))
    if note is None:
        return heard
    return or_(heard, and_(note.id.is_not(None), visibility.visible(viewer, note)))


def narrowed(wanted: Wanted, call: Any) -> list[ColumnElement[bool]]:
    """Return what narrows the calls: their queue, and who took part in them."""
    found: list[ColumnElement[bool]] = []
    if wanted.queue:
        found.append(call.queue == wanted.queue)
    if wanted.agent_id is not None:
        part = sa_orm.aliased(models.CallParticipant)
        found.append(exists().where(part.call_id == call.id, part.user_id == wanted.agent_id))
    return found
