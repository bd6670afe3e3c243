"""The front door keeps what it promises: its commands exist and work, its links and pictures are there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
LONGEST_SCREEN = 45


def test_it_fits_one_screen() -> None:
    assert README.count("\n") <= LONGEST_SCREEN


def test_its_two_commands_are_targets_that_make_knows() -> None:
    commands = re.findall(r"^```\n(.+?)\n```$", README, re.M | re.S)
    assert commands == ["make demo", "make test"]
    for command in commands:
        done = subprocess.run(
            [*shlex.split(command), "--dry-run"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "callcenter demo" in done.stdout or "pytest" in done.stdout


@pytest.mark.parametrize(
    "page", sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md"]), ids=lambda p: p.name
)
def test_links_and_pictures_are_there(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing


def test_the_replay_that_it_shows_tells_one_answered_call() -> None:
    found = re.search(r"`callcenter (replay \S+)`", README)
    assert found
    done = subprocess.run(
        [sys.executable, "-m", "callcenter", *found.group(1).split()],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    calls = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(call["direction"], call["result"]) for call in calls] == [("inbound", "answered")]


def test_every_command_named_in_the_guides_exists() -> None:
    help_text = subprocess.run(
        [sys.executable, "-m", "callcenter", "--help"], capture_output=True, text=True, check=True
    ).stdout
    known = set(re.findall(r"^│ (\w+)", help_text, re.M))
    text = README + "".join(p.read_text(encoding="utf-8") for p in ROOT.glob("docs/*.md"))
    named = set(re.findall(r"(?:^|`|/)callcenter (\w+)", text, re.M))
    assert named, "no command is named"
    assert named <= known, named - known
