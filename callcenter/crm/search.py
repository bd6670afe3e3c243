"""Finding customers: by the beginning of any word of the name, by a piece of a number, newest first.

A name is read as typed and as typed in the wrong keyboard layout (names.py). A number is found by its beginning
("054-12", "+97254") or its end ("4567"), both as ranges of an index: no LIKE '%...%' anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import phonenumbers
from sqlalchemy import ColumnElement, and_, false, or_, select, tuple_
from sqlalchemy.orm import Session, aliased, selectinload

from callcenter import models
from callcenter.crm import names, paging, phones, visibility

FEWEST_DIGITS = 3
MOST = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to, apart from the text."""

    status: str = ""
    owner_id: int | None = None
    team_id: int | None = None
    vip: bool = False


def customers(
    session: Session,
    viewer: visibility.Viewer,
    text: str = "",
    *,
    region: str = "IL",
    narrowed: Filter = Filter(),
    after: str = "",
    limit: int = 50,
) -> paging.Page[models.Party]:
    """Return a page of visible customers, last changed first; `after` is the page before's `next`."""
    party = models.Party
    limit = max(1, min(limit, MOST))
    query = (
        select(party)
        .where(
            party.merged_into_id.is_(None), visibility.visible(viewer, party), *_narrow(narrowed)
        )
        .order_by(party.updated_at.desc(), party.id.desc())
        .limit(limit + 1)
        .options(selectinload(party.phones).joinedload(models.PartyPhone.phone))
    )
    if text.strip():
        query = query.where(matches(text, region))
    if after:
        at, key = paging.decode(after)
        query = query.where(tuple_(party.updated_at, party.id) < (at, key))
    return paging.page(session.scalars(query).all(), limit, lambda p: (p.updated_at, p.id))


def matches(text: str, region: str = "IL", entity: Any = models.Party) -> ColumnElement[bool]:
    """Return the condition under which a customer is meant by what was typed."""
    if number := _number_like(text):
        return _by_number(number, region, entity)
    ways = [_by_words(words, entity) for words in names.readings(text)]
    return or_(*ways) if ways else false()


def _number_like(text: str) -> str:
    """Return the digits of what looks like a piece of a number, else nothing."""
    if any(c.isalpha() for c in text):
        return ""
    cleaned = phones.clean(text)
    digits = "".join(c for c in cleaned if c.isdigit())
    if len(digits) < FEWEST_DIGITS:
        return ""
    return ("+" if cleaned.startswith("+") else "") + digits


def _by_words(words: list[str], party: Any) -> ColumnElement[bool]:
    """Every word must begin some word of the name."""
    found = []
    for word in words:
        index = aliased(models.PartyName)
        found.append(
            party.id.in_(
                select(index.party_id).where(index.word >= word, index.word < word + names.END)
            )
        )
    return and_(*found)


def _by_number(digits: str, region: str, party: Any) -> ColumnElement[bool]:
    link, phone = aliased(models.PartyPhone), aliased(models.Phone)
    bare = digits.lstrip("+")
    ways = [
        and_(phone.e164 >= start, phone.e164 < start + phones.SUFFIX_END)
        for start in _beginnings(digits, region)
    ]
    ways.append(
        and_(
            phone.digits_reversed >= bare[::-1],
            phone.digits_reversed < bare[::-1] + phones.SUFFIX_END,
        )
    )
    ids = select(link.party_id).join(phone, phone.id == link.phone_id).where(or_(*ways))
    found: ColumnElement[bool] = party.id.in_(ids)
    return found


def _beginnings(digits: str, region: str) -> list[str]:
    """Return the E.164 beginnings that these digits may stand for."""
    if digits.startswith("+"):
        return [digits]
    code = phonenumbers.country_code_for_region(region)
    if digits.startswith("00"):
        return [f"+{digits[2:]}"]
    if digits.startswith("0"):
        return [f"+{code}{digits[1:]}"]
    return [f"+{digits}", f"+{code}{digits}"]


def _narrow(narrowed: Filter) -> list[ColumnElement[bool]]:
    party = models.Party
    found: list[ColumnElement[bool]] = []
    if narrowed.status:
        found.append(party.status == narrowed.status)
    if narrowed.owner_id is not None:
        found.append(party.owner_id == narrowed.owner_id)
    if narrowed.team_id is not None:
        found.append(party.team_id == narrowed.team_id)
    if narrowed.vip:
        found.append(party.vip.is_(True))
    return found
