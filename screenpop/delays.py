"""How long things took, by size: a histogram that costs a look-up and two additions to fill."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

BOUNDS = (
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip


class Delays:
    """Count durations below each bound; all in seconds."""

    def __init__(self, bounds: Sequence[float] = BOUNDS) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.sum_seconds = 0.0

    def observe(self, seconds: float) -> None:
        """Take one; a clock that was set back counts as no time at all."""
        seconds = max(seconds, 0.0)
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.sum_seconds += seconds

    @property
    def total(self) -> int:
        """Count all."""
        return sum(self.counts)

    def cumulative(self) -> Iterator[tuple[float, int]]:
        """Yield each bound with how many were not above it, the last bound being infinity."""
        below = 0
        for bound, count in zip((*self.bounds, float("inf")), self.counts, strict=True):
            below += count
            yield bound, below

    def quantile(self, share: float) -> float | None:
        """Give the bound that this share of all did not exceed; None where there are none, infinity above the last."""
        wanted = self.total * share
        if not wanted:
            return None
        return next(bound for bound, below in self.cumulative() if below >= wanted)
