"""Views in a real Chromium: kept by keyboard, on where they should be, and the address says what is shown."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from tests.web import axe, site
from tests.web.test_pages_browser import _page

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language,theme,width", [("he", "dark", 1280), ("en", "light", 390)])
async def test_a_view_is_kept_by_keyboard_and_opens_the_list(
    language: str, theme: str, width: int, chromium: Browser, place: site.Site
) -> None:
    async with _page(
        chromium, place, "supervisor", language=language, theme=theme, width=width
    ) as (page, _):
        await page.goto(f"{place.url}/calls?direction=inbound")
        await page.evaluate("document.querySelector('header.bar').dataset.mark = 'the same'")
        await page.focus(".more summary")
        await page.keyboard.press("Enter")
        await page.focus(".saveview summary")
        await page.keyboard.press("Enter")
        assert await axe.faults(page) == []
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{wide} px wider than the screen"
        await page.keyboard.press("Tab")
        await page.keyboard.type("נכנסות של הבוקר")
        await page.keyboard.press("Enter")
        on = page.locator(".views .filter.on")
        await expect(on).to_have_text("נכנסות של הבוקר")
        await expect(page.locator(".callout.ok")).to_be_visible()
        await page.click(".views .push")
        await expect(page).to_have_url(re.compile("/views/calls$"))
        row = page.locator("li.rowline", has=page.locator("input[value='נכנסות של הבוקר']"))
        await row.locator("[aria-pressed]").click()
        await expect(row.locator("[aria-pressed]")).to_have_attribute("aria-pressed", "true")
        assert await axe.faults(page) == []
        await page.click(".rail a[href='/calls']")
        await expect(page).to_have_url(re.compile(r"/calls\?period=week&direction=inbound$"))
        await expect(on).to_have_text("נכנסות של הבוקר")
        assert await page.get_attribute("header.bar", "data-mark") == "the same"


async def test_a_receipt_unfolds_and_is_accessible(chromium: Browser, place: site.Site) -> None:
    for theme in ("light", "dark"):
        async with _page(chromium, place, "manager", language="he", theme=theme) as (page, _):
            for path in (f"/calls/{place.dialled_id}", f"/customers/{place.party_id}"):
                await page.goto(f"{place.url}{path}")
                fold = page.locator("details.receipt").first
                await expect(fold.locator("li").first).to_be_hidden()
                await fold.locator("summary").focus()
                await page.keyboard.press("Enter")
                await expect(fold.locator("li").first).to_be_visible()
                assert await axe.faults(page) == []
