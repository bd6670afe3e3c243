"""The desk on a real Asterisk, end to end: a call rings, the card comes, and what the agent does is in the rows."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from callcenter import models, settings
from callcenter.crm import customers
from callcenter.db import Database, utcnow
from callcenter.telephony import switchboard
from tests import servers
from tests.pbx import stage as stages
from tests.pbx.fixtures import SetUp
from tests.pbx.stage import DANA, QUICK, SUPPORT
from tests.web import desk_people, desk_stage
from web.app import create_app

pytestmark = [pytest.mark.asterisk, pytest.mark.browser]


@dataclass
class Real:
    """The product, its page and its exchange."""

    exchange: stages.Stage
    database: Database
    page: Page

    def call(self) -> models.Call:
        """Return the only call that was written."""
        with self.database.session() as session:
            return session.scalars(select(models.Call)).one()


@contextlib.asynccontextmanager
async def product(exchange: stages.Stage, folder: Path, chromium: Browser) -> AsyncIterator[Real]:
    """Run the product on the exchange, with one agent's desk open in Hebrew."""
    made = exchange.exchange
    pbx = settings.Pbx(
        port=made.ami_port, username=made.ami_user, secret=made.ami_secret,
        trunks=("PJSIP/trunk-*",), dial_timeout_seconds=8,
    )  # fmt: skip
    database = servers.migrated(folder / "desk.db")
    with database.session() as session:
        desk_people.staff(session, "he")
        dana = customers.create(session, "דנה לוי", now=utcnow())
        customers.add_number(session, dana, DANA, region="IL", now=utcnow())
    config = settings.Settings.model_validate(
        {"database": {"url": str(database.url)}, "pbx": [pbx]}
    )
    runner = web.AppRunner(create_app(config, database, switchboard.Switchboard(config.pbx)))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    context = await chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    try:
        await desk_stage.sign_in(context, url)
        page = await context.new_page()
        await page.goto(f"{url}/desk")
        await page.wait_for_selector("#cc-conn[data-said]:not(.off)")
        yield Real(exchange, database, page)
    finally:
        await context.close()
        await runner.cleanup()
        database.close()


async def test_a_call_is_carried_from_the_ring_to_its_outcome(
    set_up: SetUp, tmp_path: Path, chromium: Browser
) -> None:
    expect.set_options(timeout=60_000)
    exchange = await set_up("1001", timing=QUICK)
    async with product(exchange, tmp_path, chromium) as real:
        page = real.page
        await page.keyboard.press("Alt+KeyG")
        await page.wait_for_selector(".state[data-s=ready]")
        dana = await exchange.trunk.call(SUPPORT, number=DANA, name="Dana")
        await expect(page.locator(".card[data-state=ringing] h2")).to_have_text("דנה לוי")
        await exchange.answered_by("1001")
        await page.wait_for_selector(".card[data-state=talking]")
        await expect(page.locator("#call-note")).to_be_focused()
        await page.keyboard.type("הנתב מתנתק כל שעה")
        await expect(page.locator(".note-status")).to_contain_text("נשמר בשעה")
        await page.evaluate("document.activeElement.blur()")
        await dana.hang_up()
        await page.wait_for_selector(".card[data-state=wrapup]")
        await expect(page.locator(".outcome").first).to_be_focused()
        await page.keyboard.press("Digit2")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".card", state="detached")
        await page.wait_for_selector(".state[data-s=ready]")
        await exchange.until(lambda: real.call().wrapup_seconds is not None)
        call = real.call()
        with real.database.session() as session:
            note = session.scalars(select(models.Note)).one()
            outcome = session.get_one(models.Outcome, call.outcome_id)
        assert (call.result, call.queue) == ("answered", "support")
        assert (note.text, note.call_id) == ("הנתב מתנתק כל שעה", call.id)
        assert outcome.code == "case_opened"
