"""Keeping a list's filter as a view, and the page on which views are renamed, shared, deleted and chosen to open a list with."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from callcenter import errors, models
from callcenter.crm import views
from callcenter.db import utcnow
from web import auth, keys, panel, rendering, saved_views


def _list(request: web.Request) -> saved_views.List:
    found = saved_views.LISTS.get(request.match_info["list"])
    if found is None:
        raise errors.NotFound("no such list")
    return found


async def save(request: web.Request) -> web.StreamResponse:
    """Keep what a list shows under a name, and go back to it."""
    of, person = _list(request), auth.current(request)
    sent = await request.post()
    query = of.canonical(dict(parse_qsl(str(sent.get("query", ""))[: 3 * views.LONGEST_QUERY])))
    try:
        await request.app[keys.DATABASE].run(
            views.save, person.viewer, person.by, of=of.code, name=str(sent.get("name", ""))[:200],
            query=query, shared=str(sent.get("shared", "")), now=utcnow(),
        )  # fmt: skip
    except errors.Invalid as error:
        return await _page(request, of, problems=panel.problem(request, error), status=422)
    raise web.HTTPSeeOther(f"{of.path}?{query}{'&' if query else ''}said=saved")


async def _page(
    request: web.Request,
    of: saved_views.List,
    *,
    problems: Mapping[str, str] | None = None,
    wrong: int | None = None,
    status: int = 200,
) -> web.StreamResponse:
    person, texts = auth.current(request), auth.texts(request)
    database = request.app[keys.DATABASE]
    say = texts.translations.gettext
    shelf = await database.run(saved_views.read, person.viewer, of, {}, say)
    undo = panel.number(request.query.get("undo", ""))
    gone = await database.run(views.deleted, person.viewer, undo) if undo is not None else None
    return rendering.page(
        request, "saved_views.html", status=status, shelf=shelf, problems=problems or {},
        wrong=wrong, gone=gone, said=request.query.get("said", ""),
        may_share=person.role in views.SHARERS,
    )  # fmt: skip


async def show(request: web.Request) -> web.StreamResponse:
    """Show the views of a list."""
    return await _page(request, _list(request))


async def default(request: web.Request) -> web.StreamResponse:
    """Say with which view a list opens; none where the form names none that this person has."""
    of, person = _list(request), auth.current(request)
    code = (await panel.fields(request)).get("view", "")
    database = request.app[keys.DATABASE]
    shelf = await database.run(saved_views.read, person.viewer, of, {}, str)
    known = code if any(chip.code == code for chip in shelf.chips) else ""
    await database.run(views.set_default, person.id, of.code, known)
    raise web.HTTPSeeOther(f"/views/{of.code}?said=default")


async def change(request: web.Request) -> web.StreamResponse:
    """Rename a view, or share it otherwise."""
    person, key = auth.current(request), int(request.match_info["id"])
    fields = await panel.fields(request)
    database = request.app[keys.DATABASE]
    try:
        view: models.SavedView = await database.run(
            views.change, person.viewer, person.by, key, name=fields.get("name", ""),
            shared=fields.get("shared", ""),
        )  # fmt: skip
    except errors.Invalid as error:
        of = saved_views.LISTS[fields.get("list", "") if fields.get("list") in saved_views.LISTS else "calls"]  # fmt: skip
        problems = panel.problem(request, error)
        return await _page(request, of, problems=problems, wrong=key, status=422)
    raise web.HTTPSeeOther(f"/views/{view.list}?said=changed")


async def delete(request: web.Request) -> web.StreamResponse:
    """Delete a view; the page offers to bring it back."""
    person, key = auth.current(request), int(request.match_info["id"])
    view: models.SavedView = await request.app[keys.DATABASE].run(
        views.delete, person.viewer, person.by, key, utcnow()
    )
    raise web.HTTPSeeOther(f"/views/{view.list}?undo={key}")


async def restore(request: web.Request) -> web.StreamResponse:
    """Bring a deleted view back."""
    person, key = auth.current(request), int(request.match_info["id"])
    view: models.SavedView = await request.app[keys.DATABASE].run(
        views.restore, person.viewer, person.by, key
    )
    raise web.HTTPSeeOther(f"/views/{view.list}?said=restored")
