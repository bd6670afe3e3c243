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


async def test_a_name_that_is_typed_stays_with_its_call_when_another_one_rings(desk: Desk) -> None:
    await desk.ring(cards.unknown())
    await desk.answer()
    name = desk.page.get_by_label("שם", exact=True).first
    await name.focus()
    await desk.page.keyboard.type("דוד ")
    another = cards.unknown(id="1700000000.2", number={"e164": "+972541234567", "display": "054-123-4567", "kind": "external"})  # fmt: skip
    await desk.stage.pop(another)
    await expect(desk.page.locator(".cards .card")).to_have_count(2)
    await expect(desk.page.locator(".cards .card").first).to_have_attribute("data-call", another["id"])  # fmt: skip
    await desk.page.keyboard.type("אזולאי")
    typed = desk.page.locator(f"#new-{ID.replace('.', chr(92) + '.')}")
    await expect(typed).to_be_focused()
    await expect(typed).to_have_value("דוד אזולאי")
    await desk.page.keyboard.press("Enter")
    assert await desk.stage.command("POST", f"/calls/{ID}/customer") == {"name": "דוד אזולאי"}


async def test_the_keypad_shows_that_it_has_the_keyboard(desk: Desk) -> None:
    await desk.ring(cards.known())
    await desk.answer()
    await desk.page.locator("cc-callbar [data-keypad]").press("Enter")
    await expect(desk.page.locator(".keypad")).to_be_focused()
    width = "e => parseFloat(getComputedStyle(e).outlineWidth) * (getComputedStyle(e).outlineStyle !== 'none')"
    assert await desk.page.locator(".keypad").evaluate(width) >= 2
