"""Speech engines behind one small protocol: samples in, what was heard out.

An engine is loaded once in a worker process for each language and kept. There is no engine without a model, and no model
is no error: `NoModel` says for which language, and the recording waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from callcenter import errors


class NoModel(errors.CallCenterError):
    """Say that no model is configured for a language, or that its folder is not a model."""

    code = "no_model"


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
    """Hear speech. `name` and `model` are kept with each transcript."""

    name: str
    model: str

    def transcribe(self, pcm16: bytes, rate: int) -> list[Segment]:
        """Return what is said in one channel of 16-bit samples at `rate` a second."""
        ...


class Engines:
    """The engines of one process, by language; each model is loaded when first needed."""

    def __init__(self, models: dict[str, str]) -> None:
        self.models = dict(models)
        self._loaded: dict[str, Engine] = {}

    def folder(self, language: str) -> Path:
        """Return the folder of a language's model; raise NoModel with what to do."""
        named = self.models.get(language, "")
        if not named:
            raise NoModel(f"no speech model is configured for {language!r} (speech.models)")
        folder = Path(named).expanduser()
        check(folder)
        return folder

    def available(self) -> list[str]:
        """Return the languages whose models are there."""
        return [language for language in sorted(self.models) if self._usable(language)]

    def _usable(self, language: str) -> bool:
        try:
            self.folder(language)
        except NoModel:
            return False
        return True

    def get(self, language: str) -> Engine:
        """Return the engine of a language, loading its model at the first time."""
        folder = str(self.folder(language))
        if folder not in self._loaded:
            self._loaded[folder] = load(Path(folder))
        return self._loaded[folder]


def check(folder: Path) -> None:
    """Raise NoModel where a folder is not a Vosk model, saying what is missing in it."""
    if not folder.is_dir():
        raise NoModel(f"{folder} is not a folder")
    for name in ("am/final.mdl", "conf/model.conf"):
        if not (folder / name).is_file():
            raise NoModel(f"{folder} is not a Vosk model: it has no {name}")


def load(folder: Path) -> Engine:
    """Load the model in a folder."""
    check(folder)
    # Imported here: the library loads 25 MB of code that only a worker needs.
    from recordings.engines import vosk

    return vosk.VoskEngine(folder)
