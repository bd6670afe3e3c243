"""Heights for the player and stretches for the engine."""

from __future__ import annotations

import numpy as np

from recordings import loudness
from tests.recordings import sounds


def test_heights_are_on_one_scale_for_both_sides() -> None:
    loud, quiet = sounds.tone(2, loud=20_000).mono(), sounds.tone(2, loud=10_000).mono()
    drawn = loudness.heights({"agent": loud, "customer": quiet})
    assert len(drawn["agent"]) == len(drawn["customer"]) == 400
    assert max(drawn["agent"]) == 100 and 48 <= max(drawn["customer"]) <= 52


def test_hiss_is_not_drawn_as_if_it_were_speech() -> None:
    hiss = sounds.tone(1, loud=60).mono()
    assert max(loudness.heights({"mixed": hiss})["mixed"]) <= 2


def test_a_sound_shorter_than_the_bars_and_an_empty_one_are_drawn() -> None:
    drawn = loudness.heights(
        {"agent": np.array([5, -32768], dtype=np.int16), "customer": sounds.silence(0).mono()}
    )
    assert drawn == {"agent": [0, 100], "customer": []}


def test_only_what_is_loud_is_worth_hearing() -> None:
    sound = sounds.joined(
        sounds.silence(3),
        sounds.tone(1),
        sounds.silence(0.5),
        sounds.tone(1),
        sounds.silence(4),
        sounds.tone(1),
    )
    parts = loudness.stretches(sound.mono(), 8_000)
    assert [(round(p.first / 8_000, 1), round(p.last / 8_000, 1)) for p in parts] == [
        (2.8, 5.8),
        (9.2, 10.5),
    ]


def test_silence_and_comfort_noise_cost_nothing() -> None:
    noise = np.random.default_rng(1).normal(0, 25, 80_000).astype(np.int16)
    assert loudness.stretches(noise, 8_000) == []
    assert loudness.stretches(sounds.silence(10).mono(), 8_000) == []
    assert loudness.stretches(sounds.silence(0).mono(), 8_000) == []


def test_speech_over_a_loud_line_is_still_found() -> None:
    noise = np.random.default_rng(1).normal(0, 300, 80_000).astype(np.int16)
    noise[24_000:32_000] += sounds.tone(1, loud=8_000).mono()
    assert any(p.first <= 24_000 and p.last >= 32_000 for p in loudness.stretches(noise, 8_000))
