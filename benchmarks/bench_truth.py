"""200 calls of all kinds on a real Asterisk (BENCH_TRUTH_CALLS), our figures held against its queue_log and CDR.

Every difference must fall into a category that says why (tests/pbx/comparison.py); one that does not is a miss.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path

from tests.pbx import comparison, truth

CALLS = int(os.environ.get("BENCH_TRUTH_CALLS", "200"))


async def run() -> comparison.Verdict:
    """Play, settle and compare."""
    with tempfile.TemporaryDirectory(prefix="truth-") as name:
        async with truth.playing(Path(name)) as played:
            await truth.play(played, CALLS, at_once=3)
            await played.settle()
            return played.compare()


def main() -> bool:
    """Run it; False where something differs for no named reason."""
    began = time.perf_counter()
    verdict = asyncio.run(run())
    print("\n".join(verdict.tell()))
    equal = sum(verdict.compared.values()) - len(verdict.unexplained)
    print(f"{equal} of {sum(verdict.compared.values())} comparisons equal, in {time.perf_counter() - began:.0f} s")  # fmt: skip
    return not verdict.unexplained
