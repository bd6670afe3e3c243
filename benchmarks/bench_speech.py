"""What the product adds to a speech engine: the worker's whole way of a recording beside the engine alone, same audio, same run.

A call of BENCH_SPEECH_SECONDS (40) a side, of Asterisk's own prompts: once with both sides talking all the time, once in
turns as people do. The engine alone is its library given each side at once, loaded and warm. The product fetches the
files, checks, copies and draws them, transcribes, and writes the rows. What it must reach: at most 1.2 times the engine's own
processor time; both are single-threaded, and other people's work on the machine is not counted.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faster_whisper
import numpy as np
import structlog
import vosk

from callcenter import db, migrations, models, settings
from callcenter.telephony import facts
from recordings import audio, engines, expect, worker
from tests.recordings import sounds

SECONDS = float(os.environ.get("BENCH_SPEECH_SECONDS", "40"))
ROUNDS = 2
MOST = 1.2
TURN_SECONDS = 5.0
PROMPTS = {"agent": ("demo-congrats", "demo-thanks"), "customer": ("demo-instruct",)}

Sides = dict[str, audio.Sound]


@dataclass(frozen=True, slots=True)
class Rival:
    """An engine alone: its name, its model's folder, and how its library is called with one side."""

    name: str
    language: str
    folder: Path
    hear: Callable[[audio.Sound], object]


def talk(prompts: tuple[str, ...]) -> audio.Sound:
    """Make one side: prompts over and over."""
    once = sounds.joined(*(sounds.prompt(name) for name in prompts))
    count = round(SECONDS * once.rate)
    whole = np.tile(once.samples, (1 + count // len(once.samples), 1))[:count]
    return audio.Sound(once.rate, np.ascontiguousarray(whole))


def calls() -> dict[str, Sides]:
    """Make the two shapes of a call."""
    both = {side: talk(prompts) for side, prompts in PROMPTS.items()}
    turns = {}
    for number, (side, sound) in enumerate(both.items()):
        at = (np.arange(len(sound.samples)) / sound.rate // TURN_SECONDS) % 2 == number
        turns[side] = audio.Sound(sound.rate, sound.samples * at.reshape(-1, 1).astype(np.int16))
    return {"all the time": both, "in turns": turns}


def rivals() -> list[Rival]:
    """Load each engine's library."""
    vosk.SetLogLevel(-1)
    korean, english = sounds.model_folder(), sounds.whisper_folder()
    kaldi = vosk.KaldiRecognizer(vosk.Model(model_path=str(korean)), 8_000)
    kaldi.SetWords(True)
    whisper = faster_whisper.WhisperModel(
        str(english), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
    )

    def by_vosk(sound: audio.Sound) -> object:
        pcm = sound.mono().tobytes()
        step = 8 * sound.rate
        for at in range(0, len(pcm), step):
            kaldi.AcceptWaveform(pcm[at : at + step])
        return kaldi.FinalResult()

    def by_whisper(sound: audio.Sound) -> object:
        samples = audio.band_limited(sound.mono(), sound.rate, 16_000)
        heard, _ = whisper.transcribe(
            samples, language="en", beam_size=1, word_timestamps=True, condition_on_previous_text=False
        )  # fmt: skip
        return list(heard)

    return [
        Rival("Vosk", "ko", korean, by_vosk),
        Rival("faster-whisper", "en", english, by_whisper),
    ]


class Product:
    """A database, an exchange's folder and a store, with a worker in this process."""

    def __init__(self, folder: Path, rival: Rival) -> None:
        self.monitor, self._count = folder / "monitor", 0
        self.monitor.mkdir()
        self.settings = settings.Settings(
            database=settings.DatabaseSettings(url=f"sqlite:///{folder / 'bench.db'}"),
            pbx=(settings.Pbx(recordings=str(self.monitor)),),
            recordings=settings.Recordings(folder=str(folder / "store")),
            speech=settings.Speech(models={rival.language: str(rival.folder)}, language=rival.language),
        )  # fmt: skip
        self.database = db.Database(self.settings.database.url)
        migrations.upgrade(self.database)
        self.worker = worker.Worker(self.settings, self.database)
        self.engine: engines.Engine = self.worker.steps.engines.get(rival.language)

    def hear(self, sides: Sides) -> tuple[float, str]:
        """Take a recording all its way; return the processor seconds and its last state."""
        self._count += 1
        name = f"{self._count}.wav"
        both = audio.stereo(sides["agent"], sides["customer"])
        files = {"": audio.Sound(both.rate, both.mono().reshape(-1, 1)), **{f"-{k}": v for k, v in sides.items()}}  # fmt: skip
        for leg, sound in files.items():
            (self.monitor / f"{self._count}{leg}.wav").write_bytes(audio.encode(sound))
        with self.database.session() as session:
            at = time.time()
            row = expect.expect(
                session, "main", facts.RecordingStarted(str(self._count), at, "PJSIP/trunk-1", name)
            )
            row.ended_at = row.started_at
            recording = row.id
        began = time.process_time()
        self.worker.advance(recording)
        self.worker.advance(recording)
        took = time.process_time() - began
        with self.database.session() as session:
            return took, session.get_one(models.Recording, recording).state

    def close(self) -> None:
        """Close what is open."""
        self.worker.close()
        self.database.close()


def race(rival: Rival, shape: str, sides: Sides, product: Product) -> bool:
    """Time the engine alone and the product in turn; print both and the ratio."""
    alone, whole = [], []
    for _ in range(ROUNDS):
        began = time.process_time()
        for sound in sides.values():
            rival.hear(sound)
        alone.append(time.process_time() - began)
        took, state = product.hear(sides)
        whole.append(took)
        if state != "done":
            print(f"    MISSED: the recording is {state}")
            return False
    speech = sum(sound.seconds for sound in sides.values())
    ratio = min(whole) / min(alone)
    print(
        f"{rival.name:15} {shape:13} alone {min(alone):6.2f} s ({speech / min(alone):5.1f} x real time)"
        f"   product {min(whole):6.2f} s ({speech / min(whole):5.1f} x)   ratio {ratio:.2f}",
        flush=True,
    )
    if ratio > MOST:
        print(f"    MISSED: ratio <= {MOST}")
    return ratio <= MOST


def main() -> bool:
    """Print the figures; return whether the product adds no more than it may."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    good = True
    shapes: dict[str, Any] = calls()
    for rival in rivals():
        folder = Path(tempfile.mkdtemp())
        product = Product(folder, rival)
        try:
            for shape, sides in shapes.items():
                good &= race(rival, shape, sides, product)
        finally:
            product.close()
            shutil.rmtree(folder, ignore_errors=True)
    return good
