"""Recordings whose time is over: marked, left a week, taken back or deleted; and never what somebody holds. The clock is given."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from callcenter import db, errors, models, settings
from callcenter.crm import audit, visibility, wordindex
from recordings import backlog, holds, jobs, periods, retention, rulebook, store, worker
from tests.recordings.conftest import MakePlace, Place
from tests.servers import on_both

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BY = audit.By(None, "127.0.0.1")
ADMIN = visibility.Viewer(1, "admin")


def kept(**said: object) -> periods.Kept:
    return periods.Kept(**{"id": 1, "started_at": NOW - 31 * DAY, "pbx": "main", **said})  # type: ignore[arg-type]


PLAN = periods.Plan(
    30,
    (
        periods.Period("queue", "main", "support", 90),
        periods.Period("campaign", "", "7", None),
        periods.Period("campaign", "", "8", 10),
    ),
)


@pytest.mark.parametrize(
    ("recording", "days"),
    [
        (kept(), 30),
        (kept(queue="support"), 90),
        (kept(queue="support", pbx="other"), 30),
        (kept(queue="support", campaign="7"), None),
        (kept(queue="support", campaign="8"), 10),
    ],
)
def test_the_campaigns_word_comes_before_the_queues(
    recording: periods.Kept, days: int | None
) -> None:
    assert periods.days(PLAN, recording) == days
    assert periods.is_over(PLAN, recording, NOW) is (days is not None and days <= 30)


def test_a_recording_is_kept_to_the_end_of_its_last_moment() -> None:
    assert not periods.is_over(PLAN, kept(started_at=NOW - 30 * DAY), NOW)
    assert periods.is_over(PLAN, kept(started_at=NOW - 30 * DAY - timedelta(seconds=1)), NOW)
    assert PLAN.shortest == 10 and periods.Plan().shortest is None


def test_recordings_are_added_up_by_the_offices_day() -> None:
    late = datetime(2026, 1, 1, 23, tzinfo=UTC)
    found = [kept(started_at=late, seconds=60.0, bytes=5), kept(started_at=late - 2 * HOUR)]
    east = periods.by_day(found, datetime.strptime("+0200", "%z").tzinfo or UTC)
    assert list(east) == [date(2026, 1, 1), date(2026, 1, 2)]
    assert periods.total(east.values()) == periods.Sum(2, 60.0, 5)


@pytest.fixture
def place(make_place: MakePlace) -> Place:
    return _peopled(make_place())


def _peopled(made: Place) -> Place:
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
    with place.database.session() as session:
        values = {"keep_days": days, "keep_transcripts": transcripts}
        session.execute(update(models.RecordingPolicy).values(**values))


def sweep(place: Place, at: datetime) -> retention.Swept:
    done = retention.sweep(place.database, place.settings, at)
    assert done is not None
    return done


def files(place: Place) -> list[str]:
    folder = Path(place.settings.recordings.folder)
    return sorted(path.name for path in folder.rglob("*.wav"))


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


def test_what_is_taken_back_stays_until_it_is_let_go_again(place: Place) -> None:
    first, second = recorded(place, 1, age_days=31), recorded(place, 2, age_days=31)
    asked(place)
    sweep(place, NOW)
    place.database.call(holds.keep, BY, first, kept=True)
    assert sweep(place, NOW + 8 * DAY).deleted.count == 1
    assert files(place) == ["1-mixed.wav"]
    with pytest.raises(errors.Conflict):
        place.database.call(holds.keep, BY, second, kept=True)
    place.database.call(holds.keep, BY, first, kept=False)
    assert sweep(place, NOW + 9 * DAY).marked == 1, "it has its week again"
    assert place.row(first).delete_at == NOW + 16 * DAY
    assert place.database.call(holds.keep_all, BY) == 1
    assert sweep(place, NOW + 20 * DAY) == retention.Swept()


def test_a_legal_hold_keeps_what_is_marked_and_what_is_not(place: Place) -> None:
    marked, unmarked = recorded(place, 1, age_days=31), recorded(place, 2, age_days=31)
    asked(place)
    place.database.call(holds.place, ADMIN, BY, unmarked, reason="court", now=NOW)
    assert sweep(place, NOW).marked == 1
    place.database.call(holds.place, ADMIN, BY, marked, reason=" a  letter ", now=NOW)
    assert place.row(marked).delete_at is None
    assert sweep(place, NOW + 800 * DAY) == retention.Swept()
    with pytest.raises(errors.Conflict):
        place.database.call(holds.place, ADMIN, BY, marked, reason="again", now=NOW)
    for empty in (" ", "x" * 201, "a\x00b"):
        with pytest.raises(errors.Invalid):
            place.database.call(holds.lift, ADMIN, BY, marked, reason=empty)
    place.database.call(holds.lift, ADMIN, BY, marked, reason="settled")
    with pytest.raises(errors.NotFound):
        place.database.call(holds.lift, ADMIN, BY, marked, reason="settled")
    assert sweep(place, NOW + 801 * DAY).marked == 1, "and has its week"
    assert len(files(place)) == 2
    with place.database.session() as session:
        lines = [(row.action, row.object_id, row.detail["reason"]) for row in session.query(models.Audit)]  # fmt: skip
    assert lines == [
        ("legal_hold_placed", "2", "court"), ("legal_hold_placed", "1", "a letter"), ("legal_hold_lifted", "1", "settled"),
    ]  # fmt: skip


def test_a_hold_that_comes_between_the_look_and_the_deletion_is_seen(place: Place) -> None:
    old = recorded(place, 1, age_days=31)
    asked(place)
    sweep(place, NOW)
    later = NOW + 8 * DAY
    with place.database.session() as session:
        session.add(models.LegalHold(call_id=1, reason="court", by_id=1, at=NOW))  # the row alone
    of = place.database.call(retention.plan)
    assert place.database.call(retention.delete, place.settings, old, of, later) is None
    assert files(place) == ["1-mixed.wav"]


def test_a_hold_on_a_call_that_became_another_holds_its_recordings(place: Place) -> None:
    old = recorded(place, 1, age_days=31)
    with place.database.session() as session:
        first = models.Call(pbx="main", linkedid="0.9", direction="inbound", started=NOW, merged_into="1.1")  # fmt: skip
        session.add(first)
        session.flush()
        session.add(models.LegalHold(call_id=first.id, reason="court", by_id=1, at=NOW))
    asked(place)
    assert sweep(place, NOW).marked == 0
    assert place.row(old).delete_at is None


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
    _peopled(told)
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
