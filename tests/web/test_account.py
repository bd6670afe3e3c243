"""One's own sign-in: the second step, the password, the browsers that are signed in; and roles that must have a second step."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pyotp
import pytest
from aiohttp import web
from sqlalchemy import select, update

from callcenter import models
from callcenter.crm import second_step
from callcenter.db import Database, utcnow
from tests.web import site
from tests.web.conftest import Client, Prepared
from web import keys, sessions
from web.app import create_app


async def _enrol(browser: aiohttp.ClientSession) -> tuple[str, list[str]]:
    """Turn the second step on as a person would; return the secret and the paper codes."""
    async with browser.get("/settings/security/second-step") as answer:
        text = await answer.text()
    secret = re.sub(r"\s", "", re.search(r'class="secret">([A-Z2-7 ]+)<', text)[1])  # type: ignore[index]
    assert "data:image/svg+xml" in text
    async with browser.post("/settings/security/second-step", data={"code": "000000"}) as answer:
        assert answer.status == 422
    code = pyotp.TOTP(secret).at(datetime.now(UTC))
    async with browser.post("/settings/security/second-step", data={"code": code}) as answer:
        assert answer.status == 200
        codes = re.findall(r"<code>([0-9a-z]{5}-[0-9a-z]{5})</code>", await answer.text())
    return secret, codes


async def _password(browser: aiohttp.ClientSession, login: str, **more: str) -> str:
    fields = {"login": login, "password": site.PASSWORD, **more}
    async with browser.post("/signin", data=fields, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        return answer.headers["Location"]


async def _code(browser: aiohttp.ClientSession, code: str) -> tuple[int, str]:
    async with browser.post("/signin/code", data={"code": code}, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", "")


async def _signed_in(browser: aiohttp.ClientSession) -> bool:
    async with browser.get("/settings", allow_redirects=False) as answer:
        return answer.status == 200


def _forget_step(place: site.Site) -> None:
    """Let the present code count again, as if the half minute were over."""
    with place.database.session() as session:
        session.execute(update(models.User).values(totp_step=0))


async def test_a_second_step_is_asked_for_and_its_codes_open_once(
    place: site.Site, client: Client
) -> None:
    login = place.login_of("agent")
    secret, codes = await _enrol(await client("agent"))
    assert len(codes) == second_step.CODES
    _forget_step(place)
    browser = await client()
    assert await _password(browser, login, next="/calls") == "/signin/code"
    assert not await _signed_in(browser), "the password alone opens nothing"
    assert (await _code(browser, "123"))[0] == 401
    code = pyotp.TOTP(secret).at(datetime.now(UTC))
    assert await _code(browser, code) == (303, "/calls")
    assert await _signed_in(browser)
    other = await client()
    await _password(other, login)
    assert (await _code(other, code))[0] == 401, "a code opens once"
    assert (await _code(other, codes[0]))[0] == 303
    third = await client()
    await _password(third, login)
    assert (await _code(third, codes[0]))[0] == 401
    with place.database.session() as session:
        actions = set(session.scalars(select(models.Audit.action)))
    assert {"second_step_on", "second_step_failed", "recovery_code_used", "sign_in"} <= actions


async def test_codes_cannot_be_guessed_quickly(place: site.Site, client: Client) -> None:
    login = place.login_of("agent")
    await _enrol(await client("agent"))
    browser = await client()
    await _password(browser, login)
    statuses = []
    while 429 not in statuses and len(statuses) < 20:
        statuses.append((await _code(browser, "000000"))[0])
    assert statuses[-1] == 429 and len(statuses) < 12
    nobody = await client()
    assert (await _code(nobody, "000000"))[0] == 401, "without a password there is nothing to guess"


async def test_the_key_changes_at_each_step_of_the_sign_in(
    place: site.Site, client: Client
) -> None:
    def key(browser: aiohttp.ClientSession) -> str:
        return next(c.value for c in browser.cookie_jar if c.key == "callcenter")

    secret, _ = await _enrol(await client("agent"))
    _forget_step(place)
    browser = await client()
    await _password(browser, place.login_of("agent"))
    first = key(browser)
    await _code(browser, pyotp.TOTP(secret).at(datetime.now(UTC)))
    assert key(browser) != first
    with place.database.session() as session:
        assert session.get(models.WebSession, sessions.hashed(first)) is None


async def test_a_password_is_changed_with_the_old_one_and_signs_the_others_out(
    place: site.Site, client: Client
) -> None:
    ended: list[str] = []

    async def hook(key_hash: str) -> None:
        ended.append(key_hash)

    place.app[keys.SIGNED_OUT].append(hook)
    mine, other = await client("agent"), await client("agent")
    new = "the tide comes in at noon"

    async def change(**fields: str) -> int:
        sent = {"old": site.PASSWORD, "new": new, "again": new, **fields}
        async with mine.post(
            "/settings/security/password", data=sent, allow_redirects=False
        ) as answer:
            return answer.status

    assert await change(old="wrong") == 422
    assert await change(again="other") == 422
    assert await change(new="12345678", again="12345678") == 422
    assert await _signed_in(other)
    assert await change() == 303
    assert await _signed_in(mine) and not await _signed_in(other)
    assert len(ended) == 1
    with place.database.session() as session:
        row = session.scalars(
            select(models.Audit).where(models.Audit.action == "password_changed")
        ).one()
        assert row.address == "127.0.0.1" and new not in repr(row.detail)


async def test_one_browser_is_signed_out_or_all_others(place: site.Site, client: Client) -> None:
    browsers = [await client("agent") for _ in range(3)]
    mine, second, third = browsers
    async with mine.get("/settings/security") as answer:
        found = re.findall(r'name="session" value="([0-9a-f]{32})"', await answer.text())
    assert len(found) == 2, "the own session has no button"
    async with mine.post("/settings/security/sessions", data={"session": found[0]}):
        pass
    assert [await _signed_in(b) for b in browsers].count(True) == 2
    async with mine.post("/settings/security/sessions", data={"session": "others"}):
        pass
    assert [await _signed_in(b) for b in browsers] == [True, False, False]
    with place.database.session() as session:
        user = models.User
        other = session.scalar(
            select(user.id).where(user.login != place.login_of("agent")).limit(1)
        )
        strangers = models.WebSession(
            key_hash="f" * 64, user_id=other, created_at=utcnow(), seen_at=utcnow(),
            expires_at=datetime.fromtimestamp(time.time() + 999, UTC),
        )  # fmt: skip
        session.add(strangers)
    for wrong in ("f" * 32, "", "0"):
        async with mine.post("/settings/security/sessions", data={"session": wrong}):
            pass
    with place.database.session() as session:
        assert session.get(models.WebSession, "f" * 64) is not None, "others' sessions are others'"


@pytest.fixture
async def strict(prepared: Prepared, tmp_path: Path) -> AsyncIterator[site.Site]:
    """Serve a copy in which agents must have a second step."""
    folder = tmp_path / "strict"
    shutil.copytree(prepared.folder, folder)
    config = site.settings(folder, web={"second_step_roles": ["agent"]})
    database = Database(config.database.url)
    app = create_app(config, database)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield site.Site(url, app, database, folder, prepared.call_id, prepared.party_id)
    await runner.cleanup()
    database.close()


async def test_a_role_that_must_have_a_second_step_sets_it_up_before_anything_else(
    strict: site.Site,
) -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    headers = {"Origin": strict.url}
    async with aiohttp.ClientSession(strict.url, cookie_jar=jar, headers=headers) as browser:
        await _password(browser, strict.login_of("agent"))
        for path in ("/customers", "/settings", "/calls"):
            async with browser.get(path, allow_redirects=False) as answer:
                assert answer.headers["Location"] == "/settings/security?said=enrol"
        async with browser.get("/api/v1/desk/setup") as answer:
            assert answer.status == 403
            assert (await answer.json())["error"]["code"] == "second_step_needed"
        await _enrol(browser)
        async with browser.get("/customers") as answer:
            assert answer.status == 200
        async with browser.post(
            "/settings/security/codes", data={"wanted": "off", "password": "no"}
        ):
            pass
        with strict.database.session() as session:
            assert session.scalar(select(models.User.id).where(models.User.totp_secret != ""))
