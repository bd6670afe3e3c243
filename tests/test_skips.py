"""A test that is skipped passes on a user's machine, and fails in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPED = """
import pytest

@pytest.fixture
def server():
    pytest.skip("there is none")

def test_with_it(server): ...

@pytest.mark.skipif(True, reason="never")
def test_never(): ...

def test_half_way():
    pytest.skip("not after all")
"""


@pytest.mark.parametrize(("ci", "counts"), [("", "3 skipped"), ("true", "1 failed, 2 errors")])
def test_what_is_skipped_fails_in_ci_alone(tmp_path: Path, ci: str, counts: str) -> None:
    (tmp_path / "test_it.py").write_text(SKIPPED)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.skips", "-c", "/dev/null", "--rootdir", str(tmp_path), str(tmp_path)]  # fmt: skip
    root = Path(__file__).parents[1]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, env={**os.environ, "CI": ci})  # fmt: skip
    assert counts in done.stdout and done.returncode == (1 if ci else 0), done.stdout
    assert ("in CI nothing is skipped" in done.stdout) == bool(ci)
