"""The page of figures in a real Chromium: an explanation by keyboard, a filter that answers at once, a number that opens calls."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import update

from callcenter import models
from tests.web import browser, site

pytestmark = pytest.mark.browser


async def test_a_figure_explains_itself_by_keyboard_and_a_number_opens_its_calls(
    chromium: Browser, place: site.Site
) -> None:
    with place.database.session() as session:
        session.execute(update(models.User).values(language="en"))
    context = await chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    page = await context.new_page()
    await browser.sign_in(page, place, "manager")
    await page.goto(f"{place.url}/figures?period=month&by=day")
    about = page.locator("#about-service_level")
    await page.locator("[popovertarget=about-service_level]").focus()
    await page.keyboard.press("Enter")
    await expect(about).to_be_visible()
    await expect(about).to_contain_text("divided by all answered and abandoned calls")
    await page.keyboard.press("Escape")
    await expect(about).to_be_hidden()
    await page.select_option("[name=by]", "queue")
    await page.wait_for_url("**by=queue**")
    await expect(page.locator(".figtable thead th").first).to_have_text("By queue")
    number = page.locator(".figtable tfoot a").first
    said = await number.inner_text()
    await number.click()
    await page.wait_for_url("**/calls?set=offered**")
    await expect(page.locator(".behind-n")).to_have_attribute("data-count", said)
    await context.close()
