"""The settings' pages of users: list, create, change, close, bring back, seat, and let in again who cannot get in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy import orm as sa_orm
from sqlalchemy import select

from callcenter import db, errors, models
from callcenter.crm import agents, staff
from web import auth, keys, panel, sessions
from web.views import account_security

BLANK: dict[str, Any] = {"login": "", "name": "", "role": "agent", "language": "", "listens": False}
_PASSWORD = frozenset(account_security.PROBLEMS)


@dataclass(frozen=True, slots=True)
class Listed:
    """The people, their telephones and teams."""

    users: Sequence[models.User]
    seats: Mapping[int, models.ExtensionAssignment]
    teams: Mapping[int, Sequence[str]]


def read_list(session: sa_orm.Session) -> Listed:
    """Read everybody, those who may sign in first."""
    user, seat, member = models.User, models.ExtensionAssignment, models.Membership
    people = session.scalars(select(user).order_by(user.active.desc(), user.name)).all()
    seats = {row.user_id: row for row in session.scalars(select(seat).where(seat.until.is_(None)))}
    teams: dict[int, list[str]] = {}
    rows = session.execute(
        select(member.user_id, models.Team.name)
        .join(models.Team, models.Team.id == member.team_id)
        .order_by(models.Team.name)
    )
    for user_id, name in rows:
        teams.setdefault(user_id, []).append(name)
    return Listed(people, seats, teams)


async def listing(request: web.Request) -> web.StreamResponse:
    """Show everybody."""
    listed = await request.app[keys.DATABASE].run(read_list)
    return panel.page(request, "users", listed=listed)


@dataclass(frozen=True, slots=True)
class Shown:
    """One person as the page shows them."""

    user: models.User
    seats: Sequence[models.ExtensionAssignment]
    sessions: int
    stamp: str
    teams: staff.Teams


def read_one(session: sa_orm.Session, user_id: int) -> Shown:
    """Read a person."""
    user = session.get(models.User, user_id)
    if user is None:
        raise errors.NotFound("no such user")
    alive = sessions.of_user(session, user_id, db.utcnow())
    return Shown(
        user,
        staff.seats_of(session, user_id),
        len(alive),
        staff.stamp(session, user),
        staff.teams_of(session, user_id),
    )


def all_teams(session: sa_orm.Session) -> Sequence[models.Team]:
    """Read every team."""
    return session.scalars(select(models.Team).order_by(models.Team.name)).all()


async def _page(
    request: web.Request,
    user_id: int | None,
    *,
    values: Mapping[str, Any] | None = None,
    teams: staff.Teams | None = None,
    status: int = 200,
    **context: Any,
) -> web.Response:
    database = request.app[keys.DATABASE]
    shown = await database.run(read_one, user_id) if user_id is not None else None
    if values is None and shown is not None:
        values = {name: getattr(shown.user, name) for name in BLANK}
    return panel.page(
        request,
        "user",
        status=status,
        shown=shown,
        user=shown.user if shown else None,
        values={**BLANK, "language": request.app[keys.SETTINGS].site.language, **(values or {})},
        teams=await database.run(all_teams),
        chosen=teams or (shown.teams if shown else staff.Teams()),
        exchanges=[(pbx.name, pbx.name) for pbx in request.app[keys.SETTINGS].pbx],
        **context,
    )


async def blank(request: web.Request) -> web.StreamResponse:
    """Show the form of a new account."""
    return await _page(request, None)


async def show(request: web.Request) -> web.StreamResponse:
    """Show a person."""
    return await _page(request, int(request.match_info["id"]))


def _typed(fields: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: fields.get(name, "").strip() for name in ("name", "role", "language")
    }
    return {**values, "listens": fields.get("listens") == "1"}


def chosen_teams(fields: Mapping[str, str]) -> staff.Teams:
    """Return the teams of a form, whose fields are named `team_7` and hold `member` or `leads`."""
    found: dict[str, set[int]] = {"member": set(), "leads": set()}
    for name, value in fields.items():
        key = panel.number(name.removeprefix("team_")) if name.startswith("team_") else None
        if key is not None and value in found:
            found[value].add(key)
    return staff.Teams(frozenset(found["member"] | found["leads"]), frozenset(found["leads"]))


def _problem(request: web.Request, error: errors.Invalid) -> dict[str, str]:
    if error.problem in _PASSWORD:
        return {"password": account_security.password_problem(auth.texts(request), error)}
    return panel.problem(request, error)


async def create(request: web.Request) -> web.StreamResponse:
    """Make an account."""
    fields = await panel.fields(request)
    values, teams = _typed(fields), chosen_teams(fields)
    login = fields.get("login", "").strip()
    try:
        made = await request.app[keys.DATABASE].run(
            staff.create, auth.current(request).by, login=login,
            password=fields.get("password", ""), values=values, teams=teams, now=db.utcnow(),
        )  # fmt: skip
    except errors.Conflict:
        taken = {"login": auth.texts(request).say(panel.PROBLEMS["taken"])}
        typed = {**values, "login": login}
        return await _page(request, None, values=typed, teams=teams, problems=taken, status=422)
    except errors.Invalid as error:
        typed = {**values, "login": login}
        return await _page(
            request, None, values=typed, teams=teams, problems=_problem(request, error), status=422
        )
    await panel.renew(request)
    raise web.HTTPSeeOther(f"/settings/users/{made.id}?said=saved")


async def save(request: web.Request) -> web.StreamResponse:
    """Change a person; a new role or team counts from the next request, and their live connection is opened anew."""
    user_id = int(request.match_info["id"])
    fields = await panel.fields(request)
    values, teams = _typed(fields), chosen_teams(fields)
    try:
        await request.app[keys.DATABASE].run(
            staff.change, auth.current(request).by, user_id, values=values, teams=teams,
            seen=fields.get("stamp", ""),
        )  # fmt: skip
    except errors.Conflict:
        return await _page(request, user_id, values=values, teams=teams, conflict=True, status=409)
    except errors.Invalid as error:
        problems = panel.problem(request, error)
        return await _page(
            request, user_id, values=values, teams=teams, problems=problems, status=422
        )
    await panel.renew(request)
    raise web.HTTPSeeOther(f"/settings/users/{user_id}?said=saved")


async def close(request: web.Request) -> web.StreamResponse:
    """Close an account: no queue call comes any more, a running one goes on, and its browsers are signed out."""
    user_id = int(request.match_info["id"])
    by, now = auth.current(request).by, db.utcnow()
    try:
        ended = await request.app[keys.DATABASE].run(staff.close, by, user_id, now=now)
    except errors.Invalid as error:
        problems = panel.problem(request, error)
        return await _page(request, user_id, problems=problems, status=422)
    floor = request.app.get(keys.FLOOR)
    if floor is not None:
        # Before the seat is forgotten: the exchange is told over it that no queue call may come.
        floor.center.agents.declare(user_id, agents.State.OFFLINE, "", now.timestamp())
    await _leave(request, user_id, ended)
    raise web.HTTPSeeOther(f"/settings/users/{user_id}?said=closed")


async def reopen(request: web.Request) -> web.StreamResponse:
    """Open a closed account again."""
    user_id = int(request.match_info["id"])
    await request.app[keys.DATABASE].run(staff.reopen, auth.current(request).by, user_id)
    await panel.renew(request)
    raise web.HTTPSeeOther(f"/settings/users/{user_id}?said=reopened")


async def reset(request: web.Request) -> web.StreamResponse:
    """Give another password, take the second step away, or sign out everywhere."""
    user_id = int(request.match_info["id"])
    fields = await panel.fields(request)
    database, by, what = request.app[keys.DATABASE], auth.current(request).by, fields.get("what")
    try:
        if what == "password":
            password = fields.get("password", "")
            ended = await database.run(staff.reset_password, by, user_id, password)
        elif what == "second_step":
            ended = await database.run(staff.reset_second_step, by, user_id)
        elif what == "sessions":
            ended = await database.run(staff.end_sessions, by, user_id)
        else:
            raise errors.Invalid("what", "is one of password, second_step, sessions")
    except errors.Invalid as error:
        problems = _problem(request, error)
        return await _page(request, user_id, problems=problems, status=422)
    await _leave(request, user_id, ended)
    said = {"second_step": "reset", "sessions": "sessions"}.get(str(what), "saved")
    raise web.HTTPSeeOther(f"/settings/users/{user_id}?said={said}")


async def seat(request: web.Request) -> web.StreamResponse:
    """Seat somebody at a telephone from now on, or at none."""
    user_id = int(request.match_info["id"])
    fields = await panel.fields(request)
    try:
        await request.app[keys.DATABASE].run(
            staff.seat, auth.current(request).by, user_id,
            extension=fields.get("extension", "").strip(), pbx=fields.get("pbx", "").strip(),
            interface=interface(request, fields), now=db.utcnow(),
        )  # fmt: skip
    except errors.Invalid as error:
        problems = panel.problem(request, error)
        return await _page(request, user_id, problems=problems, status=422)
    await panel.renew(request)
    raise web.HTTPSeeOther(f"/settings/users/{user_id}?said=saved")


def interface(request: web.Request, fields: Mapping[str, str]) -> str:
    """Name the telephone as queues do: as given, else by the exchange's technology."""
    given, extension = fields.get("interface", "").strip(), fields.get("extension", "").strip()
    if given:
        return given[:80] if given.isprintable() else ""
    technology = next(
        (p.phone_technology for p in request.app[keys.SETTINGS].pbx if p.name == fields.get("pbx")),
        "PJSIP",
    )
    return f"{technology}/{extension}"


async def _leave(request: web.Request, user_id: int, ended: Iterable[str]) -> None:
    """Let the live side know that somebody was signed out, and is perhaps gone."""
    await panel.renew(request)
    await auth.ended(request, ended)
