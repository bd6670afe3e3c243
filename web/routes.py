"""Every URL with the roles it is for, here and in the routes_*.py beside. What is not here is not served: the application refuses
to start with a route that stands in no row, and `admit` refuses whoever is in none of the row's roles.
"""

from __future__ import annotations

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from callcenter import errors
from web import keys, metrics, routes_settings
from web.rendering import STATIC
from web.route import ANYONE, KEEPERS, SEATED, STAFF, Route
from web.views import (
    account,
    account_security,
    call_list,
    calls,
    campaigns,
    customers,
    customers_edit,
    day,
    desk,
    desk_api,
    figure_files,
    figures,
    floor,
    imports,
    leads_api,
    ledger,
    recording_list,
    recordings,
    reminders,
    saved,
    signin,
    system,
    task_forms,
    task_new,
    tasks,
)

# What somebody can still do whose role must have a second step and who has none yet.
WHILE_ENROLLING = (
    "/settings/security",
    "/settings/security/second-step",
    "/settings/security/password",
    "/settings/security/sessions",
)


PAGES = (
    Route("GET", "/healthz", ANYONE, system.health_word),
    Route("GET", "/metrics", ANYONE, metrics.show),  # 404 to all but whom the settings name
    Route("GET", "/i18n/{language}.json", ANYONE, account.browser_texts),
    Route("GET", "/signin", ANYONE, signin.show),
    Route("POST", "/signin", ANYONE, signin.submit),
    Route("POST", "/signout", ANYONE, signin.leave),
    Route("GET", "/signin/code", ANYONE, signin.show_code),
    Route("POST", "/signin/code", ANYONE, signin.submit_code),
    Route("GET", "/", STAFF, account.home),
    Route("GET", "/desk", SEATED, desk.page),
    Route("GET", "/desk/today", SEATED, desk.today),
    Route("GET", "/day", STAFF, day.page),
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
    Route("GET", "/tasks", STAFF, tasks.listing),
    Route("GET", "/tasks/new", STAFF, task_new.blank),
    Route("POST", "/tasks/new", STAFF, task_new.create),
    Route("GET", r"/tasks/{id:\d+}", STAFF, task_forms.show),
    Route("POST", r"/tasks/{id:\d+}", STAFF, task_forms.save),
    Route("POST", r"/tasks/{id:\d+}/done", STAFF, tasks.done),
    Route("POST", r"/tasks/{id:\d+}/undo", STAFF, tasks.undo),
    Route("GET", r"/tasks/leads/{id:\d+}", STAFF, task_forms.show_lead),
    Route("POST", r"/tasks/leads/{id:\d+}", STAFF, task_forms.save_lead),
    Route("POST", r"/tasks/leads/{id:\d+}/take", SEATED, task_forms.take),
    Route("GET", "/calls", STAFF, call_list.listing),
    Route("GET", "/calls.csv", KEEPERS, figure_files.calls),
    Route("GET", r"/calls/{id:\d+}", STAFF, calls.show),
    Route("GET", r"/calls/{id:\d+}/recording", STAFF, calls.recording),
    Route("GET", "/recordings", STAFF, recording_list.listing),
    Route("GET", r"/recordings/{id:\d+}/audio", STAFF, recordings.audio),
    Route("POST", r"/recordings/{id:\d+}/retry", KEEPERS, recordings.retry),
    Route("GET", r"/views/{list:[a-z]+}", STAFF, saved.show),
    Route("POST", r"/views/{list:[a-z]+}", STAFF, saved.save),
    Route("POST", r"/views/{list:[a-z]+}/default", STAFF, saved.default),
    Route("POST", r"/views/{id:\d+}/change", STAFF, saved.change),
    Route("POST", r"/views/{id:\d+}/delete", STAFF, saved.delete),
    Route("POST", r"/views/{id:\d+}/restore", STAFF, saved.restore),
    Route("GET", "/figures", KEEPERS, figures.page),
    Route("GET", "/figures.csv", KEEPERS, figure_files.table),
    Route("GET", "/campaigns", STAFF, campaigns.listing),
    Route("GET", "/campaigns/new", KEEPERS, campaigns.blank),
    Route("POST", "/campaigns/new", KEEPERS, campaigns.create),
    Route("GET", r"/campaigns/{id:\d+}", KEEPERS, campaigns.show),
    Route("POST", r"/campaigns/{id:\d+}", KEEPERS, campaigns.save),
    Route("POST", r"/campaigns/{id:\d+}/state", KEEPERS, campaigns.state),
    Route("GET", r"/campaigns/{id:\d+}/import", KEEPERS, imports.form),
    Route("POST", r"/campaigns/{id:\d+}/import", KEEPERS, imports.send),
    Route("GET", r"/imports/{id:\d+}", KEEPERS, imports.show),
    Route("POST", r"/imports/{id:\d+}/start", KEEPERS, imports.start),
    Route("POST", r"/imports/{id:\d+}/undo", KEEPERS, imports.undo),
    Route("GET", r"/imports/{id:\d+}/errors.csv", KEEPERS, imports.bad_rows),
    Route("POST", r"/customers/{id:\d+}/do-not-call", STAFF, customers_edit.do_not_call),
    Route("GET", "/system", KEEPERS, system.show),
    Route("POST", "/system/recordings/retry", KEEPERS, recordings.retry_all),
    Route("GET", "/ledger", KEEPERS, ledger.show),
    Route("GET", "/settings", STAFF, account.show),
    Route("POST", "/settings", STAFF, account.save),
    Route("GET", "/settings/security", STAFF, account_security.show),
    Route("POST", "/settings/security/password", STAFF, account_security.change_password),
    Route("GET", "/settings/security/second-step", STAFF, account_security.enrol),
    Route("POST", "/settings/security/second-step", STAFF, account_security.confirm),
    Route("POST", "/settings/security/codes", STAFF, account_security.change_second_step),
    Route("POST", "/settings/security/sessions", STAFF, account_security.end_sessions),
)

API: tuple[Route, ...] = (
    Route("GET", "/api/v1/desk/setup", STAFF, desk.setup),
    Route("GET", "/api/v1/desk", STAFF, desk_api.snapshot),
    Route("POST", "/api/v1/agent/state", STAFF, desk_api.agent_state),
    Route("POST", "/api/v1/agent/queues", STAFF, desk_api.agent_queues),
    Route("POST", "/api/v1/dial", STAFF, leads_api.dial),
    Route("GET", "/api/v1/lead", SEATED, leads_api.show),
    Route("POST", "/api/v1/lead/next", SEATED, leads_api.take),
    Route("POST", "/api/v1/lead/dial", SEATED, leads_api.call),
    Route("POST", "/api/v1/lead/skip", SEATED, leads_api.skip),
    Route("POST", "/api/v1/lead/renew", SEATED, leads_api.renew),
    Route("POST", "/api/v1/lead/join", SEATED, leads_api.join),
    Route("POST", "/api/v1/lead/leave", SEATED, leads_api.leave),
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
    Route("POST", "/api/v1/reminders/{id}/snooze", STAFF, reminders.snooze),
    Route("POST", "/api/v1/reminders/{id}/close", STAFF, reminders.close),
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

SETTINGS, WELCOME = routes_settings.SETTINGS, routes_settings.WELCOME
ROUTES = (*PAGES, *SETTINGS, *WELCOME, *API, *LIBRARIES)


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
        version = request.path.removeprefix("/api/").partition("/")[0]
        if request.path.startswith("/api/") and version != "v1":
            raise errors.UnknownVersion("version", f"{version[:20]!r} is not spoken here, v1 is")
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
        if person.must_enrol and resource.canonical not in WHILE_ENROLLING:
            if request.path.startswith("/api/"):
                raise errors.SecondStepNeeded("set up the second step of the sign-in first")
            raise web.HTTPSeeOther("/settings/security?said=enrol")
    return await handler(request)
