"""A call and its customer: chosen by the agent, made on the spot, and remembered for the next time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import customers, phones


def choose(
    session: Session,
    call: models.Call,
    party: models.Party,
    *,
    user_id: int,
    now: datetime,
    remember: bool = True,
) -> models.Call:
    """Link a call to the customer whom the agent named, and remember it for this number and line."""
    if party.merged_into_id is not None:
        raise errors.Conflict("the customer was merged into another")
    link(session, call, party, reason="chosen_by_agent")
    if remember and call.far_e164:
        _remember(session, call.far_e164, call.did or "", party.id, user_id=user_id, now=now)
    return call


def create_for_call(
    session: Session,
    call: models.Call,
    name: str,
    *,
    user_id: int,
    now: datetime,
    region: str = "IL",
    team_id: int | None = None,
) -> models.Party:
    """Create the customer who is calling, with the number they call from, and link this and past calls."""
    party = customers.create(session, name, now=now, owner_id=user_id, team_id=team_id)
    raw = call.far_e164 or ""
    if raw:
        customers.add_number(session, party, raw, region=region, now=now)
    session.flush()
    link(session, call, party, reason="created_from_call")
    return party


def attach_number(
    session: Session, call: models.Call, party: models.Party, *, now: datetime, region: str = "IL"
) -> customers.Added | None:
    """Add the call's number to the customer, where it has one that can be kept."""
    if not call.far_e164 or phones.classify(call.far_e164, region).kind != phones.EXTERNAL:
        return None
    return customers.add_number(session, party, call.far_e164, region=region, now=now)


def link(session: Session, call: models.Call, party: models.Party, *, reason: str) -> None:
    """Write who the call was with; its notes follow."""
    before = call.party_id
    call.party_id = party.id
    call.match_state = "chosen"
    call.match_reasons = [reason]
    call.name_snapshot = party.display
    note = models.Note
    mine = note.party_id.is_(None) if before is None else note.party_id == before
    session.execute(update(note).where(note.call_id == call.id, mine).values(party_id=party.id))
    customers.touch(party, call.started)
    session.flush()


def _remember(
    session: Session, e164: str, did: str, party_id: int, *, user_id: int, now: datetime
) -> None:
    choice = session.scalar(
        select(models.NumberChoice).where(
            models.NumberChoice.e164 == e164, models.NumberChoice.did == did
        )
    )
    if choice is None:
        choice = models.NumberChoice(e164=e164, did=did[:40])
        session.add(choice)
    choice.party_id = party_id
    choice.chosen_by_id = user_id
    choice.chosen_at = now
    linked = session.scalar(
        select(models.PartyPhone)
        .join(models.Phone, models.Phone.id == models.PartyPhone.phone_id)
        .where(models.Phone.e164 == e164, models.PartyPhone.party_id == party_id)
    )
    if linked is not None:
        linked.last_chosen_at = now
    session.flush()
