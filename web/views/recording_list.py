"""The list of recordings: what was said in them and written about them, as far as the viewer may hear it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import orm as sa_orm
from sqlalchemy import select

from callcenter import models
from callcenter.crm import paging, visibility
from web import auth, keys, lookups, recording_search, rendering

LONGEST = 100


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of recordings, their calls and where the words are."""

    page: paging.Page[models.Recording]
    calls: Mapping[int, models.Call]
    parties: Mapping[int, models.Party]
    people: Mapping[int, str]
    snippets: Mapping[int, recording_search.Snippet]


def read(
    session: sa_orm.Session, viewer: visibility.Viewer, words: Sequence[str], after: str
) -> Listed:
    """Read a page of the recordings that the viewer may hear."""
    page = recording_search.recordings(session, viewer, words, after=after)
    call = models.Call
    ids = [row.call_id for row in page.items]
    query = select(call).where(call.id.in_(ids), visibility.visible(viewer, call))
    found = session.scalars(query.options(sa_orm.selectinload(call.participants))).all()
    return Listed(
        page,
        {row.id: row for row in found},
        lookups.open_customers(session, viewer, [row.party_id for row in found]),
        lookups.people(session, [p.user_id for row in found for p in row.participants]),
        recording_search.snippets(session, viewer, page.items, words),
    )


async def listing(request: web.Request) -> web.StreamResponse:
    """Show the recordings."""
    text = request.query.get("q", "")[:LONGEST].strip()
    after = request.query.get("after", "")
    words = recording_search.words_of(text)
    listed = await request.app[keys.DATABASE].run(read, auth.current(request).viewer, words, after)
    kept = {"q": text} if text else {}
    return rendering.page(
        request, "recordings.html", listed=listed, text=text,
        first=f"/recordings?{urlencode(kept)}" if after else "",
        older=f"/recordings?{urlencode({**kept, 'after': listed.page.next})}" if listed.page.next else "",
    )  # fmt: skip
