"""A supervisor's hour by keyboard alone, in Hebrew, on a real exchange: the floor, listening, recordings and the list of calls."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from callcenter import models
from callcenter.crm import agents, shift
from tests.flows import house as houses
from tests.flows import past
from tests.flows.hands import Hands
from tests.pbx.fixtures import SetUp
from tests.pbx.stage import DANA, QUICK, SUPPORT
from tests.web import site
from web import keys

pytestmark = [pytest.mark.asterisk, pytest.mark.browser]


async def test_an_hour_of_supervising_needs_no_mouse(
    set_up: SetUp, tmp_path: Path, chromium: Browser
) -> None:
    stage = await set_up("1001", "1002", "1005", timing=QUICK)
    async with houses.opened(stage, tmp_path, chromium) as house:
        with house.made.database.session() as session:
            recorded = past.fill(session, house.made.folder, login="michal")
        center = house.made.app[keys.FLOOR].center
        michal, olga = house.user("michal").id, house.user("olga").id
        await shift.become(center, michal, agents.State.READY)
        await shift.become(center, olga, agents.State.PAUSED, "lunch")
        async with house.sits_down("ronit") as hands:
            await hands.go("זמן אמת")
            await hands.at("/floor")
            await listened(house, hands, michal, olga)
            await heard_again(hands, recorded)
            await narrowed(hands)
        (first, *_) = house.rows(models.Audit, models.Audit.action == "call_listen")
        assert first.user_id == house.user("ronit").id


async def listened(house: houses.House, hands: Hands, michal: int, olga: int) -> None:
    """Go to the agent who talks, and hear, whisper and speak from one's own phone."""
    page, stage = hands.page, house.stage
    mine, other = (page.locator(f"[data-agent='{who}']") for who in (michal, olga))
    dana = await stage.trunk.call(SUPPORT, number=DANA, name="Dana")
    await stage.answered_by("1001")
    await expect(mine).to_have_attribute("data-s", "talking")
    await expect(mine).to_contain_text("דנה לוי")
    await hands.looked()
    await hands.to(mine.get_by_role("link"))
    await hands.press("ArrowLeft")
    await hands.has(other.get_by_role("link"))
    await hands.where()
    await hands.press("ArrowRight")
    await hands.has(mine.get_by_role("link"))
    for key, words in (
        ("KeyL", "לא שומעים אותך"),
        ("KeyW", "רק"),
        ("KeyB", "שני הצדדים"),
    ):
        await hands.press(key)
        await stage.answered_by("1005")
        await expect(mine.locator(".ear")).to_contain_text(words)
        await hands.where()
    await hands.looked()
    await hands.press("Escape")
    await expect(mine.locator(".ear")).to_have_count(0)
    await dana.hang_up()
    await expect(mine).to_have_attribute("data-s", "wrapup")
    # Olga comes back and stands before Michal now; the keyboard stays with Michal.
    center = house.made.app[keys.FLOOR].center
    center.finish_wrapup(michal, then=(agents.State.PAUSED, "break"))
    await shift.become(center, olga, agents.State.READY)
    await expect(page.locator(".agent").first).to_have_attribute("data-agent", str(olga))
    await hands.has(mine.get_by_role("link"))


async def heard_again(hands: Hands, recorded: int) -> None:
    """Find a call by what was said in it, open it and play it."""
    page = hands.page
    await hands.go("שיחות", within=".rail")
    await hands.at("/calls")
    await hands.go("הקלטות")
    await hands.at("/recordings")
    await hands.write("מילים בתמלול או בהערות", site.SAID[1][3].split()[4])
    await hands.press("Enter")
    await expect(page.locator("mark").first).to_be_visible()
    await hands.where()
    await hands.looked()
    await hands.press_on(page.locator(".founds a.strong").first)
    await hands.at(f"/calls/{recorded}$")
    player = await page.locator("cc-player:not([data-small])").element_handle()
    await hands.press_on(hands.found("ניגון", "button", within="#player"))
    await page.wait_for_function("p => !p.audio.paused && p.audio.currentTime > 0.2", arg=player)
    await hands.press("KeyL", "KeyL")
    await page.wait_for_function("p => p.audio.currentTime > 10", arg=player)
    await hands.press("Space")
    await page.wait_for_function("p => p.audio.paused", arg=player)
    await hands.where()


async def narrowed(hands: Hands) -> None:
    """Narrow the list of calls by two filters, and go on to its next page."""
    page = hands.page
    await hands.go("שיחות", within=".rail")
    await hands.at("/calls$")
    await hands.go("7 ימים", within=".tabs")
    await page.wait_for_url(re.compile("period=week"))
    await hands.has(page.locator(".tabs [aria-current]"))
    await hands.choose("כיוון", "נכנסות")
    await hands.choose("אופן הסיום", "נענתה")
    await page.wait_for_url(re.compile("direction=inbound.*result=answered"))
    await hands.looked()
    first = await page.locator("table.calls a.strong").first.get_attribute("href")
    await hands.go("הבא")
    await expect(page.locator("table.calls a.strong").first).not_to_have_attribute(
        "href", str(first)
    )
    await hands.where()
    await hands.looked()
