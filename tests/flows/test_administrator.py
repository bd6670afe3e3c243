"""An administrator's hour by keyboard alone, in Hebrew, on a real exchange: people, seats, outcomes, and an account that is closed in a call."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from callcenter import models
from callcenter.db import utcnow
from tests.flows import house as houses
from tests.flows import past
from tests.flows.hands import Hands
from tests.pbx.fixtures import SetUp
from tests.pbx.stage import DANA, QUICK, SUPPORT
from tests.web import desk_people
from web import keys

pytestmark = [pytest.mark.asterisk, pytest.mark.browser]
E164 = f"+972{DANA[1:]}"


async def test_an_hour_of_administration_needs_no_mouse(
    set_up: SetUp, tmp_path: Path, chromium: Browser
) -> None:
    stage = await set_up("1001", "1003", timing=QUICK)
    async with houses.opened(stage, tmp_path, chromium) as house:
        with house.made.database.session() as session:
            past.fill(session, house.made.folder, login="michal", calls=6)
        async with house.sits_down("root") as hands, house.sits_down("michal") as michal:
            await seated(house, hands)
            await offered(house, hands)
            await closed_in_a_call(house, hands, michal)
            await advised(house, hands)


async def seated(house: houses.House, hands: Hands) -> None:
    """Make somebody and give them a telephone."""
    page = hands.page
    await hands.at("/system")
    await hands.go("הגדרות", within=".rail")
    await hands.at("/settings$")
    await hands.go("משתמשים", within=".setnav")
    await hands.at("/settings/users$")
    await hands.go("חשבון חדש")
    await hands.at("/settings/users/new$")
    await hands.write("שם", "ניר שקד")
    await hands.write("שם משתמש", "nir")
    await hands.write("סיסמה ראשונה", desk_people.PASSWORD)
    await hands.press("Enter")
    await hands.at(r"/settings/users/\d+")
    await hands.write("מעכשיו", "1003")
    await hands.press("Enter")
    await expect(page.locator("#seat .rows")).to_contain_text("PJSIP/1003")
    await hands.where()
    await hands.looked()
    (seat,) = house.rows(
        models.ExtensionAssignment, models.ExtensionAssignment.user_id == house.user("nir").id
    )
    assert (seat.extension, seat.until) == ("1003", None)


async def offered(house: houses.House, hands: Hands) -> None:
    """Add an outcome, and archive one that calls have."""
    page = hands.page
    await hands.go("קודי סיום", within=".setnav")
    await hands.at("/settings/outcomes$")
    await hands.write("עברית", "נקבע ביקור טכנאי")
    await hands.write("English", "Technician booked")
    await hands.write("Русский", "Назначен мастер")
    await hands.press("Enter")
    await expect(page.locator("ol.rows")).to_contain_text("נקבע ביקור טכנאי")
    await hands.where()
    await hands.go("העברה לארכיון נפתר", "button")
    await expect(page.locator("[aria-labelledby=h-a]")).to_contain_text("נפתר")
    await hands.where()
    await hands.looked()
    (solved,) = house.rows(models.Outcome, models.Outcome.code == "solved")
    assert not solved.active
    assert house.rows(models.Call, models.Call.outcome_id == solved.id), "its calls keep it"


async def closed_in_a_call(house: houses.House, hands: Hands, michal: Hands) -> None:
    """Close an account while its owner talks: the call goes on, its words stay, and nobody comes in again."""
    stage, page = house.stage, michal.page
    await michal.press("Alt+KeyG")
    await page.wait_for_selector(".state[data-s=ready]")
    dana = await stage.trunk.call(SUPPORT, number=DANA, name="Dana")
    await stage.answered_by("1001")
    await page.wait_for_selector(".card[data-state=talking]")
    await expect(page.locator(".outcomes")).not_to_contain_text("נפתר")
    await michal.has(page.locator("#call-note"))
    await michal.type("באמצע המשפט")

    await hands.go("משתמשים", within=".setnav")
    await hands.at("/settings/users$")
    await hands.go("מיכל לב")
    await hands.at(r"/settings/users/\d+$")
    await hands.go("סגירת החשבון", "button")
    await hands.at("said=closed")
    await page.bring_to_front()
    await expect(page.locator(".troubles")).to_contain_text("השיחה אינה מושפעת")
    await michal.has(page.locator("#call-note"))
    await expect(page.locator("#call-note")).to_have_value("באמצע המשפט")
    await michal.looked()
    assert await stage.manager.listing("CoreShowChannels", complete="CoreShowChannelsComplete")
    await stage.talk()
    await dana.hang_up()
    await house.until(lambda: house.rows(models.Call, models.Call.far_e164 == E164) != [])
    await house.until(lambda: house.call(E164).ended is not None)
    call = house.call(E164)
    assert (call.result, [p.user_id for p in call.participants]) == (
        "answered", [house.user("michal").id],
    )  # fmt: skip
    assert call.ended is not None and call.ended <= utcnow()

    await michal.press_on(michal.found("כניסה", within=".troubles"))
    await page.wait_for_url("**/signin*")
    await michal.type("michal")
    await michal.write("סיסמה", desk_people.PASSWORD)
    await michal.press("Enter")
    await expect(page.locator(".callout.bad")).to_contain_text("שם המשתמש או הסיסמה שגויים")
    await michal.looked()


async def advised(house: houses.House, hands: Hands) -> None:
    """See on the system's page what is wrong with the exchange and which settings to look at."""
    page = hands.page
    await page.bring_to_front()
    await hands.go("מערכת", within=".rail")
    await hands.at("/system$")
    await house.made.app[keys.FLOOR].center.board.lines["main"].link.close()
    await expect(page.locator(".troublelist")).to_contain_text("pbx.host, pbx.port")
    await hands.looked()
    await hands.go("יומן היום")
    await hands.at("/ledger")
