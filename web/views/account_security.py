"""One's own password, second step and signed-in browsers. What opens the account asks for the password once more."""

from __future__ import annotations

from typing import Any

import segno
from aiohttp import web
from aiohttp_session import get_session
from sqlalchemy import orm as sa_orm

from callcenter import db, errors, models
from callcenter.crm import accounts, audit, passwords, second_step
from web import auth, i18n, keys, panel, rendering, sessions
from web.views import signin

PROBLEMS = {
    passwords.TOO_SHORT: i18n.N_("A password has at least 8 characters"),
    passwords.TOO_COMMON: i18n.N_("This password is among the first that anyone would try"),
    passwords.OWN_NAME: i18n.N_("A password is more than one's own name"),
}
OLD_WRONG = i18n.N_("The present password is wrong")
NOT_THE_SAME = i18n.N_("The two are not the same")
PAGE = "/settings/security"
SECRET = "totp_secret"


def password_problem(texts: i18n.Texts, error: errors.Invalid) -> str:
    """Say what is wrong with a password."""
    return texts.say(PROBLEMS.get(error.problem, signin.WRONG))


def _shown(session: sa_orm.Session, person: auth.Person) -> dict[str, Any]:
    return {
        "rows": sessions.of_user(session, person.id, db.utcnow()),
        "codes_left": second_step.codes_left(session, person.id),
    }


async def _page(
    request: web.Request,
    *,
    problems: dict[str, str] | None = None,
    status: int = 200,
) -> web.Response:
    shown = await request.app[keys.DATABASE].run(_shown, auth.current(request))
    return panel.page(request, "security", status=status, problems=problems or {}, **shown)


async def show(request: web.Request) -> web.StreamResponse:
    """Show the page."""
    return await _page(request)


def _change(session: sa_orm.Session, person: auth.Person, old: str, new: str) -> list[str]:
    user = session.get_one(models.User, person.id)
    if not accounts.fits(user.password_hash, old[: passwords.LONGEST]):
        raise errors.Invalid("old", "wrong")
    passwords.check(new, login=user.login, name=user.name)
    user.password_hash = accounts.hash_password(new)
    ended = sessions.forget_all(session, person.id, but=person.session)
    audit.note(session, person.by, "password_changed", ("user", person.id))
    return ended


async def change_password(request: web.Request) -> web.StreamResponse:
    """Take a new password for the old one; every other browser is signed out."""
    fields = await request.post()
    texts, person = auth.texts(request), auth.current(request)
    old, new = (str(fields.get(name, ""))[: signin.LONGEST_FIELD] for name in ("old", "new"))
    if new != str(fields.get("again", "")):
        return await _page(request, problems={"again": texts.say(NOT_THE_SAME)}, status=422)
    if problem := _held_back(request):
        return await _page(request, problems={"old": problem}, status=429)
    try:
        ended = await request.app[keys.DATABASE].run(_change, person, old, new)
    except errors.Invalid as error:
        field = "old" if error.field == "old" else "new"
        said = texts.say(OLD_WRONG) if field == "old" else password_problem(texts, error)
        return await _page(request, problems={field: said}, status=422)
    request.app[keys.THROTTLE].code_succeeded(person.id)
    await auth.ended(request, ended)
    raise web.HTTPSeeOther(f"{PAGE}?said=password")


def _held_back(request: web.Request) -> str:
    """Count a try of the own password or code; say how long to wait when there were too many."""
    seconds = request.app[keys.THROTTLE].code_refused_for(auth.current(request).id)
    return auth.texts(request).say(signin.TOO_MANY, seconds=seconds) if seconds else ""


async def enrol(request: web.Request) -> web.StreamResponse:
    """Show a new secret as a picture and as letters."""
    session = await get_session(request)
    secret = session.get(SECRET) or second_step.new_secret()
    session[SECRET] = secret
    return _enrolment(request, secret)


def _enrolment(
    request: web.Request, secret: str, *, problem: str = "", status: int = 200
) -> web.Response:
    person = auth.current(request)
    address = second_step.address(secret, person.login, request.app[keys.SETTINGS].site.name)
    picture = segno.make(address, error="m").svg_data_uri(scale=4, border=2, light="#fff")
    shown = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return rendering.page(
        request, "settings/second_step.html", picture=picture, secret=shown, problem=problem,
        status=status,
    )  # fmt: skip


def _turn_on(session: sa_orm.Session, person: auth.Person, secret: str, code: str) -> list[str]:
    codes = second_step.turn_on(session, person.id, secret, code, now=db.utcnow())
    audit.note(session, person.by, "second_step_on", ("user", person.id))
    return codes


async def confirm(request: web.Request) -> web.StreamResponse:
    """Turn the second step on when a first code fits, and show the codes for paper, once."""
    session, person = await get_session(request), auth.current(request)
    secret = session.get(SECRET)
    if not secret or person.second_step:
        raise web.HTTPSeeOther(PAGE)
    code = str((await request.post()).get("code", ""))[: signin.LONGEST_FIELD]
    if problem := _held_back(request):
        return _enrolment(request, secret, problem=problem, status=429)
    try:
        codes = await request.app[keys.DATABASE].run(_turn_on, person, secret, code)
    except errors.Invalid:
        problem = auth.texts(request).say(signin.WRONG_CODE)
        return _enrolment(request, secret, problem=problem, status=422)
    del session[SECRET]
    request.app[keys.THROTTLE].code_succeeded(person.id)
    return rendering.page(request, "settings/codes.html", codes=codes)


def _with_password(
    session: sa_orm.Session, person: auth.Person, password: str, wanted: str
) -> list[str]:
    user = session.get_one(models.User, person.id)
    if not accounts.fits(user.password_hash, password[: passwords.LONGEST]):
        raise errors.Invalid("present", "wrong")
    if wanted == "off":
        second_step.turn_off(session, person.id)
        audit.note(session, person.by, "second_step_off", ("user", person.id))
        return []
    if not user.totp_secret:
        raise errors.NotFound("no second step")
    audit.note(session, person.by, "second_step_on", ("user", person.id), {"codes": "new"})
    return second_step.new_codes(session, person.id)


async def change_second_step(request: web.Request) -> web.StreamResponse:
    """Turn the second step off, or make new codes for paper: with the password."""
    fields, person = await request.post(), auth.current(request)
    wanted = "off" if fields.get("wanted") == "off" else "codes"
    if problem := _held_back(request):
        return await _page(request, problems={"present": problem}, status=429)
    try:
        codes = await request.app[keys.DATABASE].run(
            _with_password, person, str(fields.get("password", "")), wanted
        )
    except errors.Invalid:
        said = {"present": auth.texts(request).say(OLD_WRONG)}
        return await _page(request, problems=said, status=422)
    request.app[keys.THROTTLE].code_succeeded(person.id)
    if codes:
        return rendering.page(request, "settings/codes.html", codes=codes)
    raise web.HTTPSeeOther(f"{PAGE}?said=off")


def _end(session: sa_orm.Session, person: auth.Person, wanted: str) -> list[str]:
    but = person.session if wanted == "others" else ""
    only = None if wanted == "others" else wanted
    ended = sessions.forget_all(session, person.id, but=but, only=only)
    action = "sessions_ended" if wanted == "others" else "session_ended"
    audit.note(session, person.by, action, ("user", person.id), {"sessions": len(ended)})
    return ended


async def end_sessions(request: web.Request) -> web.StreamResponse:
    """Sign out one browser, or all but this one."""
    wanted = str((await request.post()).get("session", ""))[:64]
    if wanted != "others" and len(wanted) < 16:
        raise errors.Invalid("session", "names no session")
    ended = await request.app[keys.DATABASE].run(_end, auth.current(request), wanted)
    await auth.ended(request, ended)
    if auth.current(request).session in ended:
        raise web.HTTPSeeOther("/signin")
    raise web.HTTPSeeOther(f"{PAGE}?said=sessions")
