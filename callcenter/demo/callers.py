"""SIPp as the provider's customers: each call is one SIPp process with a name, a number and a voice of its own.

The scenario is written anew for each call, because SIPp takes no values with spaces or quotes on its command line, and
names are Hebrew. What is put into it is escaped for SIP and for XML.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import signal
import struct
import subprocess
from pathlib import Path

from callcenter.demo import ports, rtp
from callcenter.demo.exchange import Exchange

SCENARIO = Path(__file__).parent / "sipp" / "caller.xml"


@dataclasses.dataclass(frozen=True, slots=True)
class Customer:
    """Who calls: a number as the provider sends it, a name, or neither (withheld)."""

    number: str
    name: str = ""

    @property
    def from_header(self) -> str:
        """Return the From header's value."""
        if not self.number:
            return '"Anonymous" <sip:anonymous@anonymous.invalid>'
        clean = "".join(c for c in self.name if c.isprintable() and c not in '"\\<>[]')
        shown = f'"{clean}" ' if clean else ""
        return f"{shown}<sip:{self.number}@127.0.0.1>"


def mulaw_file(source: Path, target: Path, *, least_seconds: float = 20.0) -> Path:
    """Write an 8 kHz wav as mu-law, repeated until it is long enough."""
    audio = rtp.speech(source) + b"\xff" * 8000
    audio *= 1 + int(least_seconds * 8000 / len(audio))
    head = struct.pack(
        "<4sI4s4sIHHIIHHH4sI",
        b"RIFF", 38 + len(audio), b"WAVE", b"fmt ", 18, 7, 1, 8000, 8000, 1, 8, 0, b"data", len(audio),
    )  # fmt: skip
    target.write_bytes(head + audio)
    return target


class Callers:
    """Starts calls by SIPp, and ends those which are left."""

    def __init__(self, exchange: Exchange, folder: Path) -> None:
        """Keep scenarios and voices in `folder`."""
        self.exchange, self.folder = exchange, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._numbers = itertools.count(1)
        self._running: set[asyncio.subprocess.Process] = set()

    @property
    def running(self) -> int:
        """How many calls there are now."""
        return len(self._running)

    async def call(self, customer: Customer, did: str, *, talk_seconds: float, voice: Path) -> int:
        """Call a number of the center; return SIPp's exit status when the call is over: 0 when it went as it should."""
        number = next(self._numbers)
        scenario = self.folder / f"call-{number}.xml"
        scenario.write_text(self._scenario(customer, did, talk_seconds, voice), encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            *self.exchange.programs.sipp,
            "-sf", str(scenario), "-m", "1", "-l", "1", "-nostdin", "-timeout", "600",
            "-i", "127.0.0.1", "-p", str(ports.udp()), "-mp", str(ports.udp()),
            "-trace_err", "-error_file", str(self.folder / f"call-{number}.err"),
            f"127.0.0.1:{self.exchange.sip_port}",
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        self._running.add(process)
        try:
            return await process.wait()
        finally:
            self._running.discard(process)
            if process.returncode is None:
                process.kill()
            scenario.unlink(missing_ok=True)

    def _scenario(self, customer: Customer, did: str, talk_seconds: float, voice: Path) -> str:
        values = {
            "from": customer.from_header,
            "did": did,
            "privacy": "" if customer.number else "Privacy: id",
            "speech": str(voice),
            "talk": str(int(talk_seconds * 1000)),
        }
        text = SCENARIO.read_text(encoding="utf-8")
        if not values["privacy"]:
            text = text.replace("[privacy]\n", "")
        for key, value in values.items():
            text = text.replace(f"[{key}]", value)
        return text

    async def stop(self) -> None:
        """End what still runs: hang up first, and insist after a moment."""
        left = list(self._running)
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGUSR1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3):
                await asyncio.gather(*(p.wait() for p in left))
        for process in left:
            if process.returncode is None:
                process.kill()
                await process.wait()
