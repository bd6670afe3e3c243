"""Vosk: small models for many languages, ten times faster than speech on one core. It takes any sample rate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import vosk

from recordings import engines

CHUNK_SECONDS = 4  # larger saves nothing, smaller costs
BYTES_A_SAMPLE = 2
RENEWED_SECONDS = 3600.0  # of sound; then a recognizer and what it holds are let go


class VoskEngine:
    """A model in memory (some 300-800 MB), for one thread at a time."""

    name = "vosk"
    window_seconds = 0.0
    languages: frozenset[str] = frozenset()

    def __init__(self, folder: Path) -> None:
        vosk.SetLogLevel(-1)
        self.model = folder.name if folder.name != "model" else folder.parent.name
        try:
            self._model = vosk.Model(model_path=str(folder))
        except Exception as error:  # the library raises nothing narrower
            raise engines.NoModel(f"{folder} cannot be loaded by Vosk: {error}") from error
        # By rate, with the seconds it has heard: after a final result it goes on as if new, but its clock runs on. A fresh
        # one would compose the model's graph anew for every stretch of speech, which takes as long as hearing it.
        self._recognizers: dict[int, tuple[Any, float]] = {}

    def transcribe(self, pcm16: bytes, rate: int, language: str) -> list[engines.Segment]:
        """Return the utterances heard, with times and confidence of every word."""
        recognizer, begun = self._recognizers.pop(rate, (None, 0.0))
        if recognizer is None:
            recognizer = vosk.KaldiRecognizer(self._model, rate)
            recognizer.SetWords(True)
        step = CHUNK_SECONDS * rate * BYTES_A_SAMPLE
        answers = [
            recognizer.Result()
            for at in range(0, len(pcm16), step)
            if recognizer.AcceptWaveform(pcm16[at : at + step])
        ]
        answers.append(recognizer.FinalResult())
        ended = begun + len(pcm16) / BYTES_A_SAMPLE / rate
        if ended < RENEWED_SECONDS:
            self._recognizers[rate] = recognizer, ended
        return [heard for answer in answers if (heard := _segment(json.loads(answer), begun))]


def _segment(answer: dict[str, Any], begun: float) -> engines.Segment | None:
    words = tuple(
        engines.Word(
            word["word"],
            max(0.0, word["start"] - begun),
            max(0.0, word["end"] - begun),
            round(word["conf"], 3),
        )
        for word in answer.get("result", ())
    )
    if not words:
        return None
    confidence = sum(word.confidence for word in words) / len(words)
    return engines.Segment(words[0].t0, words[-1].t1, answer["text"], words, round(confidence, 3))
