"""Signing in and out, guessing, sessions, and requests that another site makes in one's name."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from limits import RateLimitItemPerMinute
from sqlalchemy import func, select

from callcenter import models
from callcenter.db import utcnow
from tests.web import site
from tests.web.conftest import Client
from web import keys, security, sessions, throttle
from web.views import signin


def _cookie(browser: aiohttp.ClientSession) -> str:
    return next(c.value for c in browser.cookie_jar if c.key == "callcenter")


async def test_the_right_password_opens_the_page_that_was_wanted(
    place: site.Site, client: Client
) -> None:
    browser = await client()
    async with browser.get("/calls?period=all", allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/signin?next=/calls%3Fperiod%3Dall"
    fields = {
        "login": place.login_of("agent"),
        "password": site.PASSWORD,
        "next": "/calls?period=all",
    }
    async with browser.post("/signin", data=fields, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/calls?period=all")
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


async def test_a_wrong_name_and_a_wrong_password_are_told_alike(
    place: site.Site, client: Client
) -> None:
    browser = await client()
    pages = []
    for login in (place.login_of("agent"), "nobody"):
        async with browser.post(
            "/signin?lang=en", data={"login": login, "password": "no"}
        ) as answer:
            assert answer.status == 401
            pages.append((await answer.text()).replace(login, "X"))
    assert pages[0] == pages[1]
    assert "User name or password is incorrect" in pages[0]


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/signout",
        "a\nb",
        "\t//x",
    ],
)
def test_after_the_sign_in_one_stays_here(wanted: str) -> None:
    assert signin.safe_next(wanted) == "/"


async def test_guessing_a_password_is_slowed_down_with_the_seconds_left(
    place: site.Site, client: Client
) -> None:
    browser = await client()
    login = place.login_of("manager")
    seen = []
    while 429 not in seen:  # a slow machine may let a first short wait pass
        async with browser.post("/signin", data={"login": login, "password": "no"}) as answer:
            seen.append(answer.status)
    assert throttle.HERE.free < len(seen) < throttle.HERE.free + 6
    fields = {"login": login.upper(), "password": site.PASSWORD}
    async with browser.post("/signin?lang=en", data=fields) as answer:
        assert answer.status == 429
        seconds = answer.headers["Retry-After"]
        assert 0 < int(seconds) <= 60
        assert f"Next attempt possible in {seconds} s." in await answer.text()
    async with browser.post(
        "/signin",
        data={"login": place.login_of("admin"), "password": site.PASSWORD},
        allow_redirects=False,
    ) as answer:
        assert answer.status == 303, "another name is not held back"


async def test_the_owners_own_browser_is_not_held_back_by_a_guesser(
    place: site.Site, client: Client
) -> None:
    login = place.login_of("manager")
    owner = await client(login=login)
    async with owner.post("/signout", allow_redirects=False):
        pass
    guesser = await client()
    statuses = []
    for _ in range(throttle.HERE.free + 3):
        async with guesser.post("/signin", data={"login": login, "password": "no"}) as answer:
            statuses.append(answer.status)
    assert statuses[-1] == 429
    fields = {"login": login, "password": site.PASSWORD}
    async with owner.post("/signin", data=fields, allow_redirects=False) as answer:
        assert answer.status == 303, "the browser that signed in before has a bucket of its own"


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_waits_grow_and_the_door_is_never_closed() -> None:
    clock = _Clock()
    counted = throttle.Throttle(address=RateLimitItemPerMinute(10_000), clock=clock)
    waits = []
    for _ in range(14):
        seconds = await counted.refused_for("10.0.0.1", "dana")
        while seconds:
            waits.append(seconds)
            clock.now += seconds
            seconds = await counted.refused_for("10.0.0.1", "dana")
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    elsewhere = await counted.refused_for("10.0.0.2", "dana")
    assert elsewhere == 0, "another address waits for the name's own count alone"


async def test_many_addresses_against_one_name_are_slowed_by_ten_seconds_at_most() -> None:
    clock = _Clock()
    counted = throttle.Throttle(clock=clock)
    tried = [await counted.refused_for(f"10.0.{n}.1", "dana") for n in range(60)]
    assert tried[: throttle.EVERYWHERE.free] == [0] * throttle.EVERYWHERE.free
    assert max(tried) <= 10 and tried[-1] > 0
    clock.now += 10
    assert await counted.refused_for("192.0.2.7", "dana") == 0, "the owner gets in from anywhere"


async def test_one_address_cannot_try_many_names() -> None:
    counted = throttle.Throttle(address=RateLimitItemPerMinute(3))
    assert [await counted.refused_for("10.0.0.1", f"user{n}") for n in range(3)] == [0, 0, 0]
    assert 0 < await counted.refused_for("10.0.0.1", "user9") <= 60
    assert await counted.refused_for("10.0.0.2", "user9") == 0


async def test_the_session_key_changes_at_sign_in_and_is_stored_as_a_hash_only(
    place: site.Site, client: Client
) -> None:
    browser = await client("agent")
    first = _cookie(browser)
    fields = {"login": place.login_of("agent"), "password": site.PASSWORD}
    async with browser.post("/signin", data=fields, allow_redirects=False) as answer:
        assert answer.status == 303
    second = _cookie(browser)
    assert first != second
    with place.database.session() as session:
        hashes = set(session.scalars(select(models.WebSession.key_hash)))
    assert hashes == {sessions.hashed(second)}, "the old session ended with the new sign-in"
    assert second not in hashes


async def test_signing_out_ends_the_session_and_its_live_connection(
    place: site.Site, client: Client
) -> None:
    ended: list[str] = []

    async def hook(key_hash: str) -> None:
        ended.append(key_hash)

    place.app[keys.SIGNED_OUT].append(hook)
    browser = await client("agent")
    key = _cookie(browser)
    async with browser.post("/signout", allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/signin"
    assert ended == [sessions.hashed(key)]
    async with browser.get(
        "/settings", headers={"Cookie": f"callcenter={key}"}, allow_redirects=False
    ) as answer:
        assert answer.status == 303, "a stolen cookie is worth nothing after the sign-out"


async def test_a_session_ends_when_its_row_is_deleted_or_old_or_its_user_is_switched_off(
    place: site.Site, client: Client
) -> None:
    async def signed_in(browser: aiohttp.ClientSession) -> bool:
        async with browser.get("/settings", allow_redirects=False) as answer:
            return answer.status == 200

    browser = await client("agent")
    assert await signed_in(browser)
    with place.database.session() as session:
        row = session.scalars(select(models.WebSession)).one()
        user_id = row.user_id
        row.expires_at = utcnow()
    assert not await signed_in(browser)

    browser = await client("agent")
    with place.database.session() as session:
        session.get_one(models.User, user_id).active = False
    assert not await signed_in(browser)
    with place.database.session() as session:
        session.get_one(models.User, user_id).active = True
        sessions.forget_all(session, user_id or 0)
    assert not await signed_in(browser)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
        {"Origin": ""},
    ],
)
async def test_another_site_cannot_act_in_ones_name(
    headers: dict[str, str], place: site.Site, client: Client
) -> None:
    browser = await client("agent")
    fields = {"text": "written by a stranger"}
    path = f"/customers/{place.party_id}/notes"
    async with browser.post(path, data=fields, headers=headers) as answer:
        assert answer.status == 403
    with place.database.session() as session:
        note = models.Note
        assert not session.scalar(select(func.count()).where(note.text == fields["text"]))


async def test_every_answer_carries_the_policy_and_pages_are_not_kept(
    place: site.Site, client: Client
) -> None:
    browser = await client("agent")
    for path in ("/signin", "/customers", "/nowhere", "/static/css/base.css", "/i18n/he.json"):
        async with browser.get(path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy
            assert "script-src 'self'" in policy and "style-src 'self'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "frame-ancestors 'none'" in policy
            kept = path.startswith(("/static", "/i18n"))
            assert answer.headers["Cache-Control"] == ("no-cache" if kept else "no-store")


async def test_failures_are_pages_for_people_and_json_for_programs(client: Client) -> None:
    nobody = await client()
    async with nobody.get("/api/v1/search?q=x") as answer:
        body = await answer.json()
        assert answer.status == 401 and body["error"]["code"] == "signed_out"
        assert body["error"]["message"]
    async with nobody.get("/customers", headers={"HX-Request": "true"}) as answer:
        assert answer.status == 401
        assert answer.headers["HX-Redirect"] == "/signin?next=/customers"
    browser = await client("agent")
    async with browser.get("/nowhere?lang=en") as answer:
        assert answer.status == 404
        assert "Page not found" in await answer.text()
    async with browser.get("/api/v1/nowhere") as answer:
        assert answer.status == 404
        assert (await answer.json())["error"]["code"] == "not_found"
    async with browser.get("/calls?after=nonsense") as answer:
        assert answer.status == 422


def test_a_proxy_is_believed_only_when_the_settings_name_it(tmp_path: Path) -> None:
    for trusted, expected in (((), "127.0.0.1"), (("127.0.0.1",), "203.0.113.9")):
        app = web.Application()
        app[keys.SETTINGS] = site.settings(tmp_path, web={"trusted_proxies": trusted})
        request = make_mocked_request(
            "GET", "/", headers={"X-Forwarded-For": "1.2.3.4, 203.0.113.9"}, app=app
        ).clone(remote="127.0.0.1")
        assert security.address(request) == expected
