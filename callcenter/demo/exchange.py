"""A real Asterisk as an ordinary process in a folder of its own, on free ports: for tests and the demo.

Its configuration is config/asterisk, with ports and paths filled in; several run side by side. Everything it writes
(recordings, CDR, queue_log, its own log) stays below its folder, which survives it, so that a failure can be read.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import re
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
from callcenter.demo import fetch, manager, ports

SAMPLES = Path(__file__).resolve().parents[2] / "config" / "asterisk"
PHONES = tuple(str(number) for number in range(1001, 1009))
READY_SECONDS = (
    60.0  # twice a minute's work on a machine that is busy with other things; 1 s on an idle one
)


class ExchangeFailed(errors.TelephonyError):
    """Say why an Asterisk did not start, with the end of its own log."""

    code = "exchange_failed"


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
        self.sip_port, self.trunk_port = ports.udp(), ports.udp()
        self.ami_port, self.http_port = ports.tcp(), ports.tcp()
        self.rtp_first, self.rtp_last = ports.udp_range(200)
        self._process: asyncio.subprocess.Process | None = None
        self._run = Path()

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

    async def start(self) -> None:
        """Start it and return when it says that it is fully booted; raise ExchangeFailed with its log where it does not."""
        if self.pid:
            return
        self._write()
        command = [*self.programs.asterisk, "-C", str(self.etc / "asterisk.conf"), "-f"]
        if setpriv := shutil.which("setpriv"):
            # Whatever becomes of us, it does not stay behind.
            command = [setpriv, "--pdeathsig", "KILL", *command]
        with (self.folder / "log" / "stdout").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            await asyncio.wait_for(self._booted(), READY_SECONDS)
        except asyncio.CancelledError:
            await self.kill()
            raise
        except (TimeoutError, OSError, errors.TelephonyError) as problem:
            await self.kill()
            raise ExchangeFailed(
                f"Asterisk did not start: {problem!r}\n{self._last_words()}"
            ) from problem

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
            await asyncio.wait_for(process.wait(), 20)
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
        for name in (
            "etc",
            "var/keys",
            "data/moh",
            "spool/monitor",
            "spool/outgoing",
            "log/cdr-csv",
            "log/cel-custom",
        ):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._link_data()
        values = self._values()
        for sample in sorted(SAMPLES.glob("*.conf")):
            text = re.sub(r"@(\w+)@", lambda found: values[found.group(1)], sample.read_text())
            target = self.etc / sample.name
            target.write_text(text)
            target.chmod(0o600)

    def _link_data(self) -> None:
        """Give it data of its own: the packaged links are absolute, and break in an unpacked tree."""
        data = self.folder / "data"
        moh = self.sounds / "basic-pbx-ivr-main.wav"
        links = {"sounds/en": self.sounds, "documentation": self.programs.data / "documentation"}
        links["moh/music.wav"] = moh if moh.exists() else self.sounds / "hello-world.wav"
        for name, target in links.items():
            (data / name).parent.mkdir(parents=True, exist_ok=True)
            if not (data / name).is_symlink():
                (data / name).symlink_to(target)

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
            "phones": "\n".join(self._phone(number) for number in self.phones),
        }

    def _phone(self, number: str) -> str:
        contact = (
            f"contact = sip:{number}@127.0.0.1:{self.contacts[number]}\n"
            if number in self.contacts
            else ""
        )
        return (
            f"[{number}](phone)\nauth = {number}\naors = {number}\ncallerid = Agent {number} <{number}>\n"
            f"mailboxes = {number}@default\n"
            f"[{number}](phone-auth)\nusername = {number}\n[{number}](phone-aor)\n{contact}"
        )

    def _last_words(self) -> str:
        for path in (self.log, self.folder / "log" / "stdout"):
            if path.exists() and (lines := path.read_text(errors="replace").splitlines()[-15:]):
                return "\n".join(lines)
        return "it left no log"
