"""A customer's timeline: calls, notes, tasks and cases, newest first (a card's part of it is in slots.py)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, selectinload

from callcenter import models
from callcenter.crm import paging, visibility

KINDS = (
    "call",
    "note",
    "task",
    "case",
)  # of the same moment, the earlier in this list is shown first
MOST = 200


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened; `row` is the model, a call's comes with participants."""

    kind: str  # call | note | task | case
    id: int
    at: datetime
    row: Any
    notes: tuple[models.Note, ...] = ()  # of a call
    outcome: models.Outcome | None = None  # of a call


def timeline(
    session: Session,
    viewer: visibility.Viewer,
    party_id: int,
    *,
    kinds: Collection[str] = KINDS,
    after: str = "",
    limit: int = 50,
) -> paging.Page[Item]:
    """Return a page of what the viewer may see; `after` is the page before's `next`."""
    limit = max(1, min(limit, MOST))
    place = paging.decode_kind(after) if after else None
    found: list[Item] = []
    for kind in KINDS:
        if kind in kinds:
            found += _SOURCES[kind](session, viewer, party_id, place, limit + 1)
    found.sort(key=_order)
    items = tuple(found[:limit])
    more = len(found) > limit
    last = items[-1] if more else None
    return paging.Page(items, paging.encode(last.at, last.id, last.kind) if last else "")


_Place = tuple[datetime, int, str] | None


def _order(item: Item) -> tuple[float, int, int]:
    return (-item.at.timestamp(), KINDS.index(item.kind), -item.id)


def _behind(kind: str, at: Any, key: Any, place: _Place) -> list[ColumnElement[bool]]:
    """Return the condition for rows after a place in the order of `_order`."""
    if place is None:
        return []
    then, last, last_kind = place
    here = KINDS.index(kind)
    there = KINDS.index(last_kind) if last_kind in KINDS else 0
    if here < there:
        return [at < then]
    if here > there:
        return [at <= then]
    return [or_(at < then, and_(at == then, key < last))]


def _calls(
    session: Session, viewer: visibility.Viewer, party_id: int, place: _Place, limit: int
) -> list[Item]:
    call = models.Call
    rows = session.scalars(
        select(call)
        .where(
            call.party_id == party_id,
            call.merged_into.is_(None),
            visibility.visible(viewer, call),
            *_behind("call", call.started, call.id, place),
        )
        .order_by(call.started.desc(), call.id.desc())
        .limit(limit)
        .options(selectinload(call.participants))
    ).all()
    return with_calls(session, viewer, rows)


def with_calls(
    session: Session, viewer: visibility.Viewer, rows: Sequence[models.Call]
) -> list[Item]:
    """Bring the notes and outcomes of some calls, each kind by one query."""
    note = models.Note
    found: dict[int, list[models.Note]] = {}
    for row in session.scalars(
        select(note)
        .where(
            note.call_id.in_([c.id for c in rows]),
            note.text != "",
            visibility.visible(viewer, note),
        )
        .order_by(note.updated_at.desc(), note.id.desc())
    ):
        found.setdefault(row.call_id or 0, []).append(row)
    wanted = {c.outcome_id for c in rows if c.outcome_id is not None}
    outcomes = {
        o.id: o
        for o in session.scalars(select(models.Outcome).where(models.Outcome.id.in_(wanted)))
    }
    return [
        Item(
            "call", c.id, c.started, c, tuple(found.get(c.id, ())), outcomes.get(c.outcome_id or 0)
        )
        for c in rows
    ]


def _rows(
    session: Session,
    viewer: visibility.Viewer,
    kind: str,
    at: Any,
    conditions: Sequence[ColumnElement[bool]],
    place: _Place,
    limit: int,
) -> list[Item]:
    """Return the items of a kind that is one row each."""
    model = at.class_
    rows = session.scalars(
        select(model)
        .where(*conditions, visibility.visible(viewer, model), *_behind(kind, at, model.id, place))
        .order_by(at.desc(), model.id.desc())
        .limit(limit)
    )
    return [Item(kind, row.id, getattr(row, at.key), row) for row in rows]


def _notes(
    session: Session, viewer: visibility.Viewer, party_id: int, place: _Place, limit: int
) -> list[Item]:
    note = models.Note  # those of a call stand beside the call
    theirs = (note.party_id == party_id, note.call_id.is_(None))
    return _rows(session, viewer, "note", note.created_at, theirs, place, limit)


def _tasks(
    session: Session, viewer: visibility.Viewer, party_id: int, place: _Place, limit: int
) -> list[Item]:
    task = models.Task
    return _rows(
        session, viewer, "task", task.created_at, (task.party_id == party_id,), place, limit
    )


def _cases(
    session: Session, viewer: visibility.Viewer, party_id: int, place: _Place, limit: int
) -> list[Item]:
    case = models.Case
    return _rows(
        session, viewer, "case", case.opened_at, (case.party_id == party_id,), place, limit
    )


_SOURCES = {"call": _calls, "note": _notes, "task": _tasks, "case": _cases}
