"""The late slots of a card: the last contacts, what is open, what was written; read on a thread after the card is out."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import db, models
from callcenter.crm import live, notes, seats, slots
from screenpop import cards

LONGEST_NOTE = 400
MOST_NOTES = 5
THREADS = (
    2  # enough for hundreds of calls a second, and no more of the interpreter's time than that
)


class Late:
    """Read slots on threads of their own."""

    def __init__(self, database: db.Database) -> None:
        self._database = database
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="late")

    async def read(
        self, call: live.LiveCall, party_id: int | None, person: seats.Person
    ) -> cards.Card:
        """Read the slots that a person may see; `party_id` is None for a stranger or a hidden customer."""
        loop = asyncio.get_running_loop()
        e164 = call.match.number.e164 if call.match else None
        asked = (call.pbx, call.id, party_id, e164, person)
        return await loop.run_in_executor(self._threads, lambda: self._database.call(_read, *asked))

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=True)


def _read(
    session: Session,
    pbx: str,
    linkedid: str,
    party_id: int | None,
    e164: str | None,
    person: seats.Person,
) -> cards.Card:
    c = models.Call
    row = session.scalar(select(c.id).where(c.pbx == pbx, c.linkedid == linkedid))
    found = slots.card_slots(session, person.viewer, party_id, db.utcnow(), e164=e164, but=row)
    contacts = [_contact(contact, person.language) for contact in found.contacts]
    mine = notes.of_call(session, row, person.viewer.id) if row is not None else None
    return {
        "contacts": contacts,
        "last": contacts[0] if contacts else None,
        "cases": [
            {
                "id": case.id,
                "number": case.number,
                "title": cards.clean(case.title),
                "status": case.status,
                "due_at": _epoch(case.due_at),
            }
            for case in found.cases
        ],
        "tasks": [
            {
                "id": task.id,
                "kind": task.kind,
                "title": cards.clean(task.title),
                "due_at": _epoch(task.due_at),
            }
            for task in found.tasks
        ],
        "notes": _notes(session, row, person, found),
        "note": {"text": mine.text, "version": mine.version}
        if mine
        else {"text": "", "version": 0},
        "calls_24h": found.calls_24h + (row is None),
    }


def _notes(
    session: Session, row: int | None, person: seats.Person, found: slots.Slots
) -> list[dict[str, Any]]:
    """Give what others wrote in this call first, then what is known of the customer."""
    told = []
    if row is not None:
        note, user = models.Note, models.User
        of_call = session.execute(
            select(note.text, note.updated_at, user.name)
            .join(user, user.id == note.author_id)
            .where(note.call_id == row, note.author_id != person.viewer.id, note.text != "")
            .order_by(note.updated_at.desc())
        )
        told = [_note(name, at, text) for text, at, name in of_call]
    earlier = [
        _note(name, note.updated_at, note.text)
        for note, name in found.notes
        if note.call_id != row or row is None
    ]
    return (told + earlier)[:MOST_NOTES]


def _note(author: str, at: datetime, text: str) -> dict[str, Any]:
    return {"author": author, "at": at.timestamp(), "text": cards.clean(text, LONGEST_NOTE)}


def _contact(contact: slots.Contact, language: str) -> dict[str, Any]:
    outcome = contact.outcome
    label = (
        (outcome.labels.get(language) or outcome.labels.get("en") or outcome.code)
        if outcome
        else ""
    )
    return {
        "id": contact.id,
        "at": contact.at.timestamp(),
        "direction": contact.direction,
        "agent": contact.agent,
        "result": contact.result,
        "outcome": label,
        "note": cards.clean(contact.note, 120),
    }


def _epoch(at: datetime | None) -> float | None:
    return at.timestamp() if at else None
