"""The two steps of a recording, each by who holds its lease: fetch it from the exchange, then hear what was said.

A file that is not closed yet, a disk that is full and a model that is not there are not errors: the recording waits, with
the reason in its row. What can never be heard fails at once; what merely went wrong is tried three times.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.db import Database, utcnow
from callcenter.settings import Settings
from recordings import audio, courtesy, engines, jobs, rulebook, store, transcribe

log = structlog.get_logger(__name__)

DAY_SECONDS = 86_400.0
CUT_OFF = "cut_off: the exchange ended before it closed the file; what it wrote is kept"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
Again = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what, in seconds."""

    missing_seconds: float = (
        120.0  # after the end, until a file that is not there counts as missing
    )
    stale_seconds: float = 120.0  # since the last change, until an open file is taken as it is
    retry_seconds: float = 10.0  # while a disk is full; after the first error nobody foresaw, three times that after the second
    shortest_wait: float = 0.5
    longest_wait: float = 60.0


class Keeper:
    """Hold a lease while the work lasts: `with Keeper(...) as keeper`, and `keeper.lease` is the present one."""

    def __init__(self, database: Database, lease: jobs.Lease, *, seconds: float) -> None:
        self.lease = lease
        self._database, self._seconds = database, seconds
        self._ended = threading.Event()
        self._moving = threading.Lock()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    @contextlib.contextmanager
    def steady(self) -> Iterator[jobs.Lease]:
        """Give the lease, which is not moved meanwhile."""
        with self._moving:
            yield self.lease

    def end(self) -> jobs.Lease:
        """Stop moving the lease and return it as it stands."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        return self.lease

    def _renew(self) -> None:
        while not self._ended.wait(self._seconds / 3):
            try:
                with self._moving:
                    self.lease = self._database.call(
                        jobs.renew, self.lease, now=utcnow(), seconds=self._seconds
                    )
            except jobs.LeaseLost:
                return  # whoever writes the result will be told
            except DBAPIError as error:  # locked or away; the next one may do
                log.warning(
                    "a lease was not renewed", recording=self.lease.recording_id, error=str(error)
                )


class Steps:
    """The work of one process; `again(id, seconds)` asks for another look at a recording."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        again: Again,
        patience: Patience | None = None,
    ) -> None:
        self.settings, self.database, self.patience = settings, database, patience or Patience()
        self.engines = engines.Engines(settings.speech.models)
        self._again = again
        # A thread of its own, so that it alone has the lowest priority: the rows are written at the worker's.
        stands_back = settings.speech.stand_back
        self._rest = courtesy.Courtesy().rest if stands_back else _go_on
        first = _only_when_idle if stands_back else None
        self._hearing = futures.ThreadPoolExecutor(1, "engine", initializer=first)

    def close(self) -> None:
        """Let the engine's thread go, without waiting for what it does."""
        self._hearing.shutdown(wait=False)

    def claim(self, recording_id: int) -> Keeper | None:
        """Take a recording, where there is something to do and nobody else does it."""
        seconds = self.settings.recordings.lease_seconds
        lease = self.database.call(jobs.claim, recording_id, now=utcnow(), seconds=seconds)
        return Keeper(self.database, lease, seconds=seconds) if lease else None

    def step(self, keeper: Keeper) -> None:
        """Do the next step of a recording that we hold."""
        recording = self.database.call(jobs.get, keeper.lease)
        try:
            if recording.state in jobs.WAITING:
                self._fetch(keeper, recording)
            else:
                self._hear(keeper, recording)
        except audio.BadAudio as problem:
            log.warning("recording refused", linkedid=recording.linkedid, reason=str(problem))
            self._settle(keeper, state="failed", reason=str(problem))
        except OSError as problem:
            if problem.errno not in FULL:
                raise
            log.error("recording waits: the store's disk is full", linkedid=recording.linkedid)
            reason = "disk_full: the store has no room"
            self._wait(keeper, recording, reason, seconds=self.patience.retry_seconds)

    def stumbled(self, keeper: Keeper, problem: Exception) -> None:
        """Count a try that went wrong in a way nobody foresaw; the third is the last."""
        said = f"error: {type(problem).__name__}: {problem}"
        recording = self.database.call(jobs.get, keeper.lease)
        log.error("a try failed", linkedid=recording.linkedid, exc_info=problem)
        wait = timedelta(seconds=self.patience.retry_seconds)
        self.database.call(jobs.stumbled, keeper.end(), problem=said, now=utcnow(), wait=wait)

    def _fetch(self, keeper: Keeper, recording: models.Recording) -> None:
        pbx = store.exchange(self.settings, recording.pbx)
        found = store.find(pbx, recording.file, heard=recording.heard)
        waited = (utcnow() - (recording.ended_at or recording.started_at)).total_seconds()
        if not found.paths:
            self._not_there(keeper, recording, waited=waited)
            return
        quiet = time.time() - store.touched(found)
        stale = quiet >= self.patience.stale_seconds
        if not (closed := store.ready(found)) and not stale:
            self._wait(keeper, recording, "", seconds=waited / 2)
            return
        sounds = store.read(found, salvage=not closed)
        if any(len(sound.samples) for sound in sounds.values()):
            self._keep(keeper, recording, found, sounds=sounds, reason="" if closed else CUT_OFF)
        elif recording.ended_at or stale:
            self._settle(keeper, state="empty", reason="no_audio: the file holds no sound")
        else:
            self._wait(keeper, recording, "", seconds=waited / 2)

    def _not_there(self, keeper: Keeper, recording: models.Recording, *, waited: float) -> None:
        given_up = waited >= (self.patience.missing_seconds if recording.ended_at else DAY_SECONDS)
        if self.database.call(_nobody_talked, recording.call_id):
            self._settle(keeper, state="empty", reason="no_talk: nobody was connected")
        elif not given_up:
            self._wait(keeper, recording, "", seconds=waited / 2)
        else:
            again = utcnow() + timedelta(seconds=self.patience.missing_seconds * 5)
            problem = "missing: the exchange's folder does not have the file"
            if recording.state != "missing":
                log.warning("recording missing", linkedid=recording.linkedid, file=recording.file)
            self._settle(keeper, state="missing", reason=problem, lease_until=again)

    def _keep(
        self, keeper: Keeper, recording: models.Recording, found: store.Found, *,
        sounds: dict[str, audio.Sound], reason: str,
    ) -> None:  # fmt: skip
        kept = store.keep(self.settings, recording, found, sounds=sounds)
        self.database.call(jobs.stored, keeper.end(), kept, reason=reason)
        self.database.call(rulebook.note, recording.id)
        if reason:
            log.warning("recording cut off", linkedid=recording.linkedid, reason=reason)
        log.info("recording stored", linkedid=recording.linkedid, seconds=kept.seconds)
        self._tidy(recording, found)
        self._again(recording.id, 0.0)

    def _tidy(self, recording: models.Recording, found: store.Found) -> None:
        """Remove the exchange's files, which are in the store now."""
        if self.settings.recordings.keep_originals:
            return
        try:
            store.remove(found)
        except OSError as problem:  # a folder that we may only read
            log.warning("original stays", linkedid=recording.linkedid, error=str(problem))

    def _hear(self, keeper: Keeper, recording: models.Recording) -> None:
        with contextlib.suppress(
            audio.BadAudio
        ):  # whoever stored it may have died before it tidied
            pbx = store.exchange(self.settings, recording.pbx)
            self._tidy(recording, store.find(pbx, recording.file, heard=recording.heard))
        language = self.database.call(transcribe.language, recording, self.settings)
        try:
            self.engines.folder(language)
            with keeper.steady() as lease:
                if not self.database.call(jobs.begin, lease):
                    return
            engine = self._hearing.submit(self.engines.get, language).result()
        except engines.NoModel as problem:
            reason = f"no_model: {problem}"
            log.warning("recording waits for a model", linkedid=recording.linkedid, reason=reason)
            self._settle(keeper, state="no_model", reason=reason, language=language, tries=0)
            return
        sounds = store.sounds_of(self.settings, recording)
        began = time.monotonic()
        said = self._hearing.submit(
            transcribe.transcribe, engine, sounds, language=language, worked=self._rest
        ).result()
        made = transcribe.row(
            engine, said, language=language, now=utcnow(), work_seconds=time.monotonic() - began
        )
        self.database.call(jobs.done, keeper.end(), made)
        log.info("recording transcribed", linkedid=recording.linkedid, segments=len(said))

    def _settle(self, keeper: Keeper, **values: Any) -> None:
        lease = keeper.end()
        with self.database.session() as session:
            jobs.settle(session, lease, **values)

    def _wait(
        self, keeper: Keeper, recording: models.Recording, reason: str, *, seconds: float
    ) -> None:
        """Put a recording back as it was, not to be looked at before some seconds have passed."""
        seconds = min(max(seconds, self.patience.shortest_wait), self.patience.longest_wait)
        state = "stored" if recording.state in jobs.HEARD else recording.state
        again = utcnow() + timedelta(seconds=seconds)
        self._settle(keeper, state=state, reason=reason, lease_until=again)
        self._again(recording.id, seconds)


def _go_on(_worked_seconds: float) -> None:
    """Rest for nobody."""


def _only_when_idle() -> None:
    """Let this thread, and those that it starts, compute only while nobody else wants the processor."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _nobody_talked(session: Session, call_id: int | None) -> bool:
    """Say whether a call is known to be over without two people ever having been connected."""
    call = session.get(models.Call, call_id) if call_id else None
    return call is not None and call.ended is not None and call.answered is None
