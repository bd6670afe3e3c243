"""Every URL against everybody: who may, who may not, and what is as good as missing."""

from __future__ import annotations

import pytest
from aiohttp import web
from sqlalchemy import select

from callcenter import models
from callcenter.crm import visibility
from tests.web import site
from tests.web.conftest import Client
from web import route, routes

EVERYBODY = ("anonymous", "agent", "supervisor", "manager", "admin")
STAFF = {"agent", "supervisor", "manager", "admin"}
ANYONE = STAFF | {"anonymous"}

# Said here a second time on purpose: a slip in web/routes.py must not be repeated by its test.
PAGES = {
    ("GET", "/healthz"): ANYONE,
    ("GET", "/metrics"): ANYONE,  # by token or address; test_metrics.py
    ("GET", "/i18n/{language}.json"): ANYONE,
    ("GET", "/signin"): ANYONE,
    ("POST", "/signin"): ANYONE,
    ("POST", "/signout"): ANYONE,
    ("GET", "/"): STAFF,
    ("GET", "/desk"): {"agent", "supervisor"},
    ("GET", "/desk/today"): {"agent", "supervisor"},
    ("GET", "/day"): STAFF,
    ("GET", "/floor"): {"supervisor", "manager", "admin"},
    ("GET", "/floor/calls/{id}"): {"supervisor", "manager", "admin"},
    ("GET", "/customers"): STAFF,
    ("GET", "/customers/new"): STAFF,
    ("POST", "/customers/new"): STAFF,
    ("GET", "/customers/{id}"): STAFF,
    ("GET", "/customers/{id}/edit"): STAFF,
    ("POST", "/customers/{id}/edit"): STAFF,
    ("POST", "/customers/{id}/numbers"): STAFF,
    ("POST", "/customers/{id}/notes"): STAFF,
    ("GET", "/tasks"): STAFF,
    ("GET", "/tasks/new"): STAFF,
    ("POST", "/tasks/new"): STAFF,
    ("GET", "/tasks/{id}"): STAFF,
    ("POST", "/tasks/{id}"): STAFF,
    ("POST", "/tasks/{id}/done"): STAFF,
    ("POST", "/tasks/{id}/undo"): STAFF,
    ("GET", "/tasks/leads/{id}"): STAFF,
    ("POST", "/tasks/leads/{id}"): STAFF,
    ("POST", "/tasks/leads/{id}/take"): {"agent", "supervisor"},
    ("GET", "/calls"): STAFF,
    ("GET", "/calls/{id}"): STAFF,
    ("GET", "/calls/{id}/recording"): STAFF,
    ("GET", "/recordings"): STAFF,
    ("GET", "/recordings/{id}/audio"): STAFF,
    ("POST", "/recordings/{id}/retry"): {"supervisor", "manager", "admin"},
    ("GET", "/calls.csv"): {"supervisor", "manager", "admin"},
    ("GET", "/views/{list}"): STAFF,
    ("POST", "/views/{list}"): STAFF,
    ("POST", "/views/{list}/default"): STAFF,
    ("POST", "/views/{id}/change"): STAFF,
    ("POST", "/views/{id}/delete"): STAFF,
    ("POST", "/views/{id}/restore"): STAFF,
    ("GET", "/figures"): {"supervisor", "manager", "admin"},
    ("GET", "/figures.csv"): {"supervisor", "manager", "admin"},
    ("GET", "/campaigns"): STAFF,
    ("GET", "/campaigns/new"): STAFF - {"agent"},
    ("POST", "/campaigns/new"): STAFF - {"agent"},
    ("GET", "/campaigns/{id}"): STAFF - {"agent"},
    ("POST", "/campaigns/{id}"): STAFF - {"agent"},
    ("POST", "/campaigns/{id}/state"): STAFF - {"agent"},
    ("GET", "/campaigns/{id}/import"): STAFF - {"agent"},
    ("POST", "/campaigns/{id}/import"): STAFF - {"agent"},
    ("GET", "/imports/{id}"): STAFF - {"agent"},
    ("POST", "/imports/{id}/start"): STAFF - {"agent"},
    ("POST", "/imports/{id}/undo"): STAFF - {"agent"},
    ("GET", "/imports/{id}/errors.csv"): STAFF - {"agent"},
    ("POST", "/customers/{id}/do-not-call"): STAFF,
    ("GET", "/system"): {"supervisor", "manager", "admin"},
    ("POST", "/system/recordings/retry"): {"supervisor", "manager", "admin"},
    ("GET", "/ledger"): {"supervisor", "manager", "admin"},
    ("GET", "/settings"): STAFF,
    ("POST", "/settings"): STAFF,
    ("GET", "/signin/code"): ANYONE,
    ("POST", "/signin/code"): ANYONE,
    ("GET", "/settings/security"): STAFF,
    ("POST", "/settings/security/password"): STAFF,
    ("GET", "/settings/security/second-step"): STAFF,
    ("POST", "/settings/security/second-step"): STAFF,
    ("POST", "/settings/security/codes"): STAFF,
    ("POST", "/settings/security/sessions"): STAFF,
}
WORDERS, ADMINS = {"manager", "admin"}, {"admin"}
SETTINGS = {
    ("GET", "/settings/users"): ADMINS,
    ("GET", "/settings/users/new"): ADMINS,
    ("POST", "/settings/users/new"): ADMINS,
    ("GET", "/settings/users/{id}"): ADMINS,
    ("POST", "/settings/users/{id}"): ADMINS,
    ("POST", "/settings/users/{id}/close"): ADMINS,
    ("POST", "/settings/users/{id}/reopen"): ADMINS,
    ("POST", "/settings/users/{id}/reset"): ADMINS,
    ("POST", "/settings/users/{id}/seat"): ADMINS,
    ("GET", "/settings/teams"): ADMINS,
    ("POST", "/settings/teams"): ADMINS,
    ("POST", "/settings/teams/{id}/delete"): ADMINS,
    ("GET", "/settings/extensions"): ADMINS,
    ("POST", "/settings/extensions"): ADMINS,
    ("GET", "/settings/queues"): WORDERS,
    ("GET", "/settings/queues/{pbx}/{queue}"): WORDERS,
    ("POST", "/settings/queues/{pbx}/{queue}"): WORDERS,
    ("GET", "/settings/outcomes"): WORDERS,
    ("POST", "/settings/outcomes"): WORDERS,
    ("POST", "/settings/outcomes/order"): WORDERS,
    ("POST", "/settings/outcomes/{id}/archive"): WORDERS,
    ("GET", "/settings/reasons"): WORDERS,
    ("POST", "/settings/reasons"): WORDERS,
    ("POST", "/settings/reasons/order"): WORDERS,
    ("POST", "/settings/reasons/{id}/archive"): WORDERS,
    ("GET", "/settings/numbers"): ADMINS,
    ("POST", "/settings/numbers"): ADMINS,
    ("POST", "/settings/numbers/{id}/remove"): ADMINS,
    ("GET", "/settings/do-not-call"): {"supervisor", "manager", "admin"},
    ("POST", "/settings/do-not-call"): WORDERS,
    ("POST", "/settings/do-not-call/import"): WORDERS,
    ("POST", "/settings/do-not-call/remove"): WORDERS,
    ("POST", "/settings/do-not-call/back"): WORDERS,
    ("GET", "/settings/do-not-call.csv"): WORDERS,
    ("GET", "/settings/recording"): ADMINS,
    ("POST", "/settings/recording"): ADMINS,
    ("POST", "/settings/recording/rules"): ADMINS,
    ("POST", "/settings/recording/rules/{id}/remove"): ADMINS,
    ("POST", "/settings/recording/retention"): ADMINS,
    ("POST", "/settings/recording/periods"): ADMINS,
    ("POST", "/settings/recording/periods/{id}/remove"): ADMINS,
    ("GET", "/settings/recording/marked"): ADMINS,
    ("POST", "/settings/recording/marked"): ADMINS,
    ("POST", "/recordings/{id}/keep"): {"supervisor", "manager", "admin"},
    ("POST", "/calls/{id}/legal-hold"): {"supervisor", "manager", "admin"},
    ("GET", "/settings/site"): ADMINS,
    ("POST", "/settings/site"): ADMINS,
    ("GET", "/settings/audit"): WORDERS,
    ("GET", "/settings/audit.csv"): WORDERS,
}
WELCOME = {
    ("GET", "/welcome"): ANYONE,
    ("POST", "/welcome"): ANYONE,
    ("GET", "/welcome/site"): ADMINS,
    ("POST", "/welcome/site"): ADMINS,
    ("POST", "/welcome/again"): ADMINS,
    ("GET", "/welcome/exchange"): ADMINS,
    ("POST", "/welcome/exchange"): ADMINS,
    ("GET", "/welcome/phones"): ADMINS,
    ("POST", "/welcome/phones"): ADMINS,
    ("POST", "/welcome/people"): ADMINS,
    ("GET", "/welcome/recordings"): ADMINS,
    ("POST", "/welcome/recordings"): ADMINS,
    ("GET", "/welcome/call"): ADMINS,
    ("POST", "/welcome/call"): ADMINS,
}


def test_the_table_of_pages_is_the_one_meant() -> None:
    served = {
        (
            row.method,
            web.DynamicResource(row.path).canonical if "{" in row.path else row.path,
        ): row.roles
        for row in (*routes.PAGES, *routes.SETTINGS, *routes.WELCOME)
    }
    meant = {**PAGES, **SETTINGS, **WELCOME}
    assert served == {key: frozenset(roles) for key, roles in meant.items()}


def test_nothing_of_the_api_is_open_to_nobody() -> None:
    assert routes.API
    for row in routes.API:
        assert row.path.startswith("/api/v1/")
        assert row.roles and "anonymous" not in row.roles, row


def test_an_application_with_an_unlisted_url_does_not_start() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    routes.add(app)
    app.router.add_get("/forgotten", handler)
    with pytest.raises(RuntimeError, match="/forgotten"):
        routes.check(app)


def _path(row: route.Route, place: site.Site) -> str:
    path = row.path.replace(r"{id:\d+}", "987654").replace("{language}", "he")
    path = path.replace("{pbx}", "main").replace("{queue}", "no-such-queue")
    path = path.replace("{list:[a-z]+}", "calls")
    return path.replace("{id}", "no-such-call")


@pytest.mark.parametrize("role", EVERYBODY)
async def test_every_url_lets_in_whom_its_row_names_and_nobody_else(
    role: str, place: site.Site, client: Client
) -> None:
    browser = await client(role)
    for row in (*routes.PAGES, *routes.SETTINGS, *routes.WELCOME, *routes.API):
        if (row.method, row.path) in {("POST", "/signin"), ("POST", "/signin/code")}:
            continue  # its 401 means a wrong password; test_signin.py
        async with browser.request(row.method, _path(row, place), allow_redirects=False) as answer:
            where = f"{row.method} {row.path} as {role}: {answer.status}"
            refused = 401 if "/api/" in row.path else 303
            if role in row.roles:
                assert answer.status not in {401, 403, 405, 500}, where
                assert answer.headers.get("Location", "").partition("?")[0] != "/signin" or (
                    row.path in {"/signout", "/signin/code", "/welcome"}
                ), where
            elif role == "anonymous":
                assert answer.status == refused, where
                if refused == 303:
                    assert answer.headers["Location"].startswith("/signin?next="), where
            else:
                assert answer.status == 403, where
        if row.path == "/signout":
            browser = await client(role)


async def test_what_may_not_be_seen_is_as_good_as_missing(place: site.Site, client: Client) -> None:
    with place.database.session() as session:
        user = session.scalars(select(models.User).where(models.User.role == "agent")).first()
        assert user is not None
        viewer = visibility.viewer(session, user.id)
        hidden = {
            path: session.scalar(
                select(model.id).where(~visibility.visible(viewer, model)).limit(1)
            )
            for path, model in (("/customers", models.Party), ("/calls", models.Call))
        }
        login = user.login
    browser = await client(login=login)
    for path, key in hidden.items():
        assert key is not None, f"the sample hides nothing from {login} under {path}"
        async with browser.get(f"{path}/{key}") as answer:
            assert answer.status == 404, f"{path}/{key}"
        async with browser.get(f"{path}/98765432") as missing:
            assert missing.status == 404
    for act in ("edit", "numbers", "notes"):
        async with browser.post(
            f"/customers/{hidden['/customers']}/{act}",
            data={"text": "x", "number": "0541234567", "display": "x", "version": "1"},
        ) as answer:
            assert answer.status == 404, act
