"""Names that an exchange tells are believed below its folder only; what is stored is whole and checked."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from pathlib import Path

import pytest

from callcenter import db, errors, models
from recordings import audio, steps, store
from tests.recordings import sounds
from tests.recordings.conftest import IMPATIENT, REMOTE, Place

TALK = audio.encode(sounds.tone(2))
LATE = steps.Patience(missing_seconds=0, stale_seconds=0, shortest_wait=0, longest_wait=0)

HOSTILE = [
    "../secret.wav",
    f"{REMOTE}/../../../etc/passwd",
    f"{REMOTE}/a/../../secret.wav",
    "/etc/passwd",
    "/var/spool/asterisk/monitor-elsewhere/a.wav",
    f"{REMOTE}",
    "",
    ".",
    "a\n.wav",
    "a\x00.wav",
    "..",
    "a" * 300 + ".wav",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_leads_elsewhere_is_refused(place: Place, name: str) -> None:
    (place.monitor.parent / "secret.wav").write_bytes(TALK)
    with pytest.raises(audio.BadAudio) as refused:
        store.locate(place.settings.pbx[0], name)
    assert refused.value.code == "outside_folder"


def test_a_link_on_the_way_is_refused(place: Place) -> None:
    outside = place.monitor.parent / "outside"
    outside.mkdir()
    (outside / "a.wav").write_bytes(TALK)
    (place.monitor / "folder").symlink_to(outside)
    (place.monitor / "link.wav").symlink_to(outside / "a.wav")
    for name in ("folder/a.wav", "link.wav", f"{REMOTE}/folder/a.wav"):
        with pytest.raises(audio.BadAudio, match="outside_folder"):
            store.locate(place.settings.pbx[0], name)
    for number, name in enumerate(("link.wav", "folder/a.wav")):
        failed = place.fetched(place.expect(name, linkedid=f"7.{number}"))
        assert failed.state == "failed" and failed.reason.startswith("outside_folder: ")
    assert (outside / "a.wav").exists()


def test_relative_and_absolute_names_lead_to_the_same_file(place: Place) -> None:
    for name in ("2026/a.wav", f"{REMOTE}/2026/a.wav"):
        assert store.locate(place.settings.pbx[0], name) == place.monitor.resolve() / "2026/a.wav"


def test_a_mixed_file_alone_is_kept_as_it_is(place: Place) -> None:
    place.write("a.wav", TALK)
    kept = place.fetched(place.expect())
    assert kept.state == "stored" and set(kept.stored) == {"mixed"} and kept.bytes == len(TALK)
    path = store.path_of(place.settings, kept, store.played(kept))
    assert path.read_bytes() == TALK
    assert kept.sha256 == {"mixed": hashlib.sha256(TALK).hexdigest()}
    assert kept.seconds == 2.0 and not (place.monitor / "a.wav").exists()
    assert "1.1" not in path.name  # nothing of the call's own names
    assert path.stat().st_mode & 0o077 == 0 and path.parent.stat().st_mode & 0o077 == 0


def test_originals_stay_where_that_is_set(place: Place) -> None:
    keeping = place.settings.recordings.model_copy(update={"keep_originals": True})
    place.settings = place.settings.model_copy(update={"recordings": keeping})
    original = place.write("a.wav", TALK)
    assert place.fetched(place.expect()).state == "stored" and original.exists()


def test_two_channels_are_agent_and_customer(place: Place) -> None:
    place.write("a.wav", audio.encode(audio.stereo(sounds.tone(1), sounds.silence(1))))
    kept = place.fetched(place.expect())
    assert set(kept.stored) == {"stereo"} and set(kept.peaks) == {"agent", "customer"}
    assert max(kept.peaks["agent"]) > 80 and max(kept.peaks["customer"]) == 0
    assert set(store.sounds_of(place.settings, kept)) == {"agent", "customer"}


def test_files_of_received_and_transmitted_sound_are_told_apart_by_whose_channel_it_was(
    place: Place,
) -> None:
    for name in ("a.wav", "a-rx.wav", "a-tx.wav"):
        place.write(name, TALK)
    pbx = place.settings.pbx[0]
    assert store.find(pbx, "a.wav").sides["customer"].name == "a-rx.wav"
    assert store.find(pbx, "a.wav", heard="agent").sides["agent"].name == "a-rx.wav"


def test_what_a_browser_may_not_play_is_made_playable(place: Place) -> None:
    place.write("a.wav", sounds.growing(sounds.tone(2)))
    cut = place.fetched(place.expect(), patience=LATE)
    assert cut.state == "stored" and cut.reason.startswith("cut_off: ")
    found = audio.header(store.path_of(place.settings, cut, "mixed"))
    assert found and found.condition is audio.Condition.COMPLETE and cut.seconds == 2.0


def test_a_growing_file_waits_until_it_is_closed(place: Place) -> None:
    path = place.write("a.wav", sounds.growing(sounds.tone(1)))
    recording_id = place.expect()
    assert place.fetched(recording_id).state == "expected"
    assert path.exists()
    path.write_bytes(TALK)
    assert place.fetched(recording_id).state == "stored"


def test_a_leg_that_still_grows_keeps_the_whole_recording_waiting(place: Place) -> None:
    place.write("a.wav", TALK)
    place.write("a-agent.wav", TALK)
    place.write("a-customer.wav", sounds.growing(sounds.tone(1)))
    assert place.fetched(place.expect()).state == "expected"


def test_an_empty_file_is_a_state_and_not_an_error(place: Place) -> None:
    place.write("a.wav", audio.encode(sounds.silence(0)))
    assert place.fetched(place.expect()).state == "empty"
    place.write("b.wav", b"")
    assert place.fetched(place.expect("b.wav", linkedid="2.2"), patience=LATE).state == "empty"


def test_a_missing_file_is_taken_when_it_turns_up_later(place: Place) -> None:
    recording_id = place.expect()
    assert place.fetched(recording_id).state == "missing"
    place.write("a.wav", TALK)
    assert place.fetched(recording_id).state == "stored"


def test_a_call_in_which_nobody_was_connected_has_no_audio_and_misses_none(place: Place) -> None:
    with place.database.session() as session:
        session.add(
            models.Call(
                pbx="main",
                linkedid="1.1",
                direction="inbound",
                started=db.utcnow(),
                ended=db.utcnow(),
            )
        )
    recording_id = place.expect()
    empty = place.fetched(recording_id)
    assert empty.state == "empty" and empty.reason.startswith("no_talk")
    assert empty.call_id is not None


def test_what_is_not_audio_fails_at_once_and_the_next_recording_goes_on(place: Place) -> None:
    place.write("a.wav", b"<html>not audio</html>")
    place.write("b.wav", TALK)
    bad, good = place.expect(), place.expect("b.wav", linkedid="2.2")
    assert place.fetched(bad).reason.startswith("not_audio: ") and place.row(bad).state == "failed"
    assert place.fetched(good).state == "stored"


def test_a_folder_that_is_not_set_fails_with_the_settings_name(place: Place) -> None:
    blind = place.settings.pbx[0].model_copy(update={"recordings": ""})
    recording_id = place.expect()
    place.settings = place.settings.model_copy(update={"pbx": (blind,)})
    assert "pbx.recordings" in place.fetched(recording_id).reason


def test_a_full_disk_is_waited_for_without_counting_tries(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write("a.wav", TALK)
    recording_id = place.expect()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        for _ in range(5):
            waiting = place.fetched(recording_id)
    assert (waiting.state, waiting.tries) == ("expected", 0)
    assert waiting.reason.startswith("disk_full: ")
    store_folder = Path(place.settings.recordings.folder)
    assert not [path for path in store_folder.rglob("*") if path.is_file()]
    assert place.fetched(recording_id).state == "stored"


def test_a_store_that_cannot_be_written_fails_after_three_tries(place: Place) -> None:
    original = place.write("a.wav", TALK)
    Path(place.settings.recordings.folder).write_text("a file where the store should be")
    recording_id = place.expect()
    states = [place.fetched(recording_id, patience=IMPATIENT) for _ in range(3)]
    assert [(row.state, row.tries) for row in states] == [
        ("expected", 1),
        ("expected", 2),
        ("failed", 3),
    ]
    assert states[-1].reason.startswith("error: ") and original.exists()


@pytest.mark.parametrize("name", ["../../center.db", "/etc/passwd", "none.wav", ""])
def test_a_stored_name_never_leads_out_of_the_store(place: Place, name: str) -> None:
    recording = models.Recording(id=1, stored={"mixed": name})
    with pytest.raises(errors.NotFound):
        store.path_of(place.settings, recording, "mixed")
    with pytest.raises(errors.NotFound):
        store.path_of(place.settings, recording, "stereo")


def test_a_file_untouched_for_long_counts_from_its_last_change(place: Place) -> None:
    path = place.write("a.wav", sounds.growing(sounds.tone(1)))
    recording_id = place.expect()
    patient = steps.Patience(missing_seconds=0, stale_seconds=60, shortest_wait=0, longest_wait=0)
    assert place.fetched(recording_id, patience=patient).state == "expected"
    os.utime(path, (time.time() - 61,) * 2)
    assert place.fetched(recording_id, patience=patient).state == "stored"


def test_an_original_that_a_dying_worker_left_is_removed_by_the_next(place: Place) -> None:
    place.write("a.wav", TALK)
    recording_id = place.expect()
    assert place.fetched(recording_id).state == "stored"
    left = place.write("a.wav", TALK)
    assert place.fetched(recording_id).state == "no_model" and not left.exists()


def test_a_call_whose_row_comes_last_still_gets_its_recording(place: Place) -> None:
    place.write("a.wav", TALK)
    recording_id = place.expect()
    place.fetched(recording_id)
    assert place.fetched(recording_id).call_id is None
    with place.database.session() as session:
        call = models.Call(pbx="main", linkedid="1.1", direction="inbound", started=db.utcnow())
        session.add(call)
    place.worker().sweep()
    assert place.row(recording_id).call_id == call.id
