"""Customers: written with their numbers in one spelling, found by any of them, linked to their calls, late too.

Every write takes `version`, the one that was read, and raises Conflict when somebody else was faster. Numbers are normalised
at write: what cannot be parsed is refused, what is possible but not in the number plan is kept and marked `bad` no more than
`unverified`, because plans lag (phones.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from callcenter import errors, models
from callcenter.crm import names, phones, visibility

# What a person may write, with its longest value.
TEXTS = {"display": 200, "given": 100, "family": 100, "city": 100, "email": 200, "alert": 300}
CHOICES = {
    "kind": ("person", "organisation"),
    "status": ("lead", "prospect", "customer", "former"),
    "language": ("", "he", "en", "ru"),
    "marketing": ("allowed", "blocked", "unknown"),
}
FLAGS = ("vip", "do_not_record")
LINKS = ("owner_id", "team_id")


@dataclass(frozen=True, slots=True)
class Added:
    """A number of a party, and how many past calls it linked."""

    phone: models.Phone
    calls_linked: int


def create(
    session: Session,
    display: str,
    *,
    now: datetime,
    numbers: Iterable[str] = (),
    region: str = "IL",
    **values: Any,
) -> models.Party:
    """Create a customer with numbers as typed; one entry may hold several."""
    party = models.Party(created_at=now, updated_at=now)
    _fill(session, party, {"display": display, **values})
    session.add(party)
    session.flush()
    _index_name(session, party)
    for text in numbers:
        for raw in phones.split(text) or [text]:
            add_number(session, party, raw, region=region, now=now)
    return party


def edit(
    session: Session, party: models.Party, *, version: int, now: datetime, **values: Any
) -> models.Party:
    """Change what is given; raise Conflict when `version` is not the newest."""
    if party.version != version:
        raise errors.Conflict("the customer was changed elsewhere meanwhile")
    _fill(session, party, values)
    party.updated_at = now
    try:
        session.flush()
    except StaleDataError as error:  # between our reading and our writing
        raise errors.Conflict("the customer was changed elsewhere meanwhile") from error
    if {"display", "given", "family"} & values.keys():
        _index_name(session, party)
    return party


def add_number(
    session: Session,
    party: models.Party,
    raw: str,
    *,
    now: datetime,
    region: str = "IL",
    label: str = "",
    primary: bool = False,
) -> Added:
    """Give a customer a number, mark it shared where others have it, and link past calls of it.

    Raises Invalid for what is no number of the outside: withheld, short, our own, or unparsable.
    """
    number = phones.classify(raw, region)
    if number.kind != phones.EXTERNAL or number.e164 is None:
        raise errors.Invalid("number", "is not a telephone number")
    if session.scalar(select(models.OwnNumber.id).where(models.OwnNumber.e164 == number.e164)):
        raise errors.Invalid("number", "is one of our own")
    phone = _phone(session, number)
    owners = _owners(session, phone)
    if party.id not in owners:
        first = not session.scalar(
            select(models.PartyPhone.id).where(models.PartyPhone.party_id == party.id).limit(1)
        )
        session.add(
            models.PartyPhone(
                party_id=party.id,
                phone_id=phone.id,
                label=label[:40],
                primary=primary or first,
                shared=bool(owners),
                raw=raw[:60],
            )
        )
        party.updated_at = now
        session.flush()
    if owners - {party.id}:
        session.execute(
            update(models.PartyPhone)
            .where(models.PartyPhone.phone_id == phone.id)
            .values(shared=True)
        )
        return Added(phone, 0)  # whose calls they were is not known any more
    return Added(phone, link_late(session, party, number.e164))


def remove_number(session: Session, party: models.Party, phone_id: int, *, now: datetime) -> None:
    """Take a number from a customer; the number itself and its calls stay."""
    found = session.scalar(
        select(models.PartyPhone).where(
            models.PartyPhone.party_id == party.id, models.PartyPhone.phone_id == phone_id
        )
    )
    if found is None:
        raise errors.NotFound("no such number")
    phone = session.get_one(models.Phone, phone_id)
    session.delete(found)
    session.execute(
        delete(models.NumberChoice).where(
            models.NumberChoice.e164 == phone.e164, models.NumberChoice.party_id == party.id
        )
    )
    party.updated_at = now
    session.flush()
    left = session.scalars(
        select(models.PartyPhone).where(models.PartyPhone.phone_id == phone_id)
    ).all()
    if len(left) == 1:
        left[0].shared = False


def link_late(session: Session, party: models.Party, e164: str) -> int:
    """Link past calls of this number that nobody was linked to; return how many.

    A call that an agent must still decide about (ambiguous), or whose party is known, stays as it is.
    """
    call = models.Call
    theirs = (call.far_e164 == e164, call.party_id.is_(None), call.match_state != "ambiguous")
    ids = list(session.scalars(select(call.id).where(*theirs)))
    if not ids:
        return 0
    session.execute(
        update(call)
        .where(*theirs)
        .values(
            party_id=party.id,
            match_state="chosen",
            match_reasons=["number_added_later"],
            name_snapshot=party.display,
        )
    )
    notes = models.Note
    in_those = select(call.id).where(call.far_e164 == e164, call.party_id == party.id)
    session.execute(
        update(notes)
        .where(notes.party_id.is_(None), notes.call_id.in_(in_those))
        .values(party_id=party.id)
    )
    newest = session.scalar(
        select(call.started).where(call.id.in_(ids)).order_by(call.started.desc()).limit(1)
    )
    touch(party, newest)
    session.flush()
    return len(ids)


def touch(party: models.Party, at: datetime | None) -> None:
    """Remember the newest contact."""
    if at is not None and (party.last_contact_at is None or party.last_contact_at < at):
        party.last_contact_at = at


def get(session: Session, viewer: visibility.Viewer, party_id: int) -> models.Party:
    """Return a customer whom the viewer may see, following a merge; raise NotFound else."""
    party = visibility.get(session, viewer, models.Party, party_id)
    if party.merged_into_id is not None:
        return get(session, viewer, party.merged_into_id)
    return party


def numbers(session: Session, party_id: int) -> list[models.PartyPhone]:
    """Return a customer's numbers, the primary one first."""
    link = models.PartyPhone
    return list(
        session.scalars(
            select(link).where(link.party_id == party_id).order_by(link.primary.desc(), link.id)
        )
    )


def _phone(session: Session, number: phones.Number) -> models.Phone:
    """Return the row of a number, made when it is new."""
    found = session.scalar(select(models.Phone).where(models.Phone.e164 == number.e164))
    if found is not None:
        return found
    assert number.e164 is not None
    phone = models.Phone(
        e164=number.e164,
        digits_reversed=number.digits_reversed,
        region=number.region,
        line_type=number.line_type,
        quality="ok" if number.valid else "unverified",
    )
    session.add(phone)
    session.flush()
    return phone


def _owners(session: Session, phone: models.Phone) -> set[int]:
    link = models.PartyPhone
    return set(session.scalars(select(link.party_id).where(link.phone_id == phone.id)))


def _fill(session: Session, party: models.Party, values: dict[str, Any]) -> None:
    """Set the fields given, each checked; an unknown field is a mistake of the caller's."""
    for field, value in values.items():
        if field in TEXTS:
            setattr(party, field, _text(field, value))
        elif field in CHOICES:
            if value not in CHOICES[field]:
                raise errors.Invalid(field, f"is one of {', '.join(CHOICES[field])}")
            setattr(party, field, value)
        elif field in FLAGS:
            setattr(party, field, bool(value))
        elif field in LINKS or field == "facts":
            setattr(party, field, value)
        else:
            raise TypeError(f"a customer has no field {field}")
    if not party.display:
        raise errors.Invalid("display", "is empty")
    party.search_key = names.fold(f"{party.display} {party.given or ''} {party.family or ''}")


def _text(field: str, value: Any) -> str:
    text = " ".join(str(value or "").split())
    if any(not c.isprintable() and c != " " for c in text):
        text = "".join(c for c in text if c.isprintable() or c in "\u200e\u200f")
    if len(text) > TEXTS[field]:
        raise errors.Invalid(field, f"has at most {TEXTS[field]} characters")
    return text


def _index_name(session: Session, party: models.Party) -> None:
    """Write the words by which the party is found."""
    index = models.PartyName
    session.execute(delete(index).where(index.party_id == party.id))
    rows = [{"word": word, "party_id": party.id} for word in names.words(party.search_key)]
    if rows:
        session.execute(insert(index), rows)
