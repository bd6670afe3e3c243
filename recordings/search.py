"""Finding what was said in recordings and noted of calls, newest first: one statement with the rule of visibility in it.

The index (models/words.py) says where to look, on SQLite by FTS5, on PostgreSQL by a tsvector; what is shown is read from the
transcript or the note itself and held against the query there. What is no longer so is not shown, whatever the index says.

A document is all that was said in one recording, or one note: all that was asked for must be in one. Ids grow with time, so the
newest of a common word come without sorting. Who sees few of many, and filters that fit few, would walk far back:
one page looks through the newest NEAR documents with the words, then through REACH more, and says where to go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    cast,
    column,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
)  # fmt: skip
from sqlalchemy import orm as sa_orm
from sqlalchemy.dialects.postgresql import TSQUERY

from callcenter import errors, models
from callcenter.crm import visibility, wordindex, words
from callcenter.models import words as words_table
from recordings import passages

PAGE = 20
NEAR, REACH = 300, 5_000
SIDES = wordindex.SIDES
_WEIGHTS = {"agent": "A", "customer": "B", "": ""}
_WORDS = table("word_index", column("rowid"), column("word_index"))

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
    hits: list[Hit] = []
    for reach in (NEAR, REACH):
        floor = _floor(session, viewer, wanted, (below, reach))
        for hit in _hits(session, viewer, wanted, below=below, floor=floor, limit=limit):
            if len(hits) == limit:  # there is one more
                return Found(tuple(hits), str(hits[-1].id))
            hits.append(hit)
        if floor is None:
            return Found(tuple(hits))
        below = floor
    return Found(tuple(hits), str(below), reached=True)


def _hits(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    wanted: Wanted,
    *,
    below: int | None,
    floor: int | None,
    limit: int,
) -> Iterator[Hit]:
    """Yield the hits below one id, from another on; the rows are read as they are wanted, some at a time."""
    while True:
        query = _statement(session, viewer, wanted, (below, floor)).limit(limit + 1)
        rows = session.execute(query).all()
        pieces = passages.read(session, wanted.side, rows)
        for row in rows:
            if lines := passages.lines(wanted.query, pieces[row.id]):
                at = row.started_at or row.started
                yield Hit(row.id, row.call_id, row.recording_id, row.note_id, at, lines)
        if len(rows) <= limit:
            return
        below = rows[-1].id


def _place(after: str) -> int | None:
    if not after:
        return None
    if not (after.isascii() and after.isdigit() and len(after) <= 19 and int(after) < 2**63):
        raise errors.Invalid("after", "is not a place in this list")
    return int(after)


def _floor(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    wanted: Wanted,
    place: tuple[int | None, int],
) -> int | None:
    """Return the id of the last of so many documents below an id, where many may have to be passed; None where there are fewer."""
    below, reach = place
    if viewer.hears_all and viewer.sees_all and wanted.agent_id is None and not wanted.queue:
        return None
    index, matches = _index(session, wanted)
    query = select(index).where(*matches, *_between(index, wanted, (below, None)))
    return session.scalar(query.order_by(index.desc()).offset(reach).limit(1))


def _index(
    session: sa_orm.Session, wanted: Wanted
) -> tuple[ColumnElement[int], list[ColumnElement[bool]]]:
    """Return the column of ids and the conditions under which this database's index finds the words."""
    if session.get_bind().dialect.name == "sqlite":
        return _WORDS.c.rowid, [_WORDS.c.word_index.op("MATCH")(fts(wanted.query, wanted.side))]
    vector: ColumnElement[Any] = literal_column("word_document.vector")
    tsquery = cast(literal(_tsquery(wanted.query, wanted.side)), TSQUERY)
    matches: list[ColumnElement[bool]] = [vector.op("@@")(tsquery)]
    matches += [_in_a_row(term, wanted.side) for term in wanted.query.terms if term.whole]
    return words_table.TABLE.c.id, matches


def fts(query: words.Query, side: str = "") -> str:
    """Return a query of FTS5. Words hold letters and digits alone, so that nothing in them is an operator."""
    spoken = (side,) if side else (*SIDES, "other")
    plain, both = " ".join(spoken), " ".join([*spoken, *(f"{name}_bare" for name in spoken)])
    anywhere = f"{{{both}}} : " if side else ""
    terms = [
        f'{{{plain}}} : "{" ".join(term.words)}"' if term.whole else f'{anywhere}"{term.words[0]}" *'
        for term in query.terms
    ]  # fmt: skip
    return " AND ".join(f"({term})" for term in terms)


def _tsquery(query: words.Query, side: str) -> str:
    weight = _WEIGHTS[side]
    ways = [("" if term.whole else "*", word) for term in query.terms for word in term.words]
    return " & ".join(f"'{word}'" + (f":{begins}{weight}" if begins or weight else "") for begins, word in ways)  # fmt: skip


def _in_a_row(term: words.Term, side: str) -> ColumnElement[bool]:
    """Say that words stand one after another; the vector has no room for the places of all."""
    row = f"% {' '.join(term.words)} %"
    columns = [getattr(Document, name) for name in ((side,) if side else (*SIDES, "other"))]
    return or_(*((" " + each + " ").like(row) for each in columns))


def _between(
    index: Any, wanted: Wanted, ids: tuple[int | None, int | None]
) -> list[ColumnElement[bool]]:
    below, floor = ids
    found: list[ColumnElement[bool]] = []
    if below is not None:
        found.append(index < below)
    if floor is not None:
        found.append(index >= floor)
    if wanted.since is not None:
        found.append(index >= wordindex.first_key(wanted.since))
    if wanted.until is not None:
        found.append(index < wordindex.first_key(wanted.until))
    return found


def _statement(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    wanted: Wanted,
    ids: tuple[int | None, int | None],
) -> Select[*tuple[Any, ...]]:
    """Select documents with the words, their source and their call, as far as the viewer may hear or read them.

    `ids`: those below the first and from the second on.
    """
    made, recording = models.Transcript, models.Recording
    note, call = models.Note, models.Call
    index, matches = _index(session, wanted)
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
        .where(*matches, *_between(index, wanted, ids))
        .where(_open(viewer, recording, None if wanted.side else note), *narrowed(wanted, call))
        .order_by(index.desc())
    )
    return query if index is words_table.TABLE.c.id else query.where(Document.id == index)


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
