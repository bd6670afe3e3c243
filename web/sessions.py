"""Sessions kept on our side: the browser holds a random key, `web_session` its hash.

Deleting the row signs the browser out at once. A session ends after twelve hours without use and after a week at
the latest. The row's `seen_at` moves once a minute at most, so that a page does not cost a write.
"""

from __future__ import annotations

import hashlib
import secrets
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp_session import AbstractStorage, Session, SessionData
from sqlalchemy import delete, select
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.db import Database, utcnow

# The library keeps its session in the request under a plain string, and nobody can change that from outside.
warnings.filterwarnings("ignore", category=web.NotAppKeyWarning, module="aiohttp_session")

USER = "user_id"
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
TOUCH = timedelta(minutes=1)
DEVICE = timedelta(days=180)
MOST_DEVICES = 20
DEVICE_COOKIE = "callcenter-device"


def hashed(key: str) -> str:
    """Return the form in which a key is stored: a stolen database opens no session."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a session comes from, for the person's list of devices."""

    address: str
    agent: str


def read(db: sa_orm.Session, key_hash: str, now: datetime) -> SessionData | None:
    """Return a live session's data and note that it was seen; None when it ended."""
    row = db.get(models.WebSession, key_hash)
    if row is None:
        return None
    if row.expires_at <= now:
        db.delete(row)
        return None
    if now - row.seen_at > TOUCH:
        row.seen_at = now
        row.expires_at = min(now + IDLE, row.created_at + LONGEST)
    return {"created": int(row.created_at.timestamp()), "session": dict(row.data)}


def write(
    db: sa_orm.Session, key_hash: str, data: dict[str, Any], browser: Browser, now: datetime
) -> None:
    """Keep a session's data, making the row when it is new."""
    row = db.get(models.WebSession, key_hash)
    if row is None:
        row = models.WebSession(
            key_hash=key_hash,
            created_at=now,
            address=browser.address[:60],
            agent=browser.agent[:200],
        )
        db.add(row)
    row.data = data
    row.user_id = data.get(USER)
    row.seen_at = now
    row.expires_at = min(now + IDLE, row.created_at + LONGEST)


def forget(db: sa_orm.Session, key_hash: str) -> None:
    """End one session."""
    db.execute(delete(models.WebSession).where(models.WebSession.key_hash == key_hash))


def of_user(db: sa_orm.Session, user_id: int, now: datetime) -> list[models.WebSession]:
    """Return a user's live sessions, the one used last first."""
    row = models.WebSession
    found = db.scalars(
        select(row).where(row.user_id == user_id, row.expires_at > now).order_by(row.seen_at.desc())
    )
    return list(found)


def forget_all(
    db: sa_orm.Session, user_id: int, *, but: str = "", only: str | None = None
) -> list[str]:
    """End a user's sessions, all `but` one or the one whose hash begins with `only`; return the hashes of those that ended."""
    row = models.WebSession
    query = select(row.key_hash).where(row.user_id == user_id, row.key_hash != but)
    found = [h for h in db.scalars(query) if only is None or (only and h.startswith(only))]
    db.execute(delete(row).where(row.key_hash.in_(found)))
    return found


def known_device(db: sa_orm.Session, key: str, login: str) -> str:
    """Return a device's hash when an account signed in with it before, else nothing."""
    device, user = models.KnownDevice, models.User
    found = db.scalar(
        select(device.key_hash)
        .join(user, user.id == device.user_id)
        .where(
            device.key_hash == hashed(key),
            user.login == login.strip().lower(),
            device.seen_at > utcnow() - DEVICE,
        )
    )
    return found or ""


def remember_device(db: sa_orm.Session, key: str, user_id: int) -> None:
    """Know a browser again by its key, for its user alone; the oldest of many are forgotten."""
    device = models.KnownDevice
    row = db.get(device, (hashed(key), user_id))
    if row is None:
        row = device(key_hash=hashed(key), user_id=user_id)
        db.add(row)
    row.seen_at = utcnow()
    db.flush()
    kept = db.scalars(
        select(device.key_hash)
        .where(device.user_id == user_id)
        .order_by(device.seen_at.desc())
        .limit(MOST_DEVICES)
    ).all()
    db.execute(delete(device).where(device.user_id == user_id, device.key_hash.not_in(kept)))


class DatabaseStorage(AbstractStorage):
    """Keep sessions in the table `web_session`."""

    def __init__(self, database: Database, *, secure: bool) -> None:
        super().__init__(
            cookie_name="__Host-callcenter" if secure else "callcenter",
            httponly=True,
            samesite="Lax",
            secure=secure,
        )
        self._database = database

    async def load_session(self, request: web.Request) -> Session:
        """Read the session that the cookie names."""
        key = self.load_cookie(request)
        if not key:
            return Session(None, data=None, new=True)
        data = await self._database.run(read, hashed(key), utcnow())
        if data is None:
            return Session(None, data=None, new=True)
        return Session(key, data=data, new=False)

    async def save_session(
        self, request: web.Request, response: web.StreamResponse, session: Session
    ) -> None:
        """Write a changed session; a new one gets a new key, an emptied one is forgotten."""
        key = session.identity
        if session.empty:
            if key:
                await self._database.run(forget, hashed(key))
            self.save_cookie(response, "")
            return
        if session.new or not key:
            key = secrets.token_urlsafe(32)
        browser = Browser(request.remote or "", request.headers.get("User-Agent", ""))
        await self._database.run(write, hashed(key), dict(session), browser, utcnow())
        self.save_cookie(response, key, max_age=int(LONGEST.total_seconds()))

    async def end(self, session: Session) -> None:
        """End a session at once, whatever the response will be."""
        if session.identity:
            await self._database.run(forget, hashed(session.identity))
