"""A real Asterisk as an ordinary process in a folder of its own, on free ports: for tests and the demo.

Its configuration is config/asterisk, with ports and paths filled in; several run side by side. Everything it writes
(recordings, CDR, queue_log, its own log) stays below its folder, which survives it, so that a failure can be read.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from callcenter import errors
from callcenter.demo import fetch, layout, manager, ports

PHONES = tuple(str(number) for number in range(1001, 1009))
READY_SECONDS = (
    60.0  # twice a minute's work on a machine that is busy with other things; 1 s on an idle one
)


class ExchangeFailed(errors.TelephonyError):
    """Say why an Asterisk did not start, with the end of its own log."""

    code = "exchange_failed"

    def __init__(self, problem: str, *, port_taken: bool = False) -> None:
        super().__init__(problem)
        self.port_taken = port_taken


@dataclasses.dataclass(frozen=True, slots=True)
class Timing:
    """The exchange's own waiting times, in seconds; tests make them short."""

    ring_seconds: int = 25
    member_seconds: int = 15
    queue_seconds: int = 120
    drop_seconds: int = 10
    wrapup_seconds: int = 0


class Exchange:
    """One Asterisk: `async with Exchange(folder) as exchange`. Ports and secrets are chosen when it is made."""

    def __init__(
        self,
        folder: Path,
        *,
        version: str | None = None,
        timing: Timing = Timing(),
        phones: Sequence[str] = PHONES,
        contacts: Mapping[str, int] | None = None,
        ami_secret: str | None = None,
        dialplan: str = "",
    ) -> None:
        """Lay out an exchange in `folder`.

        `contacts` gives phones that do not register their UDP port on loopback; `dialplan` is added to extensions.conf.
        """
        self.programs = fetch.fetch(version)
        self.folder, self.timing = folder, timing
        self.phones, self.contacts = tuple(phones), dict(contacts or {})
        self.host, self.dialplan = "127.0.0.1", dialplan
        self.ami_user, self.ami_secret = "callcenter", ami_secret or secrets.token_hex(12)
        self.phone_secret = secrets.token_hex(12)
        self._choose_ports()
        self._process: asyncio.subprocess.Process | None = None
        self._run, self._log_begin, self._was_up = Path(), 0, False

    @property
    def etc(self) -> Path:
        """Where its configuration is."""
        return self.folder / "etc"

    @property
    def log(self) -> Path:
        """Its own log, worth reading after a failure."""
        return self.folder / "log" / "messages"

    @property
    def queue_log(self) -> Path:
        """What happened in its queues, a line an event."""
        return self.folder / "log" / "queue_log"

    @property
    def cdr(self) -> Path:
        """Its call detail records."""
        return self.folder / "log" / "cdr-csv" / "Master.csv"

    @property
    def recordings(self) -> Path:
        """Where MixMonitor writes."""
        return self.folder / "spool" / "monitor"

    @property
    def sounds(self) -> Path:
        """The prompts, 8 kHz wav files: real speech."""
        return self.programs.sounds

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _choose_ports(self) -> None:
        self.sip_port, self.trunk_port = ports.udp(), ports.udp()
        self.ami_port, self.http_port = ports.tcp(), ports.tcp()
        self.rtp_first, self.rtp_last = ports.udp_range(200)

    async def start(self) -> None:
        """Start it and return when it says that it is fully booted; raise ExchangeFailed with its log where it does not.

        A port may be taken by somebody else between our look and its bind: at the first start others are chosen then.
        """
        for _ in range(3):
            try:
                await self._attempt()
            except ExchangeFailed as problem:
                if self._was_up or not problem.port_taken:
                    raise
                self._choose_ports()
            else:
                self._was_up = True
                return
        raise ExchangeFailed("Asterisk found its ports taken three times")

    async def _attempt(self) -> None:
        if self.pid:
            return
        self._write()
        command = [*self.programs.asterisk, "-C", str(self.etc / "asterisk.conf"), "-f"]
        if setpriv := shutil.which("setpriv"):
            # Whatever becomes of us, it does not stay behind.
            command = [setpriv, "--pdeathsig", "KILL", *command]
        self._log_begin = self.log.stat().st_size if self.log.exists() else 0
        with (self.folder / "log" / "stdout").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._booted()
            if self._port_taken():
                raise OSError("a port was taken")
        except asyncio.CancelledError:
            await self.kill()
            raise
        except (TimeoutError, OSError, errors.TelephonyError) as problem:
            await self.kill()
            said = f"Asterisk did not start: {problem!r}\n{self._last_words()}"
            # A refused sign-in is somebody else's exchange on the port that was to be ours.
            taken = self._port_taken() or isinstance(problem, errors.ActionRefused)
            raise ExchangeFailed(said, port_taken=taken) from problem

    def _port_taken(self) -> bool:
        """Look in its log for a port that it could not have: it boots all the same, and nobody can reach it."""
        if not self.log.exists():
            return False
        with self.log.open("rb") as log:
            log.seek(self._log_begin)
            return b"ddress already in use" in log.read()

    async def _booted(self) -> None:
        """Sign in until it lets us, and wait for FullyBooted."""
        while True:
            if self._process is None or self._process.returncode is not None:
                raise OSError("it ended at once")
            with contextlib.suppress(OSError, EOFError):
                async with await self.manager() as signed_in:
                    await signed_in.wait_for("FullyBooted", timeout_seconds=READY_SECONDS)
                    return
            await asyncio.sleep(0.05)

    async def manager(self) -> manager.Manager:
        """Sign in to its manager interface as the call center does."""
        return await manager.connect(
            self.host, self.ami_port, username=self.ami_user, secret=self.ami_secret
        )

    async def stop(self) -> None:
        """End it as an administrator would, hanging up what there is; nothing of it is left behind."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self._end(signal.SIGKILL)

    async def restart(self) -> None:
        """Stop and start it on the same ports and files."""
        await self.stop()
        await self.start()

    async def _end(self, sign: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        try:
            async with asyncio.timeout(20):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        shutil.rmtree(self._run, ignore_errors=True)

    async def cli(self, command: str) -> str:
        """Say a command at its console, and return what it answered."""
        process = await asyncio.create_subprocess_exec(
            *self.programs.asterisk, "-C", str(self.etc / "asterisk.conf"), "-rx", command,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        return said.decode(errors="replace")

    def _write(self) -> None:
        """Write the configuration and the folders; done again at every start, since tests may have changed them."""
        # A socket's path is 107 bytes at most: its folder is a short one of its own.
        self._run = Path(tempfile.mkdtemp(prefix="pbx-"))
        layout.make_folders(self.folder, self.programs)
        layout.write(self.etc, self._values())

    def _values(self) -> dict[str, str]:
        own = self.folder
        return {
            **{
                field.name: str(getattr(self.timing, field.name))
                for field in dataclasses.fields(self.timing)
            },
            **{name: str(own / name) for name in ("etc", "var", "data", "spool", "log")},
            "run": str(self._run),
            "modules": str(self.programs.modules),
            "recordings": str(self.recordings),
            "name": "@name@",
            "dialplan": self.dialplan,
            "ami_port": str(self.ami_port),
            "ami_user": self.ami_user,
            "ami_secret": self.ami_secret,
            "http_port": str(self.http_port),
            "sip_port": str(self.sip_port),
            "trunk_port": str(self.trunk_port),
            "rtp_first": str(self.rtp_first),
            "rtp_last": str(self.rtp_last),
            "phone_secret": self.phone_secret,
            "phones": "\n".join(
                layout.phone(number, port=self.contacts.get(number)) for number in self.phones
            ),
        }

    def _last_words(self) -> str:
        for path in (self.log, self.folder / "log" / "stdout"):
            if path.exists() and (lines := path.read_text(errors="replace").splitlines()[-15:]):
                return "\n".join(lines)
        return "it left no log"
