"""The list of tasks and callbacks: what is overdue, today's, later; done with one key, and taken back with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import audit, paging, tasklist, tasks, visibility
from callcenter.db import utcnow
from web import auth, keys, lookups, panel, rendering
from web.views import reminders


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list, how many there are in each lane, and who is meant by `who`."""

    page: paging.Page[tasklist.Item]
    counts: dict[str, int]
    people: dict[int, str]
    names: dict[int, str]
    said: models.Task | None


def wanted(request: web.Request, user_id: int | None = None, lane: str = "") -> tasklist.Wanted:
    """Ask for the tasks of a day that ends at the office's midnight."""
    end = rendering.fmt(request).midnight() + timedelta(days=1)  # by the office's clock
    return tasklist.Wanted(utcnow(), end, user_id=user_id, lane=lane)


def _read(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    asked: tasklist.Wanted,
    *,
    after: str,
    said: int | None,
) -> Listed:
    page = tasklist.page(session, viewer, asked, after=after)
    told = session.get(models.Task, said) if said is not None else None
    if told is not None and not tasks.may_change(session, viewer, told.assignee_id):
        told = None
    return Listed(
        page=page,
        counts=tasklist.counts(session, viewer, asked),
        people=lookups.colleagues(session, viewer),
        names=lookups.people(session, (item.assignee_id for item in page.items)),
        said=told,
    )


def chosen(values: Mapping[str, str]) -> dict[str, str]:
    """Return what of an address or a form says which part of the list is shown, without what cannot be."""
    who, lane = values.get("who", ""), values.get("lane", "")
    return {
        "who": who if panel.number(who) is not None else "",
        "lane": lane if lane in tasklist.LANES else "",
    }


def link(values: Mapping[str, str], **changes: str) -> str:
    """Return the address of the list."""
    kept = {name: value for name, value in {**values, **changes}.items() if value}
    return f"/tasks?{urlencode(kept)}" if kept else "/tasks"


async def listing(request: web.Request) -> web.StreamResponse:
    """Show the list."""
    person = auth.current(request)
    values = chosen(request.query)
    asked = wanted(request, panel.number(values["who"]), values["lane"])
    after = request.query.get("after", "")
    said = request.query.get("said", "")
    listed = await request.app[keys.DATABASE].run(
        _read, person.viewer, asked, after=after, said=panel.number(request.query.get("task", ""))
    )
    return rendering.page(
        request,
        "tasks/list.html",
        listed=listed,
        chosen=values,
        total=sum(listed.counts.values()),
        said=said if said in ("done", "open", "kept", "made") else "",
        tabs={lane: link(values, lane=lane) for lane in ("", *tasklist.LANES)},
        cleared=link({}),
        after=after,
        first=link(values) if after else "",
        older=link(values, after=listed.page.next) if listed.page.next else "",
    )


async def done(request: web.Request) -> web.StreamResponse:
    """Take a task as done."""
    return await _settled(request, is_done=True)


async def undo(request: web.Request) -> web.StreamResponse:
    """Take back that a task is done."""
    return await _settled(request, is_done=False)


async def _settled(request: web.Request, *, is_done: bool) -> web.StreamResponse:
    person, task_id = auth.current(request), int(request.match_info["id"])
    fields = await panel.fields(request)
    owner = await request.app[keys.DATABASE].run(_settle, person, task_id, is_done)
    await reminders.look_again(request, owner)
    changes = {"said": "done" if is_done else "open", "task": str(task_id)}
    raise web.HTTPSeeOther(link(chosen(fields), after=place(fields), **changes))


def place(values: Mapping[str, str]) -> str:
    """Return a page of the list as a form names it, if it is one."""
    text = values.get("after", "")
    return text if all(c.isascii() and (c.isalnum() or c == ".") for c in text) else ""


def _settle(
    session: sa_orm.Session, person: auth.Person, task_id: int, is_done: bool
) -> int | None:
    by: audit.By = person.by
    if is_done:
        tasks.done(session, by, person.viewer, task_id, now=utcnow())
    else:
        tasks.undone(session, by, person.viewer, task_id)
    return session.get_one(models.Task, task_id).assignee_id
