"""A supervisor looks for what was said, in a real Chromium and in Hebrew: the words are marked, and a click plays from there."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import update

from callcenter import models
from tests.web import axe, browser, site
from tests.web.test_pages_browser import NOT_LIVE

pytestmark = pytest.mark.browser


async def test_a_word_is_found_marked_and_played_from_its_second(
    chromium: Browser, place: site.Site
) -> None:
    side, start, _, text = site.SAID[2]
    word = max(text.split(), key=len).strip(".,?!")
    with place.database.session() as session:
        session.execute(update(models.User).values(language="he"))
    context = await chromium.new_context(viewport={"width": 1440, "height": 900})
    complaints = browser.Complaints(context)
    page = await context.new_page()
    await browser.sign_in(page, place, "manager")
    await page.goto(f"{place.url}/recordings")
    assert await page.get_attribute("html", "dir") == "rtl"
    await page.get_by_role("searchbox", name="מילים בתמלול או בהערות").fill(word[:-1])
    await page.keyboard.press("Enter")
    await page.wait_for_url("**q=**")
    await expect(page.locator("mark").first).to_have_text(word)
    await page.get_by_label("מי אמר").select_option(side)
    await page.wait_for_url(f"**side={side}**")
    line = page.locator("p.said", has=page.locator("mark", has_text=word))
    await expect(line).to_have_count(1)
    assert await axe.faults(page) == []
    await line.get_by_role("link").click()
    await page.wait_for_url(f"**/calls/{place.call_id}?t={start}")
    playing = "p => !p.audio.paused && p.audio.currentTime > {0} && p.audio.currentTime < {1}"
    player = page.locator("cc-player:not([data-small])")
    handle = await player.element_handle()
    await page.wait_for_function(playing.format(start + 0.2, start + 20), arg=handle)
    heard = [line for line in complaints.lines if not NOT_LIVE.search(line)]
    assert not heard, heard
    await context.close()
