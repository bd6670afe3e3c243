"""Who is asking: the signed-in person of a request, and how one becomes signed in.

`identify` runs for every request and `routes.admit` after it decides by role. Views ask `current(request)`, and give its
`viewer` to `visibility.visible`, so that what may be seen is decided in the query and nowhere else.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp_session import Session, get_session, new_session
from sqlalchemy import orm as sa_orm
from sqlalchemy import select

from callcenter import models
from callcenter.crm import accounts, audit, visibility
from web import i18n, keys, security, sessions

LANGUAGE_COOKIE = "language"
PENDING = "second_step"
PENDING_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in user as a request sees them; `session` is the hash of the session's key."""

    viewer: visibility.Viewer
    name: str
    login: str
    language: str
    theme: str
    extension: str | None
    session: str
    address: str = ""
    second_step: bool = False  # an authenticator is asked for at the sign-in
    must_enrol: bool = False  # it has to be, for this role, and is not yet

    @property
    def id(self) -> int:
        """Return the user's id."""
        return self.viewer.id

    @property
    def role(self) -> str:
        """Return the user's role: agent, supervisor, manager or admin."""
        return self.viewer.role

    @property
    def by(self) -> audit.By:
        """Return who acts, for the audit."""
        return audit.By(self.id, self.address)


def person(
    session: sa_orm.Session,
    user_id: int,
    key_hash: str,
    *,
    address: str = "",
    required: Collection[str] = (),
) -> Person | None:
    """Read who a session belongs to; None when the account is closed. `required` names the roles with a second step."""
    user = session.get(models.User, user_id)
    if user is None or not user.active:
        return None
    assigned = models.ExtensionAssignment
    extension = session.scalar(
        select(assigned.extension)
        .where(assigned.user_id == user_id, assigned.until.is_(None))
        .order_by(assigned.since.desc())
    )
    return Person(
        viewer=visibility.viewer(session, user_id),
        name=user.name,
        login=user.login,
        language=user.language,
        theme=user.theme,
        extension=extension,
        session=key_hash,
        address=address,
        second_step=bool(user.totp_secret),
        must_enrol=user.role in required and not user.totp_secret,
    )


async def from_session(request: web.Request, session: Session) -> Person | None:
    """Return the person of a session, or None."""
    user_id = session.get(sessions.USER)
    if not isinstance(user_id, int) or not session.identity:
        return None
    key_hash = sessions.hashed(session.identity)
    return await request.app[keys.DATABASE].run(
        person,
        user_id,
        key_hash,
        address=security.address(request),
        required=request.app[keys.SETTINGS].web.second_step_roles,
    )


async def from_request(request: web.Request) -> Person | None:
    """Return the person whose cookie a request carries: for a live connection, which asks by itself."""
    return await from_session(request, await request.app[keys.STORAGE].load_session(request))


def current(request: web.Request) -> Person:
    """Return the signed-in person; only for handlers whose route asks for a role."""
    found: Person | None = request.get(keys.PERSON)
    if found is None:
        raise web.HTTPUnauthorized
    return found


def texts(request: web.Request) -> i18n.Texts:
    """Return the texts in the reader's language."""
    return request[keys.TEXTS]


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who is asking, and in which language they read."""
    request[keys.PERSON] = None
    if not request.path.startswith("/static/"):
        request[keys.PERSON] = await from_session(request, await get_session(request))
    request[keys.TEXTS] = request.app[keys.RENDERER].texts[language(request)]
    response = await handler(request)
    asked = request.query.get("lang")
    if asked in i18n.LANGUAGES and not response.prepared:
        response.set_cookie(LANGUAGE_COOKIE, asked, samesite="Lax", max_age=31_536_000)
    return response


def language(request: web.Request) -> str:
    """Choose: what the address asks for, the person's own, this browser's last, the site's."""
    found = request.get(keys.PERSON)
    wishes = (
        request.query.get("lang"),
        found.language if found else None,
        request.cookies.get(LANGUAGE_COOKIE),
    )
    for wish in wishes:
        if wish in i18n.LANGUAGES:
            return str(wish)
    return request.app[keys.SETTINGS].site.language


async def check(request: web.Request, login: str, password: str) -> models.User | None:
    """Check a password on a thread; None when name or password is wrong, which is written down."""
    database = request.app[keys.DATABASE]
    user = await database.run(accounts.sign_in, login, password)
    if user is None:
        by = audit.By(None, security.address(request))
        await database.run(audit.note, by, "sign_in_failed", ("login", login[:60]))
    return user


async def begin(request: web.Request, user_id: int, *, how: str = "password") -> None:
    """Open a fresh session for somebody who has shown who they are; the old key opens nothing any more."""
    database = request.app[keys.DATABASE]
    await request.app[keys.STORAGE].end(await get_session(request))
    session = await new_session(request)
    session[sessions.USER] = user_id
    by = audit.By(user_id, security.address(request))
    await database.run(audit.note, by, "sign_in", ("user", user_id), {"how": how})


async def ask_second(request: web.Request, user_id: int, wanted: str) -> None:
    """Remember, in a fresh session that opens nothing yet, whose password was right."""
    await request.app[keys.STORAGE].end(await get_session(request))
    session = await new_session(request)
    session[PENDING] = {"user": user_id, "until": time.time() + PENDING_SECONDS, "next": wanted}


async def pending(request: web.Request) -> tuple[int, str] | None:
    """Return whose second step is awaited and where they go then; None when nobody's, or too late."""
    found = (await get_session(request)).get(PENDING)
    if not found or found["until"] < time.time():
        return None
    return int(found["user"]), str(found["next"])


async def sign_out(request: web.Request) -> None:
    """End the session here and whatever live connection it holds."""
    session = await get_session(request)
    if session.identity:
        found = request.get(keys.PERSON)
        if found is not None:
            await request.app[keys.DATABASE].run(audit.note, found.by, "sign_out")
        await ended(request, [sessions.hashed(session.identity)])
    session.invalidate()


async def ended(request: web.Request, key_hashes: Iterable[str]) -> None:
    """End the live connections of sessions whose rows are gone."""
    for key_hash in key_hashes:
        for hook in request.app[keys.SIGNED_OUT]:
            await hook(key_hash)
