"""Calls in which things are said and noted, for tests that look for the words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from callcenter import db, models
from callcenter.crm import visibility, words
from recordings import search

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
MANAGER = visibility.Viewer(1, "manager")
Said = Sequence[tuple[str, str]]


def a_call(session: Session, at: datetime = NOW, **changed: object) -> models.Call:
    count = session.query(models.Call).count()
    call = models.Call(
        pbx="main", linkedid=f"l{count}", direction="inbound", started=at, **changed
    )  # fmt: skip
    session.add(call)
    session.flush()
    return call


def say(session: Session, said: Said, at: datetime = NOW, **changed: object) -> int:
    """Make a call with a recording in which this is said; return the transcript."""
    call = a_call(session, at, **changed)
    recording = models.Recording(
        call_id=call.id, pbx="main", linkedid=call.linkedid, file=call.linkedid, started_at=at
    )
    session.add(recording)
    session.flush()
    made = models.Transcript(
        recording_id=recording.id, engine="e", model="m", language="he", created_at=NOW
    )
    for i, (side, heard) in enumerate(said):
        made.segments.append(models.Segment(side=side, t0=2.0 * i, t1=2.0 * i + 1, text=heard))
    session.add(made)
    session.flush()
    return made.id


def an_author(session: Session) -> int:
    user = models.User(login="a", name="a", role="agent", password_hash="-", created_at=NOW)
    session.add(user)
    session.flush()
    return user.id


def find(session: Session, typed: str, **narrowed: object) -> list[search.Hit]:
    wanted = search.Wanted(words.parse(typed), **narrowed)  # type: ignore[arg-type]
    return list(search.search(session, MANAGER, wanted, limit=100).hits)


def found(database: db.Database, typed: str, **narrowed: object) -> list[str]:
    """Return what is marked in the passages that are found."""
    with database.session() as session:
        return [
            part
            for hit in find(session, typed, **narrowed)
            for line in hit.lines
            for part, meant in line.pieces
            if meant
        ]
