"""Figures as they are shown: rows with names, numbers that open their calls, changes against before, and a chart's geometry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import orm as sa_orm

from callcenter.reports import figures, metrics, queries
from web import figure_asks, lookups
from web.figure_asks import Asked

# The drawing of the chart, in units of its own.
WIDE, HIGH, LEFT, TOP, FOOT = 900, 250, 44, 12, 26
MOST_LABELS = 16


@dataclass(frozen=True, slots=True)
class Cell:
    """One number: its value, and the address of its calls where it has any."""

    figure: metrics.Figure
    value: float | None
    link: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One group: its key, the name of who or what it is, and its numbers."""

    key: Any
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the page tells."""

    figures: tuple[metrics.Figure, ...]
    rows: tuple[Row, ...]
    total: tuple[Cell, ...]
    table: queries.Table
    queues: Mapping[str, str]
    agents: Mapping[int, str]
    teams: Mapping[int, str]


def build(session: sa_orm.Session, report: queries.Report, asked: Asked, *, language: str) -> Shown:
    """Compute a table, and give its groups their names."""
    table = report.table(session, asked.by)
    queues = lookups.queues(session, language)
    agents = lookups.colleagues(session, report.viewer)
    teams = lookups.teams(session, report.viewer)
    names: Mapping[Any, str] = {
        "queue": queues,
        "campaign": lookups.campaigns(session, report.viewer),
    }.get(asked.by, teams)
    if asked.by == "agent":
        names = agents | lookups.people(session, [k for k in table.groups if isinstance(k, int)])
    shown = figures.listed(asked.family, report.rules.short_seconds)
    rows = [
        Row(key, names.get(key, str(key)), _cells(shown, tally, asked, key))
        for key, tally in _ordered(table, asked, report)
    ]
    total = tuple(cell(f, table.total, asked.wanted) for f in shown)
    return Shown(shown, tuple(rows), total, table, queues, agents, teams)


def before(session: sa_orm.Session, report: queries.Report, asked: Asked) -> metrics.Tally:
    """Compute what a table is compared with."""
    then = queries.Report(report.viewer, asked.compared(report.now), report.rules, report.now)
    return then.total(session)


def _ordered(
    table: queries.Table, asked: Asked, report: queries.Report
) -> list[tuple[Any, metrics.Tally]]:
    """Put groups in order: time as it goes, with no day left out; others by how much they had."""
    groups: dict[Any, metrics.Tally] = dict(table.groups)
    if asked.by == "day":
        nothing = metrics.tally(())
        today = report.now.astimezone(asked.period.zone).date()
        for day in asked.period.each_day():
            if day <= today:
                groups.setdefault(day, nothing)
    if asked.by in ("day", "hour"):
        return sorted(groups.items())
    weight = "taken" if asked.family == "agents" else figures.HEADLINES[asked.family][0]
    return sorted(groups.items(), key=lambda item: (-item[1].get(weight, 0.0), str(item[0])))


def _cells(
    shown: Sequence[metrics.Figure], tally: metrics.Tally, asked: Asked, key: Any
) -> tuple[Cell, ...]:
    wanted = figure_asks.narrowed(asked, key)
    return tuple(cell(figure, tally, wanted) for figure in shown)


def cell(figure: metrics.Figure, tally: metrics.Tally, wanted: Any) -> Cell:
    """Compute one number, with the address of its calls."""
    link = ""
    if figure.opens and tally.get(figure.opens):
        link = figure_asks.calls_link(wanted, figure.opens)
    return Cell(figure, figure.value(tally), link)


@dataclass(frozen=True, slots=True)
class Tile:
    """A headline: its number, and how it changed (of counts the share, else the difference)."""

    cell: Cell
    change: float | None
    tone: str  # ok | bad | ""


def tiles(shown: Shown, then: metrics.Tally, asked: Asked) -> list[Tile]:
    """Choose the headlines of a table, beside what they were `then`."""
    found = []
    for code in figures.HEADLINES[asked.family]:
        figure = figures.BY_CODE[code]
        its = cell(figure, shown.table.total, asked.wanted)
        change = _change(figure, its.value, figure.value(then))
        better = 0 if change is None else figure.better * ((change > 0) - (change < 0))
        found.append(Tile(its, change, {1: "ok", -1: "bad"}.get(better, "")))
    return found


# To how many places a change is shown, by the figure's unit: what shows as none is none, and neither good nor bad.
_PLACES = {metrics.COUNT: 3, metrics.SHARE: 3, metrics.SECONDS: 0}


def _change(figure: metrics.Figure, now: float | None, before: float | None) -> float | None:
    if now is None or before is None:
        return None
    by = now - before
    if figure.unit == metrics.COUNT:
        if not before:
            return None
        by /= before
    return round(by, _PLACES[figure.unit])


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the chart, with what part of it is marked; numbers are the drawing's own units."""

    key: Any
    x: float
    width: float
    y: float
    height: float
    part_y: float
    part_height: float
    value: float
    part: float
    labelled: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars over time, and the lines that tell how high they are: (height, value)."""

    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, int], ...]
    of: metrics.Figure
    part: metrics.Figure


CHARTED = {
    "service": ("offered", "abandoned"),
    "outbound": ("attempts", "contacts"),
    "agents": ("rang", "own_missed"),
}


def chart(shown: Shown, asked: Asked) -> Chart | None:
    """Draw time as bars; None where groups are no time, or there is nothing to see."""
    of, part = (figures.BY_CODE[code] for code in CHARTED[asked.family])
    tallies = {row.key: shown.table.groups.get(row.key, {}) for row in shown.rows}
    most = max((of.value(t) or 0.0 for t in tallies.values() if t), default=0.0)
    if asked.by not in ("day", "hour") or not most:
        return None
    step = _step(most)
    top = step * -(-int(most) // step)
    high = HIGH - TOP - FOOT
    slot = (WIDE - LEFT - 8) / len(tallies)
    every = -(-len(tallies) // MOST_LABELS)
    bars = []
    for n, (key, tally) in enumerate(tallies.items()):
        value, marked = ((f.value(tally) or 0.0) if tally else 0.0 for f in (of, part))
        height, lower = value / top * high, marked / top * high
        width = min(34.0, slot * 0.56)
        bars.append(
            Bar(
                key, round(LEFT + slot * (n + 0.5) - width / 2, 1), round(width, 1),
                round(TOP + high - height, 1), round(height, 1), round(TOP + high - lower, 1), round(lower, 1),
                value, marked, n % every == 0,
            )
        )  # fmt: skip
    lines = [(round(TOP + high - n / top * high, 1), n) for n in range(0, top + 1, step)]
    return Chart(tuple(bars), tuple(lines), of, part)


def _step(most: float) -> int:
    """Choose a round distance of lines, so that there are at most five."""
    step = 1
    while most / step > 5:
        digits = str(step)
        step = step * 2 if digits[0] in "15" else step // 2 * 5
    return step
