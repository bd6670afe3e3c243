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


async def test_what_stands_below_the_bars_does_not_run_into_its_neighbour(
    chromium: Browser, place: site.Site
) -> None:
    page = await chromium.new_page(viewport={"width": 1280, "height": 900})
    await browser.sign_in(page, place, "manager")
    for language in ("he", "en", "ru"):
        for asked in ("period=month&by=day", "period=week&by=day", "period=month&by=hour"):
            await page.goto(f"{place.url}/figures?{asked}&lang={language}")
            below = page.locator(".chart .ax[text-anchor=middle]")
            boxes = await below.evaluate_all("all => all.map((t) => t.getBoundingClientRect())")
            assert len(boxes) > 5
            for one, other in zip(boxes, boxes[1:], strict=False):
                assert one["right"] < other["left"], (language, asked, one, other)
    await page.close()
