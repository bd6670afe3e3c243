"""Recordings whose time is over: marked, left a week, and deleted. The clock is given."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from callcenter import db, models, settings
from callcenter.crm import wordindex
from recordings import backlog, holds, jobs, periods, retention, rulebook, store, worker
from tests.recordings.conftest import MakePlace, Place
from tests.recordings.keeping import (
    ADMIN,
    BY,
    DAY,
    HOUR,
    NOW,
    PLAN,
    asked,
    files,
    peopled,
    recorded,
    sweep,
)  # fmt: skip
from tests.servers import on_both


@pytest.fixture
def place(make_place: MakePlace) -> Place:
    return peopled(make_place())


def test_nothing_goes_until_somebody_says_so(place: Place) -> None:
    recorded(place, 1, age_days=4000)
    assert sweep(place, NOW) == retention.Swept()
    assert sweep(place, NOW + 100 * DAY) == retention.Swept()
    assert files(place) == ["1-mixed.wav"]


def test_what_is_over_is_marked_left_a_week_and_deleted(place: Place) -> None:
    old, young = recorded(place, 1, age_days=31), recorded(place, 2, age_days=29)
    asked(place)
    assert sweep(place, NOW).marked == 1
    assert place.row(old).delete_at == NOW + 7 * DAY and place.row(young).delete_at is None
    assert sweep(place, NOW + 6 * DAY).deleted.count == 0 and len(files(place)) == 2
    done = sweep(place, NOW + 7 * DAY)
    assert done.deleted == periods.Sum(1, 60.0, 1000)
    row = place.row(old)
    assert (row.state, row.deleted_at, row.delete_at) == ("deleted", NOW + 7 * DAY, None)
    assert (row.stored, row.peaks, row.bytes, row.seconds) == ({}, {}, 0, 60.0)
    assert row.sha256 == {"mixed": "1"}, "what it was can still be proved"
    assert files(place) == ["2-mixed.wav"]
    assert [segment.text for segment in place.said(old)] == ["good morning"]
    assert not list(Path(place.settings.recordings.folder).rglob("29")), "its day's folder is gone"
    with place.database.session() as session:
        (line,) = session.scalars(select(models.Audit).where(models.Audit.action == "recordings_deleted"))  # fmt: skip
        assert line.detail["count"] == 1 and line.detail["from"] == "2026-01-29"
        assert jobs.due(session, NOW + 400 * DAY) == []
        assert not jobs.can_retry(row)


def test_transcripts_go_too_where_they_are_not_to_stay_and_are_found_no_more(place: Place) -> None:
    old = recorded(place, 1, age_days=31)
    asked(place, transcripts=False)
    sweep(place, NOW)
    with place.database.session() as session:
        assert wordindex.check(session).wanted == 1
    assert sweep(place, NOW + 8 * DAY).deleted.count == 1
    assert place.said(old) == []
    with place.database.session() as session:
        assert session.scalars(select(models.WordDocument)).all() == []
        assert wordindex.check(session) == wordindex.Health(0, 0, 0)


def test_exceptions_keep_longer_shorter_and_for_good(place: Place) -> None:
    for key, said in enumerate(({}, {"queue": "support"}, {"campaign": "7"}, {"campaign": "8"}), 1):
        recorded(place, key, age_days=50, **said)
    recorded(place, 5, age_days=20, campaign="8")
    asked(place)
    with place.database.session() as session:
        for each in PLAN.exceptions:
            session.add(models.RetentionRule(scope=each.scope, pbx=each.pbx, value=each.value, keep_days=each.days))  # fmt: skip
    with place.database.session() as session:
        days = retention.trial(session, retention.plan(session), NOW, UTC)
        assert periods.total(days.values()) == periods.Sum(3, 180.0, 3000)
        assert session.scalars(select(models.Recording.delete_at)).all() == [None] * 5
    assert sweep(place, NOW).marked == 3
    sweep(place, NOW + 8 * DAY)
    assert files(place) == ["2-mixed.wav", "3-mixed.wav"]


def test_a_plan_that_changed_withdraws_its_marks(place: Place) -> None:
    old = recorded(place, 1, age_days=31)
    asked(place)
    sweep(place, NOW)
    asked(place, None)
    assert sweep(place, NOW + 8 * DAY) == retention.Swept(withdrawn=1)
    assert place.row(old).delete_at is None and files(place) == ["1-mixed.wav"]


def test_a_clock_that_ran_ahead_and_was_set_back_deletes_nothing(place: Place) -> None:
    young = recorded(place, 1, age_days=1)
    asked(place)
    assert sweep(place, NOW + 365 * DAY).marked == 1
    assert sweep(place, NOW).withdrawn == 1
    assert place.row(young).delete_at is None


@pytest.mark.parametrize("state", ["stored", "transcribing"])
def test_what_still_waits_for_its_transcript_has_its_time_yet(place: Place, state: str) -> None:
    recorded(place, 1, age_days=31, state=state)
    asked(place)
    assert sweep(place, NOW).marked == 0


def test_what_was_marked_and_is_heard_again_is_not_deleted_meanwhile(place: Place) -> None:
    old = recorded(place, 1, age_days=31, state="failed")
    asked(place)
    sweep(place, NOW)
    place.database.call(jobs.retry, old)
    assert sweep(place, NOW + 8 * DAY).deleted.count == 0
    assert files(place) == ["1-mixed.wav"]


def test_a_process_that_died_between_the_file_and_the_row_is_made_good(place: Place) -> None:
    old = recorded(place, 1, age_days=31)
    asked(place)
    sweep(place, NOW)
    store.erase(place.settings, place.row(old))
    assert sweep(place, NOW + 8 * DAY).deleted.count == 1
    assert place.row(old).state == "deleted"


def test_a_file_that_cannot_be_removed_leaves_its_row_true_and_the_others_go(place: Place) -> None:
    stuck, other = recorded(place, 1, age_days=31), recorded(place, 2, age_days=32)
    path = store.path_of(place.settings, place.row(stuck), "mixed")
    path.unlink()
    path.mkdir()  # which no unlink removes
    asked(place)
    sweep(place, NOW)
    done = sweep(place, NOW + 8 * DAY)
    assert (done.deleted.count, done.failed) == (1, 1)
    assert place.row(stuck).state == "done" and place.row(stuck).delete_at is not None
    assert place.row(other).state == "deleted"
    path.rmdir()
    assert sweep(place, NOW + 9 * DAY).deleted.count == 1


def test_nothing_outside_of_the_store_is_ever_removed(place: Place) -> None:
    old = recorded(place, 1, age_days=31)
    outside = place.monitor / "precious.wav"
    outside.write_bytes(b"RIFF")
    with place.database.session() as session:
        row = session.get_one(models.Recording, old)
        row.stored = {"mixed": "../monitor/precious.wav", "agent": "", "customer": str(outside)}
    asked(place)
    sweep(place, NOW)
    sweep(place, NOW + 8 * DAY)
    assert outside.exists()


def test_one_worker_sweeps_and_once_an_hour(place: Place) -> None:
    again = lambda at: retention.sweep(place.database, place.settings, at)  # noqa: E731
    assert again(NOW) is not None and again(NOW + timedelta(seconds=1)) is None
    assert again(NOW - timedelta(seconds=1)) is None, "another worker's clock"
    assert again(NOW + HOUR) is not None
    assert again(NOW) is not None, "a clock that was set back does not stop it"
    with place.database.session() as session:
        state = retention.state(session)
        assert (state.swept_at, state.next_at) == (NOW, NOW + HOUR)


def test_the_state_tells_what_is_marked(place: Place) -> None:
    for key in (1, 2):
        recorded(place, key, age_days=31)
    asked(place)
    sweep(place, NOW)
    with place.database.session() as session:
        state = retention.state(session)
        assert (state.marked, state.first_at) == (periods.Sum(2, 120.0, 2000), NOW + 7 * DAY)
        seen = backlog.read(session, NOW)
        assert (seen.marked, seen.swept) == (2, NOW.timestamp())


def test_many_are_marked_and_listed_step_by_step(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(retention, "STEP", 3)
    monkeypatch.setattr(holds, "PAGE", 4)
    for key in range(1, 12):
        recorded(place, key, age_days=30 + key)
    asked(place)
    assert sweep(place, NOW).marked == 11
    seen: list[int] = []
    after, more = "", True
    while more:
        page = place.database.call(holds.marked, after)
        seen += [row.id for row in page.items]
        after, more = page.next, bool(page.next)
    assert seen == list(range(1, 12))
    assert sweep(place, NOW + 8 * DAY).deleted.count == 11 and files(place) == []


async def test_a_running_worker_looks_by_itself(place: Place) -> None:
    recorded(place, 1, age_days=31)
    asked(place)
    with place.database.session() as session:
        long_ago = db.utcnow() - 40 * DAY
        session.execute(update(models.Recording).values(started_at=long_ago))
    child = worker.spawn(place.settings)
    try:
        async with asyncio.timeout(60):
            while place.row(1).delete_at is None:
                await asyncio.sleep(0.1)
    finally:
        child.stop()
    assert files(place) == ["1-mixed.wav"]


@on_both()
def test_both_databases_mark_hold_and_delete_alike(database: db.Database, tmp_path: Path) -> None:
    kept_in = settings.Recordings(folder=str(tmp_path / "store"))
    told = Place(
        settings=settings.Settings(recordings=kept_in), database=database, monitor=tmp_path
    )
    peopled(told)
    for key, said in enumerate(({}, {"campaign": "7"}, {}), 1):
        recorded(told, key, age_days=31, **said)
    asked(told)
    with database.session() as session:
        session.add(models.RetentionRule(scope="campaign", pbx="", value="7", keep_days=None))
        assert rulebook.policy(session).keep_days == 30
    assert sweep(told, NOW).marked == 2
    database.call(holds.place, ADMIN, BY, 3, reason="court", now=NOW)
    assert sweep(told, NOW + 8 * DAY).deleted.count == 1
    assert files(told) == ["2-mixed.wav", "3-mixed.wav"]
