"""What goes wrong in a run, and when: a pure function of the seed, so that a run that failed can be had again.

A plan holds faults and clicks (a user asks for a call), each at a moment of the run, in seconds since the load began.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Name what is done to the product or its surroundings."""

    RESET = "reset"  # RST on the line
    CLOSE = "close"  # FIN on the line
    CUT_LETTER = "cut letter"  # RST in the middle of a character of two bytes
    HALF_OPEN = "half-open"  # nothing passes any more, either way, and nobody is told
    TRICKLE = (
        "trickle"  # the line passes a few bytes at a time, until the exchange's buffers are full
    )
    REFUSED = "refused"  # the line is cut and nobody listens for `seconds`
    KILL_SERVE = "kill -9 serve"
    KILL_WORKER = "kill -9 worker"
    RESTART = "restart"  # the exchange dies without a word, and is there again after `seconds`
    DATABASE = "database"  # locked (SQLite), closed to us (PostgreSQL)
    FULL_DISK = "full disk"  # no byte fits where the recordings are kept
    CLOCK = "clock"  # the exchange's clock steps by `step` seconds, and back


SCRIPTED = tuple(Kind)
REAL = (Kind.RESET, Kind.HALF_OPEN, Kind.CUT_LETTER, Kind.REFUSED, Kind.KILL_SERVE, Kind.KILL_WORKER, Kind.RESTART)  # fmt: skip
_LASTS = {
    Kind.TRICKLE: (0.5, 2.0), Kind.REFUSED: (0.3, 2.0), Kind.RESTART: (0.3, 2.0), Kind.DATABASE: (0.5, 4.0),
    Kind.FULL_DISK: (1.0, 3.0), Kind.CLOCK: (0.5, 3.0), Kind.KILL_SERVE: (0.0, 1.5),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; `seconds` is how long it lasts where it lasts, `step` how far a clock goes."""

    at: float
    kind: Kind
    seconds: float = 0.0
    step: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a run is made of."""

    seed: int
    database: str  # sqlite | postgres
    seconds: float
    faults: tuple[Fault, ...]
    clicks: tuple[float, ...]

    def words(self) -> str:
        """Say it in one line, for who has to look at a run that failed."""
        told = [
            f"{f.at:.3f} {f.kind}" + (f" for {f.seconds:.3f} s" if f.seconds else "") + (f" by {f.step:+.0f} s" if f.step else "")
            for f in self.faults
        ]  # fmt: skip
        clicks = ", ".join(f"{at:.3f}" for at in self.clicks)
        return f"seed {self.seed} on {self.database}: {'; '.join(told)}; clicks at {clicks}"


def make(
    seed: int, *, kinds: tuple[Kind, ...] = SCRIPTED, seconds: float = 6.0, postgres: bool = False
) -> Plan:
    """Make the plan of a seed: two to four faults of these kinds and some clicks, at random moments.

    Seeds that follow each other begin with kinds that follow each other, so a row of them leaves none out.
    """
    chance = random.Random(seed)
    drawn = [kinds[seed % len(kinds)], *chance.choices(kinds, k=chance.randint(1, 3))]
    faults = [_fault(chance, kind, seconds) for kind in drawn]
    clicks = sorted(round(chance.uniform(0.2, seconds), 3) for _ in range(chance.randint(1, 4)))
    chosen = "postgres" if postgres and chance.random() < 0.25 else "sqlite"
    ordered = tuple(sorted(faults, key=lambda fault: fault.at))
    return Plan(seed, chosen, seconds, ordered, tuple(clicks))


def _fault(chance: random.Random, kind: Kind, seconds: float) -> Fault:
    at = round(chance.uniform(0.5, seconds), 3)
    shortest, longest = _LASTS.get(kind, (0.0, 0.0))
    lasts = round(chance.uniform(shortest, longest), 3)
    step = chance.choice((-3600.0, 3600.0)) if kind is Kind.CLOCK else 0.0
    return Fault(at, kind, lasts, step)
