"""The questions that a look-up asks, in SQLAlchemy Core, and what their rows mean."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import bindparam, func, literal_column, null, select

from callcenter import models
from callcenter.crm import matching

Statement: TypeAlias = Any  # a Select; its type would list every column

# A switchboard's number may belong to hundreds; five are shown. Numbers in the text, not parameters: whoever plans the
# statement once for all sees that few rows are wanted.
_MOST: Any = literal_column("50")
_NONE: Any = literal_column("0")  # SQLAlchemy has an OFFSET for SQLite in any case

_COLUMNS = (
    models.Party.id,
    models.Party.display,
    models.Party.kind,
    models.Party.status,
    models.Party.city,
    models.Party.language,
    models.Party.vip,
    models.Party.alert,
    models.Party.marketing,
    models.Party.do_not_record,
    models.Party.owner_id,
    models.Party.team_id,
    models.Party.last_contact_at,
)
_NUMBER_COLUMNS = (
    models.Phone.e164,
    models.PartyPhone.label,
    models.PartyPhone.primary,
    models.PartyPhone.shared,
    models.Phone.do_not_call,
)


def _linked() -> Statement:
    return (
        select(*_COLUMNS, *_NUMBER_COLUMNS)
        .select_from(models.Phone)
        .join(models.PartyPhone, models.PartyPhone.phone_id == models.Phone.id)
        .join(models.Party, models.Party.id == models.PartyPhone.party_id)
        .where(models.Party.merged_into_id.is_(None))
    )


def exact() -> Statement:
    """Select who has this E.164 number."""
    return _linked().where(models.Phone.e164 == bindparam("e164")).limit(_MOST).offset(_NONE)


def weak() -> Statement:
    """Select who has a number that ends with these digits: a range of the reversed ones."""
    reversed_ = models.Phone.digits_reversed
    return (
        _linked()
        .where(reversed_ >= bindparam("low"), reversed_ < bindparam("high"))
        .limit(_MOST)
        .offset(_NONE)
    )


def by_id() -> Statement:
    """Select one party, with no number beside it."""
    nothing = (null(), null(), null(), null(), null())
    party = models.Party
    return select(*_COLUMNS, *nothing).where(
        party.id == bindparam("party"), party.merged_into_id.is_(None)
    )


def choice() -> Statement:
    """Select whom an agent chose for this number on this line."""
    choice = models.NumberChoice
    return select(choice.party_id).where(
        choice.e164 == bindparam("e164"), choice.did == bindparam("did")
    )


def open_cases() -> Statement:
    """Count the open cases of a party."""
    case = models.Case
    return select(func.count()).where(case.party_id == bindparam("party"), case.closed_at.is_(None))


def row(r: Any) -> matching.Row:
    """Return a selected row as a value; SQLite has numbers for truth and text for times."""
    return matching.Row(
        r[0], r[1], r[2], r[3], r[4], r[5], bool(r[6]), r[7], r[8], bool(r[9]), r[10], r[11],
        _epoch(r[12]) if r[12] else None, r[13] or "", r[14] or "", bool(r[15]), bool(r[16]), bool(r[17]),
    )  # fmt: skip


def _epoch(at: datetime | str) -> float:
    """Return epoch seconds; SQLite keeps times as UTC text without a zone."""
    if isinstance(at, str):
        return datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
    return at.timestamp()
