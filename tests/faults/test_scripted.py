"""A handful of seeds on the scripted exchange: whatever is done to the product, nothing is lost, double, stuck or untrue."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults import plan, scripted

SEEDS = (1, 3)  # kill -9 and a cut; half-open and a killed worker
STARVED_SECONDS = 20.0  # beside other tests; `make faults` on a machine of its own is held to 5


@pytest.mark.timeout(240)
async def test_after_faults_under_load_log_board_and_ledger_are_what_really_was(
    tmp_path: Path,
) -> None:
    few = asyncio.Semaphore(3)

    async def one(seed: int) -> scripted.Outcome:
        async with few:
            return await scripted.run(plan.make(seed, seconds=3.0), tmp_path / str(seed))

    outcomes = await asyncio.gather(*(one(seed) for seed in SEEDS))
    for each in outcomes:
        assert not each.wrong, "\n".join([each.plan.words(), f"logs in {each.logs}", *each.wrong])
        assert each.calls > 5
    noticed = [at for each in outcomes for at in each.noticed]
    assert noticed and max(noticed) < STARVED_SECONDS
