"""Notes: what an agent writes during a call is saved as it is typed, and never over somebody's newer words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callcenter import errors, models

LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Saved:
    """A note as it stands now."""

    id: int
    text: str
    version: int
    at: datetime


class StaleNote(errors.Conflict):
    """Carry what the note says now, so that the writer can decide; nothing was saved."""

    def __init__(self, current: Saved) -> None:
        super().__init__("the note was changed elsewhere meanwhile")
        self.current = current


def save(
    session: Session, call_id: int, author_id: int, text: str, *, version: int, now: datetime
) -> Saved:
    """Save the author's note of a call; `version` is the one that was read, 0 for a new note.

    The same text again is no conflict, whatever the version: a browser repeats what it has no answer for.
    """
    text = tidy(text)
    note = session.scalar(
        select(models.Note)
        .where(models.Note.call_id == call_id, models.Note.author_id == author_id)
        .with_for_update()
    )
    if note is None:
        return _first(session, call_id, author_id, text, now)
    if note.text == text:
        return _saved(note)
    if note.version != version:
        raise StaleNote(_saved(note))
    note.text = text
    note.version += 1
    note.updated_at = now
    session.flush()
    return _saved(note)


def of_call(session: Session, call_id: int, author_id: int) -> Saved | None:
    """Return the author's note of a call."""
    note = session.scalar(
        select(models.Note).where(
            models.Note.call_id == call_id, models.Note.author_id == author_id
        )
    )
    return _saved(note) if note else None


def add(
    session: Session, party_id: int, author_id: int, text: str, *, now: datetime
) -> models.Note:
    """Write a note about a customer, apart from any call."""
    text = tidy(text)
    if not text.strip():
        raise errors.Invalid("text", "is empty")
    note = models.Note(
        party_id=party_id, author_id=author_id, text=text, created_at=now, updated_at=now
    )
    session.add(note)
    session.flush()
    return note


def tidy(text: str) -> str:
    """Drop control characters other than line breaks and tabs; raise Invalid for a book."""
    if len(text) > LONGEST:
        raise errors.Invalid("text", f"has at most {LONGEST} characters")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c >= " " or c in "\n\t").replace("\x7f", "")


def _first(session: Session, call_id: int, author_id: int, text: str, now: datetime) -> Saved:
    call = session.get(models.Call, call_id)
    if call is None:
        raise errors.NotFound("no such call")
    note = models.Note(
        call_id=call_id,
        party_id=call.party_id,
        author_id=author_id,
        text=text,
        version=1,
        created_at=now,
        updated_at=now,
    )
    try:
        with session.begin_nested():
            session.add(note)
    except IntegrityError:  # two browsers of one author began at the same moment
        current = of_call(session, call_id, author_id)
        assert current is not None
        if current.text == text:
            return current
        raise StaleNote(current) from None
    return _saved(note)


def _saved(note: models.Note) -> Saved:
    return Saved(note.id, note.text, note.version, note.updated_at)
