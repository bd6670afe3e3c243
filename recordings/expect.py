"""From facts to expected recordings: a row as soon as MixMonitor starts, so that none can be forgotten.

The switchboard calls `on_fact`, which only puts the fact into a queue. A thread takes what has gathered, writes it in one
transaction, and tries again as long as the database is locked or full: nothing is dropped.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.db import Database
from callcenter.settings import Settings
from callcenter.telephony import facts, roles

log = structlog.get_logger(__name__)

RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 15.0
LONGEST_FILE = 400
LONGEST_ID = 150
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Refused:
    """The exchange refused to record a call; `file` is what it was asked to write."""

    linkedid: str
    at: float
    file: str
    problem: str


Hint = Callable[[int], None]
Told = tuple[str, facts.Fact | Refused]
CONCERN_US = (
    facts.RecordingStarted,
    facts.RecordingStopped,
    facts.CallMerged,
    facts.CallEnded,
    facts.CallLost,
)


class Expecter:
    """Write a row for each recording that the exchange makes; `hint(id)` tells a worker that one has ended."""

    def __init__(self, database: Database, settings: Settings, *, hint: Hint | None = None) -> None:
        self._database = database
        self._hint = hint or (lambda _id: None)
        self._roles = {pbx.name: roles.Roles(pbx.trunks, pbx.phones) for pbx in settings.pbx}
        self._facts: queue.SimpleQueue[Told | threading.Event | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._write_all, name="expecter", daemon=True)
        self._thread.start()

    def on_fact(self, pbx: str, fact: facts.Fact) -> None:
        """Take a fact; never waits."""
        if isinstance(fact, CONCERN_US):
            self._facts.put_nowait((pbx, fact))

    def refused(self, pbx: str, refusal: Refused) -> None:
        """Take that a recording could not begin; never waits."""
        self._facts.put_nowait((pbx, refusal))

    def flush(self, timeout_seconds: float = 10.0) -> bool:
        """Wait until all that was taken is written; False where that took too long."""
        written = threading.Event()
        self._facts.put(written)
        return written.wait(timeout_seconds)

    def close(self) -> None:
        """Write what is left and end the thread; a database that is still away gets one last try."""
        self._closing.set()
        self._facts.put(None)
        self._thread.join()

    def _write_all(self) -> None:
        ending = False
        while not ending:
            gathered = [self._facts.get()]
            while not self._facts.empty():
                gathered.append(self._facts.get())
            self._write([each for each in gathered if isinstance(each, tuple)])
            for each in gathered:
                if isinstance(each, threading.Event):
                    each.set()
            ending = None in gathered

    def _write(self, told: list[Told]) -> None:
        wait = RETRY_SECONDS
        while told:
            try:
                ended = self._database.call(_note_all, told, self._roles)
            except (DataError, IntegrityError, ValueError) as error:
                self._write_singly(told, error)
                return
            except DBAPIError as error:
                log.warning(
                    "recordings not written, trying again", error=str(error.orig), facts=len(told)
                )
                if self._closing.wait(wait):
                    return
                wait = min(wait * 2, LONGEST_RETRY_SECONDS)
                continue
            for recording_id in ended:
                self._hint(recording_id)
            return

    def _write_singly(self, told: list[Told], error: Exception) -> None:
        """One of these cannot be written: it must not take the others with it."""
        if len(told) == 1:
            pbx, fact = told[0]
            log.error(
                "a fact about a recording cannot be written", pbx=pbx, fact=fact, error=str(error)
            )
            return
        for each in told:
            self._write([each])


def _note_all(session: Session, told: list[Told], known: dict[str, roles.Roles]) -> list[int]:
    ended: list[int] = []
    for pbx, fact in told:
        match fact:
            case facts.RecordingStarted():
                heard = (
                    "agent"
                    if pbx in known and known[pbx].role(fact.channel) == roles.PHONE
                    else "customer"
                )
                expect(session, pbx, fact, heard=heard)
            case facts.RecordingStopped() | facts.CallEnded() | facts.CallLost():
                ended += _close(session, pbx, fact.linkedid, at=fact.at)
            case Refused():
                _fail(session, pbx, fact)
            case facts.CallMerged():
                _move(session, pbx, fact)
    return ended


def expect(
    session: Session, pbx: str, fact: facts.RecordingStarted, *, heard: str = "customer"
) -> models.Recording:
    """Return the row of a recording that began, making it when it is not there yet."""
    file = _clean(fact.file)
    cut = file[:LONGEST_FILE]
    known = session.scalar(
        select(models.Recording).where(models.Recording.pbx == pbx, models.Recording.file == cut)
    )
    if known is not None:
        return known
    linkedid = _clean(fact.linkedid)[:LONGEST_ID]
    recording = models.Recording(
        pbx=pbx,
        linkedid=linkedid,
        file=cut,
        heard=heard,
        started_at=_when(fact.at),
        call_id=call_id(session, pbx, linkedid),
    )
    if len(file) > LONGEST_FILE:
        recording.state, recording.reason = "failed", "outside_folder: the file's name is too long"
    session.add(recording)
    session.flush()
    return recording


def _fail(session: Session, pbx: str, refusal: Refused) -> None:
    """Make a row that says why there is no recording."""
    begun = facts.RecordingStarted(refusal.linkedid, refusal.at, "", refusal.file)
    recording = expect(session, pbx, begun)
    recording.state, recording.ended_at = "failed", recording.started_at
    recording.reason = f"not_started: {_clean(refusal.problem)}"[:LONGEST_REASON]


def call_id(session: Session, pbx: str, linkedid: str) -> int | None:
    """Return the row of a call, or of the one that absorbed it."""
    for _ in range(5):
        found = session.execute(
            select(models.Call.id, models.Call.merged_into).where(
                models.Call.pbx == pbx, models.Call.linkedid == linkedid
            )
        ).one_or_none()
        if found is None:
            return None
        if not found.merged_into:
            return int(found.id)
        linkedid = found.merged_into
    return None


def _close(session: Session, pbx: str, linkedid: str, *, at: float) -> list[int]:
    open_ones = select(models.Recording).where(
        models.Recording.pbx == pbx,
        models.Recording.linkedid == linkedid,
        models.Recording.ended_at.is_(None),
    )
    closed = list(session.scalars(open_ones))
    for recording in closed:
        recording.ended_at = max(_when(at), recording.started_at)
        recording.call_id = recording.call_id or call_id(session, pbx, linkedid)
    return [recording.id for recording in closed]


def _move(session: Session, pbx: str, fact: facts.CallMerged) -> None:
    """Two calls became one: its recordings belong to the one that is left."""
    session.execute(
        update(models.Recording)
        .where(models.Recording.pbx == pbx, models.Recording.linkedid == fact.absorbed)
        .values(linkedid=fact.linkedid, call_id=call_id(session, pbx, fact.linkedid))
    )


def _clean(text: str) -> str:
    """Leave out what no database keeps: NUL, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _when(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
