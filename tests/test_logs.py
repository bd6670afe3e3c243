"""What is logged tells what happened, and never what was said or who was calling."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import structlog
from callcenter import logs
from callcenter.settings import Log, Settings
logs.configure(Settings(log=Log(json_lines={json})))
def fail(secret):
    raise ValueError("broken")
try:
    fail("hidden" + "-word")
except ValueError:
    structlog.get_logger().exception("it failed", linkedid="1.1")
"""


@pytest.mark.parametrize("json", [False, True])
def test_a_traceback_shows_the_way_and_no_variables(json: bool) -> None:
    program = PROGRAM.replace("{json}", str(json))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "ValueError: broken" in done.stderr
    assert "1.1" in done.stderr and "in fail" in done.stderr
    assert "hidden-word" not in done.stderr


LIBRARY = """
import logging
from callcenter import logs
from callcenter.settings import Settings
logs.configure(Settings(), (OSError,))
for raised in (OSError("no space left"), KeyError("a fault of ours")):
    try:
        raise raised
    except Exception:
        logging.getLogger("library.worker").exception("reading failed")
"""


def test_a_library_tells_of_what_was_foreseen_in_one_line_and_of_the_rest_with_its_way() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIBRARY], capture_output=True, text=True, check=True
    )
    first, rest = done.stderr.split("\n", 1)
    assert first.endswith("reading failed: no space left")
    assert rest.count("Traceback") == 1 and "KeyError" in rest
