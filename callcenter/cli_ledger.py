"""Command of the ledger: `callcenter ledger --day D`."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from callcenter import db, errors, settings
from callcenter.crm import ledger as ledgers

app = typer.Typer()


@app.command()
def ledger(
    day: Annotated[str, typer.Option(help="The day, YYYY-MM-DD; today by default.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object an exchange.")] = False,
    config: Annotated[
        Path | None, typer.Option(help="Settings file; config/callcenter.toml by default.")
    ] = None,
) -> None:
    """Tell which of Asterisk's calls of a day were captured, reconciled or are missing; exit with 1 if any is missing."""
    loaded = settings.load(config)
    zone = ZoneInfo(loaded.site.timezone)
    try:
        wanted = date.fromisoformat(day) if day else datetime.now(zone).date()
    except ValueError as error:
        raise errors.Invalid("day", f"{day!r} is not a day such as 2026-11-25") from error
    with db.Database(loaded.database.url) as database:
        told = ledgers.days(database, loaded, wanted)
    for each in told:
        if as_json:
            print(json.dumps(each.as_dict(), ensure_ascii=False))
        else:
            print("\n".join(_in_words(each, zone)))
    if any(each.count(ledgers.MISSING) or each.problem for each in told):
        raise typer.Exit(1)


def _in_words(day: ledgers.Day, zone: ZoneInfo) -> list[str]:
    if day.problem:
        return [f"{day.pbx} {day.day}: {day.problem}"]
    lines = [
        f"{day.pbx} {day.day}: {day.kept} of {day.total} calls captured"
        f" ({day.count(ledgers.CAPTURED)} live, {day.count(ledgers.RECONCILED)} reconciled,"
        f" {day.count(ledgers.MISSING)} missing)"
    ]
    if day.count(ledgers.RUNNING):
        lines.append(f"  {day.count(ledgers.RUNNING)} more run, or ended a moment ago")
    if day.only_ours:
        lines.append(f"  {day.only_ours} in our log alone: the exchange has no record of them")
    if day.since:
        lines.append(f"  counted since {_clock(day.since, zone)}, when we first listened")
    lines += [f"  not heard {_stretch(a.began, a.ended, zone)}" for a in day.outages]
    for entry in day.not_live:
        why = (
            f"not heard {_stretch(entry.outage.began, entry.outage.ended, zone)}"
            if entry.outage
            else "not seen live"
        )
        lines.append(
            f"  {entry.state:<10} {entry.linkedid}  {_stretch(entry.started, entry.ended, zone)}"
            f"  {entry.from_ or '-'} -> {entry.to or entry.queue or '-'}  {entry.result}  ({why})"
        )
    return lines


def _stretch(begin: float, end: float | None, zone: ZoneInfo) -> str:
    return f"{_clock(begin, zone)}-{_clock(end, zone) if end else ''}"


def _clock(at: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%H:%M:%S}"
