"""The line of recordings that wait to be transcribed: whose turn is when, told from the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter import models
from recordings import jobs

RECENT = 20  # transcripts from which the pace is told
SHORTEST_WORK = 0.01

Row = models.Recording


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the line, 1 is next and 0 is being worked on.

    `seconds` is how long it takes until it is done, and `pace` the seconds of speech heard in a second by one worker;
    None where nothing was transcribed yet.
    """

    number: int
    seconds: float | None
    pace: float | None


def pace(session: Session) -> float | None:
    """Return the seconds of recorded speech that a worker has lately heard in a second of work."""
    took = models.Transcript.work_seconds
    lately = (
        select(Row.seconds, took)
        .join(models.Transcript, models.Transcript.recording_id == Row.id)
        .where(took.is_not(None), Row.seconds.is_not(None))
        .order_by(models.Transcript.id.desc())
        .limit(RECENT)
        .subquery()
    )
    heard, work = session.execute(
        select(func.sum(lately.c.seconds), func.sum(lately.c.work_seconds))
    ).one()
    return heard / max(work, SHORTEST_WORK) if heard else None


def place(session: Session, recording: models.Recording, *, workers: int) -> Place | None:
    """Return the place of a recording that waits for its transcript or is worked on; None for any other."""
    if recording.state not in jobs.HEARD:
        return None
    speed = pace(session)
    own = recording.seconds or 0.0
    if recording.state == "transcribing":
        return Place(0, own / speed if speed else None, speed)
    before = (Row.state.in_(jobs.HEARD), Row.id < recording.id)
    count, seconds = session.execute(
        select(func.count(), func.sum(Row.seconds)).where(*before)
    ).one()
    # Workers share the line before it; this one is heard by one of them.
    ahead = (seconds or 0.0) / max(1, workers)
    return Place(count + 1, (ahead + own) / speed if speed else None, speed)
