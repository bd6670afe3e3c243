"""How far each recording has come. The truth is its row; the queue of jobs is a hint that a sweep can rebuild.

    expected -> stored -> transcribing -> done
    expected -> missing (looked for again for a day) | empty | failed
    stored   -> no_model (until there is one) | failed

`lease_until` says that nobody else touches the row before: a worker has it, or it waits for its next look. A worker takes
a row by moving the lease and keeps it by moving it on; one that dies stops moving it, and the sweep gives the row to
another. A result is written only by who still holds the lease: done exactly once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import redis
import structlog
from huey import Huey, RedisHuey, SqliteHuey
from sqlalchemy import ColumnElement, CursorResult, and_, delete, or_, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.settings import Settings
from recordings import expect, store

log = structlog.get_logger(__name__)

TRIES = 3
LOOK_BACK = timedelta(days=1)  # how long a missing file is looked for
UNTOLD = timedelta(minutes=5)  # a recording whose end we were not told of is looked at after this
BATCH = 500
WAITING = ("expected", "missing")
HEARD = ("stored", "transcribing")
RETRIED = ("failed", "missing", "no_model")
HOPELESS = ("not_started", "outside_folder")  # reasons that trying again does not mend
REASON_LENGTH = 300

Row = models.Recording


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one recording until a time."""

    recording_id: int
    until: datetime


class LeaseLost(errors.Conflict):
    """Say that another worker has the recording now."""

    code = "lease_lost"


def connect(settings: Settings) -> Huey:
    """Open the queue: Redis where one is set, else a file beside the database."""
    if settings.web.redis_url:
        return RedisHuey("recordings", url=settings.web.redis_url, results=False)
    url = make_url(settings.database.url)
    beside = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    file = (
        beside.with_suffix(".jobs") if beside else Path(settings.recordings.folder) / "queue.jobs"
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("recordings", filename=str(file), timeout=30, results=False)


def declare(queue: Huey, run: Callable[[int], None]) -> Any:
    """Name the one task of the queue, as huey's TaskWrapper; producers and workers declare it alike."""

    def advance(recording_id: int) -> None:
        run(recording_id)

    # huey knows a task by its function's module and name: these are the same in the producer and in the worker.
    return queue.task(name="advance")(advance)


class Hints:
    """The producer's side: tell the workers that a recording has something to do."""

    def __init__(self, settings: Settings) -> None:
        self._queue = connect(settings)
        self._advance = declare(self._queue, lambda _id: None)

    def __call__(self, recording_id: int) -> None:
        """Put a hint into the queue; where that fails the sweep will find the row."""
        try:
            self._advance(recording_id)
        except (OSError, sqlite3.Error, redis.RedisError) as error:
            log.info(
                "no hint given, the sweep will find it", recording=recording_id, error=str(error)
            )

    def close(self) -> None:
        """Close the queue's file."""
        close(self._queue)


def close(queue: Huey) -> None:
    """Close a queue's file or connection."""
    queue.storage.close()


def _due(now: datetime) -> ColumnElement[bool]:
    told = or_(Row.ended_at.is_not(None), Row.started_at < now - UNTOLD)
    return and_(
        or_(
            and_(Row.state == "expected", told),
            and_(Row.state == "missing", Row.started_at > now - LOOK_BACK),
            Row.state.in_(HEARD),
        ),
        or_(Row.lease_until.is_(None), Row.lease_until <= now),
    )


def due(session: Session, now: datetime) -> list[tuple[int, str]]:
    """List what there is to do: files to fetch first, then speech, the oldest first."""
    rows = session.execute(
        select(Row.id, Row.state)
        .where(_due(now))
        .order_by(Row.state.in_(HEARD), Row.id)
        .limit(BATCH)
    )
    return [(row.id, row.state) for row in rows]


def claim(session: Session, recording_id: int, *, now: datetime, seconds: float) -> Lease | None:
    """Take a recording; None where another has it or there is nothing to do."""
    lease = Lease(recording_id, now + timedelta(seconds=seconds))
    taken = update(Row).where(Row.id == recording_id, _due(now)).values(lease_until=lease.until)
    return lease if _changed(session, taken) else None


def renew(session: Session, lease: Lease, *, now: datetime, seconds: float) -> Lease:
    """Move a lease on; LeaseLost where it is not ours any more."""
    renewed = Lease(lease.recording_id, now + timedelta(seconds=seconds))
    if not _changed(session, _held(lease).values(lease_until=renewed.until)):
        raise LeaseLost(f"recording {lease.recording_id} is another worker's now")
    return renewed


def settle(session: Session, lease: Lease, **values: Any) -> None:
    """Write what came of a recording and give it free; LeaseLost where it is not ours any more."""
    values.setdefault("lease_until", None)
    if "reason" in values:
        values["reason"] = values["reason"].replace("\0", "")[:REASON_LENGTH]
    if not _changed(session, _held(lease).values(**values)):
        raise LeaseLost(f"recording {lease.recording_id} is another worker's now")


def _held(lease: Lease) -> Any:
    return update(Row).where(Row.id == lease.recording_id, Row.lease_until == lease.until)


def _changed(session: Session, statement: Any) -> bool:
    result = session.execute(statement.execution_options(synchronize_session=False))
    return isinstance(result, CursorResult) and result.rowcount == 1


def get(session: Session, lease: Lease) -> models.Recording:
    """Read a leased recording, tied to its call where that is written by now."""
    recording = session.get_one(models.Recording, lease.recording_id)
    if recording.call_id is None:
        recording.call_id = expect.call_id(session, recording.pbx, recording.linkedid)
    return recording


def stored(session: Session, lease: Lease, kept: store.Kept, *, reason: str) -> None:
    """Write that the audio is ours."""
    recording = session.get_one(models.Recording, lease.recording_id)
    ended = recording.ended_at or recording.started_at + timedelta(seconds=kept.seconds)
    settle(
        session, lease, state="stored", reason=reason, stored=kept.stored, sha256=kept.sha256, peaks=kept.peaks,
        seconds=kept.seconds, bytes=kept.bytes, ended_at=ended, tries=0,
    )  # fmt: skip


def done(session: Session, lease: Lease, transcript: models.Transcript) -> None:
    """Write the transcript and that all is done, both or neither."""
    recording = session.get_one(models.Recording, lease.recording_id)
    reason = recording.reason if recording.reason.startswith("cut_off") else ""  # still true
    settle(session, lease, state="done", tries=0, language=transcript.language, reason=reason)
    forget_transcript(session, lease.recording_id)
    transcript.recording_id = lease.recording_id
    session.add(transcript)


def forget_transcript(session: Session, recording_id: int) -> None:
    """Remove a recording's transcript."""
    of = select(models.Transcript.id).where(models.Transcript.recording_id == recording_id)
    session.execute(delete(models.Segment).where(models.Segment.transcript_id.in_(of)))
    session.execute(delete(models.Transcript).where(models.Transcript.recording_id == recording_id))


def begin(session: Session, lease: Lease) -> bool:
    """Count a try at transcribing before it begins; False, and failed, where workers died of it before."""
    recording = session.get_one(models.Recording, lease.recording_id)
    if recording.tries >= TRIES:
        problem = recording.reason or f"gave_up: {TRIES} workers died of it"
        settle(session, lease, state="failed", reason=problem)
        return False
    kept = _held(lease).values(state="transcribing", tries=recording.tries + 1)
    if not _changed(session, kept):
        raise LeaseLost(f"recording {lease.recording_id} is another worker's now")
    return True


def stumbled(
    session: Session, lease: Lease, *, problem: str, now: datetime, wait: timedelta
) -> None:
    """Count a try that went wrong and let the next wait longer; after the last it has failed."""
    recording = session.get_one(models.Recording, lease.recording_id)
    hearing = recording.state in HEARD  # which is counted when it begins
    tries = recording.tries + (not hearing)
    if tries >= TRIES:
        settle(session, lease, state="failed", reason=problem, tries=tries)
        return
    again = now + wait * 3 ** (tries - 1)
    back = "stored" if hearing else recording.state
    settle(session, lease, state=back, reason=problem, tries=tries, lease_until=again)


def can_retry(recording: models.Recording) -> bool:
    """Say whether it is worth beginning again: not where nothing was recorded, nor where nothing may be read."""
    return recording.state in RETRIED and not recording.reason.startswith(HOPELESS)


def retry(session: Session, recording_id: int) -> None:
    """Begin again with a recording that failed, as a person asked; Conflict where there is nothing to begin with."""
    recording = session.get(models.Recording, recording_id)
    if recording is None:
        raise errors.NotFound(f"no recording {recording_id}")
    if not can_retry(recording):
        raise errors.Conflict(
            f"recording {recording_id} is {recording.state}: nothing to try again"
        )
    recording.state = "stored" if recording.stored else "expected"
    recording.reason, recording.tries, recording.lease_until = "", 0, None


def retry_all(session: Session) -> list[int]:
    """Begin again with all that failed or is missing; return which, the oldest first."""
    found = session.scalars(
        select(Row).where(Row.state.in_(("failed", "missing"))).order_by(Row.id)
    )
    again = [each for each in found if can_retry(each)]
    for each in again:
        retry(session, each.id)
    return [each.id for each in again]


def link_calls(session: Session, now: datetime) -> None:
    """Tie the day's recordings to calls whose rows were written later, and end those whose end died with us: the call's is known."""
    call = (
        select(models.Call.id)
        .where(
            models.Call.pbx == Row.pbx,
            models.Call.linkedid == Row.linkedid,
            models.Call.merged_into.is_(None),
        )
        .scalar_subquery()
    )
    alone = update(Row).where(Row.call_id.is_(None), Row.started_at > now - LOOK_BACK)
    session.execute(alone.values(call_id=call).execution_options(synchronize_session=False))
    end = select(models.Call.ended).where(
        models.Call.id == Row.call_id, models.Call.ended >= Row.started_at
    )
    untold = update(Row).where(
        Row.ended_at.is_(None), Row.started_at > now - LOOK_BACK, end.exists()
    )
    session.execute(
        untold.values(ended_at=end.scalar_subquery()).execution_options(synchronize_session=False)
    )


def wake_waiting(session: Session, languages: list[str]) -> int:
    """Send recordings that waited for a speech model on, where there is one now; return how many."""
    waiting = update(Row).where(Row.state == "no_model", Row.language.in_(languages))
    result = session.execute(
        waiting.values(state="stored", reason="", lease_until=None).execution_options(
            synchronize_session=False
        )
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


def release(session: Session, lease: Lease) -> None:
    """Give a recording back as it was before, its try not counted."""
    recording = session.get_one(models.Recording, lease.recording_id)
    if recording.state == "transcribing":
        settle(session, lease, state="stored", tries=max(0, recording.tries - 1))
    else:
        settle(session, lease)
