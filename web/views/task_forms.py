"""The forms of tasks and callbacks: a new one, another time, another person; and a promised lead that is wanted on the desk now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import orm as sa_orm

from callcenter import errors, models
from callcenter.crm import search, tasklist, tasks, visibility
from callcenter.db import utcnow
from callcenter.outbound import promises
from web import auth, i18n, keys, panel, rendering
from web.views import tasks as listed

MOST_FOUND = 8
MORNING = 10
PICKS = ("hour", "tomorrow", "week")
PROBLEMS: Mapping[tuple[str, str], str] = {
    ("title", "missing"): i18n.N_("Say what is to be done"),
    ("title", "too_long"): i18n.N_("This is too long"),
    ("due", "missing"): i18n.N_("A callback needs a time"),
    ("due", "past"): i18n.N_("This time has passed"),
    ("due", "wrong"): i18n.N_("This is not a date and a time"),
    ("customer", "missing"): i18n.N_("A callback needs a customer"),
    ("customer", "nobody"): i18n.N_("Nobody is found by this name or number"),
    ("customer", "several"): i18n.N_("Several customers are meant: choose one"),
    ("assignee", "nobody"): i18n.N_("It cannot be handed to this person"),
    ("assignee", "cannot_see"): i18n.N_("This person may not see the customer"),
    ("assignee", "other_team"): i18n.N_("This person does not work on the campaign"),
}


def picked(pick: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Return a quick time: in an hour, tomorrow morning, or in a week."""
    if pick == "hour":
        return now.replace(second=0, microsecond=0) + timedelta(minutes=60 + -now.minute % 5)
    day = now.astimezone(zone).date() + timedelta(days=1 if pick == "tomorrow" else 7)
    return datetime(day.year, day.month, day.day, MORNING, tzinfo=zone).astimezone(UTC)


def due(fields: Mapping[str, str], now: datetime, zone: ZoneInfo) -> datetime | None:
    """Read when something is due: a quick time, or a date and a time of the office's clock."""
    if fields.get("pick") in PICKS:
        return picked(fields["pick"], now, zone)
    text = fields.get("due", "").strip()
    if not text:
        return None
    try:
        return datetime.fromisoformat(text[:16]).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise errors.Invalid("due", "wrong") from None


def _zone(request: web.Request) -> ZoneInfo:
    return ZoneInfo(request.app[keys.SETTINGS].site.timezone)


def _problem(request: web.Request, error: errors.Invalid) -> dict[str, str]:
    text = PROBLEMS.get((error.field, error.problem), panel.OTHERWISE)
    return {error.field: auth.texts(request).say(text)}


def _field_of(at: datetime | None, zone: ZoneInfo) -> str:
    """Return a time as a field holds it."""
    return f"{at.astimezone(zone):%Y-%m-%dT%H:%M}" if at else ""


# ---- a new one


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
        due_at=due(fields, now, zone),
        assignee_id=person.id if assignee is None else assignee,
        party_id=offered.party.id if offered.party else None,
    )
    return tasks.make(session, person.by, person.viewer, draft, now=now).id


async def create(request: web.Request) -> web.StreamResponse:
    """Make a task; a form that is refused comes back as it was typed."""
    person, fields = auth.current(request), await panel.fields(request)
    region, database = request.app[keys.SETTINGS].site.region, request.app[keys.DATABASE]
    try:
        made = await database.run(_create, person, fields, region, _zone(request))
    except errors.Invalid as error:
        offered = await database.run(
            _offered, person.viewer, fields, region, search_too=error.field == "customer"
        )
        return _new(request, offered, fields, problems=_problem(request, error), status=422)
    raise web.HTTPSeeOther(listed.link({}, said="made", task=str(made)))


# ---- one that is there


@dataclass(frozen=True, slots=True)
class Opened:
    """One item with the state that its form is made from."""

    item: tasklist.Item
    people: dict[int, str]
    seen: str
    done: bool


def _task(
    session: sa_orm.Session, viewer: visibility.Viewer, key: int, asked: tasklist.Wanted
) -> Opened:
    row = tasks.get(session, viewer, key)
    item = tasklist.task_item(session, viewer, row, asked)
    return _opened(session, viewer, item, tasks.stamp(row), done=row.done_at is not None)


def _lead(
    session: sa_orm.Session, viewer: visibility.Viewer, key: int, asked: tasklist.Wanted
) -> Opened:
    row = promises.get(session, viewer, key)
    item = tasklist.lead_item(session, viewer, row, asked)
    return _opened(session, viewer, item, promises.stamp(row))


def _opened(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    item: tasklist.Item,
    seen: str,
    *,
    done: bool = False,
) -> Opened:
    people = tasks.receivers(session, viewer)
    if item.assignee_id is not None and item.assignee_id not in people:
        owner = session.get_one(models.User, item.assignee_id)
        people = {owner.id: owner.name, **people}
    return Opened(item, people, seen, done)


async def show(request: web.Request) -> web.StreamResponse:
    """Show a task with what can be changed."""
    return await _form(request, _task)


async def show_lead(request: web.Request) -> web.StreamResponse:
    """Show a promised callback with what can be changed."""
    return await _form(request, _lead)


async def _form(
    request: web.Request,
    read: Any,
    *,
    fields: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    conflict: bool = False,
    status: int = 200,
) -> web.Response:
    person, key = auth.current(request), int(request.match_info["id"])
    opened: Opened = await request.app[keys.DATABASE].run(
        read, person.viewer, key, listed.wanted(request)
    )
    values = {
        "due": _field_of(opened.item.due_at, _zone(request)),
        "assignee": str(opened.item.assignee_id or ""),
        **({} if conflict else fields or {}),
    }
    return rendering.page(
        request,
        "tasks/show.html",
        status=status,
        opened=opened,
        item=opened.item,
        values=values,
        problems=problems or {},
        conflict=conflict,
    )


async def save(request: web.Request) -> web.StreamResponse:
    """Move a task, or hand it over."""
    return await _save(request, tasks.change, _task)


async def save_lead(request: web.Request) -> web.StreamResponse:
    """Promise a lead's callback for another time, or hand it over."""
    return await _save(request, promises.change, _lead)


async def _save(request: web.Request, change: Any, read: Any) -> web.StreamResponse:
    person, fields = auth.current(request), await panel.fields(request)
    key, database = int(request.match_info["id"]), request.app[keys.DATABASE]
    await database.run(read, person.viewer, key, listed.wanted(request))  # there, and theirs
    try:
        now = utcnow()
        await database.run(
            change, person.by, person.viewer, key, due_at=due(fields, now, _zone(request)),
            assignee_id=panel.number(fields.get("assignee", "")), seen=fields.get("seen", ""), now=now,
        )  # fmt: skip
    except errors.Conflict:
        return await _form(request, read, conflict=True, status=409)
    except errors.Invalid as error:
        problems = _problem(request, error)
        return await _form(request, read, fields=fields, problems=problems, status=422)
    raise web.HTTPSeeOther(listed.link({}, said="kept"))


async def take(request: web.Request) -> web.StreamResponse:
    """Put one's own promised callback on one's desk now."""
    seconds = request.app[keys.SETTINGS].campaigns.lease_seconds
    await request.app[keys.DATABASE].run(
        promises.take, auth.current(request).viewer, int(request.match_info["id"]), seconds=seconds, now=utcnow(),
    )  # fmt: skip
    floor = request.app.get(keys.FLOOR)
    if floor is not None:
        floor.center.desk.lead_changed(auth.current(request).id)
    raise web.HTTPSeeOther("/desk")
