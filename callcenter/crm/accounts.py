"""Accounts: people, their passwords (argon2id) and the telephones at which they sit."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import passwords

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{0,59}")
hasher = PasswordHasher()  # at argon2-cffi's own cost, that of RFC 9106


@cache
def _nobody() -> str:
    """Return a hash to verify against where there is no account, so that both answers take as long."""
    return hasher.hash("nobody has this password")


def create_user(
    session: Session,
    login: str,
    name: str,
    *,
    now: datetime,
    password: str = "",
    password_hash: str = "",
    role: str = "agent",
    language: str = "he",
    team_ids: tuple[int, ...] = (),
    leads: bool = False,
) -> models.User:
    """Create an account with a password or the hash of one; `leads` makes them the leader of the teams."""
    login = login.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise errors.Invalid("login", "has letters a-z, digits, dots, dashes and @ only")
    if role not in models.ROLES:
        raise errors.Invalid("role", f"is one of {', '.join(models.ROLES)}")
    if language not in ("he", "en", "ru"):
        raise errors.Invalid("language", "is one of he, en, ru")
    if not name.strip() or len(name) > 100:
        raise errors.Invalid("name", "has 1 to 100 characters")
    if session.scalar(select(models.User.id).where(models.User.login == login)):
        raise errors.Conflict(f"there is an account {login} already")
    user = models.User(
        login=login,
        name=name.strip(),
        password_hash=password_hash or hash_password(password),
        role=role,
        language=language,
        created_at=now,
    )
    session.add(user)
    session.flush()
    for team_id in team_ids:
        session.add(models.Membership(team_id=team_id, user_id=user.id, leads=leads))
    session.flush()
    return user


def hash_password(password: str) -> str:
    """Return the argon2id hash; raise Invalid for a password that is too short or absurdly long."""
    if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
        raise errors.Invalid("password", f"has at least {passwords.SHORTEST} characters")
    return hasher.hash(password)


def set_password(session: Session, user_id: int, password: str) -> None:
    """Give an account another password, and sign it out everywhere."""
    user = session.get(models.User, user_id)
    if user is None:
        raise errors.NotFound("no such user")
    passwords.check(password, login=user.login, name=user.name)
    user.password_hash = hash_password(password)
    for row in session.scalars(
        select(models.WebSession).where(models.WebSession.user_id == user_id)
    ):
        session.delete(row)


def sign_in(session: Session, login: str, password: str) -> models.User | None:
    """Return the active account with this login and password, or None; takes as long for both.

    Takes some 50 ms of processor by design: call it on a thread. A hash made with older parameters is renewed.
    """
    user = session.scalar(
        select(models.User).where(models.User.login == login.strip().lower()[:60])
    )
    right = fits(user.password_hash if user else _nobody(), password[: passwords.LONGEST])
    if user is None or not right or not user.active:
        return None
    if hasher.check_needs_rehash(user.password_hash):
        user.password_hash = hasher.hash(password)
    return user


def by_login(session: Session, login: str) -> models.User:
    """Return an account by its login; raise NotFound."""
    user = session.scalar(select(models.User).where(models.User.login == login.strip().lower()))
    if user is None:
        raise errors.NotFound(f"there is no account {login}")
    return user


def fits(password_hash: str, password: str) -> bool:
    """Say whether the password is the one that was hashed."""
    try:
        return hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def assign_extension(
    session: Session,
    user_id: int,
    extension: str,
    *,
    now: datetime,
    interface: str = "",
    pbx: str = "",
) -> models.ExtensionAssignment:
    """Seat a user at a telephone from now on; whoever sat there, and where they sat before, ends now.

    `interface` is how queues name the telephone (PJSIP/1001, which is the default); an empty `pbx` means any exchange.
    """
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", extension):
        raise errors.Invalid("extension", "has letters, digits, dots and dashes only")
    if session.get(models.User, user_id) is None:
        raise errors.NotFound("no such user")
    seat = models.ExtensionAssignment
    for row in session.scalars(
        select(seat).where(
            seat.pbx == pbx,
            seat.until.is_(None),
            or_(seat.extension == extension, seat.user_id == user_id),
        )
    ):
        row.until = now
    made = seat(
        pbx=pbx,
        extension=extension,
        interface=interface or f"PJSIP/{extension}",
        user_id=user_id,
        since=now,
    )
    session.add(made)
    session.flush()
    return made


def release_extension(session: Session, user_id: int, *, now: datetime) -> int:
    """End whatever the user sits at; return how many telephones that were."""
    seat = models.ExtensionAssignment
    rows = session.scalars(select(seat).where(seat.user_id == user_id, seat.until.is_(None))).all()
    for row in rows:
        row.until = now
    return len(rows)


def interface_users(session: Session) -> dict[tuple[str, str], int]:
    """Return who sits where now: (pbx, interface) -> user; an empty pbx stands for any exchange."""
    seat = models.ExtensionAssignment
    rows = session.execute(
        select(seat.pbx, seat.interface, seat.user_id)
        .join(models.User, models.User.id == seat.user_id)
        .where(seat.until.is_(None), models.User.active)
        .order_by(seat.id)
    )
    return {(row.pbx, row.interface): row.user_id for row in rows}


def seat_of(session: Session, user_id: int) -> models.ExtensionAssignment | None:
    """Return the telephone at which a user sits now."""
    seat = models.ExtensionAssignment
    return session.scalar(
        select(seat)
        .where(seat.user_id == user_id, seat.until.is_(None))
        .order_by(seat.id.desc())
        .limit(1)
    )
