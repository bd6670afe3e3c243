"""Leases: one worker at a time, taken over when it dies, and a result only from who still holds it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from callcenter import errors, models
from callcenter.db import utcnow
from recordings import audio, jobs
from tests.recordings import sounds
from tests.recordings.conftest import Place


def stored(place: Place) -> int:
    """Make a recording that waits to be heard."""
    place.write("a.wav", audio.encode(sounds.tone(1)))
    recording_id = place.expect()
    assert place.fetched(recording_id).state == "stored"
    return recording_id


def claim(place: Place, recording_id: int, *, now: datetime | None = None) -> jobs.Lease | None:
    return place.database.call(jobs.claim, recording_id, now=now or utcnow(), seconds=30)


def test_one_worker_has_a_recording_and_another_gets_it_when_the_lease_ran_out(
    place: Place,
) -> None:
    recording_id = stored(place)
    lease = claim(place, recording_id)
    assert lease and claim(place, recording_id) is None
    assert place.database.call(jobs.due, utcnow()) == []
    later = utcnow() + timedelta(seconds=31)
    assert place.database.call(jobs.due, later) == [(recording_id, "stored")]
    assert claim(place, recording_id, now=later)
    with pytest.raises(jobs.LeaseLost):
        place.database.call(jobs.renew, lease, now=later, seconds=30)


def test_who_lost_the_lease_writes_nothing(place: Place) -> None:
    recording_id = stored(place)
    lost = claim(place, recording_id)
    held = claim(place, recording_id, now=utcnow() + timedelta(seconds=31))
    assert lost and held
    for lease in (lost, held, held):
        transcript = models.Transcript(engine="e", model="m", language="ko", created_at=utcnow())
        if lease is held and place.row(recording_id).state != "done":
            place.database.call(jobs.done, lease, transcript)
            continue
        with pytest.raises(jobs.LeaseLost):
            place.database.call(jobs.done, lease, transcript)
    assert place.row(recording_id).state == "done"


def test_a_renewed_lease_stays_ours(place: Place) -> None:
    recording_id = stored(place)
    lease = claim(place, recording_id)
    assert lease
    renewed = place.database.call(
        jobs.renew, lease, now=utcnow() + timedelta(seconds=20), seconds=30
    )
    assert claim(place, recording_id, now=utcnow() + timedelta(seconds=35)) is None
    place.database.call(jobs.settle, renewed, state="empty")
    assert place.row(recording_id).lease_until is None


def test_a_recording_of_which_workers_die_is_given_up_after_three(place: Place) -> None:
    recording_id = stored(place)
    now = utcnow()
    for number in range(jobs.TRIES):
        lease = claim(place, recording_id, now=now + timedelta(minutes=number))
        assert lease and place.database.call(jobs.begin, lease)
    lease = claim(place, recording_id, now=now + timedelta(minutes=9))
    assert lease and not place.database.call(jobs.begin, lease)
    failed = place.row(recording_id)
    assert failed.state == "failed" and failed.reason.startswith("gave_up: ")
    place.database.call(jobs.retry, recording_id)
    again = place.row(recording_id)
    assert (again.state, again.tries, again.reason) == ("stored", 0, "")
    with pytest.raises(errors.NotFound):
        place.database.call(jobs.retry, 999)


def test_files_to_fetch_come_before_speech(place: Place) -> None:
    heard = stored(place)
    fetched = place.expect("b.wav", linkedid="2.2")
    assert [each[0] for each in place.database.call(jobs.due, utcnow())] == [fetched, heard]


def test_a_recording_whose_end_nobody_told_is_looked_at_in_the_end(place: Place) -> None:
    recording_id = place.expect(ended=False)
    assert place.database.call(jobs.due, utcnow()) == []
    later = utcnow() + timedelta(minutes=6)
    assert place.database.call(jobs.due, later) == [(recording_id, "expected")]


def test_a_recording_whose_end_died_with_us_ends_when_its_call_did(place: Place) -> None:
    recording_id = place.expect(ended=False)
    ended = utcnow() - timedelta(seconds=3)
    with place.database.session() as session:
        session.add(models.Call(pbx="main", linkedid="1.1", direction="inbound", started=ended - timedelta(seconds=9), ended=ended, result="lost"))  # fmt: skip
    place.database.call(jobs.link_calls, utcnow())
    assert place.row(recording_id).ended_at == ended
    assert place.database.call(jobs.due, utcnow()) == [(recording_id, "expected")]


def test_the_queue_is_a_file_beside_the_database_that_may_be_lost(place: Place) -> None:
    recording_id = stored(place)
    work = place.worker()
    assert work.sweep() == 1
    hints = jobs.Hints(place.settings)
    hints(recording_id)
    hints.close()
    queue = jobs.connect(place.settings)
    assert queue.pending_count() >= 2
    jobs.close(queue)
    for file in place.monitor.parent.glob("center.jobs*"):
        file.unlink()
    assert place.worker().sweep() == 1
