"""A manager's morning by keyboard alone, in Hebrew: figures and the calls behind them, a campaign from a file, and who did what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from callcenter import models
from tests.flows import house as houses
from tests.flows import past
from tests.flows.hands import Hands
from tests.pbx.fixtures import SetUp
from tests.pbx.stage import QUICK

pytestmark = [pytest.mark.asterisk, pytest.mark.browser]
LEADS = "שם,טלפון,ספק\nרות פרידמן,052-333-4455,צפון\nמשה כהן,0523334456,דרום\nבלי מספר,,דרום\n"


async def test_a_managers_morning_needs_no_mouse(
    set_up: SetUp, tmp_path: Path, chromium: Browser
) -> None:
    stage = await set_up("1001", timing=QUICK)
    tables = {"campaigns": {"folder": str(tmp_path / "imports")}}
    leads = tmp_path / "leads.csv"
    leads.write_bytes(LEADS.encode("cp1255"))
    async with houses.opened(stage, tmp_path, chromium, **tables) as house:
        with house.made.database.session() as session:
            past.fill(session, house.made.folder, login="michal", calls=60)
        async with house.sits_down("dvora") as hands:
            await counted(hands)
            await begun(hands, leads)
            await traced(hands)
        (made,) = house.rows(models.Campaign)
        assert (made.name, made.state) == ("סיבים בדרום", "running")
        assert len(house.rows(models.Lead, models.Lead.campaign_id == made.id)) == 2


async def counted(hands: Hands) -> None:
    """Look at a week by agents, open the calls behind a number and take them along."""
    page = hands.page
    await hands.go("דוחות", within=".rail")
    await hands.at("/figures$")
    await hands.go("7 ימים", within=".tabs")
    await page.wait_for_url(re.compile("period=week"))
    await hands.has(page.locator(".tabs [aria-current]"))
    await hands.choose("חלוקה", "לפי נציגים")
    await page.wait_for_url(re.compile("by=agent"))
    await hands.looked()
    number = page.locator(".figtable tbody a").first
    shown = (await number.inner_text()).strip()
    await hands.press_on(number)
    await hands.at("/calls.*set=")
    await expect(page.locator(".behind-n")).to_have_attribute("data-count", shown)
    await hands.to(hands.found("ייצוא לקובץ CSV"))
    async with page.expect_download() as taken:
        await hands.press("Enter")
    assert (await taken.value).suggested_filename.endswith(".csv")
    await hands.where()


async def begun(hands: Hands, leads: Path) -> None:
    """Make a campaign, fill it from a file of an old Windows, and start it."""
    page = hands.page
    page.on(
        "filechooser", lambda _: None
    )  # the browser asks us from now on, not at the last moment
    await hands.go("קמפיינים", within=".rail")
    await hands.at("/campaigns$")
    await hands.go("קמפיין חדש")
    await hands.at("/campaigns/new$")
    await hands.write("שם", "סיבים בדרום")
    await hands.press("Enter")
    await hands.at(r"/campaigns/\d+$")
    await hands.go("ייבוא לידים")
    await hands.at("/import$")
    await hands.to(page.locator("#f-file"))
    async with page.expect_file_chooser() as asked:
        await hands.press("Enter")
    await (await asked.value).set_files(leads)
    await hands.go("הבא", "button")
    await hands.at(r"/imports/\d+$")
    await expect(page.locator(".maptable")).to_contain_text("רות פרידמן")
    await hands.go("התחלת הייבוא", "button")
    await expect(page.locator(".campfigs .fig").nth(1)).to_have_text("2")
    await hands.go("לקמפיין")
    await hands.at(r"/campaigns/\d+$")
    await hands.go("הפעלת הקמפיין", "button")
    await expect(hands.found("הפעלת הקמפיין", "button")).to_have_count(0)
    await hands.where()
    await hands.looked()


async def traced(hands: Hands) -> None:
    """See in the audit log what was taken out of the house this morning."""
    page = hands.page
    await hands.go("הגדרות", within=".rail")
    await hands.at("/settings$")
    await hands.go("יומן ביקורת", within=".setnav")
    await hands.at("/settings/audit$")
    await hands.choose("סוג", "ייצוא")
    await expect(page.locator("table.audit tbody tr")).to_have_count(1)
    await expect(page.locator("table.audit")).to_contain_text("דבורה גל")
    await hands.looked()
