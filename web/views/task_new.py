"""The form of a new task or callback: for whom, for which customer, until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import orm as sa_orm

from callcenter import errors, models
from callcenter.crm import search, tasks, visibility
from callcenter.db import utcnow
from web import auth, keys, panel, rendering
from web.views import reminders, task_forms
from web.views import tasks as listed

MOST_FOUND = 8


@dataclass(frozen=True, slots=True)
class New:
    """What the form of a new task offers."""

    people: dict[int, str]
    party: models.Party | None
    found: tuple[models.Party, ...] = ()


def _offered(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    fields: Mapping[str, str],
    region: str,
    *,
    search_too: bool = True,
) -> New:
    people = tasks.receivers(session, viewer)
    party_id = panel.number(fields.get("party", ""))
    if party_id is not None:
        return New(people, visibility.get(session, viewer, models.Party, party_id))
    text = fields.get("customer", "")[:100].strip()
    if not text or not search_too:
        return New(people, None)
    found = search.customers(session, viewer, text, region=region, limit=MOST_FOUND).items
    return New(people, found[0] if len(found) == 1 else None, found)


async def blank(request: web.Request) -> web.StreamResponse:
    """Show the form of a new task, perhaps for a customer."""
    person = auth.current(request)
    party = request.query.get("party", "")
    fields = {"party": party, "kind": request.query.get("kind", "task")}
    region = request.app[keys.SETTINGS].site.region
    offered = await request.app[keys.DATABASE].run(_offered, person.viewer, fields, region)
    return _new(request, offered, fields)


def _new(
    request: web.Request,
    offered: New,
    fields: Mapping[str, str],
    *,
    problems: Mapping[str, str] | None = None,
    status: int = 200,
) -> web.Response:
    blank = {"title": "", "due": "", "kind": "task", "customer": "", "party": ""}
    values = {**blank, "assignee": str(auth.current(request).id), **fields}
    return rendering.page(
        request,
        "tasks/new.html",
        status=status,
        offered=offered,
        values=values,
        problems=problems or {},
    )


def _create(
    session: sa_orm.Session,
    person: auth.Person,
    fields: Mapping[str, str],
    region: str,
    zone: ZoneInfo,
) -> int:
    now = utcnow()
    offered = _offered(session, person.viewer, fields, region)
    if fields.get("customer", "").strip() and offered.party is None:
        raise errors.Invalid("customer", "several" if offered.found else "nobody")
    assignee = panel.number(fields.get("assignee", ""))
    draft = tasks.Draft(
        kind=fields.get("kind", "task"),
        title=fields.get("title", ""),
        due_at=task_forms.due(fields, now, zone),
        assignee_id=person.id if assignee is None else assignee,
        party_id=offered.party.id if offered.party else None,
    )
    return tasks.make(session, person.by, person.viewer, draft, now=now).id


async def create(request: web.Request) -> web.StreamResponse:
    """Make a task; a form that is refused comes back as it was typed."""
    person, fields = auth.current(request), await panel.fields(request)
    region, database = request.app[keys.SETTINGS].site.region, request.app[keys.DATABASE]
    try:
        made = await database.run(_create, person, fields, region, task_forms.zone_of(request))
    except errors.Invalid as error:
        offered = await database.run(
            _offered, person.viewer, fields, region, search_too=error.field == "customer"
        )
        return _new(
            request, offered, fields, problems=task_forms.problem(request, error), status=422
        )
    await reminders.look_again(request, panel.number(fields.get("assignee", "")) or person.id)
    raise web.HTTPSeeOther(listed.link({}, said="made", task=str(made)))
