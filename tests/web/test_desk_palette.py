"""The palette: one field for customers, numbers, pages and commands, by the keyboard alone, with its keys kept to itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.web import axe
from tests.web import desk_cards as cards
from tests.web.desk_fixtures import ID, Desk, opened

pytestmark = pytest.mark.browser

DANA = {
    "id": 7, "party_id": 7, "name": "דנה לוי־אברמוביץ׳", "detail": "חיפה", "number": "052-411-1171",
    "e164": "+972524111171", "vip": True,
}  # fmt: skip
HOSTILE = {**DANA, "id": 8, "party_id": 8, "name": "<img src=x onerror=alert(1)>", "e164": None}


def options(page: Page) -> Any:
    return page.locator("#cc-palette [role=option]")


async def test_a_customer_is_found_by_a_few_letters_and_opened(desk: Desk) -> None:
    desk.stage.answers["GET", "/search"] = (200, {"customers": [DANA, HOSTILE]})
    await desk.page.keyboard.press("Control+KeyK")
    await expect(desk.page.locator("#cc-palette input")).to_be_focused()
    await desk.page.keyboard.type("דנה")
    await expect(options(desk.page)).to_have_count(2)
    assert await desk.stage.command("GET", "/search") == {"q": "דנה"}
    await expect(options(desk.page).nth(1)).to_contain_text("<img src=x")
    await desk.page.keyboard.press("Enter")
    await desk.page.wait_for_url("**/customers/7")


async def test_control_enter_dials_the_customer_and_a_typed_number_dials_itself(
    desk: Desk,
) -> None:
    desk.stage.answers["GET", "/search"] = (200, {"customers": [DANA]})
    await desk.page.keyboard.press("/")
    await desk.page.keyboard.type("dana")
    await expect(options(desk.page).first).to_contain_text("052-411-1171")
    await desk.page.keyboard.press("Control+Enter")
    assert await desk.stage.command("POST", "/dial") == {"number": "+972524111171", "party_id": 7}
    desk.stage.answers["GET", "/search"] = (200, {"customers": []})
    await desk.page.keyboard.press("Control+KeyK")
    await desk.page.keyboard.type("03-123 4567")
    await expect(options(desk.page).first).to_contain_text("03-123 4567")
    await desk.page.keyboard.press("Enter")
    assert await desk.stage.command("POST", "/dial", 2) == {"number": "03-123 4567"}


async def test_pages_and_commands_are_the_persons_own(desk: Desk) -> None:
    await desk.page.keyboard.press("Control+KeyK")
    names = await options(desk.page).all_inner_texts()
    assert not any(name.strip() == "מערכת" for name in names)  # an agent has no system page
    await desk.page.keyboard.type("צהריים")
    await expect(options(desk.page)).to_have_count(1)
    await desk.page.keyboard.press("Enter")
    assert await desk.stage.command("POST", "/agent/state") == {"state": "paused", "reason": "lunch"}  # fmt: skip
    await desk.page.keyboard.press("Control+KeyK")
    await desk.page.keyboard.type("שיחות")
    await desk.page.keyboard.press("Enter")
    await desk.page.wait_for_url("**/calls")
    await expect(desk.page.locator("cc-callbar .state")).to_be_visible()


async def test_an_open_palette_keeps_the_calls_keys_from_the_call(desk: Desk) -> None:
    await desk.ring(cards.known())
    await desk.answer()
    await desk.page.keyboard.press("Control+KeyK")
    await desk.page.keyboard.press("Alt+KeyX")
    await desk.page.keyboard.press("Escape")
    await expect(desk.page.locator("#cc-palette")).to_be_hidden()
    await expect(desk.page.locator("#call-note")).to_be_focused()
    assert desk.stage.said("POST", f"/calls/{ID}/hangup") == []


async def test_a_question_mark_lists_the_keys_but_not_in_a_note(desk: Desk) -> None:
    await desk.page.locator("body").press("?")
    sheet = desk.page.locator("#cc-keys")
    await expect(sheet).to_contain_text("Ctrl+K")
    await desk.page.keyboard.press("Escape")
    await desk.ring(cards.known())
    await desk.answer()
    await desk.page.locator("#call-note").focus()
    await desk.page.keyboard.type("why?/")
    await expect(desk.page.locator("#call-note")).to_have_value("why?/")
    await expect(sheet).to_be_hidden()
    await expect(desk.page.locator("#cc-palette[open]")).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "theme", "width"), [("he", "light", 1440), ("en", "dark", 390)]
)
async def test_the_palette_is_for_every_eye(
    chromium: Browser, tmp_path: Path, language: str, theme: str, width: int
) -> None:
    async with opened(chromium, tmp_path, language, theme, width) as desk:
        desk.stage.answers["GET", "/search"] = (200, {"customers": [DANA, HOSTILE]})
        await desk.page.emulate_media(reduced_motion="reduce")
        await desk.page.keyboard.press("Control+KeyK")
        await desk.page.keyboard.type("05")
        await expect(options(desk.page)).to_have_count(2)
        assert await axe.faults(desk.page) == []
        wide = await desk.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
