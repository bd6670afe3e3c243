"""Recordings of calls that nobody saw: found in the exchange's folder, and expected like any other.

A recording that began while we were away told us nothing. Its file carries the Linkedid (`<linkedid>_<uniqueid>.wav`, as
in config/asterisk/extensions.conf), or the exchange's CDR names it (FreePBX: `recordingfile`, in a folder of the day).
The reconciler calls `on_found` on its own thread, with the rows that it made or completed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.db import Database
from callcenter.settings import Pbx, Settings
from callcenter.telephony import facts, reconcile
from recordings import audio, expect, store

log = structlog.get_logger(__name__)

SUFFIXES = (".wav", ".WAV", ".gsm", ".ulaw", ".alaw")
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
                found.setdefault(stem.partition("_")[0], []).append(entry.name)
    return found


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
