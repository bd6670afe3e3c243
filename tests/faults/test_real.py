"""A seed on the real Asterisk: the same checks, with what Asterisk itself says for the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.demo import fetch
from tests.faults import real


@pytest.mark.asterisk
@pytest.mark.timeout(240)
async def test_after_faults_on_a_real_exchange_nothing_is_lost_double_or_stuck(
    asterisk: fetch.Programs, tmp_path: Path
) -> None:
    outcome = await real.run(4, tmp_path / "run", seconds=4.0)
    assert not outcome.wrong, "\n".join([outcome.plan.words(), f"logs in {outcome.logs}", *outcome.wrong])  # fmt: skip
    assert outcome.calls
