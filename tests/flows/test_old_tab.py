"""A tab that is older than the program: it says so, takes nothing that was typed, and reloads when its owner wants it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from callcenter import models
from tests.flows import house as houses
from tests.flows.hands import Hands
from tests.pbx.fixtures import SetUp
from tests.pbx.stage import DANA, QUICK, SUPPORT
from web import keys

pytestmark = [pytest.mark.asterisk, pytest.mark.browser]
NEWS = "יש גרסה חדשה"


async def test_an_old_tab_says_so_and_loses_nothing(
    set_up: SetUp, tmp_path: Path, chromium: Browser
) -> None:
    stage = await set_up("1001", timing=QUICK)
    async with (
        houses.opened(stage, tmp_path, chromium) as house,
        house.sits_down("michal") as hands,
    ):
        await half_a_form(house, hands)
        await half_a_note(house, hands)


async def renewed(house: houses.House, hands: Hands, version: str) -> None:
    """Put another version in the program's place while the tab's line is cut."""
    await hands.page.context.set_offline(True)
    await expect(hands.page.locator(".troubles")).to_contain_text("מתבצע חיבור מחדש")
    renderer = house.made.app[keys.RENDERER]
    renderer.version = house.made.app[keys.FLOOR].screens._version = version
    for environment in renderer._environments.values():
        environment.globals["version"] = version
    await hands.page.context.set_offline(False)
    await expect(hands.page.locator(".troubles")).to_contain_text(NEWS)


async def reloaded(hands: Hands) -> None:
    """Take the new version when it suits."""
    await hands.to(hands.found("טעינה מחדש", "button"))
    async with hands.page.expect_event("load"):
        await hands.press("Enter")
    await hands.page.wait_for_selector("#cc-conn[data-said]:not(.off)", state="attached")
    await expect(hands.page.locator(".troubles")).not_to_contain_text(NEWS)


async def half_a_form(house: houses.House, hands: Hands) -> None:
    """Go on with a form that was begun in the old tab, and send it."""
    page = hands.page
    await hands.press("Control+KeyK")
    await hands.type("דנה")
    await expect(page.locator("#cc-p-0")).to_contain_text("דנה לוי")
    await hands.press("Enter")
    await page.wait_for_url("**/customers/*")
    await page.wait_for_selector("#cc-conn[data-said]:not(.off)", state="attached")
    await hands.write("הערה חדשה", "מבקשת חשבונית ")
    await renewed(house, hands, "2")
    await hands.has(page.get_by_label("הערה חדשה"))
    await hands.type("בדואר")
    await hands.looked()
    await hands.press("Tab", "Enter")
    await expect(page.locator(".timeline")).to_contain_text("מבקשת חשבונית בדואר")
    await expect(page.locator(".troubles")).to_contain_text(
        NEWS
    )  # the page's scripts are still old
    await reloaded(hands)


async def half_a_note(house: houses.House, hands: Hands) -> None:
    """Talk and write through a new version, and reload in the middle of the call."""
    page, stage = hands.page, house.stage
    await hands.go("עמדה", within=".rail")
    await hands.at("/desk$")
    await hands.press("Alt+KeyG")
    await page.wait_for_selector(".state[data-s=ready]")
    dana = await stage.trunk.call(SUPPORT, number=DANA, name="Dana")
    await stage.answered_by("1001")
    await page.wait_for_selector(".card[data-state=talking]")
    await hands.to(page.locator("#call-note"))
    await hands.type("הנתב מתנתק ")
    await renewed(house, hands, "3")
    await hands.has(page.locator("#call-note"))
    await hands.type("כל שעה")
    await hands.looked()
    await reloaded(hands)
    await page.wait_for_selector(".card[data-state=talking]")
    await expect(page.locator(".troubles")).not_to_contain_text(NEWS)
    await expect(page.locator("#call-note")).to_have_value("הנתב מתנתק כל שעה")
    await dana.hang_up()
    await page.wait_for_selector(".card[data-state=wrapup]")
    await house.until(
        lambda: [n.text for n in house.rows(models.Note, models.Note.call_id.is_not(None))] == [
            "הנתב מתנתק כל שעה"
        ]
    )  # fmt: skip
