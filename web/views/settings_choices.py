"""The settings' pages of outcomes and of reasons of a pause: the same list, with other fields. Archived, never deleted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy import orm as sa_orm

from callcenter import errors, models
from callcenter.crm import choices
from web import auth, keys, panel

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the two lists."""

    model: Any
    path: str
    used_by: Any  # the column that names a row by id or by code
    by_code: bool = False


OUTCOMES = Kind(models.Outcome, "/settings/outcomes", models.Call.outcome_id)
REASONS = Kind(models.PauseReason, "/settings/reasons", models.AgentState.reason, by_code=True)


@dataclass(frozen=True, slots=True)
class Row:
    """A choice, how often it was chosen, and the state that its form is made from."""

    row: Any
    used: int
    stamp: str


def read(session: sa_orm.Session, kind: Kind) -> Sequence[Row]:
    """Read the list."""
    counted = select(kind.used_by, func.count()).where(kind.used_by.is_not(None))
    used = {key: count for key, count in session.execute(counted.group_by(kind.used_by))}
    return [
        Row(row, used.get(row.code if kind.by_code else row.id, 0), choices.stamp(row))
        for row in choices.every(session, kind.model)
    ]


async def _page(
    request: web.Request,
    kind: Kind,
    *,
    editing: int | None = None,
    values: Mapping[str, Any] | None = None,
    status: int = 200,
    **context: Any,
) -> web.Response:
    """Show the list with one form: of the row that is edited, else of a new one."""
    rows = await request.app[keys.DATABASE].run(read, kind)
    edited = next((row for row in rows if row.row.id == editing), None)
    if editing is not None and edited is None:
        raise errors.NotFound("no such choice")
    if values is None:
        values = _values(edited.row) if edited else {}
    return panel.page(
        request, "choices", status=status, rows=rows, edited=edited, values=values, kind=kind,
        outcomes=kind is OUTCOMES, **context,
    )  # fmt: skip


def _values(row: Any) -> dict[str, Any]:
    found = {f"label_{code}": text for code, text in row.labels.items()}
    for name in ("digit", "success", "callback", "allowed_minutes"):
        value = getattr(row, name, None)
        found[name] = "" if value is None else value
    return found


def show(kind: Kind) -> Handler:
    """Make the page of a list; `?edit=7` opens a row."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return await _page(request, kind, editing=panel.number(request.query.get("edit", "")))

    return handler


def save(kind: Kind) -> Handler:
    """Make what takes a new or a changed row."""

    async def handler(request: web.Request) -> web.StreamResponse:
        fields = await panel.fields(request)
        key, by = panel.number(fields.get("id", "")), auth.current(request).by
        database = request.app[keys.DATABASE]
        try:
            if key is None:
                await database.run(choices.create, by, kind.model, fields)
            else:
                seen = fields.get("stamp", "")
                await database.run(choices.change, by, kind.model, key, values=fields, seen=seen)
        except errors.Conflict:
            return await _page(request, kind, editing=key, values=fields, conflict=True, status=409)
        except errors.Invalid as error:
            problems = panel.problem(request, error)
            return await _page(
                request, kind, editing=key, values=fields, problems=problems, status=422
            )
        await panel.renew(request)
        raise web.HTTPSeeOther(f"{kind.path}?said=saved")

    return handler


def archive(kind: Kind) -> Handler:
    """Make what archives a row, or offers it again; the page after it offers to undo."""

    async def handler(request: web.Request) -> web.StreamResponse:
        key, by = int(request.match_info["id"]), auth.current(request).by
        archived = (await panel.fields(request)).get("archived") == "1"
        await request.app[keys.DATABASE].run(
            choices.archive, by, kind.model, key, archived=archived
        )
        await panel.renew(request)
        said = "archived" if archived else "restored"
        raise web.HTTPSeeOther(f"{kind.path}?said={said}&undo={key if archived else ''}")

    return handler


def order(kind: Kind) -> Handler:
    """Make what takes the whole order, as ids with commas between."""

    async def handler(request: web.Request) -> web.StreamResponse:
        sent = (await panel.fields(request)).get("order", "")
        ids = [panel.number(part) for part in sent.split(",")]
        if None in ids:
            raise errors.Invalid("order", "is a list of ids")
        wanted = [key for key in ids if key is not None]
        by = auth.current(request).by
        await request.app[keys.DATABASE].run(choices.order, by, kind.model, wanted)
        await panel.renew(request)
        raise web.HTTPSeeOther(f"{kind.path}?said=saved")

    return handler
