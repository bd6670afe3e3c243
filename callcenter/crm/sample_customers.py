"""Customers of the sample: people, families on one number, organisations behind a switchboard, and namesakes by accident."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import names, phones
from callcenter.crm import sample_words as w

MOBILE = ("50", "52", "542", "543", "544", "545", "546", "547", "548", "549")
FIXED = ("26", "36", "38", "39", "46", "48", "86", "89", "97", "98")


@dataclass(slots=True)
class Made:
    """A customer as made here; `id` comes with the row."""

    display: str
    language: str
    kind: str = "person"
    given: str = ""
    family: str = ""
    numbers: list[str] = field(default_factory=list)  # E.164
    vip: bool = False
    team_id: int | None = None
    owner_id: int | None = None
    id: int = 0


def load(
    session: Session,
    chance: random.Random,
    count: int,
    *,
    now: datetime,
    owners: Sequence[int],
    support_id: int,
    sales_id: int,
) -> list[Made]:
    """Make and write `count` customers."""
    numbers = _Numbers(chance)
    made = [_first(numbers)]
    while len(made) < count:
        lot = chance.random()
        if lot < 0.012:
            made += _organisation(chance, numbers)
        elif lot < 0.06:
            made += _family(chance, numbers)
        elif lot < 0.07 and len(made) > 20:
            made.append(_coincidence(chance, made))
        else:
            made.append(_person(chance, numbers))
    del made[count:]
    for one in made:
        _place(chance, one, owners, support_id, sales_id)
    _write(session, chance, made, now)
    return made


def known(made: Sequence[Made]) -> dict[str, str]:
    """Name some numbers to call from: number -> what the card will show."""
    users = Counter(number for one in made for number in one.numbers)
    found: dict[str, str] = {}
    for one in made:
        for number in one.numbers:
            kind = "one" if users[number] == 1 else "shared"
            if one.vip and kind == "one":
                kind = "vip"
            if kind not in found.values():
                found[number] = kind
    return found


class _Numbers:
    """Give out numbers that nobody has yet."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._given: set[str] = set()

    def take(self, prefixes: Sequence[str], length: int) -> str:
        """Return a new E.164 number of Israel."""
        while True:
            head = self._chance.choice(prefixes)
            tail = "".join(self._chance.choice("0123456789") for _ in range(length - len(head)))
            number = f"+972{head}{tail}"
            if number not in self._given and phones.facts(number)[2]:
                self._given.add(number)
                return number

    def mobile(self) -> str:
        """Return a mobile number."""
        return self.take(MOBILE, 9)

    def fixed(self) -> str:
        """Return a landline."""
        return self.take(FIXED, 8)


def _first(numbers: _Numbers) -> Made:
    return Made(
        "דנה לוי־אברמוביץ׳", "he", given="דנה", family="לוי־אברמוביץ׳",
        numbers=[numbers.mobile(), numbers.fixed()], vip=True,
    )  # fmt: skip


def _language(chance: random.Random) -> str:
    return chance.choices(("he", "ru", "en"), (60, 20, 20))[0]


def _person(chance: random.Random, numbers: _Numbers, family: str = "", language: str = "") -> Made:
    language = language or _language(chance)
    given = chance.choice(w.GIVEN[language])
    family = family or chance.choice(w.FAMILY[language])
    made = Made(f"{given} {family}", language, given=given, family=family)
    made.numbers.append(numbers.mobile() if chance.random() < 0.9 else numbers.fixed())
    if chance.random() < 0.25:
        made.numbers.append(numbers.fixed())
    made.vip = chance.random() < 0.04
    return made


def _family(chance: random.Random, numbers: _Numbers) -> list[Made]:
    """Return a household: one landline, two to five people, some with a mobile of their own."""
    language = _language(chance)
    name, home = chance.choice(w.FAMILY[language]), numbers.fixed()
    people = [_person(chance, numbers, name, language) for _ in range(chance.randint(2, 5))]
    for one in people:
        one.numbers = [home, *(one.numbers if chance.random() < 0.5 else [])]
    return people


def _organisation(chance: random.Random, numbers: _Numbers) -> list[Made]:
    """Return an organisation and the people behind its switchboard."""
    board = numbers.fixed()
    title = chance.choice(w.ORGANISATIONS)
    made = [
        Made(title, "he" if title[0] > "\u0590" else "en", kind="organisation", numbers=[board])
    ]
    for _ in range(chance.randint(3, 9)):
        one = _person(chance, numbers)
        one.numbers = [board, *one.numbers[:1]]
        made.append(one)
    return made


def _coincidence(chance: random.Random, made: Sequence[Made]) -> Made:
    """Return a stranger who has somebody else's number by now: a number that changed hands."""
    other = chance.choice(made)
    language = _language(chance)
    given, family = chance.choice(w.GIVEN[language]), chance.choice(w.FAMILY[language])
    return Made(
        f"{given} {family}", language, given=given, family=family, numbers=other.numbers[:1]
    )


def _place(
    chance: random.Random, one: Made, owners: Sequence[int], support_id: int, sales_id: int
) -> None:
    """Give the customer to support, to a seller, or to nobody."""
    lot = chance.random()
    if lot < 0.5:
        one.team_id = support_id
    elif lot < 0.8:
        one.team_id, one.owner_id = sales_id, chance.choice(owners)


def _write(session: Session, chance: random.Random, made: list[Made], now: datetime) -> None:
    rows = [_row(chance, one, now) for one in made]
    table = models.Party
    ids = session.connection().scalars(
        insert(table).returning(table.id, sort_by_parameter_order=True), rows
    )
    for one, key in zip(made, ids.all(), strict=True):
        one.id = key
    session.connection().execute(
        insert(models.PartyName),
        [{"word": word, "party_id": one.id} for one in made for word in names.words(one.display)],
    )
    users: dict[str, list[Made]] = defaultdict(list)
    for one in made:
        for number in one.numbers:
            users[number].append(one)
    phone = models.Phone
    kept = (
        session.connection()
        .scalars(
            insert(phone).returning(phone.id, sort_by_parameter_order=True),
            [_phone_row(chance, number) for number in users],
        )
        .all()
    )
    session.connection().execute(
        insert(models.PartyPhone),
        [
            {
                "party_id": one.id,
                "phone_id": key,
                "primary": one.numbers[0] == number,
                "shared": len(holders) > 1,
                "raw": phones.display(number),
                "label": "",
            }
            for (number, holders), key in zip(users.items(), kept, strict=True)
            for one in holders
        ],
    )


def _row(chance: random.Random, one: Made, now: datetime) -> dict[str, object]:
    made_at = now - timedelta(days=chance.randint(61, 900), seconds=chance.randint(0, 86400))
    lead = one.owner_id is not None and chance.random() < 0.4
    return {
        "kind": one.kind,
        "display": one.display,
        "given": one.given,
        "family": one.family,
        "search_key": names.fold(one.display),
        "status": "lead" if lead else chance.choices(("customer", "former"), (95, 5))[0],
        "language": one.language,
        "city": chance.choice(w.CITIES[one.language]),
        "email": "",
        "vip": one.vip,
        "alert": chance.choice(w.ALERTS[one.language]) if chance.random() < 0.03 else "",
        "marketing": chance.choices(("unknown", "allowed", "blocked"), (70, 24, 6))[0],
        "do_not_record": chance.random() < 0.01,
        "owner_id": one.owner_id,
        "team_id": one.team_id,
        "facts": {},
        "created_at": made_at,
        "updated_at": made_at,
    }


def _phone_row(chance: random.Random, number: str) -> dict[str, object]:
    region, line_type, valid = phones.facts(number)
    return {
        "e164": number,
        "digits_reversed": number.removeprefix("+972")[::-1],
        "region": region,
        "line_type": line_type,
        "quality": "ok" if valid else "unverified",
        "do_not_call": chance.random() < 0.04,
    }
