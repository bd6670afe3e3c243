"""What a list of recordings is asked for, and its pages: by words, or simply the newest, as far as the viewer may hear and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import paging, visibility, words
from recordings import passages, search
from web import call_filters

PAGE = 50
LONGEST = 20_000  # characters of the field that are read at all
NAMES = ("q", "period", "side", "agent", "queue")


@dataclass(frozen=True, slots=True)
class Item:
    """A recording of a call, or a note of one, with the passages that were asked for."""

    call_id: int
    at: datetime
    recording_id: int | None
    lines: Sequence[passages.Line] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some items, and what to pass as `after` for older ones; `reached` where those that are older were not looked at."""

    items: Sequence[Item]
    next: str = ""
    reached: bool = False


def chosen(query: Mapping[str, str]) -> dict[str, str]:
    """Return the filters of an address, without what cannot be."""
    values = {name: query.get(name, "")[:100].strip() for name in NAMES}
    values["q"] = query.get("q", "")[:LONGEST].strip()
    if values["period"] not in call_filters.PERIODS:
        values["period"] = ""
    if values["side"] not in search.SIDES:
        values["side"] = ""
    if values["agent"] != call_filters.ME:
        values["agent"] = call_filters.row_id(values["agent"])
    return values


def wanted(values: Mapping[str, str], midnight: Callable[[], datetime], me: int) -> search.Wanted:
    """Turn the filters of an address into what is looked for; `me` is who looks."""
    agent = str(me) if values["agent"] == call_filters.ME else values["agent"]
    return search.Wanted(
        words.parse(values["q"]),
        side=values["side"],
        since=call_filters.since(values["period"], midnight),
        agent_id=int(agent) if agent else None,
        queue=values["queue"],
    )


def found(
    session: sa_orm.Session, viewer: visibility.Viewer, wanted: search.Wanted, *, after: str = ""
) -> Page:
    """Return a page of recordings and notes with the words, or of the newest recordings where none are asked for."""
    if not wanted.query.terms:
        return _newest(session, viewer, wanted, after=after)
    page = search.search(session, viewer, wanted, after=after)
    hits = [Item(hit.call_id, hit.at, hit.recording_id, hit.lines) for hit in page.hits]
    return Page(hits, page.next, page.reached)


def _newest(
    session: sa_orm.Session, viewer: visibility.Viewer, wanted: search.Wanted, *, after: str
) -> Page:
    recording, call = models.Recording, models.Call
    query = (
        select(recording)
        .join(call, call.id == recording.call_id)
        .where(visibility.visible(viewer, recording), *_narrowed(wanted))
        .order_by(recording.started_at.desc(), recording.id.desc())
        .limit(PAGE + 1)
    )
    if after:
        place = tuple_(recording.started_at, recording.id)
        query = query.where(place < paging.decode(after))
    rows = session.scalars(query).all()
    page = paging.page(rows, PAGE, lambda row: (row.started_at, row.id))
    items = [Item(row.call_id, row.started_at, row.id) for row in page.items if row.call_id]
    return Page(items, page.next)


def _narrowed(wanted: search.Wanted) -> list[ColumnElement[bool]]:
    conditions = search.narrowed(wanted, models.Call)
    if wanted.since is not None:
        conditions.append(models.Recording.started_at >= wanted.since)
    return conditions
