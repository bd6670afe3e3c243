"""A support agent's day by keyboard alone, in Hebrew, on a real exchange: from the sign-in to the sign-out."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, expect

from callcenter import models
from tests.flows import house as houses
from tests.flows.hands import Hands
from tests.pbx.fixtures import SetUp
from tests.pbx.stage import DANA, DAVID, QUICK, SUPPORT

pytestmark = [pytest.mark.asterisk, pytest.mark.browser]


async def test_a_day_of_support_needs_no_mouse(
    set_up: SetUp, tmp_path: Path, chromium: Browser
) -> None:
    stage = await set_up("1001", "1002", timing=QUICK)
    async with (
        houses.opened(stage, tmp_path, chromium) as house,
        house.sits_down("michal") as hands,
    ):
        await hands.at("/desk")
        await hands.press("Alt+KeyG")
        await hands.page.wait_for_selector(".state[data-s=ready]")
        await asked_and_passed_on(house, hands)
        await written_up_with_a_callback(house, hands)
        await found_in_the_palette(hands)
        await paused_with_a_reason(house, hands)
        await signed_out(hands)


async def asked_and_passed_on(house: houses.House, hands: Hands) -> None:
    """Carry a call from its ring over a hold to a colleague who takes it."""
    page, stage = hands.page, house.stage
    dana = await stage.trunk.call(SUPPORT, number=DANA, name="Dana")
    await expect(page.locator(".card[data-state=ringing] h2")).to_have_text("דנה לוי")
    await hands.looked()
    await stage.answered_by("1001")
    await page.wait_for_selector(".card[data-state=talking]")
    await hands.has(page.locator("#call-note"))
    await hands.type("הנתב מתנתק")
    await expect(page.locator(".note-status")).to_contain_text("נשמר בשעה")
    await hands.press("Alt+KeyO")
    await page.wait_for_selector(".card[data-state=held]")
    await hands.press("Alt+KeyO")
    await page.wait_for_selector(".card[data-state=talking]")
    await hands.has(page.locator("#call-note"))
    await hands.type(" כל שעה")  # goes on where it was

    await hands.press("Alt+KeyC")
    await hands.has(page.get_by_role("combobox", name="העברה אל"))
    await hands.type("אולגה")
    await expect(page.locator("#target-0[aria-selected=true]")).to_contain_text("אולגה ברמן")
    await hands.looked()
    await hands.press("Enter")
    await page.wait_for_selector(".card[data-state=consulting]")
    await hands.press("Alt+KeyT")  # too early
    await expect(page.locator(".toast")).to_contain_text("העמית עוד לא ענה")
    await hands.looked()
    await stage.answered_by("1002")
    await expect(page.locator(".card[data-state=consulting]")).to_contain_text("אולגה ברמן")
    await hands.has(page.locator("#call-note"))
    await stage.bridged("PJSIP/1002")
    await expect(page.locator(".card[data-state=consulting]")).not_to_contain_text("בצלצול")
    await hands.looked()
    await hands.press("Alt+KeyT")
    await page.wait_for_selector(".card[data-state=wrapup]")
    await expect(page.locator("#call-note")).to_have_value("הנתב מתנתק כל שעה")
    await hands.has(page.locator("#call-note"))
    await hands.press("Alt+KeyW", "Digit4", "Enter")
    await page.wait_for_selector(".card", state="detached")
    await page.wait_for_selector(".state[data-s=ready]")
    await hands.has(page.locator("[data-slot=headline]"))
    await hands.where()
    await dana.hang_up()
    await stage.idle()
    await house.until(lambda: house.call(stages_number(DANA)).ended is not None)
    call = house.call(stages_number(DANA))
    assert [t["kind"] for t in call.transfers] == ["attended"]
    (note,) = house.rows(models.Note, models.Note.call_id == call.id)
    assert note.text == "הנתב מתנתק כל שעה"
    (outcome,) = house.rows(models.Outcome, models.Outcome.id == call.outcome_id)
    assert outcome.code == "passed_on"


def stages_number(number: str) -> str:
    """Write a number as it stands in the rows."""
    return f"+972{number[1:]}" if number.startswith("0") else number


async def written_up_with_a_callback(house: houses.House, hands: Hands) -> None:
    """Make a customer of an unknown caller, and promise to call back at a time that is typed."""
    page, stage = hands.page, house.stage
    david = await stage.trunk.call(SUPPORT, number=DAVID, name="")
    await page.wait_for_selector(".card[data-state=ringing]")
    await stage.answered_by("1001")
    await page.wait_for_selector(".card[data-state=talking]")
    await hands.write("שם", "דוד אזולאי")
    await david.hang_up()  # in the middle of it
    await page.wait_for_selector(".card[data-state=wrapup]")
    await hands.has(page.get_by_label("שם", exact=True))
    await expect(page.get_by_label("שם", exact=True)).to_have_value("דוד אזולאי")
    await hands.looked()
    await hands.press("Enter")
    await expect(page.locator(".card h2")).to_have_text("דוד אזולאי")
    await hands.where()
    await hands.press("Alt+KeyW", "Digit3")
    await hands.has(page.locator(".picks .filter").first)
    await hands.press_on(hands.found("מועד אחר", "button"))
    await hands.has(page.get_by_label("מתי"))
    await hands.type("12312031")
    await hands.press("Tab")
    await hands.type("0930AM")
    await hands.press("Control+Enter")
    await page.wait_for_selector(".card", state="detached")
    (task,) = house.rows(models.Task, models.Task.kind == "callback")
    due = task.due_at.astimezone(ZoneInfo("Asia/Jerusalem")) if task.due_at else None
    assert due is not None and f"{due:%d.%m.%Y %H:%M}" == "31.12.2031 09:30"


async def found_in_the_palette(hands: Hands) -> None:
    """Go to a customer and back to the desk by Ctrl+K, and look at the keys by the question mark."""
    page = hands.page
    await hands.press("Control+KeyK")
    await hands.has(page.locator("#cc-palette input"))
    await hands.type("דנה")
    await expect(page.locator("#cc-p-0")).to_contain_text("דנה לוי")
    await hands.looked()
    await hands.press("Enter")
    await hands.at(r"/customers/\d+")
    await page.wait_for_selector("#cc-conn[data-said]", state="attached")
    await hands.to(hands.found("עריכה"))
    await hands.press("Control+KeyK")
    await hands.has(page.locator("#cc-palette input"))
    await hands.press("Escape")
    await hands.has(hands.found("עריכה"))
    await hands.press("Shift+Slash")
    await expect(page.get_by_role("dialog", name="קיצורי מקלדת")).to_be_visible()
    await hands.looked()
    await hands.press("Escape")
    await hands.has(hands.found("עריכה"))
    await hands.press("Control+KeyK")
    await hands.type("עמדה")
    await hands.press("Enter")
    await hands.at("/desk")


async def paused_with_a_reason(house: houses.House, hands: Hands) -> None:
    """Choose the second reason from the menu of states."""
    page = hands.page
    await hands.press("Alt+KeyB")
    await hands.has(page.locator(".state-menu [role=menuitem]").first)
    await hands.looked()
    await hands.press("ArrowDown", "ArrowDown", "Enter")
    await expect(page.locator(".state[data-s=paused]")).to_contain_text("ארוחת צהריים")
    await hands.has(page.locator("cc-callbar .state"))
    await hands.where()
    await house.written()
    now, michal = models.AgentState, house.user("michal").id
    states = house.rows(now, now.until.is_(None), now.user_id == michal)
    assert [(each.state, each.reason) for each in states] == [("paused", "lunch")]


async def signed_out(hands: Hands) -> None:
    """Leave by the account's menu."""
    page = hands.page
    await hands.press_on(page.locator("#bar-me summary"))
    await hands.go("יציאה", "button")
    await hands.page.wait_for_url("**/signin*")
    await hands.has(page.locator("#login"))
