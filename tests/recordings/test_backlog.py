"""How far the recordings are, counted on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callcenter import db, models
from recordings import backlog
from tests import servers
from web.views import system

NOW = db.utcnow()
ROWS = (
    ("done", "", 60, 90.0), ("stored", "", 30, 20.0), ("transcribing", "", 50, 20.0),
    ("failed", "error: boom", 40, None), ("missing", "missing: no file", 40, None),
    ("missing", "missing: no file", 60 * 30, None), ("no_model", "no_model: he", 5, 10.0),
    ("expected", "disk_full: the store has no room", 20, None),
)  # fmt: skip


def fill(database: db.Database) -> None:
    """Write a recording for each row: state, reason, minutes ago, seconds; the first is just transcribed."""
    with database.session() as session:
        for i, (state, reason, minutes, seconds) in enumerate(ROWS):
            row = models.Recording(
                pbx="main", linkedid=f"1.{i}", file=f"{i}.wav", state=state, reason=reason,
                started_at=NOW - timedelta(minutes=minutes), seconds=seconds,
            )  # fmt: skip
            session.add(row)
            session.flush()
            if state == "done":
                session.add(
                    models.Transcript(
                        recording_id=row.id, engine="vosk", model="m", language="he",
                        created_at=NOW - timedelta(minutes=1),
                    )
                )  # fmt: skip


@servers.on_both()
def test_the_backlog_says_what_waits_what_failed_and_the_pace(database: db.Database) -> None:
    fill(database)
    kept = database.call(backlog.read, NOW)
    assert kept.states == {
        "done": 1, "stored": 1, "transcribing": 1, "failed": 1, "missing": 2, "no_model": 1,
        "expected": 1,
    }  # fmt: skip
    assert kept.failed == {"error": 1, "missing": 1}
    assert kept.oldest == pytest.approx((NOW - timedelta(minutes=50)).timestamp())
    assert kept.no_room_since == pytest.approx((NOW - timedelta(minutes=20)).timestamp())
    assert kept.seconds == 90.0
    assert kept.pace == pytest.approx(90.0 / 900)


@servers.on_both()
def test_the_page_reads_its_figures(database: db.Database) -> None:
    figures = database.call(system.kept)
    assert (figures.calls, figures.customers) == (0, 0)
    assert figures.version.startswith(("SQLite 3", "PostgreSQL 1"))
