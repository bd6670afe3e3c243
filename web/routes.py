"""Every URL, on one screen, with the roles it is for. What is not here is not served: the application refuses to start
with a route that stands in no row, and `admit` refuses whoever is in none of the row's roles.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from callcenter.models import ROLES
from web import keys, metrics
from web.rendering import STATIC
from web.views import (
    account,
    calls,
    customers,
    customers_edit,
    desk,
    desk_api,
    figure_files,
    figures,
    floor,
    ledger,
    recording_list,
    recordings,
    signin,
    system,
)

ANYONE = frozenset({"anonymous", *ROLES})
STAFF = frozenset(ROLES)
SEATED = frozenset({"agent", "supervisor"})
KEEPERS = frozenset({"supervisor", "manager", "admin"})


@dataclass(frozen=True, slots=True)
class Route:
    """One URL; `handler` is None where a library adds the route itself."""

    method: str
    path: str
    roles: frozenset[str]
    handler: Handler | None


PAGES = (
    Route("GET", "/healthz", ANYONE, system.health_word),
    Route("GET", "/metrics", ANYONE, metrics.show),  # 404 to all but whom the settings name
    Route("GET", "/i18n/{language}.json", ANYONE, account.browser_texts),
    Route("GET", "/signin", ANYONE, signin.show),
    Route("POST", "/signin", ANYONE, signin.submit),
    Route("POST", "/signout", ANYONE, signin.leave),
    Route("GET", "/", STAFF, account.home),
    Route("GET", "/desk", SEATED, desk.page),
    Route("GET", "/desk/today", SEATED, desk.today),
    Route("GET", "/floor", KEEPERS, floor.page),
    Route("GET", "/floor/calls/{id}", KEEPERS, floor.open_call),
    Route("GET", "/customers", STAFF, customers.listing),
    Route("GET", "/customers/new", STAFF, customers_edit.blank),
    Route("POST", "/customers/new", STAFF, customers_edit.create),
    Route("GET", r"/customers/{id:\d+}", STAFF, customers.show),
    Route("GET", r"/customers/{id:\d+}/edit", STAFF, customers_edit.form),
    Route("POST", r"/customers/{id:\d+}/edit", STAFF, customers_edit.save),
    Route("POST", r"/customers/{id:\d+}/numbers", STAFF, customers_edit.add_number),
    Route("POST", r"/customers/{id:\d+}/notes", STAFF, customers_edit.add_note),
    Route("GET", "/calls", STAFF, calls.listing),
    Route("GET", "/calls.csv", KEEPERS, figure_files.calls),
    Route("GET", r"/calls/{id:\d+}", STAFF, calls.show),
    Route("GET", r"/calls/{id:\d+}/recording", STAFF, calls.recording),
    Route("GET", "/recordings", STAFF, recording_list.listing),
    Route("GET", r"/recordings/{id:\d+}/audio", STAFF, recordings.audio),
    Route("POST", r"/recordings/{id:\d+}/retry", KEEPERS, recordings.retry),
    Route("GET", "/figures", KEEPERS, figures.page),
    Route("GET", "/figures.csv", KEEPERS, figure_files.table),
    Route("GET", "/system", KEEPERS, system.show),
    Route("POST", "/system/recordings/retry", KEEPERS, recordings.retry_all),
    Route("GET", "/ledger", KEEPERS, ledger.show),
    Route("GET", "/settings", STAFF, account.show),
    Route("POST", "/settings", STAFF, account.save),
)

API: tuple[Route, ...] = (
    Route("GET", "/api/v1/desk/setup", STAFF, desk.setup),
    Route("GET", "/api/v1/desk", STAFF, desk_api.snapshot),
    Route("POST", "/api/v1/agent/state", STAFF, desk_api.agent_state),
    Route("POST", "/api/v1/agent/queues", STAFF, desk_api.agent_queues),
    Route("POST", "/api/v1/dial", STAFF, desk_api.dial),
    Route("POST", "/api/v1/calls/{id}/hangup", STAFF, desk_api.hang_up),
    Route("POST", "/api/v1/calls/{id}/hold", STAFF, desk_api.hold),
    Route("POST", "/api/v1/calls/{id}/resume", STAFF, desk_api.resume),
    Route("POST", "/api/v1/calls/{id}/transfer", STAFF, desk_api.transfer),
    Route("POST", "/api/v1/calls/{id}/transfer/complete", STAFF, desk_api.transfer_complete),
    Route("POST", "/api/v1/calls/{id}/transfer/cancel", STAFF, desk_api.transfer_cancel),
    Route("POST", "/api/v1/calls/{id}/digit", STAFF, desk_api.digit),
    Route("PUT", "/api/v1/calls/{id}/note", STAFF, desk_api.note),
    Route("POST", "/api/v1/calls/{id}/party", STAFF, desk_api.party),
    Route("POST", "/api/v1/calls/{id}/customer", STAFF, desk_api.customer),
    Route("POST", "/api/v1/calls/{id}/wrapup", STAFF, desk_api.wrapup),
    Route("POST", "/api/v1/calls/{id}/wrapup/extend", STAFF, desk_api.wrapup_extend),
    Route("POST", "/api/v1/floor/listen", KEEPERS, floor.listen),
    Route("POST", "/api/v1/floor/listen/stop", KEEPERS, floor.stop),
    Route("GET", "/api/v1/search", STAFF, desk_api.find),
    Route("GET", "/api/v1/targets", STAFF, desk_api.transfer_targets),
)

# Added by aiohttp and python-socketio; who may connect is checked again at the connection itself.
LIBRARIES = (
    Route("GET", "/static", ANYONE, None),
    Route("GET", "/socket.io/", STAFF, None),
    Route("POST", "/socket.io/", STAFF, None),
    Route("OPTIONS", "/socket.io/", STAFF, None),
)

ROUTES = (*PAGES, *API, *LIBRARIES)


def _canonical(path: str) -> str:
    return web.DynamicResource(path).canonical if "{" in path else path


_ROLES = {(route.method, _canonical(route.path)): route.roles for route in ROUTES}


def roles_of(method: str, canonical: str) -> frozenset[str]:
    """Return who may use a URL: nobody, where no row says so."""
    return _ROLES.get(
        (hdrs.METH_GET if method == hdrs.METH_HEAD else method, canonical), frozenset()
    )


def add(app: web.Application) -> None:
    """Serve every row that has a handler, and the static files."""
    for route in ROUTES:
        if route.handler is not None:
            app.router.add_route(route.method, route.path, route.handler)
            if route.method == hdrs.METH_GET:
                app.router.add_route(hdrs.METH_HEAD, route.path, route.handler)
    app.router.add_static("/static", STATIC)


def check(app: web.Application) -> None:
    """Refuse to start with a URL that no row gives roles to."""
    for served in app.router.routes():
        canonical = served.resource.canonical if served.resource else ""
        if not roles_of(served.method, canonical):
            raise RuntimeError(f"{served.method} {canonical} stands in no row of web/routes.py")


@web.middleware
async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in who has a role of the URL; send the others to the sign-in, or away."""
    resource = request.match_info.route.resource
    if resource is None:
        raise (
            web.HTTPNotFound
            if request.match_info.http_exception is None
            else request.match_info.http_exception
        )
    roles = roles_of(request.method, resource.canonical)
    person = request.get(keys.PERSON)
    if "anonymous" not in roles:
        if person is None:
            raise web.HTTPUnauthorized
        if person.role not in roles:
            raise web.HTTPForbidden
    return await handler(request)
