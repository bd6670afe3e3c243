"""The list of calls with its filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import paging
from callcenter.reports.figures import SET_NAMES
from web import auth, call_filters, call_search, keys, lookups, rendering, saved_views

MORE = (
    "team",
    "campaign",
    "length",
    "recorded",
    "unreached",
)  # what stands folded until it is used


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list and what its filters offer."""

    chosen: dict[str, str]
    wanted: call_search.Wanted
    options: call_filters.Options
    page: paging.Page[models.Call]
    parties: dict[int, models.Party]
    people: dict[int, str]
    recordings: dict[int, models.Recording]
    notes: dict[int, str]
    behind: int | None = None  # how many there are, where the list is what stands behind a figure


def asked(request: web.Request) -> call_filters.Asked:
    """Return what a request asks of the list."""
    return call_filters.Asked(
        call_filters.chosen(request.query),
        auth.current(request).viewer,
        rendering.fmt(request).midnight,
        request.app[keys.SETTINGS],
        auth.texts(request).language,
    )


def read_list(session: sa_orm.Session, asked: call_filters.Asked, *, after: str) -> Listed:
    """Read a page of visible calls."""
    viewer = asked.viewer
    open_to = call_filters.options(session, viewer, asked.language)
    chosen, wanted = asked.within(open_to)
    page = call_search.calls(session, viewer, wanted, after=after)
    ids = [call.id for call in page.items]
    return Listed(
        chosen=chosen,
        wanted=wanted,
        options=open_to,
        page=page,
        parties=lookups.open_customers(session, viewer, [call.party_id for call in page.items]),
        people=lookups.people(
            session, [part.user_id for call in page.items for part in call.participants]
        ),
        recordings=lookups.recorded(session, viewer, ids),
        notes=lookups.notes(session, viewer, ids),
        behind=call_search.count(session, viewer, wanted) if wanted.behind else None,
    )


async def listing(request: web.Request) -> web.StreamResponse:
    """Show the list."""
    shelf = await saved_views.shelf(request, "calls")
    listed = await request.app[keys.DATABASE].run(
        read_list, asked(request), after=request.query.get("after", "")
    )
    chosen = listed.chosen
    kept = {name: value for name, value in chosen.items() if value}
    plain = {name: value for name, value in kept.items() if name not in ("from", "to")}
    tabs = {period: _link({**plain, "period": period}) for period in call_filters.PERIODS}
    today = rendering.fmt(request).today()
    days = {"from": (today - timedelta(days=6)).isoformat(), "to": today.isoformat()}
    tabs[call_filters.CUSTOM] = _link({**days, **kept, "period": call_filters.CUSTOM})
    return rendering.page(
        request,
        "calls/list.html",
        listed=listed,
        shelf=shelf,
        chosen=chosen,
        tabs=tabs,
        filtered=any(v for name, v in chosen.items() if name not in ("period", "from", "to")),
        more=any(chosen[name] for name in MORE),
        lately=call_filters.UNREACHED_DAYS if call_filters.lately(chosen) else 0,
        dropped=call_filters.dropped(request.query, chosen),
        wanted=listed.wanted,
        set_name=auth.texts(request).translations.gettext(
            SET_NAMES.get(listed.wanted.set_code, "-")
        ),
        file=f"/calls.csv?{urlencode(kept)}",
        cleared=_link({name: chosen[name] for name in ("period", "from", "to") if chosen[name]}),
        first=_link(kept) if request.query.get("after") else "",
        older=_link({**kept, "after": listed.page.next}) if listed.page.next else "",
    )


def _link(values: dict[str, str]) -> str:
    return f"/calls?{urlencode(values)}"
