"""Files and folders that are not what they should be: a state, a line in the log with the Linkedid, and the rest goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from callcenter import models
from recordings import audio, steps
from tests.recordings import sounds
from tests.recordings.conftest import IMPATIENT, MakePlace, Place

TALK = audio.encode(sounds.tone(2))
STALE = steps.Patience(
    missing_seconds=0, stale_seconds=0, retry_seconds=0, shortest_wait=0, longest_wait=0
)


@pytest.fixture(autouse=True)
def heard_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let loggers that another test configured be captured, too."""
    monkeypatch.setattr(steps, "log", structlog.get_logger("recordings.steps"))


def logged(
    place: Place, recording_id: int, patience: steps.Patience
) -> tuple[models.Recording, str]:
    """Do one step; return the row and what the log said with its Linkedid."""
    with capture_logs() as lines:
        row = place.fetched(recording_id, patience=patience)
    told = [str(line) for line in lines if line.get("linkedid") == row.linkedid]
    return row, "\n".join(told)


@pytest.mark.parametrize(
    "data,state,reason,log",
    [
        (b"", "empty", "no_audio", ""),
        (audio.encode(sounds.silence(0)), "empty", "no_audio", ""),
        (TALK[:5_000], "stored", "cut_off", "cut off"),
        (TALK[:20], "empty", "no_audio", ""),
        (sounds.growing(sounds.tone(1)), "stored", "cut_off", "cut off"),
        (b"<html>not audio</html>", "failed", "not_audio", "refused"),
        (b"RIFF\0\0\0\0WAVE" + b"\xff" * 70_000, "failed", "not_audio", "refused"),
        (b"\x7fELF" + b"\0" * 60, "failed", "not_audio", "refused"),
        (b"ID3\x04" + b"\0" * 60, "failed", "not_audio", "refused"),
        (None, "missing", "missing", "missing"),
    ],
    ids=[
        "nothing", "header", "cut", "in-header", "growing", "page", "noise", "program", "mp3", "absent"
    ],
)  # fmt: skip
def test_a_bad_file_has_its_state_its_line_in_the_log_and_stops_nobody(
    place: Place, data: bytes | None, state: str, reason: str, log: str
) -> None:
    if data is not None:
        place.write("bad.wav", data)
    place.write("good.wav", TALK)
    bad = place.expect("bad.wav", linkedid="cc-bad.1")
    good = place.expect("good.wav", linkedid="cc-good.1")
    row, told = logged(place, bad, STALE)
    assert (row.state, row.reason.split(":")[0]) == (state, reason)
    assert log in told if log else not told
    assert place.fetched(good, patience=STALE).state == "stored"


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a real file system of 64 KB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system may be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_is_really_full_is_waited_for_and_then_used(
    place: Place, tiny_disk: Path
) -> None:
    place.settings = place.settings.model_copy(
        update={
            "recordings": place.settings.recordings.model_copy(update={"folder": str(tiny_disk)})
        }
    )
    original = place.write("a.wav", TALK)
    ballast = tiny_disk / "ballast"
    ballast.write_bytes(b"\0" * 48 * 1024)
    recording_id = place.expect("a.wav", linkedid="cc-full.1")
    for _ in range(4):
        row, told = logged(place, recording_id, IMPATIENT)
        assert (row.state, row.tries) == ("expected", 0)
        assert row.reason.startswith("disk_full: ") and "full" in told
    assert original.exists()  # the only copy there is
    assert [path for path in tiny_disk.rglob("*") if path.is_file()] == [ballast]
    ballast.unlink()
    assert place.fetched(recording_id).state == "stored" and not original.exists()


@pytest.mark.parametrize(
    "files,problem",
    [
        ((), "is not a model: it has neither"),
        (("am/final.mdl",), "it has no conf/model.conf"),
        (("am/final.mdl", "conf/model.conf"), "cannot be loaded by Vosk"),
        (None, "is not a folder"),
    ],
)
def test_a_model_folder_that_is_none_keeps_the_recording_waiting_and_says_why(
    make_place: MakePlace, tmp_path: Path, files: tuple[str, ...] | None, problem: str
) -> None:
    folder = tmp_path / "model"
    if files is not None:
        folder.mkdir()
    for name in files or ():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"not a model")
    place = make_place(models={"ko": str(folder)})
    place.write("a.wav", TALK)
    recording_id = place.expect("a.wav", linkedid="cc-model.1")
    work = place.worker()
    work.advance(recording_id)
    with capture_logs() as lines:
        work.advance(recording_id)
    row = place.row(recording_id)
    assert (row.state, row.tries) == ("no_model", 0) and problem in row.reason
    assert any(line.get("linkedid") == "cc-model.1" for line in lines)
    work.sweep()
    assert place.row(recording_id).state == "no_model"  # it is not woken for nothing, every minute


def test_what_nobody_foresaw_is_logged_with_its_call(place: Place) -> None:
    place.write("a.wav", TALK)
    Path(place.settings.recordings.folder).write_text("a file where the store should be")
    row, told = logged(place, place.expect("a.wav", linkedid="cc-odd.1"), IMPATIENT)
    assert (row.state, row.tries) == ("expected", 1) and row.reason.startswith("error: ")
    assert "a try failed" in told
