"""The commands about people, run as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def run(tmp_path: Path):
    """Run `callcenter ...` on a database of its own; return (status, output, errors)."""
    env = {**os.environ, "CALLCENTER_DATABASE__URL": f"sqlite:///{tmp_path / 'c.db'}"}
    env.pop("CALLCENTER_CONFIG", None)

    def command(*words: str, typed: str = "") -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "callcenter", *words],
            env=env, input=typed, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return command


def test_match_tells_the_decision_the_score_and_the_reasons(run) -> None:
    status, out, _ = run("sample", "--customers", "50")
    assert status == 0 and "michal" in out
    status, out, _ = run("match", "+972 54-000-0000", "--json")
    found = json.loads(out)
    assert (status, found["decision"]["state"], found["candidates"]) == (0, "none", [])
    assert found["number"]["e164"] == "+972540000000"
    assert run("match", "*2700")[1].startswith("*2700  (short)")
    status, _, words = run("sample")
    assert (status, "not empty" in words, "Traceback" in words) == (2, True, False)


def test_accounts_are_made_seated_and_listed(run) -> None:
    assert run("migrate")[0] == 0
    add = (
        "user",
        "add",
        "nina",
        "נינה",
        "--password-stdin",
        "--team",
        "תמיכה",
        "--extension",
        "1001",
    )
    assert run(*add, typed="long enough\n")[0] == 0
    status, _, words = run(*add, typed="long enough\n")
    assert (status, "already" in words) == (2, True)
    assert run("user", "add", "x", "X", "--password-stdin", typed="short\n")[0] == 2
    assert run("user", "assign", "nina", "1002")[1] == "nina sits at PJSIP/1002.\n"
    assert run("user", "password", "nina", "--password-stdin", typed="still long enough\n")[0] == 0
    assert run("user", "assign", "nobody", "1002")[0] == 2
    rows = [json.loads(line) for line in run("user", "list", "--json")[1].splitlines()]
    assert rows == [
        {"login": "nina", "name": "נינה", "role": "agent", "active": True, "extension": "1002"}
    ]


def test_a_database_without_tables_is_one_line(run) -> None:
    status, _, words = run("match", "0541234567")
    assert (status, words.count("\n")) == (2, 1)
