"""The list of customers, and one customer with all that happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import customers, paging, search, slots, timeline, visibility
from callcenter.db import utcnow
from callcenter.outbound import dnc
from web import (
    auth,
    call_filters,
    customer_filters,
    keys,
    lookups,
    receipts,
    rendering,
    saved_views,
)

PAGE = 50
RECENT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list."""

    page: paging.Page[models.Party]
    owners: dict[int, str]


def read_list(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    text: str,
    *,
    region: str,
    narrowed: search.Filter,
    after: str,
) -> Listed:
    """Read a page of visible customers with their numbers and owners."""
    page = search.customers(
        session, viewer, text, region=region, narrowed=narrowed, after=after, limit=PAGE
    )
    return Listed(page, lookups.people(session, (party.owner_id for party in page.items)))


async def listing(request: web.Request) -> web.StreamResponse:
    """Show the list."""
    viewer = auth.current(request).viewer
    shelf = await saved_views.shelf(request, "customers")
    chosen = customer_filters.chosen(request.query)
    listed = await request.app[keys.DATABASE].run(
        read_list,
        viewer,
        chosen["q"],
        region=request.app[keys.SETTINGS].site.region,
        narrowed=customer_filters.narrowed(chosen, viewer.id),
        after=request.query.get("after", ""),
    )
    kept = {name: value for name, value in chosen.items() if value}
    return rendering.page(
        request,
        "customers/list.html",
        parties=listed.page.items,
        owners=listed.owners,
        chosen=chosen,
        shelf=shelf,
        dropped=call_filters.dropped(request.query, chosen),
        filtered=bool(kept),
        first=f"/customers?{urlencode(kept) or 'view=all'}" if request.query.get("after") else "",
        older=_older("/customers", kept, listed.page.next),
    )


def _older(path: str, kept: dict[str, str], place: str) -> str:
    return f"{path}?{urlencode({**kept, 'after': place})}" if place else ""


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a customer's page tells."""

    party: models.Party
    numbers: Sequence[models.PartyPhone]
    timeline: paging.Page[timeline.Item]
    slots: slots.Slots
    calls_90_days: int
    relations: Sequence[models.Party]
    people: dict[int, str]
    queues: dict[str, str]
    recordings: dict[int, models.Recording]
    listed: dict[str, models.DncEntry]  # numbers that must not be called for marketing
    attempts: dict[int, models.DialAttempt]  # of outgoing calls, by the call
    not_made: Sequence[models.DialAttempt]


def read_customer(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    party_id: int,
    *,
    kinds: Sequence[str],
    after: str,
    language: str,
    now: datetime,
) -> Shown:
    """Read a visible customer; raise NotFound else."""
    party = customers.get(session, viewer, party_id)
    numbers = session.scalars(
        select(models.PartyPhone)
        .where(models.PartyPhone.party_id == party.id)
        .order_by(models.PartyPhone.primary.desc(), models.PartyPhone.id)
        .options(sa_orm.joinedload(models.PartyPhone.phone))
    ).all()
    events = timeline.timeline(session, viewer, party.id, kinds=kinds, after=after, limit=PAGE)
    told = slots.card_slots(session, viewer, party.id, now)
    calls = [item.row for item in events.items if item.kind == "call"]
    attempts = receipts.of_calls(session, calls)
    not_made = receipts.not_made(session, party, [link.phone.e164 for link in numbers])
    diallers = {attempt.user_id for attempt in (*attempts.values(), *not_made)}
    return Shown(
        party=party,
        numbers=numbers,
        timeline=events,
        slots=told,
        calls_90_days=_calls_since(session, party.id, now - RECENT),
        relations=_relations(session, viewer, party, [link.phone_id for link in numbers]),
        people=lookups.people(session, diallers | _mentioned(party, events.items, told)),
        queues=lookups.queues(session, language),
        recordings={
            call_id: recording
            for call_id, recording in lookups.recorded(
                session, viewer, [c.id for c in calls]
            ).items()
            if recording.stored
        },
        listed=dnc.listed(session, [link.phone.e164 for link in numbers], now),
        attempts=attempts,
        not_made=not_made,
    )


def _calls_since(session: sa_orm.Session, party_id: int, since: datetime) -> int:
    call = models.Call
    query = select(func.count()).where(
        call.party_id == party_id, call.started >= since, call.merged_into.is_(None)
    )
    return session.scalar(query) or 0


def _relations(
    session: sa_orm.Session, viewer: visibility.Viewer, party: models.Party, numbers: Sequence[int]
) -> Sequence[models.Party]:
    """Return others who have one of the customer's numbers."""
    link = models.PartyPhone
    sharing = select(link.party_id).where(link.phone_id.in_(numbers), link.party_id != party.id)
    return session.scalars(
        select(models.Party)
        .where(models.Party.id.in_(sharing), visibility.visible(viewer, models.Party))
        .order_by(models.Party.display)
        .limit(6)
    ).all()


def _mentioned(
    party: models.Party, items: Sequence[timeline.Item], told: slots.Slots
) -> set[int | None]:
    ids: set[int | None] = {party.owner_id}
    for item in items:
        ids |= {note.author_id for note in item.notes}
        if item.kind == "call":
            ids |= {part.user_id for part in item.row.participants}
        elif item.kind == "note":
            ids.add(item.row.author_id)
        else:
            ids.add(item.row.assignee_id if item.kind == "task" else item.row.owner_id)
    ids |= {case.owner_id for case in told.cases} | {task.assignee_id for task in told.tasks}
    return ids


async def show(request: web.Request) -> web.StreamResponse:
    """Show a customer; `?fragment=desk` is the part that the desk shows in its middle."""
    party_id = int(request.match_info["id"])
    kind = request.query.get("kind", "")
    kinds = (kind,) if kind in timeline.KINDS else timeline.KINDS
    shown = await request.app[keys.DATABASE].run(
        read_customer,
        auth.current(request).viewer,
        party_id,
        kinds=kinds,
        after=request.query.get("after", ""),
        language=auth.texts(request).language,
        now=utcnow(),
    )
    if shown.party.id != party_id:
        raise web.HTTPSeeOther(f"/customers/{shown.party.id}")
    kept = {"kind": kind} if kind in timeline.KINDS else {}
    base = f"/customers/{party_id}"
    fragment = request.query.get("fragment") == "desk"
    words = (auth.texts(request), rendering.fmt(request))
    return rendering.page(
        request,
        "customers/fragment.html" if fragment else "customers/show.html",
        shown=shown,
        party=shown.party,
        kind=kept.get("kind", ""),
        older=_older(base, kept, shown.timeline.next),
        first=f"{base}?{urlencode(kept)}" if request.query.get("after") else "",
        linked=request.query.get("linked", ""),
        receipts={key: receipts.read(a, *words) for key, a in shown.attempts.items()},
        not_made=[receipts.read(attempt, *words) for attempt in shown.not_made],
        now=utcnow(),
    )
