"""What an agent writes about a call of theirs: the note, who it was, what came of it. Rows, by the call's Linkedid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import linking, notes, visibility


@dataclass(frozen=True, slots=True)
class Linked:
    """Who a call is with now."""

    party_id: int
    name: str


def save_note(
    session: Session,
    pbx: str,
    linkedid: str,
    viewer: visibility.Viewer,
    text: str,
    *,
    version: int,
    now: datetime,
) -> notes.Saved:
    """Save the viewer's note of a call; raise notes.StaleNote when it was changed elsewhere."""
    return notes.save(
        session, _call(session, pbx, linkedid).id, viewer.id, text, version=version, now=now
    )


def choose(
    session: Session,
    pbx: str,
    linkedid: str,
    viewer: visibility.Viewer,
    party_id: int,
    *,
    now: datetime,
) -> Linked:
    """Link a call to a customer whom the viewer may see, and remember it for the number."""
    call = _call(session, pbx, linkedid)
    party = visibility.get(session, viewer, models.Party, party_id)
    linking.choose(session, call, party, user_id=viewer.id, now=now)
    return Linked(party.id, party.display)


def create(
    session: Session,
    pbx: str,
    linkedid: str,
    viewer: visibility.Viewer,
    name: str,
    *,
    now: datetime,
    region: str,
) -> Linked:
    """Make a customer of who is calling, and link the call."""
    call = _call(session, pbx, linkedid)
    if call.party_id is not None:
        raise errors.Conflict("the call has a customer")
    party = linking.create_for_call(session, call, name, user_id=viewer.id, now=now, region=region)
    return Linked(party.id, party.display)


def conclude(
    session: Session,
    pbx: str,
    linkedid: str,
    viewer: visibility.Viewer,
    *,
    outcome_id: int | None,
    callback_at: datetime | None,
    now: datetime,
) -> None:
    """Check an outcome, and make the callback that was promised; raise Invalid for one that is not offered."""
    if outcome_id is not None:
        outcome = session.get(models.Outcome, outcome_id)
        if outcome is None or not outcome.active:
            raise errors.Invalid("outcome_id", "is not one of the outcomes")
    if callback_at is None:
        return
    if callback_at <= now:
        raise errors.Invalid("callback_at", "is in the past")
    call = _call(session, pbx, linkedid)
    session.add(
        models.Task(
            kind="callback",
            party_id=call.party_id,
            call_id=call.id,
            assignee_id=viewer.id,
            title=call.name_snapshot or call.far_e164 or call.from_raw,
            due_at=callback_at,
            created_at=now,
        )
    )


def _call(session: Session, pbx: str, linkedid: str) -> models.Call:
    call = models.Call
    found = session.scalar(select(call).where(call.pbx == pbx, call.linkedid == linkedid))
    if found is None:
        raise errors.NotFound("no such call")
    return found
