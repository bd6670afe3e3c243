"""Run every benchmark, or those named: `python -m benchmarks [ami ...]`; exit 1 if one misses what it must reach."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def main(wanted: list[str]) -> int:
    """Run each bench_*.py's `main()`, which prints its figures and returns False where a target is missed."""
    missed = []
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        name = path.stem.removeprefix("bench_")
        if wanted and name not in wanted:
            continue
        print(f"\n== {name}", flush=True)
        if importlib.import_module(f"benchmarks.{path.stem}").main() is False:
            missed.append(name)
    if missed:
        print(f"\nmissed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
