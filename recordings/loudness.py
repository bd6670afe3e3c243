"""Where a recording is loud: the heights that a player draws, and the stretches worth transcribing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recordings.audio import Samples

BARS = 400
QUIETEST_PEAK = 3_000  # below it a recording is not drawn as if it were loud
FRAME_SECONDS = 0.02
SILENCE = 80.0  # root mean square of comfort noise and line hiss stays below
LOUDEST_SILENCE = 400.0
PAD_SECONDS = 0.25
GAP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a sound, from one sample up to another."""

    first: int
    last: int


def heights(sides: dict[str, Samples], *, bars: int = BARS) -> dict[str, list[int]]:
    """Give each side up to `bars` heights of 0..100, all on one scale, so that who spoke louder is seen."""
    loudest = max((_peak(samples) for samples in sides.values()), default=0)
    scale = 100 / max(loudest, QUIETEST_PEAK)
    return {side: _bars(samples, bars, scale) for side, samples in sides.items()}


def _peak(samples: Samples) -> int:
    return int(np.abs(samples.astype(np.int32)).max()) if len(samples) else 0


def _bars(samples: Samples, bars: int, scale: float) -> list[int]:
    if not len(samples):
        return []
    edges = np.linspace(0, len(samples), min(bars, len(samples)), endpoint=False, dtype=np.int64)
    peaks = np.maximum.reduceat(np.abs(samples.astype(np.int32)), edges)
    return [int(height) for height in np.round(peaks * scale)]


def stretches(samples: Samples, rate: int) -> list[Stretch]:
    """Find what is louder than the line's own hiss; pauses of less than a second stay inside."""
    frame = max(1, round(rate * FRAME_SECONDS))
    count = len(samples) // frame
    if count == 0:
        return []
    framed = samples[: count * frame].reshape(count, frame).astype(np.float32)
    power = np.sqrt(np.einsum("ij,ij->i", framed, framed) / frame)
    hiss = float(np.percentile(power, 10)) * 2.5
    loud = np.flatnonzero(power > min(max(SILENCE, hiss), LOUDEST_SILENCE))
    if not len(loud):
        return []
    breaks = np.flatnonzero(np.diff(loud) * FRAME_SECONDS > GAP_SECONDS)
    firsts = loud[np.concatenate(([0], breaks + 1))]
    lasts = loud[np.concatenate((breaks, [len(loud) - 1]))]
    pad = round(rate * PAD_SECONDS)
    return [
        Stretch(max(0, int(first) * frame - pad), min(len(samples), (int(last) + 1) * frame + pad))
        for first, last in zip(firsts, lasts, strict=True)
    ]
