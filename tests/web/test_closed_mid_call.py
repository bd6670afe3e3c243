"""An account that is closed in the middle of a call, on a real Asterisk: the call goes on and is logged, everything else ends politely."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import select

from callcenter import models
from callcenter.crm import accounts
from callcenter.db import utcnow
from tests.pbx.fixtures import SetUp
from tests.pbx.stage import DANA, QUICK, SUPPORT
from tests.web import desk_people
from tests.web.test_desk_real import product

pytestmark = [pytest.mark.asterisk, pytest.mark.browser]


async def test_who_is_closed_mid_call_is_signed_out_and_the_call_goes_on(
    set_up: SetUp, tmp_path: Path, chromium: Browser
) -> None:
    expect.set_options(timeout=60_000)
    exchange = await set_up("1001", timing=QUICK)
    async with product(exchange, tmp_path, chromium) as real:
        with real.database.session() as session:
            accounts.create_user(
                session, "boss", "Boss", password=desk_people.PASSWORD, role="admin", now=utcnow()
            )
            michal = accounts.by_login(session, "michal").id
        page = real.page
        await page.keyboard.press("Alt+KeyG")
        await page.wait_for_selector(".state[data-s=ready]")
        dana = await exchange.trunk.call(SUPPORT, number=DANA, name="Dana")
        await exchange.answered_by("1001")
        await page.wait_for_selector(".card[data-state=talking]")
        await page.locator("#call-note").fill("נאמר לפני הסגירה")

        url = page.url.removesuffix("/desk")
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(url, cookie_jar=jar, headers={"Origin": url}) as boss:
            fields = {"login": "boss", "password": desk_people.PASSWORD}
            async with boss.post("/signin", data=fields, allow_redirects=False) as answer:
                assert answer.status == 303
            path = f"/settings/users/{michal}/close"
            async with boss.post(path, allow_redirects=False) as answer:
                assert answer.status == 303

        await expect(page.locator(".troubles")).to_contain_text("השיחה אינה מושפעת")
        await expect(page.locator("#call-note")).to_have_value("נאמר לפני הסגירה")
        assert await exchange.manager.listing(
            "CoreShowChannels", complete="CoreShowChannelsComplete"
        ), "the call goes on"
        assert (await page.request.get(f"{url}/api/v1/desk/setup")).status == 401
        await exchange.until(lambda: _paused(exchange))

        await exchange.talk()
        await dana.hang_up()
        await exchange.until(lambda: real.call().ended is not None)
        call = real.call()
        assert (call.result, call.queue) == ("answered", "support")
        with real.database.session() as session:
            part = models.CallParticipant
            users = session.scalars(select(part.user_id).where(part.call_id == call.id)).all()
            assert users == [michal], "the call stays theirs"
            seat = session.scalars(select(models.ExtensionAssignment)).one()
            assert seat.until is not None


def _paused(exchange: object) -> bool:
    """Say whether the last word on the member was that no queue call may come."""
    said = [
        e
        for e in exchange.manager.events  # type: ignore[attr-defined]
        if e.get("Event") == "QueueMemberPause" and e.get("Queue") == "support"
    ]
    return bool(said) and said[-1]["Paused"] == "1"
