"""How long recordings are kept, on the settings' page of recordings: tried before it is saved, and what is marked taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import orm as sa_orm
from sqlalchemy import select

from callcenter import errors, models
from callcenter.crm import audit, choices, paging
from callcenter.db import utcnow
from recordings import holds, periods, retention, rulebook
from web import auth, keys, lookups, panel
from web.views import settings_recording

PATH, MARKED = settings_recording.PATH, f"{settings_recording.PATH}/marked"
DAYS_SHOWN = 14


@dataclass(frozen=True, slots=True)
class Trial:
    """What would go: the first days of it, all of it, and its last day."""

    days: Mapping[date, periods.Sum]
    total: periods.Sum
    more: int
    first: date | None
    last: date | None


def _try(session: sa_orm.Session, days: int | None, zone: ZoneInfo) -> Trial:
    plan = replace(retention.plan(session), days=days)
    sums = retention.trial(session, plan, utcnow(), zone)
    shown = dict(islice(sums.items(), DAYS_SHOWN))
    first, last = min(sums, default=None), max(sums, default=None)
    return Trial(shown, periods.total(sums.values()), len(sums) - len(shown), first, last)


async def save(request: web.Request) -> web.StreamResponse:
    """Change how long all is kept; or say what would go if it were so, and change nothing."""
    fields = await panel.fields(request)
    database, by = request.app[keys.DATABASE], auth.current(request).by
    try:
        days, _ = rulebook.kept(fields)
        if fields.get("act") == "try":
            zone = ZoneInfo(request.app[keys.SETTINGS].site.timezone)
            trial = await database.run(_try, days, zone)
            return await settings_recording.page(request, kept_values=fields, trial=trial)
        await database.run(rulebook.change_kept, by, fields, seen=fields.get("kept_stamp", ""))
    except errors.Conflict:
        return await settings_recording.page(
            request, kept_values=fields, kept_conflict=True, status=409
        )
    except errors.Invalid as error:
        problems = panel.problem(request, error)
        return await settings_recording.page(
            request, kept_values=fields, problems=problems, status=422
        )
    raise web.HTTPSeeOther(f"{PATH}?said=saved#kept")


def _put(
    session: sa_orm.Session, by: audit.By, of: str, days: int | None, there: Iterable[tuple[str, str]]
) -> None:  # fmt: skip
    names, named = settings_recording.read_names(session, "en", there), rulebook.named(of)
    rulebook.check(session, named, names.queues.keys(), scopes=periods.SCOPES)
    rulebook.keep_for(session, by, named, days=days)


async def put(request: web.Request) -> web.StreamResponse:
    """Make an exception, or change it; no number keeps for good."""
    fields, queues = await panel.fields(request), await settings_recording.there(request)
    try:
        days = choices.whole(fields, "days", least=1, most=periods.MOST_DAYS)
        await request.app[keys.DATABASE].run(
            _put, auth.current(request).by, fields.get("of", ""), days, queues
        )
    except errors.Invalid as error:
        problems = {f"kept-{k}": v for k, v in panel.problem(request, error).items()}
        return await settings_recording.page(
            request, problems=problems, kept_typed=fields, status=422
        )
    raise web.HTTPSeeOther(f"{PATH}?said=saved#kept")


async def remove(request: web.Request) -> web.StreamResponse:
    """Take an exception away; the page after it offers to put it back."""
    row = await request.app[keys.DATABASE].run(
        rulebook.keep_as_others, auth.current(request).by, int(request.match_info["id"])
    )
    told = {
        "said": "removed", "kept": f"{row.scope}/{row.pbx}/{row.value}",
        "days": "" if row.keep_days is None else str(row.keep_days),
    }  # fmt: skip
    raise web.HTTPSeeOther(f"{PATH}?{urlencode(told)}#kept")


def _marked(
    session: sa_orm.Session, language: str, after: str
) -> tuple[paging.Page[models.Recording], Mapping[int, models.Call], Mapping[str, str], retention.State]:  # fmt: skip
    page = holds.marked(session, after)
    ids: Sequence[int] = [row.call_id for row in page.items if row.call_id is not None]
    calls = session.scalars(select(models.Call).where(models.Call.id.in_(ids)))
    queues = lookups.queues(session, language)
    return page, {call.id: call for call in calls}, queues, retention.state(session)


async def marked(request: web.Request) -> web.StreamResponse:
    """List what is marked, the first to go first."""
    after = request.query.get("after", "")
    page, calls, queues, state = await request.app[keys.DATABASE].run(
        _marked, auth.texts(request).language, after
    )
    context: dict[str, Any] = {"page": page, "calls": calls, "queues": queues, "state": state}
    return panel.page(
        request, "marked", first=MARKED if after else "",
        older=f"{MARKED}?after={page.next}" if page.next else "", **context,
    )  # fmt: skip


async def keep(request: web.Request) -> web.StreamResponse:
    """Take back one recording, or all that are marked."""
    fields, by = await panel.fields(request), auth.current(request).by
    key, database = panel.number(fields.get("id", "")), request.app[keys.DATABASE]
    if fields.get("all") == "1":
        await database.run(holds.keep_all, by)
    elif key is None:
        raise errors.NotFound("no such recording")
    else:
        await database.run(holds.keep, by, key, kept=True)
    raise web.HTTPSeeOther(f"{MARKED}?said=kept")
