"""What is wrong with this installation, and the exact lines that mend it.

Every check is a `Finding`: ok, warn or fail, a sentence, and for what is not ok the lines to change. A check that rests
on one that failed is not made. `callcenter doctor` prints them; `--json` for programs.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from callcenter import db, migrations, models
from callcenter.crm import wordindex
from callcenter.settings import Pbx, Settings

Level = Literal["ok", "warn", "fail"]
LEAST_FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """Say how one thing is; `fix` holds the lines to change, to be copied as they are."""

    check: str
    level: Level
    text: str
    fix: tuple[str, ...] = ()
    pbx: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def check_database(settings: Settings) -> Iterator[Finding]:
    """Open the database and compare its schema with ours."""
    with contextlib.ExitStack() as stack:
        try:
            database = stack.enter_context(db.Database(settings.database.url))
            with database.engine.connect() as connection:
                now = MigrationContext.configure(connection).get_current_revision()
                head = ScriptDirectory.from_config(migrations.config(database)).get_current_head()
        except (SQLAlchemyError, OSError) as error:
            reason = str(error).splitlines()[0]
            fix = ("[database]", 'url = "sqlite:///var/callcenter.db"')
            yield Finding("database", "fail", f"cannot be opened: {reason}", fix)
            return
        shown = database.url.render_as_string(hide_password=True)
        if now != head:
            text = "is empty" if now is None else f"has schema {now}, this program needs {head}"
            yield Finding("database", "fail", f"{shown} {text}", ("callcenter migrate",))
        else:
            yield Finding("database", "ok", f"{shown}, schema {now}")
            yield from _people(database)
            yield from _words(database)


def _people(database: db.Database) -> Iterator[Finding]:
    with database.session() as session:
        users = session.scalar(select(func.count()).select_from(models.User)) or 0
        seated = session.scalar(
            select(func.count())
            .select_from(models.ExtensionAssignment)
            .where(models.ExtensionAssignment.until.is_(None))
        )
    if not users:
        fix = ("callcenter user add LOGIN --name NAME --role admin",)
        yield Finding("people", "fail", "there is no account to sign in with", fix)
    elif not seated:
        fix = ("callcenter user assign LOGIN EXTENSION",)
        yield Finding(
            "people", "warn", f"{users} accounts, none with an extension: no card can appear", fix
        )
    else:
        yield Finding("people", "ok", f"{users} accounts, {seated} with an extension")


def _words(database: db.Database) -> Iterator[Finding]:
    """Look whether words of transcripts and notes are found: what has no place in the index, and what has a wrong one."""
    fix = ("callcenter reindex",)
    try:
        health = database.call(wordindex.check)
    except SQLAlchemyError as error:
        text = f"the index of words cannot be read: {str(error).splitlines()[0]}"
        yield Finding("search", "fail", text, fix)
        return
    if health.missing or health.wrong:
        text = f"of {health.wanted} transcripts and notes {health.missing} are not found by their words, {health.wrong} of the newest by wrong ones"
        yield Finding("search", "warn", text, fix)
    else:
        yield Finding("search", "ok", f"{health.wanted} transcripts and notes are found by their words")  # fmt: skip


def check_name(pbx: Pbx) -> Iterator[Finding]:
    """Resolve the exchange's name."""
    try:
        found = socket.getaddrinfo(pbx.host, pbx.port, type=socket.SOCK_STREAM)
    except OSError as error:
        fix = ("[[pbx]]", f'name = "{pbx.name}"', 'host = "ADDRESS OF THE EXCHANGE"')
        yield Finding("dns", "fail", f"{pbx.host}: {error.strerror}", fix, pbx.name)
    else:
        yield Finding("dns", "ok", f"{pbx.host} is {found[0][4][0]}", (), pbx.name)


def check_recordings(settings: Settings) -> Iterator[Finding]:
    """Look at the folders: the exchange's, which we read, and the store, into which we write."""
    fix: tuple[str, ...]
    for pbx in settings.pbx:
        if not pbx.recordings:
            fix = ("[[pbx]]", f'name = "{pbx.name}"', 'recordings = "/var/spool/asterisk/monitor"')
            text = "no folder is set: recordings are not collected"
            yield Finding("recordings", "warn", text, fix, pbx.name)
        elif not Path(pbx.recordings).is_dir():
            fix = (f"mkdir -p {pbx.recordings}", f"chgrp callcenter {pbx.recordings}")
            text = f"{pbx.recordings} is not a folder that we can see"
            yield Finding("recordings", "fail", text, fix, pbx.name)
        else:
            yield Finding("recordings", "ok", f"reads {pbx.recordings}", (), pbx.name)
    store = Path(settings.recordings.folder)
    try:
        store.mkdir(parents=True, exist_ok=True)
        probe = store / ".doctor"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        fix = (f"mkdir -p {store}", f"chown callcenter {store}")
        yield Finding("store", "fail", f"cannot write into {store}: {error.strerror}", fix)
        return
    free = shutil.disk_usage(store).free
    text = f"{store}, {free / 1024**3:.1f} GiB free"
    if free < LEAST_FREE_BYTES:
        fix = ("[recordings]", 'folder = "A FOLDER ON A LARGER DISK"')
        yield Finding("disk", "fail", text, fix)
    else:
        yield Finding("disk", "ok", text)


def worst(findings: list[Finding]) -> Level:
    """Return the worst level."""
    levels = {finding.level for finding in findings}
    return "fail" if "fail" in levels else "warn" if "warn" in levels else "ok"


def in_words(findings: list[Finding]) -> Iterator[str]:
    """Tell the findings as lines for a terminal."""
    signs = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}
    for finding in findings:
        where = f"{finding.pbx}: " if finding.pbx else ""
        yield f"{signs[finding.level]}  {finding.check:<12} {where}{finding.text}"
        yield from (f"{'':19}{line}" for line in finding.fix)
