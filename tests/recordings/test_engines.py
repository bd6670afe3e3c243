"""Which folder is a model and of what, and what faster-whisper hears in real speech, in silence and in noise."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from recordings import audio, engines, transcribe
from recordings.engines import folders
from tests.recordings import sounds, wording


@pytest.fixture(scope="module")
def whisper() -> engines.Engine:
    """Load the model once for these tests."""
    return engines.load(sounds.whisper_folder())


def filled(folder: Path, *parts: str) -> Path:
    for part in parts:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        (folder / part).write_bytes(b"not a model")
    return folder


def test_a_folder_that_is_no_model_is_told_from_one_that_is_not_whole(tmp_path: Path) -> None:
    for folder, problem in (
        (tmp_path / "none", "is not a folder"),
        (tmp_path, "neither am/final.mdl .Vosk. nor model.bin .faster-whisper.$"),
        (
            filled(tmp_path / "v", "am/final.mdl"),
            "not a whole vosk model: it has no conf/model.conf",
        ),
        (
            filled(tmp_path / "w", "model.bin", "config.json"),
            "not a whole faster-whisper model: it has no tokenizer.json",
        ),
    ):
        with pytest.raises(engines.NoModel, match=problem):
            engines.load(folder)


def test_a_folder_around_the_model_is_seen_through(tmp_path: Path) -> None:
    inner = filled(tmp_path / "vosk-model-xx", *folders.PARTS[folders.VOSK])
    with pytest.raises(engines.NoModel, match=f"did you mean {inner}"):
        folders.kind(tmp_path)


@pytest.mark.vosk
@pytest.mark.whisper
@pytest.mark.parametrize("kind", [folders.VOSK, folders.WHISPER])
def test_a_model_of_rubbish_is_no_model_and_no_crash(tmp_path: Path, kind: str) -> None:
    sounds.whisper_folder()
    with pytest.raises(engines.NoModel, match="cannot be loaded"):
        engines.load(filled(tmp_path, *folders.PARTS[kind]))


@pytest.mark.whisper
def test_without_the_extra_a_whisper_model_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on a machine where it is not installed: nothing of that name can be found.
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    folder = filled(tmp_path / "he", *folders.PARTS[folders.WHISPER])
    with pytest.raises(engines.NoModel) as told:
        folders.kind(folder)
    assert folders.INSTALL_WHISPER in str(told.value)


@pytest.mark.whisper
def test_a_model_that_does_not_know_a_language_is_no_model_for_it() -> None:
    known = engines.Engines({"he": str(sounds.whisper_folder())})
    assert known.available() == ["he"]
    with pytest.raises(engines.NoModel, match="does not know 'he', only en"):
        known.get("he")
    assert known.available() == []  # or what waits for it would be woken for nothing, every minute


@pytest.mark.whisper
@pytest.mark.parametrize("rate", [8_000, 16_000, 11_025])
def test_whisper_hears_english_with_the_times_of_its_words(
    whisper: engines.Engine, rate: int
) -> None:
    spoken = audio.resample(sounds.prompt("tt-allbusy"), rate)
    late = sounds.joined(sounds.silence(3, rate=rate), spoken)
    said = transcribe.transcribe(whisper, {"customer": late}, language="en")
    text = " ".join(each.segment.text for each in said)
    expected = wording.plain(wording.SPOKEN["tt-allbusy"])
    assert wording.errors(expected, wording.plain(text)) <= 2, text
    assert 2.5 < said[0].segment.t0 < 4 and said[-1].segment.t1 <= late.seconds + 0.1
    words = [word for each in said for word in each.segment.words]
    assert [word.t0 for word in words] == sorted(word.t0 for word in words)
    assert all(word.text and 0 <= word.confidence <= 1 for word in words)


@pytest.mark.whisper
def test_whisper_invents_nothing_where_nobody_speaks(whisper: engines.Engine) -> None:
    noise = np.random.default_rng(1).normal(0, 600, (8_000 * 20, 1)).astype(np.int16)
    quiet = {
        "silence": sounds.silence(30),
        "click": sounds.joined(sounds.silence(2), sounds.tone(0.05), sounds.silence(2)),
        "hiss": audio.Sound(8_000, noise),
        **{f"tone of {hertz} Hz": sounds.tone(20, hertz=hertz) for hertz in (425, 440, 1_000)},
    }
    for name, sound in quiet.items():
        said = transcribe.transcribe(whisper, {name: sound}, language="en")
        words = [word for each in said for word in each.segment.words]
        assert len(words) <= 3, (name, [word.text for word in words])


def test_a_sound_brought_to_another_rate_keeps_its_tone_and_gets_no_other() -> None:
    tone = sounds.tone(1, hertz=3_000)
    changed = audio.band_limited(tone.mono(), 8_000, 16_000)
    assert len(changed) == 16_000 and changed.dtype == np.float32
    spectrum = np.abs(np.fft.rfft(changed))
    assert int(spectrum.argmax()) == 3_000
    assert spectrum[5_000:].max() < spectrum.max() / 1_000  # straight lines leave a 20th there
    assert not len(audio.band_limited(sounds.silence(0).mono(), 8_000, 16_000))


@pytest.mark.whisper
def test_a_model_is_known_by_its_folder_wherever_it_is_copied(tmp_path: Path) -> None:
    copied = tmp_path / "whisper-tiny"
    shutil.copytree(sounds.whisper_folder(), copied)
    engine = engines.load(copied)
    assert (engine.name, engine.model) == ("faster-whisper", "whisper-tiny")
