"""A recording's whole way: expected, stored, heard; by the real engine, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from callcenter import models
from recordings import audio, jobs, store, worker
from tests.recordings import sounds
from tests.recordings.conftest import MakePlace, Place

pytestmark = [pytest.mark.vosk, pytest.mark.timeout(600)]


def legs(place: Place, name: str, *, agent: audio.Sound, customer: audio.Sound) -> None:
    """Write the three files of a recording."""
    both = audio.stereo(agent, customer)
    place.write(f"{name}.wav", audio.encode(audio.Sound(both.rate, both.mono().reshape(-1, 1))))
    place.write(f"{name}-agent.wav", audio.encode(agent))
    place.write(f"{name}-customer.wav", audio.encode(customer))


def speaking(
    make_place: MakePlace,
    *,
    models: dict[str, str] | None = None,
    lease_seconds: float = 30.0,
    **more: Any,
) -> Place:
    """Make a place with a recorded talk; its speech is heard with the model at hand."""
    known = {"ko": str(sounds.model_folder())} if models is None else models
    place = make_place(models=known, lease_seconds=lease_seconds, **more)
    spoken = sounds.prompt("vm-goodbye")
    pause = sounds.silence(2)
    legs(
        place,
        "a",
        agent=sounds.joined(spoken, pause, pause),
        customer=sounds.joined(pause, spoken, pause),
    )
    return place


def until(holds: Callable[[], bool], *, seconds: float = 500) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def test_a_recording_becomes_audio_to_play_and_a_transcript_by_side(make_place: MakePlace) -> None:
    place = speaking(make_place)
    recording_id = place.expect("a.wav")
    work = place.worker()
    work.advance(recording_id)
    kept = place.row(recording_id)
    assert (kept.state, kept.reason, kept.lease_until) == ("stored", "", None)
    assert set(kept.stored) == set(kept.sha256) == {"agent", "customer", "stereo"}
    assert kept.seconds and 4.5 < kept.seconds < 6
    assert set(kept.peaks) == {"agent", "customer"} and max(kept.peaks["agent"]) > 50
    assert not list(place.monitor.iterdir())  # moved

    work.advance(recording_id)
    assert place.row(recording_id).state == "done"
    said = place.said(recording_id)
    assert [each.side for each in said] == ["agent", "customer"]
    assert said[0].t0 < 1 and 1.5 < said[1].t0 < 3.5
    for each in said:
        assert each.text == " ".join(word["w"] for word in each.words)
        for word in each.words:
            assert each.t0 <= word["t0"] <= word["t1"] <= each.t1 and 0 <= word["c"] <= 1
    played = audio.read(store.path_of(place.settings, kept, store.played(kept)))
    assert played.samples.shape[1] == 2


def alive(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be buried does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def test_a_worker_killed_at_its_work_leaves_a_recording_that_is_done_exactly_once(
    make_place: MakePlace,
) -> None:
    place = speaking(make_place, lease_seconds=2.0)
    recording_id = place.expect("a.wav")
    child = worker.spawn(place.settings)
    try:
        until(lambda: place.row(recording_id).state == "transcribing")
        first = child.pid
        os.kill(first, signal.SIGKILL)
        until(lambda: place.row(recording_id).state == "done")
        assert child.pid != first
    finally:
        child.stop()
    assert not alive(child.pid)
    with place.database.session() as session:
        assert session.scalar(select(func.count()).select_from(models.Transcript)) == 1
    assert len(place.said(recording_id)) == 2
    assert place.row(recording_id).tries == 0


def test_a_worker_waits_for_a_queue_that_cannot_be_opened_yet(
    make_place: MakePlace, capfd: pytest.CaptureFixture[str]
) -> None:
    place = speaking(make_place)
    recording_id = place.expect("a.wav")
    (queue,) = (each.with_suffix(".jobs") for each in place.monitor.parent.rglob("*.db"))
    queue.mkdir()
    child = worker.spawn(place.settings)
    first, said = child.pid, list[str]()
    try:
        until(
            lambda: (
                said.append("".join(capfd.readouterr())) or "cannot be opened yet" in "".join(said)
            )
        )  # type: ignore[func-returns-value]
        assert child.alive and child.pid == first, "it does not die of that"
        assert place.row(recording_id).state == "expected"
        queue.rmdir()
        until(lambda: place.row(recording_id).state == "done")
    finally:
        child.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="priorities as Linux has them")
def test_speech_is_heard_only_while_nobody_else_wants_the_processor(make_place: MakePlace) -> None:
    place = speaking(make_place, stand_back=True)
    place.expect("a.wav")
    child = worker.spawn(place.settings)

    def policies() -> list[int]:
        tasks = Path(f"/proc/{child.pid}/task").iterdir()
        return [os.sched_getscheduler(int(task.name)) for task in tasks]

    try:
        until(lambda: os.SCHED_IDLE in policies())
        assert os.sched_getscheduler(child.pid) != os.SCHED_IDLE  # who writes rows may hold a lock
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == worker.NICENESS
        group = Path(f"/proc/{child.pid}/autogroup")
        if group.exists():
            assert group.read_text().split()[-1] == str(worker.NICENESS)
    finally:
        child.stop()


def test_a_stopped_worker_gives_its_recording_free_at_once(make_place: MakePlace) -> None:
    place = speaking(make_place, lease_seconds=3600.0)
    recording_id = place.expect("a.wav")
    child = worker.spawn(place.settings)
    try:
        until(lambda: place.row(recording_id).state == "transcribing")
    finally:
        child.stop()
    left = place.row(recording_id)
    assert (left.state, left.lease_until, left.tries) == ("stored", None, 0)


def test_a_worker_ends_with_its_parent(make_place: MakePlace) -> None:
    place = make_place()
    told = place.settings.model_dump_json()
    script = (
        "import sys; from callcenter.settings import Settings; from recordings import worker\n"
        "child = worker.spawn(Settings.model_validate_json(sys.argv[1])); print(child.pid, flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, told], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    until(lambda: not alive(pid))


def test_without_a_model_a_recording_waits_and_is_heard_when_there_is_one(
    make_place: MakePlace,
) -> None:
    place = speaking(make_place, models={})
    recording_id = place.expect("a.wav")
    work = place.worker()
    work.advance(recording_id)
    work.advance(recording_id)
    waiting = place.row(recording_id)
    assert (waiting.state, waiting.language, waiting.tries) == ("no_model", "ko", 0)
    assert "'ko'" in waiting.reason and "speech.models" in waiting.reason
    assert work.sweep() == 0 and place.row(recording_id).state == "no_model"
    assert store.path_of(place.settings, waiting, "stereo").is_file()

    speech = place.settings.speech.model_copy(update={"models": {"ko": str(sounds.model_folder())}})
    place.settings = place.settings.model_copy(update={"speech": speech})
    later = place.worker()
    assert later.sweep() == 1
    later.advance(recording_id)
    assert place.row(recording_id).state == "done" and len(place.said(recording_id)) == 2


@pytest.mark.postgres
@pytest.mark.redis
def test_grown_with_postgresql_and_redis_the_chain_is_the_same(
    make_place: MakePlace, postgres_url: str, redis_url: str
) -> None:
    place = speaking(make_place, url=postgres_url, redis_url=redis_url)
    hints = jobs.Hints(place.settings)
    child = worker.spawn(place.settings)
    try:
        recording_id = place.expect("a.wav")
        hints(recording_id)
        until(lambda: place.row(recording_id).state == "done")
    finally:
        child.stop()
        hints.close()
    assert [each.side for each in place.said(recording_id)] == ["agent", "customer"]
    assert not list((place.monitor.parent / "store").glob("*.jobs*"))


@pytest.mark.redis
def test_a_queue_that_went_away_is_only_a_hint_less(make_place: MakePlace) -> None:
    place = make_place(redis_url="redis://127.0.0.1:1/0")
    hints = jobs.Hints(place.settings)
    hints(place.expect("a.wav"))
    hints.close()
