"""Who plays in the sample's calls: people at telephones, the moments of office hours, and the number outside."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from callcenter.crm import sample_customers
from callcenter.crm import sample_words as w

DAYS = 60
OFFICE = ZoneInfo("Asia/Jerusalem")
STRANGERS = 0.07  # of the calls come from numbers that nobody has
WITHHELD = 0.03

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a telephone."""

    id: int
    role: str
    extension: str
    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who may play in a call."""

    pbx: str
    parties: Sequence[sample_customers.Made]
    people: Sequence[Person]
    outcomes: dict[str, int]
    shared: frozenset[str]

    def answering(self, queue: str) -> list[Person]:
        """Return the agents of a queue's team."""
        team = next(entry[1] for entry in w.QUEUES if entry[0] == queue)
        return [p for p in self.people if team in p.teams and p.role == "agent"]


def opening(now: datetime) -> datetime:
    """Return when the sample's history begins."""
    return now - timedelta(days=DAYS + 1)


def moment(chance: random.Random, now: datetime) -> datetime:
    """Return a moment of office hours: Sunday to Thursday, fewer calls on Friday."""
    while True:
        day = (now - timedelta(days=chance.random() * DAYS)).astimezone(OFFICE)
        hour = chance.choices(range(8, 19), (5, 8, 10, 10, 9, 8, 8, 9, 8, 5, 3))[0]
        at = day.replace(
            hour=hour, minute=chance.randrange(60), second=chance.randrange(60), microsecond=0
        )
        friday, saturday = at.weekday() == 4, at.weekday() == 5
        if at < now and not saturday and not (friday and (hour > 12 or chance.random() < 0.6)):
            return at


def far_end(
    chance: random.Random, party: sample_customers.Made, inbound: bool
) -> tuple[str | None, bool]:
    """Return the outside number and whether it is the party's."""
    lot = chance.random() if inbound else 1.0
    if lot < WITHHELD:
        return None, False
    if lot < WITHHELD + STRANGERS:
        return f"+97255{chance.randint(2000000, 9999999)}", False
    return chance.choice(party.numbers), True


def match(cast: Cast, party: sample_customers.Made | None, number: str | None) -> Values:
    state, reasons = "none", ["unknown_number"]
    if number is None:
        state, reasons = "anonymous", ["withheld"]
    elif party is not None and number in cast.shared:
        state, reasons = "chosen", ["chosen_by_agent"]
    elif party is not None:
        state, reasons = "strong", ["exact", "only_one"]
    return {
        "far_e164": number,
        "party_id": party.id if party else None,
        "match_state": state,
        "match_reasons": reasons,
        "name_snapshot": party.display if party else "",
    }


def part(
    who: Person, rang: datetime, answered: datetime | None, left: datetime, outcome: str
) -> Values:
    return {
        "interface": f"PJSIP/{who.extension}",
        "extension": who.extension,
        "user_id": who.id,
        "rang": rang,
        "answered": answered,
        "left": left,
        "outcome": outcome,
    }
