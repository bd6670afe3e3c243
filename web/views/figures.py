"""The page of figures: a period, a grouping, filters; each number opens its calls, each figure says how it is calculated."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from aiohttp import web

from callcenter.db import utcnow
from callcenter.reports import figures as catalogue
from callcenter.reports import metrics, queries
from web import auth, figure_asks, figure_tables, formats, keys, rendering
from web.i18n import N_, Texts

FEW = 8  # bars of the chart that have room for a day of the week each
BY_NAMES = {
    "day": N_("By day"),
    "hour": N_("By hour of the day"),
    "queue": N_("By queue"),
    "agent": N_("By agent"),
    "team": N_("By team"),
    "campaign": N_("By campaign"),
}


def reported(
    request: web.Request,
) -> tuple[queries.Report, figure_asks.Asked]:
    """Read what a request asks for, and for whom."""
    settings = request.app[keys.SETTINGS]
    today = rendering.fmt(request).today()
    asked = figure_asks.read(request.query, today, settings.site.timezone)
    viewer = auth.current(request).viewer
    return queries.Report(viewer, asked.wanted, figure_asks.rules(settings), utcnow()), asked


def group_name(request: web.Request, asked: figure_asks.Asked, row: figure_tables.Row) -> str:
    """Return what a group is called in the reader's language."""
    texts, formats = auth.texts(request), rendering.fmt(request)
    if isinstance(row.key, date):
        return formats.weekday(row.key)
    if asked.by == "hour":
        return formats.hour(row.key)
    if row.key == "":
        return texts.say("No queue") if asked.by == "queue" else texts.say("No campaign")
    return row.name


async def page(request: web.Request) -> web.StreamResponse:
    """Show the figures."""
    report, asked = reported(request)
    database, language = request.app[keys.DATABASE], auth.texts(request).language
    shown, then = await asyncio.gather(
        database.run(figure_tables.build, report, asked, language=language),
        database.run(figure_tables.before, report, asked),
    )
    now, texts = report.now, auth.texts(request)
    names = {row.key: group_name(request, asked, row) for row in shown.rows}
    return rendering.page(
        request,
        "figures.html",
        asked=asked,
        shown=shown,
        rules=report.rules,
        tiles=figure_tables.tiles(shown, then, asked),
        chart=figure_tables.chart(shown, asked),
        names=names,
        labels={
            key: _label(rendering.fmt(request), key, name, of=len(names))
            for key, name in names.items()
        },
        say=_sayer(texts),
        by_names=BY_NAMES,
        by_names_shown=[
            (code, texts.say(name))
            for code, name in BY_NAMES.items()
            if code != "team" or shown.teams
        ],
        sets=catalogue.SET_NAMES,
        numbers_behind=_behind(asked, shown.table.total),
        is_partial=asked.period.begin <= now < asked.period.end,
        before=asked.period.before(),
        top=figure_tables,
    )


def _label(fmt: formats.Formats, key: Any, name: str, *, of: int) -> str:
    """Return what stands below a bar: where there are many, a day is named without its day of the week."""
    return fmt.plain_day(key) if isinstance(key, date) and of > FEW else name


def _sayer(texts: Texts) -> Any:
    """Translate texts of the table of figures, whose keys stand in callcenter/reports/figures.py."""
    return texts.translations.gettext


def _behind(
    asked: figure_asks.Asked, total: metrics.Tally
) -> dict[str, list[tuple[str, int, str]]]:
    """Return for each figure its sets of calls: name, count and address, for the explanation."""
    found: dict[str, list[tuple[str, int, str]]] = {}
    for figure in catalogue.ALL:
        codes = [*figure.top, figure.bottom] if figure.bottom else [*figure.top]
        sets = [
            code if code in metrics.SETS else metrics.SUMS.get(code, ("",))[0] for code in codes
        ]
        found[figure.code] = [
            (
                catalogue.SET_NAMES[code],
                int(total[code]),
                figure_asks.calls_link(asked.wanted, code),
            )
            for code in dict.fromkeys(sets)
            if code in metrics.SETS and code in total
        ]
    return found
