"""Recordings of a certain age, and what their keeping is told: for the tests of retention. The clock is given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update

from callcenter import models
from callcenter.crm import audit, visibility
from recordings import periods, retention
from tests.recordings.conftest import Place

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BY = audit.By(None, "127.0.0.1")
ADMIN = visibility.Viewer(1, "admin")
PLAN = periods.Plan(
    30,
    (
        periods.Period("queue", "main", "support", 90),
        periods.Period("campaign", "", "7", None),
        periods.Period("campaign", "", "8", 10),
    ),
)


def peopled(made: Place) -> Place:
    """Add who asks."""
    with made.database.session() as session:
        session.add(models.User(
            id=1, login="root", name="Root", role="admin", password_hash="", language="en", created_at=NOW,
        ))  # fmt: skip
    return made


def recorded(
    place: Place, key: int, *, age_days: float, state: str = "done", queue: str = "", campaign: str = ""
) -> int:  # fmt: skip
    """Make a call with a stored, transcribed recording of a minute; return it."""
    started = NOW - timedelta(days=age_days)
    folder = Path(place.settings.recordings.folder)
    name = f"{started:%Y/%m/%d}/{key}-mixed.wav"
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"RIFF" + bytes(996))
    with place.database.session() as session:
        session.add(models.Call(
            id=key, pbx="main", linkedid=f"{key}.1", direction="inbound", started=started, queue=queue or None,
            variables={"CC_CAMPAIGN": campaign} if campaign else {},
        ))  # fmt: skip
        session.add(models.Recording(
            id=key, call_id=key, pbx="main", linkedid=f"{key}.1", file=f"{key}.wav", state=state, stored={"mixed": name},
            sha256={"mixed": "1"}, peaks={"mixed": [1]}, seconds=60.0, bytes=1000, started_at=started, ended_at=started,
        ))  # fmt: skip
        session.flush()
        said = models.Transcript(recording_id=key, engine="e", model="m", language="en", created_at=started)  # fmt: skip
        said.segments.append(models.Segment(side="agent", t0=0.0, t1=1.0, text="good morning"))
        session.add(said)
    return key


def asked(place: Place, days: int | None = 30, *, transcripts: bool = True) -> None:
    """Say how long recordings are kept."""
    with place.database.session() as session:
        values = {"keep_days": days, "keep_transcripts": transcripts}
        session.execute(update(models.RecordingPolicy).values(**values))


def sweep(place: Place, at: datetime) -> retention.Swept:
    """Look once."""
    done = retention.sweep(place.database, place.settings, at)
    assert done is not None
    return done


def files(place: Place) -> list[str]:
    """Name what lies in the store."""
    folder = Path(place.settings.recordings.folder)
    return sorted(path.name for path in folder.rglob("*.wav"))
