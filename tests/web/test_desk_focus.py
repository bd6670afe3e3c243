"""Where the keyboard is after something on the desk went away: never nowhere."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web import desk_cards as cards
from tests.web.desk_fixtures import ID, Desk

pytestmark = pytest.mark.browser


async def test_after_the_wrap_up_the_keyboard_goes_on_from_what_the_desk_says_next(
    desk: Desk,
) -> None:
    await desk.ring(cards.known())
    await desk.answer()
    await desk.page.evaluate("document.activeElement.blur()")
    await desk.hang_up()
    await desk.page.keyboard.press("Digit1")
    async with desk.page.expect_response("**/desk/today"):
        await desk.page.keyboard.press("Enter")
        await expect(desk.page.locator(".card")).to_have_count(0)
        await expect(desk.page.locator("[data-slot=headline]")).to_be_focused()
    # The day's figures came anew meanwhile, and the headline with them.
    await expect(desk.page.locator("[data-slot=headline]")).to_be_focused()
    await desk.stage.command("POST", f"/calls/{ID}/wrapup")


async def test_another_time_for_a_callback_can_be_typed_at_once(desk: Desk) -> None:
    await desk.ring(cards.known())
    await desk.answer()
    await desk.hang_up()
    await desk.page.keyboard.press("Alt+KeyK")
    await expect(desk.page.locator(".picks .filter").first).to_be_focused()
    await desk.page.locator(".picks .filter").last.press("Enter")
    await expect(desk.page.locator(".callback-at")).to_be_focused()
