"""Audio of a soft phone: G.711 mu-law by table, 8 kHz wav files, and one RTP stream that speaks and listens."""

from __future__ import annotations

import array
import asyncio
import functools
import struct
import wave
from pathlib import Path

FRAME = 160  # samples in 20 ms at 8 kHz
_HEARD = 8000 * 60  # bytes of what was heard that are kept
_EVENTS, _TONES = 101, "0123456789*#ABCD"  # the payload type that our offer names (RFC 4733)


def _encode_sample(sample: int) -> int:
    """Encode one 16-bit sample (ITU-T G.711)."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 132
    exponent = max(magnitude.bit_length() - 8, 0)
    return ~(sign | exponent << 4 | magnitude >> exponent + 3 & 0x0F) & 0xFF


def _decode_sample(code: int) -> int:
    code = ~code & 0xFF
    magnitude = ((code & 0x0F) << 3 | 0x84) << (code >> 4 & 0x07)
    return 132 - magnitude if code & 0x80 else magnitude - 132


@functools.cache
def _table() -> bytes:
    """Encode by the upper 14 bits, which is what mu-law can tell apart."""
    return bytes(
        _encode_sample(index << 2 if index < 8192 else (index - 16384) << 2)
        for index in range(16384)
    )


_DECODED = tuple(_decode_sample(code) for code in range(256))


def encode(samples: array.array[int]) -> bytes:
    """Encode 16-bit samples as mu-law."""
    table = _table()
    return bytes(table[sample >> 2 & 0x3FFF] for sample in samples)


def decode(mulaw: bytes) -> array.array[int]:
    """Decode mu-law to 16-bit samples."""
    return array.array("h", (_DECODED[code] for code in mulaw))


@functools.lru_cache(maxsize=64)
def speech(path: Path) -> bytes:
    """Read an 8 kHz mono 16-bit wav as mu-law."""
    with wave.open(str(path), "rb") as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (8000, 1, 2):
            raise ValueError(f"{path.name} is not 8 kHz mono 16-bit")
        return encode(array.array("h", file.readframes(file.getnframes())))


def write_mulaw_wav(path: Path, mulaw: bytes) -> None:
    """Write a mu-law wav, as SIPp's rtp_stream plays it."""
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(mulaw),
        b"WAVE",
        b"fmt ",
        16,
        7,
        1,
        8000,
        8000,
        1,
        8,
        b"data",
        len(mulaw),
    )
    path.write_bytes(head + mulaw)


class Stream(asyncio.DatagramProtocol):
    """One RTP stream on a port of its own: says `voice` over and over while `target` is set, keeps what `far` says.

    Nobody else is heard: a port may be new to us, and others may still speak to whoever had it before.
    """

    def __init__(self, voice: bytes = b"") -> None:
        self.voice, self.heard, self.packets = voice, bytearray(), 0
        self.digits, self._digit_at = "", b""  # tones heard, and the time stamp of the last
        self.target: tuple[str, int] | None = None
        self.far: tuple[str, int] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._sequence, self._sent, self._begin = 0, 0, 0.0

    async def open(self, host: str) -> int:
        """Bind a free port and return it."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))
        return int(self._transport.get_extra_info("sockname")[1])

    def talk(self, target: tuple[str, int] | None) -> None:
        """Send to `target` from now on, or fall silent."""
        self.target = target
        if target and self.voice and self._timer is None:
            self._begin, self._sent = asyncio.get_running_loop().time(), 0
            self._tick()

    async def press(self, tones: str) -> None:
        """Send tones one after the other, a tenth of a second each (RFC 4733)."""
        for tone in tones:
            stamp = self._sequence * FRAME
            for n in (1, 2, 3, 4, 5, 5, 5, 5):  # the end is said three times
                ends = 0x80 if n == 5 else 0
                event = struct.pack("!BBH", _TONES.index(tone), ends | 10, n * FRAME)
                self._send(_EVENTS | (0x80 if n == 1 else 0), stamp, event)
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.06)

    def close(self) -> None:
        """Fall silent for good."""
        self.target = None
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._transport:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Keep what the far end says."""
        if addr != self.far:
            return
        if len(data) > 12 and data[1] & 0x7F == 0:
            self.packets += 1
            if len(self.heard) < _HEARD:
                self.heard += data[12:]
        elif len(data) >= 16 and data[1] & 0x7F == _EVENTS and data[13] & 0x80:
            stamp = data[4:8]  # an event's end is sent three times under one time stamp
            if stamp != self._digit_at and data[12] < len(_TONES):
                self._digit_at = stamp
                self.digits += _TONES[data[12]]

    def _tick(self) -> None:
        """Send a frame and come back when the next is due; time lost on a busy machine is caught up."""
        if not self.target or not self._transport or self._transport.is_closing():
            self._timer = None
            return
        at = self._sent * FRAME % len(self.voice)
        frame = (self.voice[at : at + FRAME] + self.voice)[:FRAME]
        self._send(0, self._sequence * FRAME, frame)
        self._sent += 1
        due = self._begin + self._sent * 0.02
        self._timer = asyncio.get_running_loop().call_at(due, self._tick)

    def _send(self, kind: int, stamp: int, payload: bytes) -> None:
        if not self.target or not self._transport or self._transport.is_closing():
            return
        ssrc = id(self) & 0xFFFFFFFF
        head = struct.pack("!BBHII", 0x80, kind, self._sequence & 0xFFFF, stamp & 0xFFFFFFFF, ssrc)
        self._transport.sendto(head + payload, self.target)
        self._sequence += 1
