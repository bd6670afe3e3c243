"""Sign in and sign out. A wrong name and a wrong password get the same answer after the same time."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from web import auth, i18n, keys, rendering, security

WRONG = i18n.N_("User name or password is incorrect")
TOO_MANY = i18n.N_("Too many attempts. Next attempt possible in {seconds} s.")
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


async def show(request: web.Request) -> web.StreamResponse:
    """Show the form, or go on when already signed in."""
    wanted = safe_next(request.query.get("next", "/"))
    if request.get(keys.PERSON) is not None:
        raise web.HTTPSeeOther(wanted)
    return _form(request, wanted=wanted)


async def submit(request: web.Request) -> web.StreamResponse:
    """Check name and password, count the try, and open a session."""
    fields = await request.post()
    login = str(fields.get("login", "")).strip()[:LONGEST_FIELD]
    password = str(fields.get("password", ""))[:LONGEST_FIELD]
    wanted = safe_next(str(fields.get("next", "/")))
    texts = auth.texts(request)
    throttle = request.app[keys.THROTTLE]
    if seconds := await throttle.refused_for(security.address(request), login):
        problem = texts.say(TOO_MANY, seconds=seconds)
        response = _form(request, wanted=wanted, login=login, problem=problem, status=429)
        response.headers["Retry-After"] = str(seconds)
        return response
    if not login or await auth.sign_in(request, login, password) is None:
        return _form(request, wanted=wanted, login=login, problem=texts.say(WRONG), status=401)
    await throttle.succeeded(login)
    return web.Response(status=303, headers={"Location": wanted})


async def leave(request: web.Request) -> web.StreamResponse:
    """Sign out, and end the live connection with the session."""
    await auth.sign_out(request)
    return web.Response(status=303, headers={"Location": "/signin"})
