"""The settings' pages of what an exchange has: extensions with who sits there, and queues with how they are called and measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy import orm as sa_orm
from sqlalchemy import select

from callcenter import db, errors, models
from callcenter.crm import profiles, staff
from callcenter.telephony import discovery, roles
from web import auth, keys, panel
from web.views import settings_users


async def found(request: web.Request) -> tuple[discovery.Found, ...]:
    """Ask the exchanges what they have; nothing where none is listened to."""
    board = request.app[keys.SWITCHBOARD]
    return await discovery.look(board) if board is not None else ()


@dataclass(frozen=True, slots=True)
class Seated:
    """Who can sit and who does: users by id, open assignments by exchange and interface."""

    users: Sequence[models.User]
    seats: Sequence[models.ExtensionAssignment]

    def of(self, pbx: str, endpoint: discovery.Endpoint) -> models.ExtensionAssignment | None:
        """Give who sits at an endpoint."""
        for seat in self.seats:
            same = seat.interface == endpoint.interface or seat.extension == endpoint.name
            if seat.pbx in ("", pbx) and same:
                return seat
        return None

    def elsewhere(self, discovered: Sequence[discovery.Found]) -> list[models.ExtensionAssignment]:
        """Give the seats whose telephone no exchange shows."""
        shown = {seat.id for f in discovered for e in f.endpoints if (seat := self.of(f.pbx, e))}
        return [seat for seat in self.seats if seat.id not in shown]


def seated(session: sa_orm.Session) -> Seated:
    """Read who can sit and who does."""
    user, seat = models.User, models.ExtensionAssignment
    users = session.scalars(select(user).where(user.active).order_by(user.name)).all()
    seats = session.scalars(select(seat).where(seat.until.is_(None)).order_by(seat.extension)).all()
    return Seated(users, seats)


async def _extensions(
    request: web.Request, *, problems: Mapping[str, str] | None = None, status: int = 200
) -> web.Response:
    discovered = await found(request)
    people = await request.app[keys.DATABASE].run(seated)
    return panel.page(
        request, "extensions", status=status, found=discovered, seated=people, roles=roles,
        problems=problems or {}, names={user.id: user.name for user in people.users},
    )  # fmt: skip


async def extensions(request: web.Request) -> web.StreamResponse:
    """Show the telephones."""
    return await _extensions(request)


async def seat(request: web.Request) -> web.StreamResponse:
    """Seat somebody at a telephone, or nobody."""
    fields = await panel.fields(request)
    user_id = panel.number(fields.get("user", ""))
    leaves = panel.number(fields.get("leaves", ""))
    extension = fields.get("extension", "").strip()
    who = leaves if user_id is None else user_id
    if who is None:
        raise web.HTTPSeeOther("/settings/extensions")
    try:
        await request.app[keys.DATABASE].run(
            staff.seat, auth.current(request).by, who, extension=extension if user_id else "",
            pbx=fields.get("pbx", "").strip(),
            interface=settings_users.interface(request, fields), now=db.utcnow(),
        )  # fmt: skip
    except errors.Invalid as error:
        return await _extensions(request, problems=panel.problem(request, error), status=422)
    await panel.renew(request)
    raise web.HTTPSeeOther("/settings/extensions?said=saved")


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue: its profile, whether somebody described it, and whether the exchange has it."""

    profile: models.QueueProfile
    described: bool
    there: bool | None


def read_queues(
    session: sa_orm.Session, discovered: Sequence[discovery.Found]
) -> tuple[list[Queue], dict[int, str]]:
    """Read every queue that is described or that an exchange has, and the teams' names."""
    rows = {(p.pbx, p.queue): p for p in session.scalars(select(models.QueueProfile))}
    there = {(f.pbx, queue) for f in discovered for queue in f.queues}
    asked = {f.pbx for f in discovered if not f.problem}
    queues = []
    for key in sorted(rows.keys() | there):
        profile = rows.get(key) or profiles.blank(*key)
        known = (key in there) if key[0] in asked else None
        queues.append(Queue(profile, key in rows, known))
    teams = {team.id: team.name for team in settings_users.all_teams(session)}
    return queues, teams


async def queues(request: web.Request) -> web.StreamResponse:
    """Show the queues."""
    discovered = await found(request)
    listed, teams = await request.app[keys.DATABASE].run(read_queues, discovered)
    return panel.page(request, "queues", queues=listed, teams=teams, found=discovered)


def _named(request: web.Request) -> tuple[str, str]:
    return request.match_info["pbx"], request.match_info["queue"]


def _read_queue(
    session: sa_orm.Session, of: tuple[str, str]
) -> tuple[models.QueueProfile, bool, Sequence[models.Team]]:
    row = profiles.find(session, *of)
    return row or profiles.blank(*of), row is not None, settings_users.all_teams(session)


async def _queue(
    request: web.Request,
    *,
    values: Mapping[str, Any] | None = None,
    status: int = 200,
    **context: Any,
) -> web.Response:
    of = _named(request)
    profile, described, teams = await request.app[keys.DATABASE].run(_read_queue, of)
    if not described and not await _is_there(request, of):
        raise errors.NotFound("no such queue")
    if values is None:
        values = _queue_values(profile)
    return panel.page(
        request, "queue", status=status, profile=profile, values=values,
        teams=[(team.id, team.name) for team in teams],
        stamp=profiles.stamp(profile), words_only=auth.current(request).role != "admin", **context,
    )  # fmt: skip


async def _is_there(request: web.Request, of: tuple[str, str]) -> bool:
    return any(f.pbx == of[0] and of[1] in f.queues for f in await found(request))


def _queue_values(profile: models.QueueProfile) -> dict[str, Any]:
    values: dict[str, Any] = {f"label_{code}": text for code, text in profile.labels.items()}
    values |= {f"greeting_{code}": text for code, text in profile.greetings.items()}
    return {
        **values,
        "language": profile.language,
        "team": profile.team_id or "",
        "wrapup_seconds": profile.wrapup_seconds,
        "target_seconds": profile.target_seconds,
    }


async def show_queue(request: web.Request) -> web.StreamResponse:
    """Show a queue's form."""
    return await _queue(request)


async def save_queue(request: web.Request) -> web.StreamResponse:
    """Describe a queue; a manager changes its words alone."""
    of, fields = _named(request), await panel.fields(request)
    person = auth.current(request)
    if not await request.app[keys.DATABASE].run(_described, of) and not await _is_there(
        request, of
    ):
        raise errors.NotFound("no such queue")
    try:
        await request.app[keys.DATABASE].run(
            profiles.change, person.by, of, values=fields, seen=fields.get("stamp", ""),
            words_only=person.role != "admin",
        )  # fmt: skip
    except errors.Conflict:
        return await _queue(request, values=fields, conflict=True, status=409)
    except errors.Invalid as error:
        problems = panel.problem(request, error)
        return await _queue(request, values=fields, problems=problems, status=422)
    await panel.renew(request)
    raise web.HTTPSeeOther("/settings/queues?said=saved")


def _described(session: sa_orm.Session, of: tuple[str, str]) -> bool:
    return profiles.find(session, *of) is not None
