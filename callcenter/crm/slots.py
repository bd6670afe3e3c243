"""The slow part of a card: the last contacts, what is open, what was written; read on a thread while the card shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, selectinload

from callcenter import models
from callcenter.crm import timeline, visibility


@dataclass(frozen=True, slots=True)
class Contact:
    """One past call as the card tells it."""

    id: int
    linkedid: str
    at: datetime
    direction: str
    agent: str
    result: str | None
    outcome: models.Outcome | None
    note: str
    talk_seconds: float | None


@dataclass(frozen=True, slots=True)
class Slots:
    """What a card shows beside the name."""

    contacts: tuple[Contact, ...] = ()
    calls_24h: int = 0
    tasks: tuple[models.Task, ...] = ()
    cases: tuple[models.Case, ...] = ()
    notes: tuple[tuple[models.Note, str], ...] = ()  # (note, its author's name)


def card_slots(
    session: Session,
    viewer: visibility.Viewer,
    party_id: int | None,
    now: datetime,
    *,
    e164: str | None = None,
    but: int | None = None,
) -> Slots:
    """Return a card's slow slots; `e164` counts a stranger's calls too, `but` is the present call's row."""
    calls_24h = _calls_since(session, party_id, e164, now - timedelta(hours=24))
    if party_id is None:
        return Slots(calls_24h=calls_24h)
    task, case = models.Task, models.Case
    tasks = session.scalars(
        select(task)
        .where(task.party_id == party_id, task.done_at.is_(None), visibility.visible(viewer, task))
        .order_by(task.due_at.is_(None), task.due_at, task.id)
        .limit(5)
    )
    cases = session.scalars(
        select(case)
        .where(
            case.party_id == party_id, case.closed_at.is_(None), visibility.visible(viewer, case)
        )
        .order_by(case.due_at.is_(None), case.due_at, case.id)
        .limit(5)
    )
    return Slots(
        contacts=tuple(contacts(session, viewer, party_id, but=but)),
        calls_24h=calls_24h,
        tasks=tuple(tasks),
        cases=tuple(cases),
        notes=tuple(notes(session, viewer, party_id)),
    )


def contacts(
    session: Session,
    viewer: visibility.Viewer,
    party_id: int,
    *,
    but: int | None = None,
    limit: int = 5,
) -> list[Contact]:
    """Return the last calls with a customer, newest first."""
    call = models.Call
    query = (
        select(call)
        .where(
            call.party_id == party_id, call.merged_into.is_(None), visibility.visible(viewer, call)
        )
        .order_by(call.started.desc(), call.id.desc())
        .limit(limit)
        .options(selectinload(call.participants))
    )
    if but is not None:
        query = query.where(call.id != but)
    items = timeline.with_calls(session, viewer, session.scalars(query).all())
    people = _names(session, [p.user_id for item in items for p in item.row.participants])
    return [_contact(item, people) for item in items]


def notes(
    session: Session, viewer: visibility.Viewer, party_id: int, *, limit: int = 5
) -> list[tuple[models.Note, str]]:
    """Return the newest notes about a customer with their authors' names."""
    note = models.Note
    rows = session.execute(
        select(note, models.User.name)
        .join(models.User, models.User.id == note.author_id)
        .where(note.party_id == party_id, note.text != "", visibility.visible(viewer, note))
        .order_by(note.updated_at.desc(), note.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def _contact(item: timeline.Item, people: dict[int, str]) -> Contact:
    call: models.Call = item.row
    answered = [p for p in call.participants if p.answered] or call.participants
    agent = next((people[p.user_id] for p in reversed(answered) if p.user_id in people), "")
    return Contact(
        id=call.id,
        linkedid=call.linkedid,
        at=call.started,
        direction=call.direction,
        agent=agent,
        result=call.result,
        outcome=item.outcome,
        note=item.notes[0].text if item.notes else "",
        talk_seconds=call.talk_seconds,
    )


def _calls_since(session: Session, party_id: int | None, e164: str | None, since: datetime) -> int:
    """Count the calls with a customer or a number; a count tells nothing that is hidden."""
    call = models.Call
    ways: list[ColumnElement[bool]] = []
    if party_id is not None:
        ways.append(call.party_id == party_id)
    if e164:
        ways.append(call.far_e164 == e164)
    if not ways:
        return 0
    query = select(func.count()).where(
        or_(*ways), call.started >= since, call.merged_into.is_(None)
    )
    return session.scalar(query) or 0


def _names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    user = models.User
    wanted = {i for i in ids if i is not None}
    rows = session.execute(select(user.id, user.name).where(user.id.in_(wanted)))
    return {row.id: row.name for row in rows}
