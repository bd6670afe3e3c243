"""Finding customers: by the beginning of any word of the name, by a piece of a number, newest first.

A name is read as typed and as typed in the wrong keyboard layout (names.py). A number is found by its beginning
("054-12", "+97254") or its end ("4567"), both as ranges of an index: no LIKE '%...%' anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import phonenumbers
from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased, selectinload

from callcenter import models
from callcenter.crm import names, paging, phones, visibility

FEWEST_DIGITS = 3
MOST = 200
COMMON = 2000  # a beginning of a word that so many names have is common


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
        query = query.where(matches(text, region, session=session))
    if after:
        at, key = paging.decode(after)
        query = query.where(tuple_(party.updated_at, party.id) < (at, key))
    return paging.page(session.scalars(query).all(), limit, lambda p: (p.updated_at, p.id))


def matches(
    text: str, region: str = "IL", entity: Any = models.Party, *, session: Session | None = None
) -> ColumnElement[bool]:
    """Return the condition under which a customer is meant by what was typed.

    With a session it is made for a list of customers, newest first; without one it is made to stand in IN (SELECT ...).
    """
    if number := _number_like(text):
        return _by_number(number, region, entity)
    ways = [_by_words(session, words, entity) for words in names.readings(text)]
    return or_(false(), *(way for way in ways if way is not None))


def _number_like(text: str) -> str:
    """Return the digits of what looks like a piece of a number, else nothing."""
    if any(c.isalpha() for c in text):
        return ""
    cleaned = phones.clean(text)
    digits = "".join(c for c in cleaned if c.isdigit())
    if len(digits) < FEWEST_DIGITS:
        return ""
    return ("+" if cleaned.startswith("+") else "") + digits


def _by_words(session: Session | None, words: list[str], party: Any) -> ColumnElement[bool] | None:
    """Every word must begin some word of the name; None where nobody can be meant.

    The rarest word names the few customers to look at. Where each word is common, customers are tried from the last
    changed on until the page is full, which is soon.
    """
    counted = sorted((_count(session, word), word) for word in words) if session else []
    if counted and counted[0][0] == 0:
        return None
    found: list[ColumnElement[bool]] = []
    for place, (count, word) in enumerate(counted or [(0, word) for word in words]):
        entry = aliased(models.PartyName)
        if not counted or (place == 0 and count < COMMON):
            found.append(party.id.in_(select(entry.party_id).where(_begins(entry, word))))
        else:
            found.append(exists().where(entry.party_id == party.id, _begins(entry, word)))
    return and_(*found)


def _count(session: Session, word: str) -> int:
    """Count the names in which a word begins so, up to COMMON."""
    entry = models.PartyName
    few = select(entry.party_id).where(_begins(entry, word)).limit(COMMON)
    return session.scalar(select(func.count()).select_from(few.subquery())) or 0


def _begins(entry: Any, word: str) -> ColumnElement[bool]:
    return and_(entry.word >= word, entry.word < word + names.END)


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
