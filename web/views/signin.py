"""Sign in, by password and perhaps a second step, and sign out. A wrong name and a wrong password get the same answer after the same time."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from aiohttp import web
from sqlalchemy import orm as sa_orm

from callcenter import db
from callcenter.crm import audit, second_step
from web import auth, i18n, keys, rendering, security, sessions

WRONG = i18n.N_("User name or password is incorrect")
WRONG_CODE = i18n.N_("This code is wrong or was used already")
TOO_MANY = i18n.N_("Too many attempts. Next attempt possible in {seconds} s.")
TOO_LATE = i18n.N_("The second step took too long. Start again.")
LONGEST_FIELD = 200


def safe_next(wanted: str) -> str:
    """Return where to go after the sign-in: a path of ours, never another site."""
    parts = urlsplit(wanted)
    clean = wanted.isprintable() and "\\" not in wanted
    if not clean or parts.scheme or parts.netloc or not wanted.startswith("/"):
        return "/"
    return "/" if wanted.startswith(("//", "/signin", "/signout")) else wanted


def _form(
    request: web.Request, *, wanted: str, login: str = "", problem: str = "", status: int = 200
) -> web.Response:
    return rendering.page(
        request, "signin.html", status=status, wanted=wanted, login=login, problem=problem
    )


def _code_form(request: web.Request, *, problem: str = "", status: int = 200) -> web.Response:
    return rendering.page(request, "signin_code.html", status=status, problem=problem)


def _held_back(response: web.Response, seconds: int) -> web.Response:
    response.headers["Retry-After"] = str(seconds)
    return response


async def show(request: web.Request) -> web.StreamResponse:
    """Show the form, or go on when already signed in."""
    wanted = safe_next(request.query.get("next", "/"))
    if request.get(keys.PERSON) is not None:
        raise web.HTTPSeeOther(wanted)
    return _form(request, wanted=wanted)


async def submit(request: web.Request) -> web.StreamResponse:
    """Check name and password, count the try, and open a session or ask for the second step."""
    fields = await request.post()
    login = str(fields.get("login", "")).strip()[:LONGEST_FIELD]
    password = str(fields.get("password", ""))[:LONGEST_FIELD]
    wanted = safe_next(str(fields.get("next", "/")))
    texts, throttle = auth.texts(request), request.app[keys.THROTTLE]
    address, device = security.address(request), await _device(request, login)
    if seconds := await throttle.refused_for(address, login, device):
        problem = texts.say(TOO_MANY, seconds=seconds)
        return _held_back(
            _form(request, wanted=wanted, login=login, problem=problem, status=429), seconds
        )
    user = await auth.check(request, login, password) if login else None
    if user is None:
        return _form(request, wanted=wanted, login=login, problem=texts.say(WRONG), status=401)
    throttle.succeeded(address, login, device)
    if user.totp_secret:
        await auth.ask_second(request, user.id, wanted)
        return web.Response(status=303, headers={"Location": "/signin/code"})
    return await _welcome(request, user.id, wanted, how="password")


async def show_code(request: web.Request) -> web.StreamResponse:
    """Ask for the second step of whoever has shown a right password."""
    if await auth.pending(request) is None:
        raise web.HTTPSeeOther("/signin")
    return _code_form(request)


async def submit_code(request: web.Request) -> web.StreamResponse:
    """Check the second step, count the try, and open a session."""
    waiting = await auth.pending(request)
    texts = auth.texts(request)
    if waiting is None:
        return _form(request, wanted="/", problem=texts.say(TOO_LATE), status=401)
    user_id, wanted = waiting
    throttle = request.app[keys.THROTTLE]
    if seconds := throttle.code_refused_for(user_id):
        problem = texts.say(TOO_MANY, seconds=seconds)
        return _held_back(_code_form(request, problem=problem, status=429), seconds)
    code = str((await request.post()).get("code", ""))[:LONGEST_FIELD]
    by = audit.By(user_id, security.address(request))
    how = await request.app[keys.DATABASE].run(_pass, by, code)
    if not how:
        return _code_form(request, problem=texts.say(WRONG_CODE), status=401)
    throttle.code_succeeded(user_id)
    return await _welcome(request, user_id, safe_next(wanted), how=how)


def _pass(session: sa_orm.Session, by: audit.By, code: str) -> str:
    user_id = by.user_id or 0
    how = second_step.passes(session, user_id, code, now=db.utcnow())
    if not how:
        audit.note(session, by, "second_step_failed", ("user", user_id))
    elif how == "recovery":
        left = second_step.codes_left(session, user_id)
        audit.note(session, by, "recovery_code_used", ("user", user_id), {"left": left})
    return how


async def leave(request: web.Request) -> web.StreamResponse:
    """Sign out, and end the live connection with the session."""
    await auth.sign_out(request)
    return web.Response(status=303, headers={"Location": "/signin"})


async def _device(request: web.Request, login: str) -> str:
    key = request.cookies.get(sessions.DEVICE_COOKIE, "")
    if not key or not login:
        return ""
    return await request.app[keys.DATABASE].run(sessions.known_device, key, login)


async def _welcome(
    request: web.Request, user_id: int, wanted: str, *, how: str
) -> web.StreamResponse:
    """Open the session, and know this browser again."""
    await auth.begin(request, user_id, how=how)
    key = request.cookies.get(sessions.DEVICE_COOKIE, "") or secrets.token_urlsafe(32)
    await request.app[keys.DATABASE].run(sessions.remember_device, key, user_id)
    response = web.Response(status=303, headers={"Location": wanted})
    response.set_cookie(
        sessions.DEVICE_COOKIE,
        key,
        max_age=int(sessions.DEVICE.total_seconds()),
        path="/signin",
        httponly=True,
        samesite="Lax",
        secure=request.app[keys.SETTINGS].web.secure_cookies,
    )
    return response
