"""Commands about figures: the same numbers as the page, for scripts and schedules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from callcenter import db, errors, manual_figures, models, settings
from callcenter.crm import visibility
from callcenter.reports import conditions, exports, figures, metrics, periods, queries

app = typer.Typer()
report_app = typer.Typer(no_args_is_help=True, help="Figures.")
app.add_typer(report_app, name="report")

Config = Annotated[Path | None, typer.Option("--config", help="Settings file.")]
# The command line is the administrator's: it sees every call.
EVERYBODY = visibility.Viewer(0, "admin")


@report_app.command("figures")
def show(
    first: Annotated[str, typer.Option("--from", help="First day, as 2026-11-01.")],
    last: Annotated[str, typer.Option("--to", help="Last day; empty means the first alone.")] = "",
    by: Annotated[str, typer.Option(help="day, hour, queue, agent, team or campaign.")] = "day",
    queue: Annotated[str, typer.Option(help="Only this queue.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for a spreadsheet.")] = False,
    config: Config = None,
) -> None:
    """Print the figures of some days of the office."""
    if by not in queries.BY:
        raise errors.Invalid("by", f"is none of {', '.join(queries.BY)}")
    chosen = settings.load(config)
    period = periods.between(first, last or first, ZoneInfo(chosen.site.timezone))
    wanted = conditions.Wanted(
        period.begin,
        period.end,
        queue=queue,
        of_agents=by in ("agent", "team"),
        zone=chosen.site.timezone,
    )
    counting = conditions.Rules(chosen.reports.short_abandon_seconds, chosen.reports.target_seconds)
    report = queries.Report(EVERYBODY, wanted, counting, db.utcnow())
    with db.Database(chosen.database.url) as database:
        table, names = database.call(_read, report, by)
    rows = [
        (names.get(key, str(key)), tally) for key, tally in sorted(table.groups.items(), key=str)
    ]
    rows.append(("total", table.total))
    shown = figures.AGENTS if wanted.sees_agents else figures.CENTER
    if as_json:
        print(json.dumps(_as_json(period, by, rows, shown), ensure_ascii=False))
    else:
        _print(rows, shown, by, as_csv=as_csv)


@report_app.command("list")
def list_figures() -> None:
    """Print docs/figures.md: every figure with its formula."""
    print(manual_figures.figures_reference(), end="")


def _read(session: Any, report: queries.Report, by: str) -> tuple[queries.Table, dict[Any, str]]:
    named: Any = {"agent": (models.User.id, models.User.login), "team": (models.Team.id, models.Team.name)}.get(by)  # fmt: skip
    names = dict(session.query(*named).all()) if named else {}
    return report.table(session, by), names


def _as_json(
    period: periods.Period, by: str, rows: list[tuple[str, metrics.Tally]], shown: Any
) -> dict[str, Any]:
    def told(tally: metrics.Tally) -> dict[str, Any]:
        return {f.code: exports.number(f, f.value(tally)) for f in shown}

    return {
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "timezone": period.zone.key,
        "by": by,
        "rows": [{"group": name, **told(tally)} for name, tally in rows[:-1]],
        "total": told(rows[-1][1]),
    }


def _print(rows: list[tuple[str, metrics.Tally]], shown: Any, by: str, *, as_csv: bool) -> None:
    if as_csv:
        head = exports.line([by, *(exports.heading(f, f.code, "seconds") for f in shown)])
        body = "".join(exports.line([name, *exports.numbers(shown, t)]) for name, t in rows)
        print(exports.MARK + head + body, end="")
        return
    for name, tally in rows:
        said = [f"{f.code} {_plain(f, f.value(tally))}" for f in shown]
        print(f"{name}: {', '.join(said)}")


def _plain(figure: metrics.Figure, value: float | None) -> str:
    if value is None:
        return "-"
    if figure.unit == metrics.SHARE:
        return f"{value:.1%}"
    return f"{value:.0f}" if figure.unit == metrics.COUNT else f"{value:.1f} s"
