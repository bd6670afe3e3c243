"""What kind of model a folder holds, told by what is in it, so that a setting needs nothing but the folder."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from callcenter import errors

VOSK, WHISPER = "vosk", "faster-whisper"
PARTS = {
    VOSK: ("am/final.mdl", "conf/model.conf"),
    # Without tokenizer.json the library would ask the network for one.
    WHISPER: ("model.bin", "config.json", "tokenizer.json"),
}
INSTALL_WHISPER = "pip install 'faster-whisper>=1.2'"


class NoModel(errors.CallCenterError):
    """Say that no model is configured for a language, or that its folder is not one that can be used."""

    code = "no_model"


def kind(folder: Path) -> str:
    """Return VOSK or WHISPER where its engine is installed; raise NoModel else, saying what is missing and what to do."""
    found = recognise(folder)
    if found == WHISPER and find_spec("faster_whisper") is None:
        raise NoModel(f"faster-whisper is not installed: {INSTALL_WHISPER}")
    return found


def recognise(folder: Path) -> str:
    """Return which kind of model a folder holds, whether it can be used here or not."""
    if not folder.is_dir():
        raise NoModel(f"{folder} is not a folder")
    missing = {
        name: [part for part in parts if not (folder / part).is_file()]
        for name, parts in PARTS.items()
    }
    for name, lacking in missing.items():
        if not lacking:
            return name
    for name, lacking in missing.items():
        if len(lacking) < len(PARTS[name]):
            raise NoModel(f"{folder} is not a whole {name} model: it has no {', '.join(lacking)}")
    raise NoModel(
        f"{folder} is not a model: it has neither {PARTS[VOSK][0]} (Vosk) nor {PARTS[WHISPER][0]} (faster-whisper)"
        f"{_inside(folder)}"
    )


def _inside(folder: Path) -> str:
    """Name the folder that was meant, where it is the only one inside: archives are unpacked like that."""
    inside = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    for path in inside[:20]:
        if any(all((path / part).is_file() for part in parts) for parts in PARTS.values()):
            return f"; did you mean {path}?"
    return ""
