"""`python -m tests.faults [RUNS] [SEED]`: faults by the hundred, and a table of what came of them.

Nine runs of ten are on the scripted exchange, some of them on PostgreSQL, one of ten on the real Asterisk; then come a
thousand cuts around an Originate. A run in which anything was wrong prints its seed, its plan and where its logs are.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests import servers
from tests.faults import once, plan, real, scripted

AT_ONCE = 2
CUTS = 1000
RECONNECT_SECONDS, NOTICED_SECONDS = 0.3, 5.0
ONE_REAL_IN = 10


async def play(runs: int, seed: int, server: str | None) -> list[scripted.Outcome]:
    """Play the runs, two at a time; real ones alone, since they need the processor for their sound."""
    folder, few = Path(tempfile.mkdtemp(prefix="faults-")), asyncio.Semaphore(AT_ONCE)
    real_seeds = range(seed, seed + runs // ONE_REAL_IN)
    seeds = range(seed, seed + runs - len(real_seeds))
    outcomes = [_told(await real.run(each, folder / f"real-{each}")) for each in real_seeds]

    async def one(of: plan.Plan) -> scripted.Outcome:
        async with few:
            with contextlib.ExitStack() as stack:
                url = ""
                if of.database == "postgres" and server:
                    url = stack.enter_context(servers.fresh_postgres(server))
                return _told(await scripted.run(of, folder / str(of.seed), url=url))

    plans = [plan.make(each, postgres=server is not None) for each in seeds]
    return outcomes + list(await asyncio.gather(*(one(each) for each in plans)))


def _told(outcome: scripted.Outcome) -> scripted.Outcome:
    """Say what was wrong with a run as soon as it is over."""
    if outcome.wrong:
        print(f"WRONG  {outcome.plan.words()}\n       logs in {outcome.logs}")
        print("".join(f"       {line}\n" for line in outcome.wrong[:8]), flush=True)
    return outcome


def _reconnects(outcomes: Sequence[scripted.Outcome]) -> list[float]:
    return [at for each in outcomes for at in each.reconnects] or [0.0]


def _noticed(outcomes: Sequence[scripted.Outcome]) -> float:
    return max((at for each in outcomes for at in each.noticed), default=0.0)


def table(outcomes: Sequence[scripted.Outcome], cuts: once.Counted) -> str:
    """Write the figures of all runs."""
    kinds = Counter(fault.kind for each in outcomes for fault in each.plan.faults)
    wrong = Counter(line.partition(":")[0] for each in outcomes for line in each.wrong)
    reconnects, noticed = sorted(_reconnects(outcomes)), _noticed(outcomes)
    calls, reconciled = (sum(getattr(each, name) for each in outcomes) for name in ("calls", "reconciled"))  # fmt: skip
    lines = [
        f"runs                      {len(outcomes)}, of which {sum(bool(each.wrong) for each in outcomes)} went wrong",
        f"calls                     {calls}, of which {reconciled} reconciled; {sum(each.clicks for each in outcomes)} clicks; {sum(each.heard for each in outcomes)} transcripts",
        "faults                    " + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())),
        f"cut -> signed in, seeded  half {reconnects[len(reconnects) // 2]:.3f} s, worst {reconnects[-1]:.3f} s (at most {RECONNECT_SECONDS:g}, at the first try)",
        f"half-open noticed         worst {noticed:.2f} s (at most {NOTICED_SECONDS:g})",
        f"all settled               worst {max(each.settled for each in outcomes):.1f} s",
        "what was wrong            " + (", ".join(f"{what} {count}" for what, count in sorted(wrong.items())) or "nothing"),
        f"Originates cut            {cuts.runs}, came {len(cuts.came)}, came twice {cuts.twice}",
    ]  # fmt: skip
    return "\n".join(lines)


async def main(runs: int, seed: int) -> bool:
    """Print the table; return whether nothing was wrong, and all that broke was noticed and mended in time."""
    with contextlib.ExitStack() as stack:
        server = None
        if servers.postgres_programs() is not None:
            server = stack.enter_context(servers.running_postgres())
        outcomes = await play(runs, seed, server)
    logging.getLogger("callcenter").setLevel(logging.ERROR)  # a thousand cuts are told in the table
    cuts = await once.runs(CUTS, seed)
    print(table(outcomes, cuts))
    soon = max(_reconnects(outcomes)) <= RECONNECT_SECONDS and _noticed(outcomes) <= NOTICED_SECONDS
    return soon and not any(each.wrong for each in outcomes) and not cuts.twice


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    wanted, first = (*given, *(100, 1)[len(given) :])
    sys.exit(0 if asyncio.run(main(wanted, first)) else 1)
