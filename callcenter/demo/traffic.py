"""Calls that keep arriving in the demo: known, shared, ambiguous, unknown and withheld numbers, in the languages of here.

Who calls is drawn from the sample data by the kinds that the screens must show; a seed makes a day repeatable.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from callcenter import models
from callcenter.db import Database
from callcenter.demo.callers import Callers, Customer

KINDS = ("known", "known", "known", "shared", "unknown", "withheld")
LINES = ("+97237000100", "+97237000100", "+97237000200", "+97237001001")
PROMPTS = ("demo-instruct", "demo-congrats", "vm-intro", "demo-abouttotry", "tt-monkeysintro")
MOST_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Cast:
    """Who may call, by kind."""

    known: Sequence[Customer]
    shared: Sequence[Customer]


def choose_cast(database: Database, *, size: int = 200) -> Cast:
    """Take customers of the sample: some whose number is theirs alone, some whose number is shared."""
    pairs = (
        select(models.Phone.e164, func.min(models.Party.display), func.count())
        .join(models.PartyPhone, models.PartyPhone.phone_id == models.Phone.id)
        .join(models.Party, models.Party.id == models.PartyPhone.party_id)
        .group_by(models.Phone.e164)
        .order_by(models.Phone.e164)
    )
    with database.session() as session:
        rows = list(session.execute(pairs))
    alone = [Customer(national(e164), name) for e164, name, n in rows if n == 1]
    shared = [Customer(national(e164), "") for e164, _, n in rows if n > 1]
    step = max(1, len(alone) // size)
    return Cast(alone[::step], shared[:size] or alone[:1])


def national(e164: str) -> str:
    """Write a number as Israeli providers send it."""
    return "0" + e164.removeprefix("+972") if e164.startswith("+972") else e164


def pick(cast: Cast, draw: random.Random) -> Customer:
    """Draw the next caller."""
    match draw.choice(KINDS):
        case "known":
            chosen = draw.choice(cast.known)
            # Providers rarely send a name: the card's name must come from the data.
            return chosen if draw.random() < 0.2 else Customer(chosen.number)
        case "shared":
            return draw.choice(cast.shared)
        case "unknown":
            return Customer(f"05{draw.choice('0234')}{draw.randrange(2_000_000, 9_999_999)}")
        case _:
            return Customer("")


class Traffic:
    """Keeps calls arriving until it is stopped."""

    def __init__(
        self, callers: Callers, cast: Cast, voices: Sequence[Path], *, seed: int = 7
    ) -> None:
        """Draw callers and voices by `seed`."""
        self.callers, self.cast, self.voices = callers, cast, voices
        self._draw = random.Random(seed)
        self._calls: set[asyncio.Task[int]] = set()

    async def run(self, *, every_seconds: tuple[float, float] = (6.0, 14.0)) -> None:
        """Start a call every few seconds, never more than a few at once."""
        while True:
            if self.callers.running < MOST_AT_ONCE:
                self._start()
            await asyncio.sleep(self._draw.uniform(*every_seconds))

    def _start(self) -> None:
        call = self.callers.call(
            pick(self.cast, self._draw),
            self._draw.choice(LINES),
            talk_seconds=self._draw.uniform(12, 45),
            voice=self._draw.choice(self.voices),
        )
        task = asyncio.create_task(call)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
