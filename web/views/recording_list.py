"""The list of recordings: what was said in them and noted of their calls, as far as the viewer may hear and read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import orm as sa_orm
from sqlalchemy import select

from callcenter import models
from callcenter.crm import visibility, words
from recordings import search
from web import auth, call_filters, keys, lookups, recording_search, rendering, saved_views


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of recordings and notes, their calls, and what the filters offer."""

    page: recording_search.Page
    calls: Mapping[int, models.Call]
    recordings: Mapping[int, models.Recording]
    parties: Mapping[int, models.Party]
    people: Mapping[int, str]
    queues: Mapping[str, str]
    agents: Mapping[int, str]


def read(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    wanted: search.Wanted,
    *,
    after: str,
    language: str,
) -> Listed:
    """Read a page of what the viewer may hear and read."""
    page = recording_search.found(session, viewer, wanted, after=after)
    call, recording = models.Call, models.Recording
    query = select(call).where(
        call.id.in_([item.call_id for item in page.items]), visibility.visible(viewer, call)
    )
    calls = session.scalars(query.options(sa_orm.selectinload(call.participants))).all()
    heard = select(recording).where(
        recording.id.in_([item.recording_id for item in page.items if item.recording_id]),
        visibility.visible(viewer, recording),
    )
    return Listed(
        page=page,
        calls={row.id: row for row in calls},
        recordings={row.id: row for row in session.scalars(heard)},
        parties=lookups.open_customers(session, viewer, [row.party_id for row in calls]),
        people=lookups.people(session, [p.user_id for row in calls for p in row.participants]),
        queues=lookups.queues(session, language),
        agents=lookups.colleagues(session, viewer),
    )


async def listing(request: web.Request) -> web.StreamResponse:
    """Show the recordings."""
    shelf = await saved_views.shelf(request, "recordings")
    chosen = recording_search.chosen(request.query)
    me = auth.current(request).id
    wanted = recording_search.wanted(chosen, rendering.fmt(request).midnight, me)
    after = request.query.get("after", "")
    listed = await request.app[keys.DATABASE].run(
        read,
        auth.current(request).viewer,
        wanted,
        after=after,
        language=auth.texts(request).language,
    )
    # An address has room for what is looked for, and not for a book.
    kept = {name: value[: words.LONGEST_QUERY + 1] for name, value in chosen.items() if value}
    link = "/recordings?" + (urlencode(kept) or "view=all")
    return rendering.page(
        request, "recordings.html", listed=listed, chosen=chosen, wanted=wanted,
        shelf=shelf, dropped=call_filters.dropped(request.query, chosen), filtered=any(chosen.values()),
        first=link if after else "",
        older=f"{link}&after={listed.page.next}" if listed.page.next else "",
    )  # fmt: skip
