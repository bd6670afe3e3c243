"""Recordings of calls that nobody saw: found in the exchange's folder, and expected like any other.

A recording that began while we were away told us nothing. Its file carries the Linkedid (`<linkedid>_<uniqueid>.wav`, as
in config/asterisk/extensions.conf), or the exchange's CDR names it (FreePBX: `recordingfile`, in a folder of the day).
The reconciler calls `on_found` on its own thread, with the rows that it made or completed, and asks for what is `unexpected`
after an outage: the exchange may have died before it wrote a call down.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import traces
from callcenter.db import Database
from callcenter.settings import Pbx, Settings
from callcenter.telephony import facts, reconcile
from recordings import audio, expect, store

log = structlog.get_logger(__name__)

SUFFIXES = (".wav", ".WAV", ".gsm", ".ulaw", ".alaw")
CHUNK = 400
# <linkedid>_<uniqueid>; other names tell nothing of their call.
NAMED = re.compile(r"[\w.-]{1,150}_(?:[\w.-]+-)?(\d{9,10})\.\d+\.\w+$", re.ASCII)
SIDES = ("-agent", "-customer", "-rx", "-tx")


class Recoverer:
    """Expect the recordings of calls that were found in the exchange's records."""

    def __init__(self, database: Database, settings: Settings, *, hint: expect.Hint) -> None:
        self._database, self._hint = database, hint
        self._exchanges = {pbx.name: pbx for pbx in settings.pbx if pbx.recordings}
        self._zone = ZoneInfo(settings.site.timezone)

    def on_found(self, pbx: str, found: Sequence[tuple[int, reconcile.Told]]) -> None:
        """Look for files of these calls (row's id, call), and write a row for each that is not expected yet."""
        exchange = self._exchanges.get(pbx)
        if exchange is None or not found:
            return
        try:
            names = _names(Path(exchange.recordings))
        except OSError as error:
            log.warning("recordings not looked for", pbx=pbx, problem=str(error))
            return
        files = {call_id: list(self._files(exchange, told, names)) for call_id, told in found}
        for recording_id in self._database.call(_expect_all, exchange, found, files):
            self._hint(recording_id)

    def unexpected(self, pbx: str, since: float) -> list[traces.Trace]:
        """Find the recordings that were written since a time (epoch seconds) and that no row expects."""
        exchange = self._exchanges.get(pbx)
        if exchange is None:
            return []
        try:
            lately = dict(_written(Path(exchange.recordings), since))
        except OSError as error:
            log.warning("recordings not looked for", pbx=pbx, problem=str(error))
            return []
        remote = PurePosixPath(exchange.recordings_remote or exchange.recordings)
        expected = self._database.call(_expected, pbx, [str(remote / name) for name in lately])
        return [
            traces.Trace(_linkedid(name), min(_begun(name) or at, at), at)
            for name, at in lately.items()
            if str(remote / name) not in expected
        ]

    def _files(self, pbx: Pbx, told: reconcile.Told, names: dict[str, list[str]]) -> Iterator[str]:
        for linkedid in told.linkedids:
            yield from names.get(linkedid, ())
        day = datetime.fromtimestamp(told.started, self._zone)
        for named in told.recordings:
            for relative in (named, f"{day:%Y/%m/%d}/{named}"):
                try:
                    if store.locate(pbx, relative).is_file():
                        yield relative
                        break
                except (audio.BadAudio, OSError):
                    continue  # a name that leads out of the folder is nobody's recording


def _names(folder: Path) -> dict[str, list[str]]:
    """List the folder once: the Linkedid that a name begins with -> names, the two sides left out."""
    found: dict[str, list[str]] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            stem, suffix = PurePosixPath(entry.name).stem, PurePosixPath(entry.name).suffix
            if (
                suffix in SUFFIXES
                and not stem.endswith(SIDES)
                and entry.is_file(follow_symlinks=False)
            ):
                found.setdefault(_linkedid(entry.name), []).append(entry.name)
    return found


def _linkedid(file: str) -> str:
    return PurePosixPath(file).stem.partition("_")[0]


def _written(folder: Path, since: float) -> Iterator[tuple[str, float]]:
    """Give the files that are named as a call's recording is, and were written since a time: when."""
    for names in _names(folder).values():
        for name in names:
            if not NAMED.match(name):
                continue
            with contextlib.suppress(FileNotFoundError):  # a worker has just moved it
                at = (folder / name).stat().st_mtime
                if at >= since:
                    yield name, at


def _begun(name: str) -> float | None:
    """Read the time that Asterisk makes its ids of, `[system-]seconds.count`: when the recorded channel began."""
    found = NAMED.match(name)
    return float(found[1]) if found else None


def _expected(session: Session, pbx: str, files: Sequence[str]) -> frozenset[str]:
    recording, found = models.Recording, set[str]()
    for start in range(0, len(files), CHUNK):
        mine = (recording.pbx == pbx, recording.file.in_(files[start : start + CHUNK]))
        found |= set(session.scalars(select(recording.file).where(*mine)))
    return frozenset(found)


def _expect_all(
    session: Session,
    pbx: Pbx,
    found: Sequence[tuple[int, reconcile.Told]],
    files: dict[int, list[str]],
) -> list[int]:
    remote = PurePosixPath(pbx.recordings_remote or pbx.recordings)
    hints: list[int] = []
    for call_id, told in found:
        for name in files[call_id]:
            started = facts.RecordingStarted(told.record.id, told.started, "", str(remote / name))
            expect.expect(session, pbx.name, started)
        recording = models.Recording
        mine = (recording.pbx == pbx.name, recording.linkedid.in_(told.linkedids))
        for row in session.scalars(select(recording).where(*mine)):
            if row.call_id is None:
                row.call_id = call_id
            if row.ended_at is None:
                row.ended_at = max(row.started_at, datetime.fromtimestamp(told.ended, UTC))
                hints.append(row.id)
    return hints
