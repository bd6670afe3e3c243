"""The settings' page of teams, and the one of our own numbers: short lists that are added to and taken from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy import orm as sa_orm

from callcenter import errors, models
from callcenter.crm import profiles, staff
from web import auth, keys, panel


def read_teams(session: sa_orm.Session) -> list[dict[str, Any]]:
    """Read every team with its people, who leads it and how many queues it has."""
    member, user = models.Membership, models.User
    rows = session.execute(
        select(member.team_id, member.leads, user.id, user.name)
        .join(user, user.id == member.user_id)
        .where(user.active)
        .order_by(member.leads.desc(), user.name)
    ).all()
    queue = models.QueueProfile
    counted = select(queue.team_id, func.count()).group_by(queue.team_id)
    queues = {team_id: count for team_id, count in session.execute(counted)}
    teams = session.scalars(select(models.Team).order_by(models.Team.name))
    return [
        {
            "team": team,
            "people": [row for row in rows if row.team_id == team.id],
            "queues": queues.get(team.id, 0),
        }
        for team in teams
    ]


async def teams(
    request: web.Request, *, problems: Mapping[str, str] | None = None, status: int = 200
) -> web.Response:
    """Show the teams."""
    listed = await request.app[keys.DATABASE].run(read_teams)
    removed = request.query.get("name", "")[:100]
    return panel.page(
        request, "teams", status=status, listed=listed, problems=problems or {}, removed=removed
    )


async def show_teams(request: web.Request) -> web.StreamResponse:
    """Show the page."""
    return await teams(request)


async def save_team(request: web.Request) -> web.StreamResponse:
    """Make a team, or give one another name."""
    fields = await panel.fields(request)
    key = panel.number(fields.get("id", ""))
    by = auth.current(request).by
    try:
        await request.app[keys.DATABASE].run(staff.name_team, by, key, fields.get("name", ""))
    except errors.Invalid as error:
        where = f"name_{key}" if key else "name"
        problems = {where: next(iter(panel.problem(request, error).values()))}
        return await teams(request, problems=problems, status=422)
    raise web.HTTPSeeOther("/settings/teams?said=saved")


async def delete_team(request: web.Request) -> web.StreamResponse:
    """Delete a team that is in no use; the page offers to make it again."""
    key = int(request.match_info["id"])
    try:
        name = await request.app[keys.DATABASE].run(
            staff.delete_team, auth.current(request).by, key
        )
    except errors.Invalid as error:
        return await teams(request, problems=panel.problem(request, error), status=422)
    raise web.HTTPSeeOther(str(request.url.with_path("/settings/teams").with_query(said="removed", name=name).relative()))  # fmt: skip


async def numbers(
    request: web.Request, *, problems: Mapping[str, str] | None = None, typed: str = "",
    status: int = 200,
) -> web.Response:  # fmt: skip
    """Show our own numbers."""
    listed: Sequence[models.OwnNumber] = await request.app[keys.DATABASE].run(profiles.own_numbers)
    removed = {name: request.query.get(name, "")[:100] for name in ("number", "label")}
    return panel.page(
        request, "numbers", status=status, listed=listed, problems=problems or {}, typed=typed,
        removed=removed,
    )  # fmt: skip


async def show_numbers(request: web.Request) -> web.StreamResponse:
    """Show the page."""
    return await numbers(request)


async def add_number(request: web.Request) -> web.StreamResponse:
    """Take a number for one of our own."""
    fields = await panel.fields(request)
    typed = fields.get("number", "").strip()[:60]
    region = request.app[keys.SETTINGS].site.region
    try:
        await request.app[keys.DATABASE].run(
            profiles.add_number, auth.current(request).by, typed, fields.get("label", ""),
            region=region,
        )  # fmt: skip
    except errors.Invalid as error:
        problems = panel.problem(request, error)
        return await numbers(request, problems=problems, typed=typed, status=422)
    await panel.renew(request)
    raise web.HTTPSeeOther("/settings/numbers?said=saved")


async def remove_number(request: web.Request) -> web.StreamResponse:
    """Take a number for one of our own no more; the page offers to put it back."""
    key, by = int(request.match_info["id"]), auth.current(request).by
    row = await request.app[keys.DATABASE].run(profiles.remove_number, by, key)
    await panel.renew(request)
    query = {"said": "removed", "number": row.e164, "label": row.label}
    raise web.HTTPSeeOther(str(request.url.with_path("/settings/numbers").with_query(query).relative()))  # fmt: skip
