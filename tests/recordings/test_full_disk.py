"""A disk that is really full: the recording waits, the state can be seen, and room makes it good."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def unshare() -> str:
    """Return the program that gives a mount namespace of its own, or say why there is none."""
    found = shutil.which("unshare")
    asked = [found or "false", "--user", "--map-root-user", "--mount", "true"]
    if not found or subprocess.run(asked, capture_output=True).returncode:
        pytest.skip("NO MOUNT NAMESPACE, NOT TESTED: a tiny file system cannot be mounted here")
    return found


def test_a_full_disk_is_seen_and_made_good_when_there_is_room(unshare: str, tmp_path: Path) -> None:
    asked = [unshare, "--user", "--map-root-user", "--mount", sys.executable]
    asked += ["-m", "tests.recordings.tinydisk", str(tmp_path)]
    ran = subprocess.run(
        asked, capture_output=True, text=True, timeout=120, env=os.environ | {"PYTHONPATH": "."}
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    said: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    assert said["full"]["state"] == "expected"
    assert said["full"]["reason"].startswith("disk_full: ")
    assert said["full"]["free"] < 8192
    assert said["full"]["troubles"] == ["disk_full"]
    assert said["freed"]["state"] == "stored"
    assert said["freed"]["troubles"] == []
