"""The day's ledger: how many of Asterisk's calls our log has, which were not seen live, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from aiohttp import web
from sqlalchemy import orm as sa_orm
from sqlalchemy import select

from callcenter import errors, models
from callcenter.crm import ledger, visibility
from web import auth, keys, rendering


@dataclass(frozen=True, slots=True)
class Listed:
    """A call that was not seen live; `open` where the viewer may see whose it was."""

    entry: ledger.Entry
    open: bool


def _visible(
    session: sa_orm.Session, viewer: visibility.Viewer, days: list[ledger.Day]
) -> set[int]:
    """Give the calls of the ledger that the viewer may open."""
    call = models.Call
    wanted = [e.call_id for day in days for e in day.not_live if e.call_id is not None]
    seen: set[int] = set()
    for start in range(0, len(wanted), 400):
        some = call.id.in_(wanted[start : start + 400])
        seen |= set(session.scalars(select(call.id).where(some, visibility.visible(viewer, call))))
    return seen


async def show(request: web.Request) -> web.StreamResponse:
    """Show the ledger of a day, today's where none is asked for."""
    formats = rendering.fmt(request)
    today = formats.today()
    try:
        asked = request.query.get("day", "")
        day = date.fromisoformat(asked) if asked else today
    except ValueError as error:
        raise errors.Invalid("day", "is not a day such as 2026-11-25") from error
    database, viewer = request.app[keys.DATABASE], auth.current(request).viewer
    days = await database.run(
        lambda _session: ledger.days(database, request.app[keys.SETTINGS], day)
    )
    seen = await database.run(_visible, viewer, days)
    listed = {
        each.pbx: [Listed(e, viewer.sees_all or e.call_id in seen) for e in each.not_live]
        for each in days
    }
    return rendering.page(
        request,
        "ledger.html",
        days=days,
        listed=listed,
        day=day,
        today=today,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1) if day < today else None,
    )
