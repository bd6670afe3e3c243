"""Keeping the index of words: with every flush that writes words, in steps for what is there already, and its check.

`follow` hangs on every session (db.py): whoever writes a segment or a note of a call indexes it in the same transaction, and none of
them has to know. Steps are small transactions of their own over ids that grow, so that a walk that is
stopped can be begun again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, exists, func, insert, inspect, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from callcenter import models
from callcenter.crm import words

log = logging.getLogger(__name__)

STEP = 500
LONGEST = 150_000  # bytes of one side's words: PostgreSQL takes a MiB in all
SAMPLE = 200
SIDES = ("agent", "customer")
_ID_BITS = 30
_KIND_BIT = 1 << _ID_BITS

Document = models.WordDocument


def key(at: datetime, row_id: int, *, note: bool = False) -> int:
    """Return a document's id, which grows with the call's time: the second, one bit for a note, the row's id."""
    return first_key(at) | (_KIND_BIT if note else 0) | (row_id & (_KIND_BIT - 1))


def first_key(at: datetime) -> int:
    """Return the least id of a second."""
    return max(0, int(at.timestamp())) << (_ID_BITS + 1)


def follow(session: Session, _context: Any) -> None:
    """Index what a flush has written; an `after_flush` of SQLAlchemy."""
    transcripts: set[int] = set()
    notes: set[int] = set()
    for row in (*session.new, *session.dirty, *session.deleted):
        match row:
            case models.Segment():
                transcripts.add(row.transcript_id)
            case models.Transcript() if row not in session.deleted:
                transcripts.add(row.id)
            case models.Note() if row not in session.deleted:
                notes.add(row.id)
            case models.Recording() if inspect(row).attrs.started_at.history.deleted:
                of = models.Transcript.recording_id == row.id
                transcripts.update(session.connection().scalars(select(models.Transcript.id).where(of)))  # fmt: skip
    transcripts.discard(None)  # of a segment that was taken out of its transcript
    for ids in _chunks(sorted(transcripts)):
        index_transcripts(session.connection(), ids)
    for ids in _chunks(sorted(notes)):
        index_notes(session.connection(), ids)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Part many ids into so few that a statement takes them."""
    return (ids[i : i + STEP] for i in range(0, len(ids), STEP))


def index_transcripts(connection: Connection, ids: Iterable[int]) -> None:
    """Write the documents of some transcripts anew."""
    ids = list(ids)
    recording, made, said = models.Recording, models.Transcript, models.Segment
    times = connection.execute(
        select(made.id, recording.started_at)
        .join(recording, recording.id == made.recording_id)
        .where(made.id.in_(ids))
    ).all()
    spoken: dict[int, dict[str, list[str]]] = {row.id: {} for row in times}
    rows = connection.execute(
        select(said.transcript_id, said.side, said.text)
        .where(said.transcript_id.in_(ids))
        .order_by(said.t0, said.id)
    )
    for transcript_id, side, heard in rows:
        by_side = spoken.get(transcript_id, {})
        by_side.setdefault(column(side), []).extend(words.folded(heard))
    connection.execute(delete(Document).where(Document.transcript_id.in_(ids)))
    if times:
        made_of = [
            {"id": key(at, id_), "transcript_id": id_, **_columns(spoken[id_])} for id_, at in times
        ]
        connection.execute(insert(Document), made_of)


def index_notes(connection: Connection, ids: Iterable[int]) -> None:
    """Write the documents of some notes anew; a note of no call has none."""
    ids = list(ids)
    note, call = models.Note, models.Call
    rows = connection.execute(
        select(note.id, note.text, call.started)
        .join(call, call.id == note.call_id)
        .where(note.id.in_(ids))
    ).all()
    connection.execute(delete(Document).where(Document.note_id.in_(ids)))
    if rows:
        made_of = [
            {
                "id": key(row.started, row.id, note=True),
                "note_id": row.id,
                **_columns({"other": words.folded(row.text)}),
            }
            for row in rows
        ]
        connection.execute(insert(Document), made_of)


def column(side: str) -> str:
    """Return the column that a side's words are in."""
    return side if side in SIDES else "other"


def _columns(spoken: dict[str, list[str]]) -> dict[str, str]:
    """Return the values of a document's columns of words."""
    values = dict.fromkeys(models.WORD_COLUMNS, "")
    for name, said in spoken.items():
        kept = _bounded(said)
        values[name] = " ".join(kept)
        rests = dict.fromkeys(rest for word in dict.fromkeys(kept) for rest in words.bare(word))
        values[f"{name}_bare"] = " ".join(rests)
    return values


def _bounded(said: Sequence[str]) -> Sequence[str]:
    size = 0
    for i, word in enumerate(said):
        size += len(word.encode()) + 1
        if size > LONGEST:
            return said[:i]
    return said


def fill(engine: Engine, *, everything: bool = False) -> int:
    """Index what has no document, or everything anew, in small transactions; return how many were written.

    Anew, the documents that are there are put into FTS5 first, whatever state that was in.
    """
    if everything and engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO word_index(word_index) VALUES ('rebuild')"))
    done = 0
    for what, source, index in (
        ("transcripts", models.Transcript.id, index_transcripts),
        ("notes", models.Note.id, index_notes),
    ):
        for ids in _steps(engine, source, everything=everything):
            with engine.begin() as connection:
                index(connection, ids)
            done += len(ids)
            log.info("index of words: %s up to %d, %d documents in all", what, ids[-1], done)
    return done


def _steps(
    engine: Engine, source: InstrumentedAttribute[int], *, everything: bool
) -> Iterator[list[int]]:
    last = 0
    while True:
        query = select(source).where(source > last).order_by(source).limit(STEP)
        if source.class_ is models.Note:
            query = query.where(models.Note.call_id.is_not(None))
        if not everything:
            query = query.where(~exists().where(_of(source) == source))
        with engine.begin() as connection:
            ids = list(connection.scalars(query))
        if not ids:
            return
        yield ids
        last = ids[-1]


def _of(source: InstrumentedAttribute[int]) -> InstrumentedAttribute[Any]:
    return Document.note_id if source.class_ is models.Note else Document.transcript_id


@dataclass(frozen=True, slots=True)
class Health:
    """How the index stands: documents there should be, those missing, and of a sample those that say something else."""

    wanted: int
    missing: int
    wrong: int


def check(session: Session) -> Health:
    """Count what has no document, and hold the newest documents against what was said and against their index."""
    wanted = missing = 0
    for source in (models.Transcript.id, models.Note.id):
        there = select(func.count(source))
        if source.class_ is models.Note:
            there = there.where(models.Note.call_id.is_not(None))
        wanted += session.scalar(there) or 0
        lost = there.where(~exists().where(_of(source) == source))
        missing += session.scalar(lost) or 0
    newest = session.scalars(select(Document).order_by(Document.id.desc()).limit(SAMPLE)).all()
    wrong = sum(_says(session, row) != _truth(session, row) for row in newest)
    wrong += sum(not _indexed(session, row) for row in newest)
    return Health(wanted, missing, wrong)


def _says(session: Session, row: models.WordDocument) -> dict[str, str]:
    return {name: getattr(row, name) for name in models.WORD_COLUMNS}


def _truth(session: Session, row: models.WordDocument) -> dict[str, str]:
    if row.note_id is not None:
        return _columns({"other": words.folded(session.get_one(models.Note, row.note_id).text)})
    spoken: dict[str, list[str]] = {}
    for said in session.get_one(models.Transcript, row.transcript_id).segments:
        spoken.setdefault(column(said.side), []).extend(words.folded(said.text))
    return _columns(spoken)


def _indexed(session: Session, row: models.WordDocument) -> bool:
    """Say whether FTS5 finds a document by its first word; a generated column is never wrong."""
    said = " ".join(_says(session, row).values()).split()
    if not said or session.get_bind().dialect.name != "sqlite":
        return True
    sought = text("SELECT 1 FROM word_index WHERE word_index MATCH :word AND rowid = :id")
    return session.scalar(sought, {"word": f'"{said[0]}"', "id": row.id}) is not None
