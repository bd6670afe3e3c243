"""How hard the worker works: at full speed while nobody else does, the less the busier those are who take calls.

A thread of the lowest priority takes no time from others, but it wears out the caches that they share with it: at a hundred
calls a second their slowest card in a hundred was half as slow again. So after each stretch of work comes a rest.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

QUIET = 0.1  # of all processors; who is less busy feels nothing
STEEPNESS = 8  # measured with two processors (benchmarks/bench_backlog.py): four tenths taken leave it 2 % of its time
LEAST_SHARE = 0.02  # however busy the others are: the line of recordings goes on
LONGEST_REST_SECONDS = 60.0
NAP_SECONDS = 1.0  # of a rest, after which it is over where the others have become quiet
STAT = Path("/proc/stat")
# The first line's columns, in ticks since the machine started. Niced work, ours too, is a column of its own.
_USER, _SYSTEM, _IRQ, _SOFTIRQ = 0, 2, 5, 6
_ALL = slice(0, 8)


@dataclass(frozen=True, slots=True)
class Ticks:
    """What the processors did since the machine started."""

    urgent: int  # for whoever did not stand back
    total: int

    @classmethod
    def read(cls, line: str) -> Ticks:
        """Read the first line of /proc/stat."""
        columns = [int(word) for word in line.split()[1:]]
        return cls(sum(columns[at] for at in (_USER, _SYSTEM, _IRQ, _SOFTIRQ)), sum(columns[_ALL]))

    def busy_since(self, earlier: Ticks) -> float:
        """Say which part of all processors urgent work took meanwhile, 0 to 1."""
        passed = self.total - earlier.total
        return (self.urgent - earlier.urgent) / passed if passed > 0 else 0.0


def rest_seconds(worked_seconds: float, busy: float) -> float:
    """Say how long to rest after so much work, where others take that part of all processors."""
    if busy < QUIET:
        return 0.0
    share = max(LEAST_SHARE, (1.0 - busy) ** STEEPNESS)
    return min(worked_seconds * (1.0 / share - 1.0), LONGEST_REST_SECONDS)


class Courtesy:
    """Rest after stretches of work; `rest` sleeps, so call it on the thread that works."""

    def __init__(self) -> None:
        self._before = self._ticks()

    def rest(self, worked_seconds: float) -> None:
        """Sleep for as long as the others' work of the meantime asks for, or until they are quiet."""
        busy = self._busy()
        left = rest_seconds(worked_seconds, busy)
        while left > 0 and busy >= QUIET:
            time.sleep(min(left, NAP_SECONDS))
            left -= NAP_SECONDS
            busy = self._busy()

    def _busy(self) -> float:
        """Say how busy the others were since the last look."""
        before, self._before = self._before, self._ticks()
        return self._before.busy_since(before) if self._before and before else 0.0

    @staticmethod
    def _ticks() -> Ticks | None:
        if sys.platform != "linux":
            return None
        with STAT.open() as file:
            return Ticks.read(file.readline())
