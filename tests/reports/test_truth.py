"""Our figures and Asterisk's own records after real calls: equal, or different for a reason that has a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.demo import fetch
from tests.pbx import truth

pytestmark = pytest.mark.asterisk


@pytest.mark.timeout(300)
async def test_figures_equal_queue_log_and_cdr_but_for_named_differences(
    asterisk: fetch.Programs, tmp_path: Path
) -> None:
    async with truth.playing(tmp_path) as played:
        await truth.play(played, len(truth.KINDS))
        await played.settle()
        verdict = played.compare()
    assert not verdict.unexplained, "\n".join(verdict.tell())
    assert verdict.calls == len(truth.KINDS)
    assert verdict.compared["answered"] >= 6 and verdict.compared["talk"] >= 2
    assert verdict.compared["taken by agent"] == len(truth.PHONES)
