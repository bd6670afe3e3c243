"""A telemarketing agent's hour by keyboard alone, in Hebrew, on a real exchange: a key for the call, a digit for its end, round and round."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import select

from callcenter import models
from callcenter.db import utcnow
from callcenter.demo import sipcall
from tests.flows import house as houses
from tests.flows.hands import Hands
from tests.pbx.fixtures import SetUp
from tests.pbx.stage import QUICK
from tests.web.campaign_real import ALWAYS, PEOPLE, campaign

pytestmark = [pytest.mark.asterisk, pytest.mark.browser]
DANA, YOSSI, IRINA, NOA = "דנה לוי", "יוסי כהן", "Ирина Соколова", "נועה בן־שושן"


async def test_an_hour_of_calling_needs_no_mouse(
    set_up: SetUp, tmp_path: Path, chromium: Browser
) -> None:
    stage = await set_up("1001", timing=QUICK)
    tables = {"campaigns": {"sweep_seconds": 0.2}, "compliance": {"hours": ALWAYS}}
    async with houses.opened(stage, tmp_path, chromium, **tables) as house:
        with house.made.database.session() as session:
            campaign(session, (*PEOPLE, (NOA, "0521110004")))
        async with house.sits_down("michal") as hands:
            await hands.press("Alt+KeyG")
            await hands.page.wait_for_selector(".state[data-s=ready]")
            await hands.go("קמפיינים", within=".rail")
            await hands.at("/campaigns")
            await hands.go(re.compile("^הצטרפות"), "button")
            await hands.at("/desk")  # the first lead is there: whoever joins has one
            await sold(house, hands)
            await promised(house, hands)
            await refused(house, hands)
            await left(house, hands)


async def shown(hands: Hands, name: str) -> None:
    """Wait until a lead is on the desk, and see that the keyboard is at it."""
    await expect(hands.page.locator("[data-lead] h2")).to_have_text(name)
    await hands.where()


async def talk(house: houses.House, hands: Hands) -> sipcall.Call:
    """Dial the lead by its key; the agent picks up, then the customer."""
    await hands.press("Alt+KeyJ")
    await house.stage.answered_by("1001")
    customer = await house.stage.trunk.next_call()
    await customer.answer()
    await hands.page.wait_for_selector(".card[data-state=talking]")
    return customer


def lead(house: houses.House, name: str) -> models.Lead:
    """Read a lead as it is now."""
    return house.rows(models.Lead, models.Lead.name == name)[0]


async def sold(house: houses.House, hands: Hands) -> None:
    """Read the script, sell, and see the next one come after one digit."""
    await shown(hands, DANA)
    await expect(hands.page.locator(".scriptbody")).to_contain_text(f"שלום {DANA}, כאן מיכל לב.")
    await hands.looked()
    customer = await talk(house, hands)
    await hands.looked()
    await customer.hang_up()
    await hands.page.wait_for_selector(".card[data-state=wrapup]")
    await hands.has(hands.page.locator(".outcome").first)
    await hands.press("Digit1")
    await shown(hands, YOSSI)
    await hands.has(hands.page.locator("[data-lead]"))
    dana = lead(house, DANA)
    assert (dana.state, dana.reason, dana.attempts) == ("done", "success", 1)


async def promised(house: houses.House, hands: Hands) -> None:
    """Promise to call back in an hour."""
    customer = await talk(house, hands)
    await customer.hang_up()
    await hands.page.wait_for_selector(".card[data-state=wrapup]")
    await hands.has(hands.page.locator(".outcome").first)
    await hands.press("Digit2")
    await hands.has(hands.page.locator(".picks .filter").first)
    await hands.press("Enter", "Control+Enter")
    await shown(hands, IRINA)
    await hands.has(hands.page.locator("[data-lead]"))
    yossi = lead(house, YOSSI)
    assert yossi.state == "callback" and yossi.callback_user_id == house.user("michal").id
    assert timedelta(minutes=50) < yossi.next_at - utcnow() < timedelta(minutes=70)


async def refused(house: houses.House, hands: Hands) -> None:
    """Learn why somebody may not be called any more."""
    with house.made.database.session() as session:
        phone = session.scalars(
            select(models.Phone.e164)
            .join(models.Lead, models.Lead.phone_id == models.Phone.id)
            .where(models.Lead.name == IRINA)
        ).one()
        session.add(models.DncEntry(e164=phone, added_at=utcnow()))
    await hands.press("Alt+KeyJ")
    said = hands.page.locator(".toast.bad")
    await expect(said).to_contain_text("אין להתקשר. המספר ברשימת החסימה שלנו")
    await hands.page.wait_for_selector("[data-lead]", state="detached")
    await hands.where()
    assert lead(house, IRINA).reason == "do_not_call"
    await hands.press(
        "Alt+KeyJ"
    )  # a refusal is read before one goes on, so the next one is asked for
    await shown(hands, NOA)


async def left(house: houses.House, hands: Hands) -> None:
    """Leave the campaign with a lead on the desk: it is free for others, and the desk an idle one."""
    await hands.go("יציאה מהקמפיין", "button")
    await expect(hands.page.locator("[data-slot=lead]")).to_be_hidden()
    await hands.has(hands.page.locator("[data-slot=headline]"))
    await hands.looked()
    assert house.rows(models.CampaignSeat) == []
    assert (lead(house, NOA).leased_by_id, lead(house, NOA).state) == (None, "open")
