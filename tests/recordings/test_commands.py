"""`callcenter transcribe` and `callcenter models`, as a person or a program calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recordings import audio
from tests.recordings import sounds


def run(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ours in a folder without settings."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("CALLCENTER_")}
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-m", "callcenter", *arguments],
        cwd=folder,
        env={**clean, "PYTHONPATH": root, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.vosk
def test_a_file_is_transcribed_by_side_as_json_and_nothing_else_is_printed(tmp_path: Path) -> None:
    spoken = sounds.prompt("vm-goodbye")
    both = audio.stereo(spoken, sounds.joined(sounds.silence(2), spoken))
    (tmp_path / "call.wav").write_bytes(audio.encode(both))
    models = json.dumps({"ko": str(sounds.model_folder())})
    told = run(
        "transcribe", "call.wav", "--language", "ko", "--json",
        folder=tmp_path, CALLCENTER_SPEECH__MODELS=models,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    document = json.loads(told.stdout)
    assert (document["engine"], document["language"]) == ("vosk", "ko")
    assert document["seconds"] == round(both.seconds, 3)
    assert [segment["side"] for segment in document["segments"]] == ["agent", "customer"]
    for segment in document["segments"]:
        assert segment["words"] and set(segment["words"][0]) == {"w", "t0", "t1", "c"}


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "page.wav").write_text("<html>")
    (tmp_path / "tone.wav").write_bytes(audio.encode(sounds.tone(0.1)))
    (tmp_path / "empty").mkdir()
    for arguments, problem in (
        (("none.wav",), "none.wav is not there"),
        (("page.wav",), "not_audio"),
        (("tone.wav", "--language", "he"), "no speech model is configured for 'he'"),
        (("tone.wav", "--model", "empty"), "empty is not a model: it has neither am/final.mdl"),
    ):
        told = run("transcribe", *arguments, folder=tmp_path)
        assert told.returncode == 2 and not told.stdout
        assert problem in told.stderr and len(told.stderr.splitlines()) == 1


def test_models_are_listed_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    none = run("models", folder=tmp_path)
    assert none.returncode == 0 and "speech.models" in none.stdout
    models = json.dumps({"ko": str(sounds.model_folder()), "he": str(tmp_path)})
    told = run("models", "--json", folder=tmp_path, CALLCENTER_SPEECH__MODELS=models)
    assert told.returncode == 1
    he, ko = json.loads(told.stdout)
    assert (he["language"], he["ok"], ko["language"], ko["ok"]) == ("he", False, "ko", True)
    assert "is not a model" in he["problem"] and not ko["problem"]
