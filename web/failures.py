"""What people and programs see when something goes wrong: a page, or JSON under /api.

This is the outermost boundary of a request, so it is the one place of this room that catches everything: the answer names
an error number, the log holds the rest, and nothing of the inside is shown.
"""

from __future__ import annotations

import secrets
from urllib.parse import quote

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy.exc import OperationalError

from callcenter import errors
from web import i18n, keys, rendering

log = structlog.get_logger(__name__)

_STATUS: tuple[tuple[type[errors.CallCenterError], int], ...] = (
    (errors.NotFound, 404),
    (errors.Forbidden, 403),
    (errors.Conflict, 409),
    (errors.UnknownVersion, 404),
    (errors.Invalid, 422),
    (errors.TelephonyError, 503),
)
_CODES = {
    400: "bad_request",
    401: "signed_out",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    422: "invalid",
    429: "too_many",
    503: "unavailable",
}
_TEXTS = {
    401: i18n.N_("The session has ended. Sign in to continue; the call is not affected."),
    403: i18n.N_("This page is not open to your role."),
    404: i18n.N_("Page not found. Try the search."),
    409: i18n.N_("Someone changed this meanwhile. Reload and look again."),
    413: i18n.N_("What was sent is too large."),
    422: i18n.N_("What was sent cannot be used."),
    503: i18n.N_("The link to the PBX is down. Calls still ring on the phones; cards do not open."),
}
_OTHERWISE = i18n.N_("This request was not understood.")
_BROKEN = i18n.N_("Something went wrong. What was written is kept. Error number {id}.")


def wants_json(request: web.Request) -> bool:
    """Tell whether a program asks."""
    return request.path.startswith(("/api/", "/socket.io/"))


def json_error(status: int, code: str, message: str, field: str | None = None) -> web.Response:
    """Answer a program: a stable code, and words in the user's language."""
    body: dict[str, object] = {"code": code, "message": message}
    if field is not None:
        body["field"] = field
    return web.json_response({"error": body}, status=status)


def _texts(request: web.Request) -> i18n.Texts:
    found = request.get(keys.TEXTS)
    if found is None:
        settings = request.app[keys.SETTINGS]
        found = request.app[keys.RENDERER].texts[settings.site.language]
        request[keys.TEXTS] = found
    return found


def answer(
    request: web.Request, status: int, *, code: str = "", field: str | None = None, id_: str = ""
) -> web.StreamResponse:
    """Make the response for a failure."""
    texts = _texts(request)
    message = texts.say(_BROKEN, id=id_) if id_ else texts.say(_TEXTS.get(status, _OTHERWISE))
    if wants_json(request):
        return json_error(status, code or _CODES.get(status, "error"), message, field)
    if status == 401:
        wanted = request.path_qs if request.method == "GET" else "/"
        place = f"/signin?next={quote(wanted)}"
        if (
            "HX-Request" in request.headers
        ):  # the frame stays while a part is asked for: leave it whole
            return web.Response(status=401, headers={"HX-Redirect": place})
        return web.Response(status=303, headers={"Location": place})
    return rendering.page(request, "failure.html", status=status, code=status, message=message)


@web.middleware
async def answer_failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what was raised into a page or JSON."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return answer(request, error.status)
    except errors.CallCenterError as error:
        status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
        if status < 500 or isinstance(error, errors.TelephonyError):
            return answer(request, status, code=error.code, field=getattr(error, "field", None))
        return _broken(request)
    except ConnectionError:
        raise  # the browser has gone: there is nobody to answer, and nothing is broken
    except OperationalError as problem:  # locked or away: a traceback would tell nothing more
        id_ = secrets.token_hex(4)
        said = str(problem.orig).splitlines()[:1]
        log.error("request_failed", error_id=id_, path=request.path, problem=said)
        return answer(request, 500, code="error", id_=id_)
    except Exception:
        return _broken(request)


def _broken(request: web.Request) -> web.StreamResponse:
    id_ = secrets.token_hex(4)
    log.exception("request_failed", error_id=id_, method=request.method, path=request.path)
    return answer(request, 500, code="error", id_=id_)
