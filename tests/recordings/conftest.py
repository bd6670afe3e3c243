"""A place with a database, a folder in which an exchange writes, and a store: for each test its own."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from callcenter import migrations, models, settings
from callcenter.db import Database
from callcenter.telephony import facts
from recordings import expect, steps, worker
from tests import servers

REMOTE = "/var/spool/asterisk/monitor"
IMPATIENT = steps.Patience(
    missing_seconds=0.0, stale_seconds=3600, retry_seconds=0.0, shortest_wait=0.0, longest_wait=0.0
)


@dataclasses.dataclass
class Place:
    """What a test of recordings works with."""

    settings: settings.Settings
    database: Database
    monitor: Path
    workers: list[worker.Worker] = dataclasses.field(default_factory=list)

    def write(self, name: str, data: bytes) -> Path:
        """Write a file as the exchange would."""
        path = self.monitor / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def expect(self, name: str = "a.wav", *, linkedid: str = "1.1", ended: bool = True) -> int:
        """Tell of a recording as facts do; return its row."""
        at = time.time() - 10
        expecter = expect.Expecter(self.database, self.settings)
        started = facts.RecordingStarted(linkedid, at, "PJSIP/trunk-00000001", f"{REMOTE}/{name}")
        expecter.on_fact("main", started)
        if ended:
            expecter.on_fact(
                "main", facts.RecordingStopped(linkedid, at + 5, "PJSIP/trunk-00000001")
            )
        expecter.close()
        with self.database.session() as session:
            return session.scalars(
                select(models.Recording.id).where(models.Recording.linkedid == linkedid)
            ).one()

    def worker(self, patience: steps.Patience = IMPATIENT) -> worker.Worker:
        """Make a worker in this process."""
        self.workers.append(worker.Worker(self.settings, self.database, patience=patience))
        return self.workers[-1]

    def fetched(
        self, recording_id: int, *, patience: steps.Patience = IMPATIENT
    ) -> models.Recording:
        """Do one step of a recording and return its row."""
        self.worker(patience).advance(recording_id)
        return self.row(recording_id)

    def row(self, recording_id: int) -> models.Recording:
        """Read a recording."""
        with self.database.session() as session:
            return session.get_one(models.Recording, recording_id)

    def said(self, recording_id: int) -> list[models.Segment]:
        """Read a recording's segments in order."""
        with self.database.session() as session:
            transcript = session.scalars(
                select(models.Transcript).where(models.Transcript.recording_id == recording_id)
            ).one_or_none()
            return list(transcript.segments) if transcript else []


MakePlace = Callable[..., Place]


@pytest.fixture
def make_place(tmp_path: Path) -> Iterator[MakePlace]:
    """Make a place; keyword arguments change its settings of speech."""
    made: list[Place] = []

    def make(
        *,
        models: dict[str, str] | None = None,
        language: str = "ko",
        lease_seconds: float = 30.0,
        stand_back: bool = False,
        url: str = f"sqlite:///{tmp_path}/center.db",
        redis_url: str = "",
    ) -> Place:
        monitor = tmp_path / "monitor"
        monitor.mkdir()
        told = settings.Settings(
            database=settings.DatabaseSettings(url=url),
            web=settings.Web(redis_url=redis_url),
            pbx=(settings.Pbx(recordings=str(monitor), recordings_remote=REMOTE),),
            recordings=settings.Recordings(
                folder=str(tmp_path / "store"), sweep_seconds=0.2, lease_seconds=lease_seconds
            ),
            speech=settings.Speech(models=models or {}, language=language, stand_back=stand_back),
        )
        if url.startswith("sqlite"):
            database = servers.migrated(tmp_path / "center.db")
        else:
            database = Database(told.database.url)
            migrations.upgrade(database)
        made.append(Place(told, database, monitor))
        return made[-1]

    yield make
    for place in made:
        for each in place.workers:
            each.close()
        place.database.close()


@pytest.fixture
def place(make_place: MakePlace) -> Place:
    """A place without any speech model."""
    return make_place()
