"""Figures over calls: what each counts, its formula, and which calls are behind it; pure.

A figure is a quotient of measures. A measure is a set of calls, counted, or a length summed over a set; so every number
names its calls. Boards and reports share this table, and queries.py computes the same measures inside the database.

Rules
1. A call belongs to the moment when it was queued, else to that when it started, and to one queue: the one in which it was
   answered, else the last one in which it waited. Its waiting began in the first.
2. A call that still runs is offered, and nothing else yet.
3. An agent's figures count calls through the agent's own part in them (`parts`): whose phone rang, who talked, how long.
   Two agents of one call each count it; the total counts it once.
4. A quotient without a denominator is None, never 0.

Times are epoch seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

BUSY_STATES: Final = frozenset({"talking", "hold", "consulting", "wrapup"})
PAUSED: Final = "paused"
COUNT, SECONDS, SHARE = "count", "seconds", "share"


@dataclass(frozen=True, slots=True)
class ParticipantRow:
    """One phone in a call."""

    user_id: int | None
    rang: float | None = None
    answered: float | None = None
    left: float | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call; `target_seconds` is its queue's, `success` that of its outcome."""

    id: int
    direction: str
    started: float
    queued: float | None = None
    answered: float | None = None
    ended: float | None = None
    result: str | None = None
    queue: str | None = None
    campaign: str | None = None
    wait_seconds: float | None = None
    talk_seconds: float | None = None
    hold_seconds: float = 0.0
    wrapup_seconds: float | None = None
    success: bool = False
    target_seconds: float = 20.0
    parts: tuple[ParticipantRow, ...] = ()

    @property
    def at(self) -> float:
        """Give the moment to which the call belongs."""
        return self.started if self.queued is None else self.queued


@dataclass(frozen=True, slots=True)
class StateSpan:
    """A stretch of an agent's time; one that is still open has no `until`."""

    user_id: int
    state: str
    since: float
    until: float | None = None


Parts = tuple[ParticipantRow, ...]
Tally = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Seen:
    """A call as it is counted: with those of its parts that are looked at, all of them or an agent's own."""

    call: CallRow
    parts: Parts
    short_seconds: float = 0.0

    @property
    def is_over(self) -> bool:
        """Say whether it has ended."""
        return self.call.ended is not None

    @property
    def is_queued(self) -> bool:
        """Say whether a caller came into a queue: a campaign's customers are called, they do not come."""
        return self.call.queued is not None and self.call.direction != "outbound"

    @property
    def is_talked(self) -> bool:
        """Say whether two people heard each other."""
        return self.is_over and self.call.answered is not None

    @property
    def is_given_up(self) -> bool:
        """Say whether the caller hung up while waiting."""
        abandoned = self.call.answered is None and self.call.result == "abandoned"
        return self.is_queued and self.is_over and abandoned

    @property
    def is_short(self) -> bool:
        """Say whether the caller gave up before waiting counts."""
        wait = self.call.wait_seconds
        return self.is_given_up and wait is not None and wait < self.short_seconds

    @property
    def is_in_time(self) -> bool:
        """Say whether the wait was within the queue's target."""
        wait = self.call.wait_seconds
        return wait is not None and wait <= self.call.target_seconds

    @property
    def rings_agents(self) -> bool:
        """Say whether phones rang for a caller: of click-to-dial the own phone does not count."""
        return self.call.direction != "outbound" or self.call.queued is not None

    @property
    def is_attempt(self) -> bool:
        """Say whether a customer was dialled."""
        dialled = self.call.direction == "outbound" and self.is_over
        return dialled and self.call.result != "agent_no_answer"

    @property
    def is_taken(self) -> bool:
        """Say whether one who is looked at talked."""
        return self.is_talked and any(p.answered is not None for p in self.parts)


SETS: Final[dict[str, Callable[[Seen], bool]]] = {
    "offered": lambda s: s.is_queued,
    "answered": lambda s: s.is_queued and s.is_talked,
    "abandoned": lambda s: s.is_given_up and not s.is_short,
    "short": lambda s: s.is_short,
    "unanswered": lambda s: s.is_queued and s.is_over and not s.is_talked and not s.is_given_up,
    "running": lambda s: s.is_queued and not s.is_over,
    "over": lambda s: s.is_queued and s.is_over and not s.is_short,
    "counted": lambda s: s.is_queued and (s.is_talked or (s.is_given_up and not s.is_short)),
    "in_time": lambda s: SETS["counted"](s) and s.is_in_time,
    "handled": lambda s: s.is_talked,
    "attempts": lambda s: s.is_attempt,
    "contacts": lambda s: s.is_attempt and s.is_talked,
    "successes": lambda s: s.is_attempt and s.is_talked and s.call.success,
    "dropped": lambda s: s.is_attempt and s.call.result == "dropped",
    "rang": lambda s: s.rings_agents and any(p.rang is not None for p in s.parts),
    "missed": lambda s: s.rings_agents and any(p.outcome == "missed" for p in s.parts),
    "taken": lambda s: s.is_taken,
    "dialled": lambda s: s.is_attempt and any(p.answered is not None for p in s.parts),
    "reached": lambda s: s.is_attempt and s.is_taken,
    "sold": lambda s: s.is_attempt and s.is_taken and s.call.success,
}


def in_calls(seen: Seen) -> float:
    """Sum how long those who are looked at were in the talk, holds included."""
    begun = seen.call.answered
    if begun is None:
        return 0.0
    return sum(
        max(0.0, p.left - max(p.answered, begun))
        for p in seen.parts
        if p.answered is not None and p.left is not None
    )


def wrapup_of(seen: Seen) -> float:
    """Give the call's wrap-up to whom it belongs: who picked up last."""
    picked_up = [p.answered for p in seen.call.parts if p.answered is not None]
    last = max(picked_up, default=None)
    mine = last is not None and any(p.answered == last for p in seen.parts)
    return (seen.call.wrapup_seconds or 0.0) if mine else 0.0


def longest(seen: Iterable[Seen]) -> float | None:
    """Give the longest wait of callers who were answered or gave up; None where nobody waited."""
    waits = [s.call.wait_seconds for s in seen if SETS["counted"](s)]
    return max((wait for wait in waits if wait is not None), default=None)


# A length, and the set over which it is summed.
SUMS: Final[dict[str, tuple[str, Callable[[Seen], float]]]] = {
    "waited": ("answered", lambda s: s.call.wait_seconds or 0.0),
    "talked": ("handled", lambda s: s.call.talk_seconds or 0.0),
    "held": ("handled", lambda s: s.call.hold_seconds),
    "wrapped": ("handled", lambda s: s.call.wrapup_seconds or 0.0),
    "in_calls": ("taken", in_calls),
    "own_wrapped": ("taken", wrapup_of),
}
# Measured only where calls are counted through agents' parts.
OWN: Final = ("rang", "taken", "dialled", "reached", "sold", "in_calls", "own_wrapped")
SPANS: Final = ("busy", "signed_in", "paused")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its words (keys of the catalogue), unit, and the measures that make it."""

    code: str
    name: str
    formula: str
    unit: str
    top: tuple[str, ...]
    bottom: str = ""
    better: int = 0  # 1: more is better, -1: less is, 0: neither
    family: str = "service"  # service | outbound | agents: which stand together in a table

    @property
    def opens(self) -> str:
        """Name the set of calls that the number stands on; empty for what is made of agents' time."""
        code = self.bottom or self.top[0]
        return code if code in SETS else SUMS[code][0] if code in SUMS else ""

    def value(self, tally: Tally) -> float | None:
        """Compute it from the measures; None where there is nothing to divide by, or nobody measured."""
        if any(code not in tally for code in (*self.top, *filter(None, (self.bottom,)))):
            return None
        total = sum(tally[code] for code in self.top)
        if not self.bottom:
            return total
        return total / tally[self.bottom] if tally[self.bottom] else None


def tally(seen: Iterable[Seen]) -> dict[str, float]:
    """Count and sum every measure over calls."""
    found = dict.fromkeys([*SETS, *SUMS], 0.0)
    for each in seen:
        for code, belongs in SETS.items():
            found[code] += belongs(each)
        for code, (of, length) in SUMS.items():
            found[code] += length(each) if SETS[of](each) else 0.0
    return found


def add(tallies: Iterable[Tally]) -> dict[str, float]:
    """Add measures up: those of several hours are those of the day."""
    total: defaultdict[str, float] = defaultdict(float)
    for one in tallies:
        for code, value in one.items():
            total[code] += value
    return dict(total)


def time_of(spans: Iterable[StateSpan], begin: float, end: float, now: float) -> dict[str, float]:
    """Sum busy, signed-in and paused seconds between two moments; an open stretch lasts until now."""
    found = dict.fromkeys(SPANS, 0.0)
    for span in spans:
        until = now if span.until is None else span.until
        seconds = max(0.0, min(until, end) - max(span.since, begin))
        if span.state != "offline":
            found["signed_in"] += seconds
        if span.state in BUSY_STATES:
            found["busy"] += seconds
        if span.state == PAUSED:
            found["paused"] += seconds
    return found
