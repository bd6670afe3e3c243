"""faster-whisper: for languages that Vosk has no model of, Hebrew first. One thread, 8-bit weights, the first guess taken.

Nothing is fetched: the model is a folder, complete with its tokenizer (folders.py). The model hears 16 kHz in windows of 30
seconds, and invents sentences where it hears nothing: silence is cut out before (loudness.py), what was said before is not
given to it again (a repetition feeds on itself), and what looks invented is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import faster_whisper
import numpy as np

from recordings import audio, engines

RATE = 16_000
WINDOW_SECONDS = 28.0  # of 30: two are left for a last word that runs over
SHORTEST_SECONDS = 0.1
# A second, freer guess where the first one repeats itself or is far from sure.
TEMPERATURES = (0.0, 0.4)
REPEATED = 2.4  # text that packs so well says the same over and over
# (mean log probability of the words, probability that nobody speaks): below the one and above the other, it was invented. A
# steady tone gives -2.1 to -1.3 and 0.37 to 0.6, speech on the line -0.5 and better and under 0.1.
INVENTED = ((-0.8, 0.6), (-1.1, 0.3))
# Written without spaces between words: there a missing space does not mean "the same word".
UNSPACED = frozenset({"zh", "yue", "ja", "th", "lo", "my"})


class WhisperEngine:
    """A model in memory (some 100 MB for tiny, 900 MB for medium), for one thread at a time."""

    name = "faster-whisper"
    window_seconds = WINDOW_SECONDS

    def __init__(self, folder: Path) -> None:
        generic = folder.name in ("model", "snapshot")
        self.model = folder.parent.name if generic else folder.name
        try:
            self._model = faster_whisper.WhisperModel(
                str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
            )
        except Exception as error:  # ctranslate2 and tokenizers raise what they like
            raise engines.NoModel(
                f"{folder} cannot be loaded by faster-whisper: {error}"
            ) from error
        self.languages = frozenset(self._model.supported_languages)

    def transcribe(self, pcm16: bytes, rate: int, language: str) -> list[engines.Segment]:
        """Return the sentences heard, with times and probability of every word."""
        samples = audio.band_limited(np.frombuffer(pcm16, dtype="<i2"), rate, RATE)
        if len(samples) < SHORTEST_SECONDS * RATE:
            return []
        heard, _ = self._model.transcribe(
            samples, language=language, beam_size=1, temperature=TEMPERATURES, word_timestamps=True,
            condition_on_previous_text=False, vad_filter=False,
        )  # fmt: skip
        return [_segment(each, language) for each in heard if each.words and not _invented(each)]


def _invented(heard: Any) -> bool:
    if heard.compression_ratio > REPEATED:
        return True
    return any(
        heard.avg_logprob < unsure and heard.no_speech_prob > nobody for unsure, nobody in INVENTED
    )


def _segment(heard: Any, language: str) -> engines.Segment:
    words = tuple(_words(heard.words, spaced=language not in UNSPACED))
    confidence = sum(word.confidence for word in words) / len(words)
    text = " ".join(word.text for word in words)
    return engines.Segment(words[0].t0, words[-1].t1, text, words, round(confidence, 3))


def _words(heard: list[Any], *, spaced: bool) -> Iterator[engines.Word]:
    """Join what the model split inside a word: only a space begins a new one."""
    held: engines.Word | None = None
    for part in heard:
        word = engines.Word(
            part.word.strip(), float(part.start), float(part.end), round(part.probability, 3)
        )
        if held and spaced and not part.word.startswith(" "):
            sure = min(held.confidence, word.confidence)
            held = engines.Word(held.text + word.text, held.t0, max(held.t1, word.t1), sure)
            continue
        if held and held.text:
            yield held
        held = word
    if held:
        yield held
