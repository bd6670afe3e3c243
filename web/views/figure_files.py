"""Files of figures and of calls: CSV, sent as it is read, and written into the audit before the first line goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import audit
from callcenter.reports import exports
from web import auth, call_filters, call_search, figure_tables, keys, lookups, rendering
from web.i18n import N_
from web.views import call_list, figures

PAGE = 1000
TEXTS = (
    N_("Call"), N_("Time"), N_("Direction"), N_("Queue"), N_("Customer"), N_("Number"), N_("Agent"),
    N_("Result"), N_("Outcome"),
)  # fmt: skip
LENGTHS = (N_("Wait time"), N_("Talk time"), N_("Hold time"), N_("Wrap-up time"))


def _headers(name: str) -> dict[str, str]:
    return {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        "Cache-Control": "no-store",
    }


async def _audited(request: web.Request, kind: str) -> None:
    await request.app[keys.DATABASE].run(
        audit.note,
        auth.current(request).by,
        "export",
        (kind, ""),
        {"filters": {name: value[:100] for name, value in request.query.items()}},
    )


async def table(request: web.Request) -> web.StreamResponse:
    """Send the table that the page shows."""
    report, asked = figures.reported(request)
    texts = auth.texts(request)
    shown = await request.app[keys.DATABASE].run(
        figure_tables.build, report, asked, language=texts.language
    )
    await _audited(request, "figures")
    say, seconds = texts.translations.gettext, texts.say("seconds")
    lines = [
        exports.line(
            [texts.say(figures.BY_NAMES[asked.by])]
            + [exports.heading(figure, say(figure.name), seconds) for figure in shown.figures]
        )
    ]
    for row in shown.rows:
        name = _plain(asked.by, figures.group_name(request, asked, row), row.key)
        lines.append(exports.line([name, *_numbers(row.cells)]))
    lines.append(exports.line([texts.say("Total"), *_numbers(shown.total)]))
    first, last = asked.values["from"], asked.values["to"]
    headers = _headers(f"figures-{first}-{last}-{asked.by}")
    return web.Response(text=exports.MARK + "".join(lines), headers=headers)


def _plain(by: str, name: str, key: Any) -> str:
    """Return a group's name without the marks of direction, and days as sheets read them."""
    return key.isoformat() if by == "day" else name.strip("\u2066\u2069")


def _numbers(cells: tuple[figure_tables.Cell, ...]) -> list[int | float | None]:
    return [exports.number(cell.figure, cell.value) for cell in cells]


def _page(
    session: sa_orm.Session,
    asked: call_filters.Asked,
    *,
    after: str,
    local: Callable[[Any], Any],
) -> tuple[str, str]:
    """Return some rows of the file, and the place of those behind them."""
    viewer, language = asked.viewer, asked.language
    _, wanted = asked.within(call_filters.options(session, viewer, language))
    page = call_search.calls(session, viewer, wanted, after=after, most=PAGE)
    people = lookups.people(session, [p.user_id for c in page.items for p in c.participants])
    open_to = lookups.open_customers(session, viewer, [c.party_id for c in page.items])
    queues, outcomes = lookups.queues(session, language), lookups.outcomes(session, language)
    names: tuple[Mapping[Any, str], ...] = (people, queues, outcomes)
    return "".join(_call(c, open_to, names, local) for c in page.items), page.next


def _call(
    call: models.Call,
    open_to: Mapping[int, models.Party],
    names: tuple[Mapping[Any, str], ...],
    local: Callable[[Any], Any],
) -> str:
    people, queues, outcomes = names
    party = open_to.get(call.party_id or 0)
    talked = [people.get(p.user_id or 0, p.extension) for p in call.participants if p.answered]
    return exports.line(
        [
            call.id, f"{local(call.started):%Y-%m-%d %H:%M:%S}", call.direction,
            queues.get(call.queue, call.queue) if call.queue else "", party.display if party else "",
            call.far_e164 or "", ", ".join(talked), call.result or "", outcomes.get(call.outcome_id, ""),
            call.wait_seconds, call.talk_seconds, call.hold_seconds, call.wrapup_seconds,
        ]
    )  # fmt: skip


async def calls(request: web.Request) -> web.StreamResponse:
    """Send the calls of a list, all of its pages."""
    texts, asked = auth.texts(request), call_list.asked(request)
    await _audited(request, "calls")
    response = web.StreamResponse(headers=_headers("calls"))
    await response.prepare(request)
    unit = texts.say("seconds")
    say = texts.translations.gettext
    head = [say(name) for name in TEXTS] + [f"{say(name)} ({unit})" for name in LENGTHS]
    await response.write((exports.MARK + exports.line(head)).encode())
    after, more = "", True
    while more:
        lines, after = await request.app[keys.DATABASE].run(
            _page, asked, after=after, local=rendering.fmt(request).local
        )  # fmt: skip
        await response.write(lines.encode())
        more = bool(after)
    await response.write_eof()
    return response
