"""The people and their teams as an administrator keeps them: create, change, close, bring back, seat. Every change is in the audit.

An account is closed, never deleted: what somebody did stays theirs. Closing ends the sessions and frees the telephone; a call
that is running goes on, and its row keeps whose it was. Somebody always remains who can administer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import accounts, audit, passwords, second_step, stamps

LANGUAGES = ("he", "en", "ru")


@dataclass(frozen=True, slots=True)
class Teams:
    """In which teams somebody is, and which of them they lead."""

    member: frozenset[int] = frozenset()
    leads: frozenset[int] = frozenset()


def teams_of(session: Session, user_id: int) -> Teams:
    """Return the teams of a user."""
    m = models.Membership
    rows = session.execute(select(m.team_id, m.leads).where(m.user_id == user_id)).all()
    return Teams(
        frozenset(row.team_id for row in rows), frozenset(row.team_id for row in rows if row.leads)
    )


def stamp(session: Session, user: models.User) -> str:
    """Return the state of all that the form of a user changes."""
    teams = teams_of(session, user.id)
    return stamps.of(
        user.name, user.role, user.language, user.listens, user.active, sorted(teams.member),
        sorted(teams.leads),
    )  # fmt: skip


def create(
    session: Session,
    by: audit.By,
    *,
    login: str,
    password: str,
    values: Mapping[str, Any],
    teams: Teams,
    now: datetime,
) -> models.User:
    """Make an account with a first password."""
    passwords.check(password, login=login, name=str(values["name"]))
    user = accounts.create_user(
        session,
        login,
        values["name"],
        password=password,
        role=values["role"],
        language=values["language"],
        now=now,
    )
    user.listens = bool(values.get("listens")) and user.role == "admin"
    _set_teams(session, user.id, teams)
    audit.note(
        session, by, "user_created", ("user", user.id), {"login": user.login, "role": user.role}
    )
    return user  # fmt: skip


def change(
    session: Session,
    by: audit.By,
    user_id: int,
    *,
    values: Mapping[str, Any],
    teams: Teams,
    seen: str,
) -> models.User:
    """Change name, role, language, listening and teams; raise Conflict when `seen` is not the present state."""
    user = _locked(session, user_id)
    stamps.check(stamp(session, user), seen)
    if not str(values["name"]).strip() or len(values["name"]) > 100:
        raise errors.Invalid("name", "has 1 to 100 characters")
    if values["role"] not in models.ROLES:
        raise errors.Invalid("role", f"is one of {', '.join(models.ROLES)}")
    if values["language"] not in LANGUAGES:
        raise errors.Invalid("language", f"is one of {', '.join(LANGUAGES)}")
    if user.role == "admin" and values["role"] != "admin":
        _another_admin(session, user_id)
    before = _told(session, user)
    role = user.role
    user.name, user.role = values["name"].strip(), values["role"]
    user.language = values["language"]
    user.listens = bool(values.get("listens")) and user.role == "admin"
    _set_teams(session, user_id, teams)
    changed = audit.changes(before, _told(session, user))
    if changed:
        action = "user_changed" if role == user.role else "role_changed"
        audit.note(session, by, action, ("user", user_id), changed)
    return user


def close(session: Session, by: audit.By, user_id: int, *, now: datetime) -> list[str]:
    """Close an account and free its telephone; return the hashes of the sessions that ended."""
    user = _locked(session, user_id)
    if user_id == by.user_id:
        raise errors.Forbidden("nobody closes their own account")
    if user.role == "admin":
        _another_admin(session, user_id)
    user.active = False
    accounts.release_extension(session, user_id, now=now)
    ended = _end_sessions(session, user_id)
    audit.note(session, by, "user_closed", ("user", user_id), {"sessions": len(ended)})
    return ended


def reopen(session: Session, by: audit.By, user_id: int) -> None:
    """Open a closed account again; the password is the old one, the telephone is not given back."""
    user = _locked(session, user_id)
    user.active = True
    audit.note(session, by, "user_reopened", ("user", user_id))


def reset_password(session: Session, by: audit.By, user_id: int, password: str) -> list[str]:
    """Give an account another password; return the hashes of the sessions that ended."""
    ended = _end_sessions(session, user_id)
    accounts.set_password(session, user_id, password)
    audit.note(session, by, "password_reset", ("user", user_id))
    return ended


def reset_second_step(session: Session, by: audit.By, user_id: int) -> list[str]:
    """Let somebody who lost their authenticator in by the password alone; return the hashes of the sessions that ended."""
    second_step.turn_off(session, user_id)
    ended = _end_sessions(session, user_id)
    audit.note(session, by, "second_step_reset", ("user", user_id))
    return ended


def end_sessions(session: Session, by: audit.By, user_id: int) -> list[str]:
    """Sign somebody out everywhere; return the hashes of the sessions that ended."""
    ended = _end_sessions(session, user_id)
    audit.note(session, by, "sessions_ended", ("user", user_id), {"sessions": len(ended)})
    return ended


def seat(
    session: Session,
    by: audit.By,
    user_id: int,
    *,
    extension: str,
    pbx: str,
    interface: str,
    now: datetime,
) -> None:
    """Seat a user at a telephone from now on, or at none for an empty extension."""
    user = _locked(session, user_id)
    if not extension:
        left = [row.extension for row in _open_seats(session, user_id)]
        accounts.release_extension(session, user_id, now=now)
        audit.note(session, by, "seat_left", ("user", user_id), {"extension": ", ".join(left)})
        return
    if not user.active:
        raise errors.Invalid("extension", "the account is closed")
    accounts.release_extension(session, user_id, now=now)
    accounts.assign_extension(session, user_id, extension, now=now, interface=interface, pbx=pbx)
    audit.note(session, by, "seat_taken", ("user", user_id), {"extension": extension, "pbx": pbx})


def seats_of(session: Session, user_id: int) -> Sequence[models.ExtensionAssignment]:
    """Return where a user sat, the newest first."""
    row = models.ExtensionAssignment
    query = select(row).where(row.user_id == user_id).order_by(row.since.desc(), row.id.desc())
    return session.scalars(query.limit(50)).all()


def name_team(session: Session, by: audit.By, team_id: int | None, name: str) -> models.Team:
    """Make a team, or give one another name."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 100:
        raise errors.Invalid("name", "has 1 to 100 characters")
    other = session.scalar(select(models.Team).where(models.Team.name == name))
    if other is not None and other.id != team_id:
        raise errors.Invalid("name", "taken")
    if team_id is None:
        team = models.Team(name=name)
        session.add(team)
        session.flush()
        audit.note(session, by, "team_created", ("team", team.id), {"name": name})
        return team
    team = _team(session, team_id)
    if team.name != name:
        audit.note(session, by, "team_changed", ("team", team_id), {"name": [team.name, name]})
        team.name = name
    return team


def delete_team(session: Session, by: audit.By, team_id: int) -> str:
    """Delete a team that nobody and nothing belongs to; return its name. Raise Invalid while it is in use."""
    team = _team(session, team_id)
    uses = (models.Membership.team_id, models.QueueProfile.team_id, models.Party.team_id)
    used = sum(
        session.scalar(select(func.count()).where(column == team_id)) or 0 for column in uses
    )
    if used:
        raise errors.Invalid("team", "in_use")
    name = team.name
    session.delete(team)
    audit.note(session, by, "team_deleted", ("team", team_id), {"name": name})
    return name


def _team(session: Session, team_id: int) -> models.Team:
    team = session.get(models.Team, team_id, with_for_update=True)
    if team is None:
        raise errors.NotFound("no such team")
    return team


def _locked(session: Session, user_id: int) -> models.User:
    user = session.get(models.User, user_id, with_for_update=True)
    if user is None:
        raise errors.NotFound("no such user")
    return user


def _another_admin(session: Session, user_id: int) -> None:
    user = models.User
    others = select(user.id).where(user.role == "admin", user.active, user.id != user_id)
    if session.scalar(others.limit(1)) is None:
        raise errors.Invalid("role", "last_admin")


def _open_seats(session: Session, user_id: int) -> Sequence[models.ExtensionAssignment]:
    row = models.ExtensionAssignment
    return session.scalars(select(row).where(row.user_id == user_id, row.until.is_(None))).all()


def _set_teams(session: Session, user_id: int, teams: Teams) -> None:
    m = models.Membership
    wanted = teams.member | teams.leads
    known = set(session.scalars(select(models.Team.id).where(models.Team.id.in_(wanted))))
    if wanted - known:
        raise errors.Invalid("teams", "no such team")
    session.execute(delete(m).where(m.user_id == user_id))
    for team_id in sorted(wanted):
        session.add(m(team_id=team_id, user_id=user_id, leads=team_id in teams.leads))
    session.flush()


def _told(session: Session, user: models.User) -> dict[str, Any]:
    teams = teams_of(session, user.id)
    return {
        "name": user.name,
        "role": user.role,
        "language": user.language,
        "listens": user.listens,
        "teams": sorted(teams.member),
        "leads": sorted(teams.leads),
    }


def _end_sessions(session: Session, user_id: int) -> list[str]:
    row = models.WebSession
    found = list(session.scalars(select(row.key_hash).where(row.user_id == user_id)))
    session.execute(delete(row).where(row.key_hash.in_(found)))
    return found
