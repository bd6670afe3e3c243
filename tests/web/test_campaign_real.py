"""An agent works a campaign on a real Asterisk: a key for the next lead, a key to dial, a digit to end, and round again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import select

from callcenter import models
from callcenter.db import utcnow
from callcenter.demo import parties, sipcall
from tests.pbx.fixtures import SetUp
from tests.pbx.stage import QUICK
from tests.web.campaign_real import PEOPLE, Real, product
from web import keys

pytestmark = [pytest.mark.asterisk, pytest.mark.browser]
DANA, YOSSI, IRINA = (name for name, _ in PEOPLE)


async def shown(real: Real, name: str) -> None:
    """Wait until a lead is on the desk."""
    await expect(real.page.locator("[data-lead] h2")).to_have_text(name)


async def talk(real: Real) -> sipcall.Call:
    """Dial the lead on the desk by its key; the agent picks up, then the customer."""
    await real.page.keyboard.press("Alt+KeyJ")
    await real.exchange.answered_by("1001")
    customer = await real.exchange.trunk.next_call()
    await customer.answer()
    await real.page.wait_for_selector(".card[data-state=talking]")
    await real.exchange.bridged("PJSIP/trunk-")
    return customer


async def test_a_round_is_a_key_for_the_call_and_a_digit_for_its_end(
    set_up: SetUp, tmp_path: Path, chromium: Browser
) -> None:
    expect.set_options(timeout=60_000)
    exchange = await set_up("1001", timing=QUICK)
    async with product(exchange, tmp_path, chromium) as real:
        page = real.page
        await page.keyboard.press("Alt+KeyJ")
        await shown(real, DANA)
        await expect(page.locator(".scriptbody")).to_contain_text(f"שלום {DANA}, כאן מיכל לב.")
        await expect(page.locator(".scriptbody")).to_contain_text("יש לך צפון תקשורת?")
        await expect(page.locator("[data-lead] .phone").first).to_have_text("052-111-0001")
        await expect(page.locator("[data-local]")).to_contain_text(":")

        customer = await talk(real)
        assert customer.number == "0521110001"
        await expect(page.locator(".outcome")).to_have_count(4)
        await customer.hang_up()
        await page.wait_for_selector(".card[data-state=wrapup]")
        await expect(page.locator(".outcome").first).to_be_focused()
        await page.keyboard.press("Digit1")  # a sale; nothing else is pressed
        await shown(real, YOSSI)  # the next one comes by itself
        dana = real.lead(DANA)
        assert (dana.state, dana.reason, dana.attempts, dana.reached) == ("done", "success", 1, True)  # fmt: skip
        (made,) = real.attempts()
        assert made.settled_at is not None and made.receipt["allowed"] is True
        assert made.receipt["checked"]["number"]["e164"] == "+972521110001"
        with real.database.session() as session:
            call = session.scalars(select(models.Call).where(models.Call.linkedid == made.id)).one()
            assert call.direction == "outbound" and call.party_id == dana.party_id
            assert call.variables["CC_CAMPAIGN"] == str(real.campaign_id)
            outcome = session.get_one(models.Outcome, made.outcome_id)
            assert outcome.code == "sale" and call.outcome_id in (None, outcome.id)

        exchange.trunk.plan["0521110002"] = (
            parties.BUSY
        )  # nobody is spoken with: the facts settle it
        await page.keyboard.press("Alt+KeyJ")
        await exchange.answered_by("1001")
        await real.until(lambda: real.lead(YOSSI).last_result == "busy")
        await shown(real, IRINA)
        yossi = real.lead(YOSSI)
        assert (yossi.state, yossi.attempts, yossi.reached) == ("open", 1, False)


async def test_a_callback_comes_back_to_its_agent_with_a_notice_when_it_is_due(
    set_up: SetUp, tmp_path: Path, chromium: Browser
) -> None:
    expect.set_options(timeout=60_000)
    exchange = await set_up("1001", timing=QUICK)
    async with product(exchange, tmp_path, chromium, people=PEOPLE[:1]) as real:
        page = real.page
        await page.keyboard.press("Alt+KeyJ")
        await shown(real, DANA)
        customer = await talk(real)
        await customer.hang_up()
        await page.wait_for_selector(".card[data-state=wrapup]")
        await page.keyboard.press("Digit2")  # a callback: now a time is asked for
        await expect(page.locator(".picks .filter").first).to_be_focused()
        await page.keyboard.press("Enter")  # in an hour
        await page.keyboard.press("Control+Enter")
        await page.wait_for_selector("[data-lead]", state="detached")
        await real.until(lambda: real.lead(DANA).state == "callback")
        dana = real.lead(DANA)
        assert dana.callback_user_id is not None
        assert timedelta(minutes=50) < dana.next_at - utcnow() < timedelta(minutes=70)
        await expect(page.locator("[data-slot=lead] [role=status]")).to_contain_text("הניסיון הבא")

        real.change(DANA, next_at=utcnow())  # the hour is over
        await expect(page.locator(".due")).to_contain_text(dana.name)
        await page.keyboard.press("Alt+KeyJ")
        await shown(real, DANA)
        await expect(page.locator("[data-lead] .card-top")).to_contain_text("חזרה שנקבעה")


async def test_who_is_put_on_the_list_meanwhile_is_refused_in_words(
    set_up: SetUp, tmp_path: Path, chromium: Browser
) -> None:
    expect.set_options(timeout=60_000)
    exchange = await set_up("1001", timing=QUICK)
    async with product(exchange, tmp_path, chromium) as real:
        page = real.page
        await page.keyboard.press("Alt+KeyJ")
        await shown(real, DANA)
        with real.database.session() as session:
            session.add(models.DncEntry(e164="+972521110001", added_at=utcnow()))
        await page.keyboard.press("Alt+KeyJ")
        await expect(page.locator(".toast.bad")).to_contain_text(
            "אין להתקשר. המספר ברשימת החסימה שלנו"
        )
        await page.wait_for_selector("[data-lead]", state="detached")
        (refused,) = real.attempts()
        assert (refused.state, refused.error) == ("refused", "on_our_list")
        assert refused.receipt["checked"]["list"]["source"] == "own"
        assert real.lead(DANA).reason == "do_not_call"
        await page.keyboard.press("Alt+KeyJ")
        await shown(real, YOSSI)

        # A click at a lead's number is a marketing call as well, and is refused as well.
        await page.goto(f"{real.url}/customers/{real.lead(DANA).party_id}")
        await page.wait_for_selector("#cc-conn[data-said]:not(.off)")
        await page.locator("[data-dial]").first.click()
        await expect(page.locator(".toast.bad")).to_contain_text(
            "אין להתקשר. המספר ברשימת החסימה שלנו"
        )
        with real.database.session() as session:
            session.get_one(models.Party, real.lead(DANA).party_id).status = "customer"
        await page.locator("[data-dial]").first.click()  # service: made, with a warning
        await expect(page.locator(".toast.warn")).to_contain_text("אין לשווק במהלכה")
        await exchange.answered_by("1001")
        customer = await exchange.trunk.next_call()
        assert customer.number == "0521110001"
        await customer.answer()
        receipt = real.attempts()[-1].receipt
        assert receipt["allowed"] and receipt["warnings"][0]["code"] == "on_our_list"


async def test_outside_of_the_calling_hours_no_lead_comes_and_no_lead_is_dialled(
    set_up: SetUp, tmp_path: Path, chromium: Browser
) -> None:
    expect.set_options(timeout=60_000)
    exchange = await set_up("1001", timing=QUICK)
    async with product(exchange, tmp_path, chromium) as real:
        page = real.page
        await page.keyboard.press("Alt+KeyJ")
        await shown(real, DANA)
        with real.database.session() as session:  # its hours are changed while the lead is shown
            campaign = session.get_one(models.Campaign, real.campaign_id)
            quiet = (utcnow() + timedelta(days=3)).strftime("%a").lower()
            campaign.hours = {quiet: "10:00-11:00"}
        await page.keyboard.press("Alt+KeyJ")
        await expect(page.locator(".toast.bad")).to_contain_text("אין להתקשר עכשיו")
        await page.wait_for_selector("[data-lead]", state="detached")
        assert real.lead(DANA).state == "open" and real.lead(DANA).next_at > utcnow()
        await page.keyboard.press("Alt+KeyJ")
        await expect(page.locator("[data-slot=lead] [role=status]")).to_contain_text(
            "ממתינים לשעתם: 3"
        )
        assert [attempt.state for attempt in real.attempts()] == ["refused"]


async def test_a_call_is_settled_when_its_browser_and_its_agent_are_gone(
    set_up: SetUp, tmp_path: Path, chromium: Browser
) -> None:
    expect.set_options(timeout=60_000)
    exchange = await set_up("1001", timing=QUICK)
    async with product(exchange, tmp_path, chromium, people=PEOPLE[:1]) as real:
        await real.page.keyboard.press("Alt+KeyJ")
        await shown(real, DANA)
        customer = await talk(real)
        await real.page.close()
        with real.database.session() as session:  # the account is closed in the middle of the call
            session.scalars(select(models.User)).one().active = False
        await customer.hang_up()
        center = real.app[keys.FLOOR].center
        await real.until(
            lambda: bool(center.agents.all()) and center.agents.all()[0].wrapup is not None
        )
        center.finish_wrapup(
            center.agents.all()[0].user_id
        )  # its time runs out, and nobody said anything
        await real.until(lambda: real.lead(DANA).state == "open")
        dana = real.lead(DANA)
        assert (dana.last_result, dana.reached, dana.attempts) == ("answered", True, 1)
        assert dana.leased_by_id is None and dana.next_at > utcnow() + timedelta(hours=23)
