"""WAV files as exchanges write them: what the header says, the samples, the loud parts and the heights for a player.

A file that is still being written has a data length of 0 in its header, and so has one whose exchange was killed. A
header that claims more than the file holds was cut off. Both can be read to their last whole sample (`salvage`).
Linear PCM of 16 and 8 bits and G.711 (mu-law, A-law) are read; what is compressed otherwise is refused by name.
"""

from __future__ import annotations

import math
import os
import stat
import struct
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcenter import errors

Samples = NDArray[np.int16]
Floats = NDArray[np.float32]

LONGEST_BYTES = 2**31
HEADER_BYTES = 64 * 1024
EMPTY_RATE = 8_000
RATES = range(4_000, 192_001)
PCM, ALAW, ULAW, EXTENSIBLE = 1, 6, 7, 0xFFFE
OTHER_ENCODINGS = {2: "ADPCM", 3: "floating point", 17: "IMA ADPCM", 49: "GSM (wav49)", 85: "MP3"}


class BadAudio(errors.CallCenterError):
    """Refuse a file that cannot be heard; `code` is stable: not_audio, encoding, too_long, cut_off, ..."""

    def __init__(self, code: str, problem: str) -> None:
        super().__init__(f"{code}: {problem}")
        self.code = code


class Condition(StrEnum):
    """Say how header and size of a file agree."""

    COMPLETE = "complete"
    EMPTY = "empty"  # a header and nothing behind it
    OPEN = "open"  # still being written, or its writer died
    CUT = "cut"  # the header claims more than there is


@dataclass(frozen=True, slots=True)
class Header:
    """What a WAV file says of itself, and how much of it is there; sizes in bytes."""

    encoding: int
    channels: int
    rate: int
    bits: int
    data_at: int
    claimed: int
    available: int

    @property
    def frame(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * self.bits // 8

    @property
    def condition(self) -> Condition:
        """Compare what the header claims with what is there."""
        if self.claimed > self.available:
            return Condition.CUT
        if self.claimed:
            return Condition.COMPLETE
        return Condition.OPEN if self.available >= self.frame else Condition.EMPTY


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples of shape (length, channels) at `rate` a second."""

    rate: int
    samples: Samples

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate

    def channel(self, number: int) -> Sound:
        """Take one channel."""
        return Sound(self.rate, np.ascontiguousarray(self.samples[:, number : number + 1]))

    def mono(self) -> Samples:
        """Mix all channels into one row of samples."""
        if self.samples.shape[1] == 1:
            return self.samples[:, 0]
        mixed: Samples = self.samples.mean(axis=1).astype(np.int16)
        return mixed


def open_regular(path: Path) -> int:
    """Open a regular file for reading, never a link, a pipe or a device; return its descriptor."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise BadAudio("outside_folder", f"{path.name} is a link") from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadAudio("not_audio", f"{path.name} is not a regular file")
    return descriptor


def header(path: Path) -> Header | None:
    """Read a file's header; None while it is shorter than a header, BadAudio where it is something else."""
    with os.fdopen(open_regular(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(HEADER_BYTES)
    if size > LONGEST_BYTES:
        raise BadAudio("too_long", f"{size} bytes are more than {LONGEST_BYTES}")
    if not _begins_like_wav(head):
        raise BadAudio("not_audio", f"it begins with {head[:12]!r}, not with a WAV header")
    return _parse(head, size)


def _begins_like_wav(head: bytes) -> bool:
    """Accept a beginning that may still grow into a header."""
    return b"RIFF".startswith(head[:4]) and b"WAVE".startswith(head[8:12])


def _parse(head: bytes, size: int) -> Header | None:
    form: tuple[int, int, int, int] | None = None
    at = 12
    while at + 8 <= len(head):
        name, length = struct.unpack_from("<4sI", head, at)
        at += 8
        if name == b"data":
            return _header(form, at, length, max(0, size - at))
        if name == b"fmt ":
            if length < 16:
                raise BadAudio("not_audio", "its format chunk is too short")
            if at + length > len(head):
                break
            encoding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", head, at)
            if encoding == EXTENSIBLE and length >= 26:
                (encoding,) = struct.unpack_from("<H", head, at + 24)
            form = encoding, channels, rate, bits
        at += length + (length & 1)
    if size > HEADER_BYTES:
        raise BadAudio("not_audio", "no audio follows its header")
    return None


def _header(form: tuple[int, int, int, int] | None, at: int, claimed: int, there: int) -> Header:
    if form is None:
        raise BadAudio("not_audio", "no format stands before its data")
    encoding, channels, rate, bits = form
    if (encoding, bits) not in {(PCM, 16), (PCM, 8), (ALAW, 8), (ULAW, 8)}:
        name = OTHER_ENCODINGS.get(encoding, f"encoding {encoding}")
        raise BadAudio(
            "encoding", f"{name} of {bits} bits is not read; record as wav (PCM 16 bits)"
        )
    if channels not in (1, 2) or rate not in RATES:
        raise BadAudio("encoding", f"{channels} channels at {rate} Hz are not read")
    return Header(encoding, channels, rate, bits, at, claimed, there)


def plain(path: Path) -> bool:
    """Say whether a file is whole and of 16-bit samples, which every browser plays."""
    found = header(path)
    return found is not None and (found.encoding, found.bits, found.condition) == (
        PCM,
        16,
        Condition.COMPLETE,
    )


def read(path: Path, *, salvage: bool = False) -> Sound:
    """Read a whole file; `salvage` takes what there is of one that was never closed or was cut off."""
    found = header(path)
    if found is None:
        if not salvage:
            raise BadAudio("cut_off", "it ends inside its header")
        return Sound(EMPTY_RATE, np.zeros((0, 1), dtype=np.int16))
    if found.condition in (Condition.OPEN, Condition.CUT) and not salvage:
        raise BadAudio("cut_off", f"{found.claimed} bytes claimed, {found.available} there")
    size = (
        found.available
        if found.condition is Condition.OPEN
        else min(found.claimed, found.available)
    )
    with os.fdopen(open_regular(path), "rb") as file:
        file.seek(found.data_at)
        raw = file.read(size)
    raw = raw[: len(raw) // found.frame * found.frame]
    return Sound(found.rate, _decode(raw, found).reshape(-1, found.channels))


def _decode(raw: bytes, found: Header) -> Samples:
    if found.encoding == PCM and found.bits == 16:
        return np.frombuffer(raw, dtype="<i2").astype(np.int16)
    if found.encoding == PCM:
        return ((np.frombuffer(raw, dtype=np.uint8).astype(np.int16) - 128) << 8).astype(np.int16)
    table = _ulaw_table() if found.encoding == ULAW else _alaw_table()
    decoded: Samples = table[np.frombuffer(raw, dtype=np.uint8)]
    return decoded


def _ulaw_table() -> Samples:
    """G.711: sign, three bits of exponent, four of mantissa, all inverted; biased by 33 in 14 bits."""
    code = ~np.arange(256, dtype=np.uint8)
    magnitude = (((code & 0x0F).astype(np.int32) << 3) + 132 << ((code & 0x70) >> 4)) - 132
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_table() -> Samples:
    """G.711: every second bit is inverted; exponent 0 has no hidden bit."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent = ((code & 0x70) >> 4).astype(np.int32)
    mantissa = ((code & 0x0F).astype(np.int32) << 4) + 8
    shifted = (mantissa + 256) << np.maximum(exponent - 1, 0)
    magnitude = np.where(exponent == 0, mantissa, shifted)
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def encode(sound: Sound) -> bytes:
    """Write samples as a WAV file of 16 bits."""
    data = np.ascontiguousarray(sound.samples, dtype="<i2").tobytes()
    channels = sound.samples.shape[1]
    rate, block = sound.rate, channels * 2
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, PCM, channels, rate, rate * block, block, 16)
    body = form + struct.pack("<4sI", b"data", len(data)) + data
    return struct.pack("<4sI4s", b"RIFF", len(body) + 4, b"WAVE") + body


def resample(sound: Sound, rate: int) -> Sound:
    """Bring a sound to another rate by straight lines between samples: enough to play two sides together."""
    if sound.rate == rate or not len(sound.samples):
        return Sound(rate, sound.samples)
    times = np.arange(round(sound.seconds * rate)) / rate
    known = np.arange(len(sound.samples)) / sound.rate
    columns = [np.interp(times, known, column) for column in sound.samples.T]
    return Sound(rate, np.stack(columns, axis=1).astype(np.int16))


def band_limited(samples: Samples, rate: int, wanted: int) -> Floats:
    """Bring samples to another rate by their spectrum, scaled to -1..1: no images of speech where there was none."""
    scaled: Floats = samples.astype(np.float32) / np.float32(32_768)
    if rate == wanted or not len(samples):
        return scaled
    whole = rate // math.gcd(rate, wanted)  # the end is filled up, so that the new length is exact
    scaled = np.pad(scaled, (0, -len(scaled) % whole))
    length = len(scaled) * wanted // rate
    changed = np.fft.irfft(np.fft.rfft(scaled), n=length) * (wanted / rate)
    return changed.astype(np.float32)


def stereo(left: Sound, right: Sound) -> Sound:
    """Put two sides beside each other; the shorter one ends in silence."""
    rate = max(left.rate, right.rate)
    sides = [resample(side, rate).mono() for side in (left, right)]
    both = np.zeros((max(map(len, sides)), 2), dtype=np.int16)
    for number, side in enumerate(sides):
        both[: len(side), number] = side
    return Sound(rate, both)
