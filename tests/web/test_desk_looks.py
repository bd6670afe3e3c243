"""The desk for every eye: accessible by the machine's measure, in both directions and themes, and on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.web import axe
from tests.web import desk_cards as cards
from tests.web.desk_fixtures import Desk, opened
from tests.web.desk_shots import TARGETS

pytestmark = pytest.mark.browser

LOOKS = [("he", "light", 1440), ("en", "dark", 1440), ("ru", "light", 390)]


@pytest.mark.parametrize(("language", "theme", "width"), LOOKS)
async def test_no_state_of_the_desk_has_a_fault(
    chromium: Browser, tmp_path: Path, language: str, theme: str, width: int
) -> None:
    async with opened(chromium, tmp_path, language, theme, width) as desk:
        page = desk.page
        await page.emulate_media(reduced_motion="reduce")  # what moves in has no contrast yet
        found = {"idle": await axe.faults(page)}
        await page.keyboard.press("Alt+KeyB")
        found["menu"] = await axe.faults(page)
        await page.keyboard.press("Escape")
        for name, card in (
            ("ringing", cards.known()),
            ("several", cards.ambiguous()),
            ("new", cards.unknown()),
        ):
            await desk.ring(card)
            found[name] = await axe.faults(page)
        await desk.stage.pop(cards.known())
        await desk.answer()
        found["talking"] = await axe.faults(page)
        desk.stage.answers["GET", "/targets"] = (200, TARGETS)
        await page.keyboard.press("Alt+KeyT")
        await page.wait_for_selector(".pick-row")
        found["transfer"] = await axe.faults(page)
        await page.keyboard.press("Escape")
        await desk.hang_up()
        found["wrapup"] = await axe.faults(page)
        await page.keyboard.press("Alt+Slash")
        found["keys"] = await axe.faults(page)
        assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize("language", ["he", "en", "ru"])
async def test_nothing_runs_over_the_edge_of_a_phone(
    chromium: Browser, tmp_path: Path, language: str
) -> None:
    async with opened(chromium, tmp_path, language, "light", 390) as desk:
        wide = "document.documentElement.scrollWidth > innerWidth || [...document.querySelectorAll('.bar *')].some(e => e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1)"
        await desk.ring(cards.known())
        assert await desk.page.evaluate(wide) is False
        await desk.answer(recording="on")
        assert await desk.page.evaluate(wide) is False
        await expect(desk.page.locator(".more")).to_be_visible()
        await desk.hang_up()
        assert await desk.page.evaluate(wide) is False
        await expect(desk.page.locator(".endfoot .btn.primary")).to_be_in_viewport()


async def test_the_name_is_large_once_during_a_call(desk: Desk) -> None:
    await desk.ring(cards.known())
    await desk.answer()
    sizes = await desk.page.evaluate(
        """name => [...document.querySelectorAll('body *')]
            .filter(e => e.childElementCount === 0 && e.textContent.trim() === name && e.checkVisibility())
            .map(e => parseFloat(getComputedStyle(e).fontSize)).filter(size => size >= 16)""",
        "דנה לוי־אברמוביץ׳",
    )
    assert sizes == [20]
