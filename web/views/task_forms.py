"""A task or a callback that is there: another time, another person; and a promised lead that is wanted on the desk now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import orm as sa_orm

from callcenter import errors, models
from callcenter.crm import reminding, tasklist, tasks, visibility
from callcenter.db import utcnow
from callcenter.outbound import promises
from web import auth, i18n, keys, panel, rendering
from web.views import reminders
from web.views import tasks as listed

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


def zone_of(request: web.Request) -> ZoneInfo:
    """Return the office's time zone."""
    return ZoneInfo(request.app[keys.SETTINGS].site.timezone)


def problem(request: web.Request, error: errors.Invalid) -> dict[str, str]:
    """Say what is wrong with which field, in the reader's language."""
    text = PROBLEMS.get((error.field, error.problem), panel.OTHERWISE)
    return {error.field: auth.texts(request).say(text)}


def _field_of(at: datetime | None, zone: ZoneInfo) -> str:
    """Return a time as a field holds it."""
    return f"{at.astimezone(zone):%Y-%m-%dT%H:%M}" if at else ""


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
    (item,) = tasklist.as_items(session, viewer, [row], asked)
    return _opened(session, viewer, item, tasks.stamp(row), done=row.done_at is not None)


def _lead(
    session: sa_orm.Session, viewer: visibility.Viewer, key: int, asked: tasklist.Wanted
) -> Opened:
    row = promises.get(session, viewer, key)
    (item,) = tasklist.as_promised(session, viewer, [row], asked)
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
        "due": _field_of(opened.item.due_at, zone_of(request)),
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
    before = await database.run(read, person.viewer, key, listed.wanted(request))
    try:
        now = utcnow()
        await database.run(
            change, person.by, person.viewer, key, due_at=due(fields, now, zone_of(request)),
            assignee_id=panel.number(fields.get("assignee", "")), seen=fields.get("seen", ""), now=now,
        )  # fmt: skip
    except errors.Conflict:
        return await _form(request, read, conflict=True, status=409)
    except errors.Invalid as error:
        said = problem(request, error)
        return await _form(request, read, fields=fields, problems=said, status=422)
    given = panel.number(fields.get("assignee", ""))
    await reminders.look_again(request, before.item.assignee_id, given)
    raise web.HTTPSeeOther(listed.link({}, said="kept"))


async def take(request: web.Request) -> web.StreamResponse:
    """Put one's own promised callback on one's desk now."""
    person, key = auth.current(request), int(request.match_info["id"])
    seconds = request.app[keys.SETTINGS].campaigns.lease_seconds
    await request.app[keys.DATABASE].run(_take, person.viewer, key, seconds)
    floor = request.app.get(keys.FLOOR)
    if floor is not None:
        floor.center.desk.lead_changed(person.id)
        await reminders.look_again(request, person.id)
    raise web.HTTPSeeOther("/desk")


def _take(session: sa_orm.Session, viewer: visibility.Viewer, key: int, seconds: int) -> None:
    now = utcnow()
    promises.take(session, viewer, key, seconds=seconds, now=now)
    reminding.deal_with(session, viewer.id, tasklist.LEAD, key, now)
