"""Where audio is: the folder in which an exchange writes, and the store in which we keep.

An exchange names a file as it sees it; we see the folder under another name perhaps (`pbx.recordings`,
`pbx.recordings_remote`). A name is believed only as far as it stays below that folder, and no link on the way is followed.
Beside the file stand two more, one for each direction, in one of these ways:

    NAME-customer.wav, NAME-agent.wav    as in config/asterisk/extensions.conf
    NAME-rx.wav, NAME-tx.wav             MixMonitor's r() and t(): what came from its channel, what was sent to it

In the store, files are named by the row and a hash of the call's key, below a folder of the day; nothing in a name comes
from a caller. Each is copied beside its place, flushed, renamed and read again before the original goes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path, PurePosixPath

from callcenter import errors, models
from callcenter.settings import Pbx, Settings
from recordings import audio, loudness

SIDES = ("agent", "customer")
PLAYED = ("stereo", "mixed")  # what a player is given; stereo: agent left, customer right
BLOCK = 1 << 20
LONGEST_NAME = 240  # bytes; file systems allow 255, and a leg's name is longer


@dataclass(frozen=True, slots=True)
class Found:
    """The files of one recording as the exchange left them; `sides` is empty where only the mixed one is there."""

    mixed: Path | None
    sides: Mapping[str, Path]

    @property
    def paths(self) -> list[Path]:
        """All of them."""
        return [*([self.mixed] if self.mixed else []), *self.sides.values()]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a recording became in the store."""

    stored: dict[str, str]
    sha256: dict[str, str]
    peaks: dict[str, list[int]]
    seconds: float
    bytes: int


def exchange(settings: Settings, name: str) -> Pbx:
    """Return the settings of an exchange whose recordings we can reach."""
    pbx = next((each for each in settings.pbx if each.name == name), None)
    if pbx is None:
        raise audio.BadAudio("no_folder", f"no exchange is called {name!r} in the settings")
    if not pbx.recordings:
        raise audio.BadAudio("no_folder", f"pbx.recordings of {name!r} is not set")
    return pbx


def locate(pbx: Pbx, file: str) -> Path:
    """Turn the exchange's name of a file into a path of ours, strictly below the folder of recordings."""
    folder = Path(pbx.recordings).resolve()
    remote = PurePosixPath(pbx.recordings_remote or pbx.recordings)
    named = PurePosixPath(file)
    refused = audio.BadAudio("outside_folder", f"{file!r} is not below {remote}")
    if named.is_absolute():
        if not named.is_relative_to(remote):
            raise refused
        named = named.relative_to(remote)
    if not named.parts or ".." in named.parts or any(ord(letter) < 32 for letter in file):
        raise refused
    if any(len(os.fsencode(part)) > LONGEST_NAME for part in named.parts):
        raise refused
    path = folder.joinpath(*named.parts)
    if path.resolve() != path:
        raise refused
    return path


def find(pbx: Pbx, file: str, *, heard: str = "customer") -> Found:
    """Look for a recording's files; `heard` is the side on whose channel MixMonitor ran."""
    mixed = locate(pbx, file)
    spoken = "customer" if heard == "agent" else "agent"
    for names in ({side: side for side in SIDES}, {heard: "rx", spoken: "tx"}):
        legs = {side: locate(pbx, _leg(file, names[side])) for side in SIDES}
        if all(leg.exists() for leg in legs.values()):
            return Found(mixed if mixed.exists() else None, legs)
    return Found(mixed if mixed.exists() else None, {})


def _leg(file: str, name: str) -> str:
    path = PurePosixPath(file)
    return str(path.with_name(f"{path.stem}-{name}{path.suffix}"))


def ready(found: Found) -> bool:
    """Say whether every file is closed: its header agrees with its size."""
    for path in found.paths:
        header = audio.header(path)
        if header is None or header.condition in (audio.Condition.OPEN, audio.Condition.CUT):
            return False
    return bool(found.paths)


def touched(found: Found) -> float:
    """Return when any of the files last changed, epoch seconds; 0 where there are none."""
    return max((path.stat().st_mtime for path in found.paths), default=0.0)


def read(found: Found, *, salvage: bool = False) -> dict[str, audio.Sound]:
    """Read the sides, or the mixed file alone; a mixed file of two channels is taken as agent and customer."""
    if found.sides:
        return {side: audio.read(path, salvage=salvage) for side, path in found.sides.items()}
    if found.mixed is None:
        return {}
    return _apart(audio.read(found.mixed, salvage=salvage))


def _apart(sound: audio.Sound) -> dict[str, audio.Sound]:
    if sound.samples.shape[1] == 1:
        return {"mixed": sound}
    return {side: sound.channel(number) for number, side in enumerate(SIDES)}


def keep(
    settings: Settings, recording: models.Recording, found: Found, *, sounds: dict[str, audio.Sound]
) -> Kept:
    """Copy the files into the store, make the one that is played, and say what is there now."""
    stored, sums = {}, {}
    if found.sides:
        for side, path in found.sides.items():
            stored[side], sums[side] = _copy(settings, _name(recording, side), path)
        played = audio.encode(audio.stereo(sounds["agent"], sounds["customer"]))
        stored["stereo"], sums["stereo"] = _write(settings, _name(recording, "stereo"), [played])
    elif found.mixed and "mixed" in sounds and audio.plain(found.mixed):
        stored["mixed"], sums["mixed"] = _copy(settings, _name(recording, "mixed"), found.mixed)
    else:
        key, whole = _playable(sounds)
        stored[key], sums[key] = _write(settings, _name(recording, key), [audio.encode(whole)])
    root = Path(settings.recordings.folder)
    return Kept(
        stored,
        sums,
        loudness.heights({side: sound.mono() for side, sound in sounds.items()}),
        round(max(sound.seconds for sound in sounds.values()), 3),
        sum((root / name).stat().st_size for name in stored.values()),
    )


def _playable(sounds: dict[str, audio.Sound]) -> tuple[str, audio.Sound]:
    """What every browser plays, made from what only we read: mu-law, or a file that was never closed."""
    if "mixed" in sounds:
        return "mixed", sounds["mixed"]
    return "stereo", audio.stereo(sounds["agent"], sounds["customer"])


def sounds_of(settings: Settings, recording: models.Recording) -> dict[str, audio.Sound]:
    """Read a stored recording's sides back."""
    keys = SIDES if all(side in recording.stored for side in SIDES) else (played(recording),)
    sounds = {key: audio.read(path_of(settings, recording, key), salvage=True) for key in keys}
    return sounds if len(sounds) > 1 else _apart(next(iter(sounds.values())))


def played(recording: models.Recording) -> str:
    """Return the key of the file that a player is given; NotFound where nothing is stored."""
    key = next((key for key in PLAYED if key in recording.stored), None)
    if key is None:
        raise errors.NotFound(f"recording {recording.id} has no audio")
    return key


def path_of(settings: Settings, recording: models.Recording, key: str) -> Path:
    """Return a stored file's path, below the store and there; NotFound else."""
    root = Path(settings.recordings.folder).resolve()
    name = recording.stored.get(key, "")
    path = (root / name).resolve()
    if not name or not path.is_relative_to(root) or not path.is_file():
        raise errors.NotFound(f"recording {recording.id} has no {key}")
    return path


def remove(found: Found) -> None:
    """Remove what is in the store now from the exchange's folder; what is gone already is no matter."""
    for path in found.paths:
        path.unlink(missing_ok=True)


def erase(settings: Settings, recording: models.Recording) -> None:
    """Remove a recording's files from the store, and the folders of its day that are empty then; what is gone is no matter."""
    root = Path(settings.recordings.folder).resolve()
    for name in recording.stored.values():
        path = (root / name).resolve()
        if not name or not path.is_relative_to(root) or path == root:
            continue  # no file of ours, so nothing of ours to remove
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == root or not folder.is_relative_to(root):
                break
            with contextlib.suppress(OSError):  # not empty, or gone
                folder.rmdir()


def _name(recording: models.Recording, key: str) -> str:
    day = recording.started_at.astimezone(UTC)
    call = f"{recording.pbx}\0{recording.linkedid}\0{recording.file}"
    digest = hashlib.sha256(call.encode()).hexdigest()[:12]
    return f"{day:%Y/%m/%d}/{recording.id}-{digest}-{key}.wav"


def _copy(settings: Settings, name: str, source: Path) -> tuple[str, str]:
    with os.fdopen(audio.open_regular(source), "rb") as file:
        return _write(settings, name, iter(lambda: file.read(BLOCK), b""))


def _write(settings: Settings, name: str, blocks: Iterable[bytes]) -> tuple[str, str]:
    """Write a file into the store so that it is either wholly there or not; return its name and SHA-256."""
    target = Path(settings.recordings.folder) / name
    _make_folder(target.parent)
    partial = target.with_suffix(".partial")
    digest = hashlib.sha256()
    try:
        with open(partial, "wb", opener=_private) as file:
            for block in blocks:
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    _flush_folder(target.parent)
    with target.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != digest.hexdigest():
            raise OSError(f"{target} reads back differently than it was written")
    return name, digest.hexdigest()


def _private(path: str, flags: int) -> int:
    """Open a file that nobody else on the machine may read."""
    return os.open(path, flags, 0o600)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
