"""Speech engines behind one small protocol: samples in, what was heard out.

An engine is loaded once in a worker process for each model folder and kept. There is no engine without a model, and no
model is no error: `NoModel` says for which language, and the recording waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from recordings.engines import folders
from recordings.engines.folders import NoModel

__all__ = ["Engine", "Engines", "NoModel", "Segment", "Word", "load"]


@dataclass(frozen=True, slots=True)
class Word:
    """One word, its times in seconds and how sure the engine is, 0..1."""

    text: str
    t0: float
    t1: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of speech; times are seconds from the beginning of the samples."""

    t0: float
    t1: float
    text: str
    words: tuple[Word, ...]
    confidence: float | None = None


class Engine(Protocol):
    """Hear speech. `name` and `model` are kept with each transcript.

    `window_seconds` is what one pass of the model costs whatever it holds, 0 where every second costs the same: stretches of
    speech are put together up to there. `languages` are those that the model says it knows; empty where it does not say.
    """

    name: str
    model: str
    window_seconds: float
    languages: frozenset[str]

    def transcribe(self, pcm16: bytes, rate: int, language: str) -> list[Segment]:
        """Return what is said in one channel of 16-bit samples at `rate` a second."""
        ...


class Engines:
    """The engines of one process, by language; each model is loaded when first needed."""

    def __init__(self, models: dict[str, str]) -> None:
        self.models = dict(models)
        self._loaded: dict[str, Engine] = {}
        self._refused: dict[str, NoModel] = {}  # loading was tried, and would fail again

    def folder(self, language: str) -> Path:
        """Return the folder of a language's model; raise NoModel with what to do."""
        named = self.models.get(language, "")
        if not named:
            raise NoModel(f"no speech model is configured for {language!r} (speech.models)")
        folder = Path(named).expanduser()
        folders.kind(folder)
        return folder

    def available(self) -> list[str]:
        """Return the languages whose models are there, those left out that were found unfit."""
        return [language for language in sorted(self.models) if self._usable(language)]

    def _usable(self, language: str) -> bool:
        try:
            self.folder(language)
        except NoModel:
            return False
        return language not in self._refused

    def get(self, language: str) -> Engine:
        """Return the engine of a language, loading its model at the first time."""
        folder = str(self.folder(language))
        try:
            if folder not in self._loaded:
                self._loaded[folder] = load(Path(folder))
            engine = self._loaded[folder]
            if engine.languages and language not in engine.languages:
                known = ", ".join(sorted(engine.languages)[:5])
                raise NoModel(f"the model in {folder} does not know {language!r}, only {known}")
        except NoModel as problem:
            self._refused[language] = problem
            raise
        return engine


def load(folder: Path) -> Engine:
    """Load the model in a folder by the engine that it is for."""
    kind = folders.kind(folder)
    # Imported here: each library loads tens of megabytes of code that only a worker needs.
    if kind == folders.WHISPER:
        from recordings.engines import whisper

        return whisper.WhisperEngine(folder)
    from recordings.engines import vosk

    return vosk.VoskEngine(folder)
