"""The product as it is installed: `callcenter serve` in a process of its own, beside an exchange of the stage."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from callcenter import db, migrations, models, replay, settings
from callcenter.demo import ports
from callcenter.telephony import facts, roles
from tests.pbx import stage as stages

KNOWN = {"trunks": ("PJSIP/trunk-*",), "phones": ("PJSIP/10??-*",)}


class Product:
    """One installation: a folder with settings and database; the process can be killed and started again."""

    def __init__(
        self, pbx: Any, folder: Path, *, ami_port: int | None = None, url: str = "", web: str = "", more: str = ""
    ) -> None:  # fmt: skip
        """Install it beside an exchange, or what has an exchange's addresses and folders.

        `web` are more lines of that table, `more` are more tables.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = ports.tcp()
        self.config = folder / "callcenter.toml"
        self.config.write_text(
            f"""
[database]
url = "{url or f"sqlite:///{folder / 'callcenter.db'}"}"
[web]
port = {self.port}
{web}
[recordings]
folder = "{folder / "store"}"
sweep_seconds = 1
lease_seconds = 6
[calls]
wrapup_seconds = 0
[ledger]
every_seconds = 1
[[pbx]]
port = {ami_port or pbx.ami_port}
username = "{pbx.ami_user}"
secret = "{pbx.ami_secret}"
trunks = ["PJSIP/trunk-*"]
phones = ["PJSIP/10??-*"]
recordings = "{pbx.recordings}"
cdr = "{pbx.cdr}"
queue_log = "{pbx.queue_log}"
{more}
""",
            encoding="utf-8",
        )
        self.settings = settings.load(self.config)
        self.database = db.Database(self.settings.database.url)
        migrations.upgrade(self.database)
        self.users: dict[str, int] = {}
        self.before: list[str] = []  # a command that the process is started through
        self._process: asyncio.subprocess.Process | None = None

    def seat(self, extensions: Sequence[str]) -> None:
        """Make a user for each extension, who is ready."""
        now = db.utcnow()
        with self.database.session() as session:
            for extension in extensions:
                user = models.User(
                    login=f"a{extension}", name=f"Agent {extension}", password_hash="-", created_at=now
                )  # fmt: skip
                session.add(user)
                session.flush()
                seat = models.ExtensionAssignment(
                    pbx="main", extension=extension, interface=f"PJSIP/{extension}", user_id=user.id, since=now
                )  # fmt: skip
                ready = models.AgentState(user_id=user.id, state="ready", since=now)
                session.add_all([seat, ready])
                self.users[extension] = user.id

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.kill(signal.SIGTERM)
        self.database.close()

    async def start(self) -> None:
        """Start it, and return when it takes requests."""
        with (self.folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.before, sys.executable, "-m", "callcenter", "serve", "--config", str(self.config),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    await writer.wait_closed()
                    return
                assert self._process.returncode is None, self.log()
                await asyncio.sleep(0.05)

    def pid(self) -> int:
        """Give the process's id."""
        assert self._process is not None
        return self._process.pid

    async def kill(self, sign: signal.Signals = signal.SIGKILL) -> None:
        """End it, with all its workers, in the middle of what it does."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                if sign == signal.SIGKILL:
                    os.killpg(process.pid, sign)
                else:
                    process.send_signal(sign)
            await asyncio.wait_for(process.wait(), 30)

    def log(self) -> str:
        """Give what it said."""
        return (self.folder / "log").read_text(errors="replace")[-4000:]

    def rows(self) -> list[models.Call]:
        """Read the call log, in order of start."""
        call = models.Call
        with self.database.session() as session:
            asked = select(call).options(selectinload(call.participants)).order_by(call.started)
            return list(session.scalars(asked))

    def recordings(self) -> dict[str, models.Recording]:
        """Read the recordings, by Linkedid."""
        with self.database.session() as session:
            return {row.linkedid: row for row in session.scalars(select(models.Recording))}

    def outages(self) -> list[models.Outage]:
        """Read when the exchange was not heard."""
        with self.database.session() as session:
            return list(session.scalars(select(models.Outage).order_by(models.Outage.id)))

    async def until(self, test: Callable[[], Any], *, seconds: float = 60.0) -> None:
        """Wait until something is so; else tell what the product said."""
        try:
            async with asyncio.timeout(seconds):
                while not test():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            seen = [(r.linkedid, r.result, r.source, r.ended) for r in self.rows()]
            raise AssertionError(f"{seen}\n{self.log()}") from None

    async def listens(self, outages: int) -> None:
        """Wait until it hears the exchange again after its so-manieth outage, and has looked at the records."""

        def heard() -> bool:
            found = self.outages()
            with self.database.session() as session:
                mark = session.get(models.ReconcileMark, "main")
                looked = mark is not None and mark.read_at is not None
                return (
                    len(found) >= outages
                    and all(o.ended is not None for o in found)
                    and looked
                    and mark is not None
                    and mark.read_at is not None
                    and mark.read_at >= max(o.ended for o in found if o.ended)
                )

        await self.until(heard)


def truth(recorder: stages.Recorder, folder: Path) -> dict[str, facts.CallRecord]:
    """Tell what somebody heard who listened all the time, by Linkedid."""
    log = folder / "truth.ami"
    log.write_bytes(recorder.data())
    told = replay.records(replay.messages(log), roles.Roles(**KNOWN))
    return {record.id: record for record in told}


def differences(row: models.Call, record: facts.CallRecord, users: dict[str, int]) -> list[str]:
    """List where a row tells something else than who listened all the time, beyond Asterisk's whole seconds."""
    found = []

    def near(name: str, ours: Any, theirs: float | None) -> None:
        at = ours.timestamp() if ours is not None else None
        if (at is None) != (theirs is None) or (at is not None and theirs is not None and abs(at - theirs) > 1.2):  # fmt: skip
            found.append(f"{name} {at} is not {theirs}")

    for name in ("started", "queued", "answered", "ended"):
        near(name, getattr(row, name), getattr(record, name))
    told = (row.result, row.direction, row.from_raw, row.to_raw, row.did, row.queue)
    heard = (record.result, record.direction, record.from_, record.to, record.did, record.queue)
    if told != heard:
        found.append(f"{told} is not {heard}")
    mine = {p.interface: p for p in row.participants}
    theirs = {p.interface: p for p in record.participants}
    if mine.keys() != theirs.keys():
        found.append(f"{sorted(mine)} is not {sorted(theirs)}")
    for key in mine.keys() & theirs.keys():
        near(f"{key} answered", mine[key].answered, theirs[key].answered)
        near(f"{key} left", mine[key].left, theirs[key].left)
        if mine[key].outcome != theirs[key].outcome:
            found.append(f"{key} {mine[key].outcome} is not {theirs[key].outcome}")
        if mine[key].user_id != users.get(theirs[key].extension):
            found.append(f"{key} is user {mine[key].user_id}")
    return [f"{row.linkedid}: {each}" for each in found]
