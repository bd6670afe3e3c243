"""docs/figures.md, generated from the table of figures by `callcenter report list`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from callcenter.reports import figures, metrics

HEAD = """# Figures

Generated from `callcenter/reports/figures.py` by `callcenter report list`. The page `/figures`, its files and
`callcenter report figures` compute every number from the same table, and each number opens the calls behind it.

## How calls are counted

- **When.** A call belongs to the moment when it entered the queue; one that came to no queue belongs to its start. Days and
  hours are the office's (`[site] timezone`): a day on which the clock is moved has 23 or 25 hours, and the hour that comes
  twice is one row.
- **Where.** A call belongs to one queue: the one in which it was answered, else the last in which it waited. A caller who was
  passed from one queue to another is one offered call of the second, waiting since the first. Asterisk's queue_log counts such a
  call in both.
- **Running calls** are offered, and nothing else until they end.
- **Short abandons** (`[reports] short_abandon_seconds`, 0 leaves none out) are counted apart and are in no rate.
- **Target** of the service level: the queue's own, else `[reports] target_seconds`.
- **Campaign calls** are outbound: the customer whom we called and who waits for an agent is not an offered call. A call belongs to
  the campaign that its variable `CC_CAMPAIGN` names.
- **Agents** are counted through their own part in a call, so a call of two agents counts for each, and once in the total.
- **Occupancy** comes from agents' states, cut at the ends of the period. It belongs to no queue, campaign or direction: there it is "–".
- **"–"** means that there is nothing to compute from; it is never shown as 0.
- **Who sees what.** Managers and administrators see all calls. Supervisors see the calls of their teams and their queues, and
  the agents of the teams that they lead.
"""

_UNITS = {metrics.COUNT: "calls", metrics.SECONDS: "time", metrics.SHARE: "share"}


def figures_reference() -> str:
    """Return docs/figures.md."""
    return "".join([HEAD, *_table("The center", figures.CENTER), *_table("Agents", figures.AGENTS), *_sets()])  # fmt: skip


def _table(title: str, listed: Iterable[metrics.Figure]) -> Iterator[str]:
    yield f"\n## {title}\n\n| code | figure | what it counts | computed as | unit | opens |\n| --- | --- | --- | --- | --- | --- |\n"
    for f in listed:
        computed = " + ".join(f"`{code}`" for code in f.top)
        computed = f"({computed})" if f.bottom and len(f.top) > 1 else computed
        computed += f" / `{f.bottom}`" if f.bottom else ""
        opens = f"`{f.opens}`" if f.opens else "–"
        yield f"| `{f.code}` | {f.name} | {f.formula} | {computed} | {_UNITS[f.unit]} | {opens} |\n"


def _sets() -> Iterator[str]:
    yield "\n## What is summed\n\n| code | over the calls |\n| --- | --- |\n"
    for code, (of, _) in metrics.SUMS.items():
        yield f"| `{code}` | `{of}` |\n"
    yield "\n## Sets of calls\n\n| code | name |\n| --- | --- |\n"
    for code, name in figures.SET_NAMES.items():
        yield f"| `{code}` | {name} |\n"
