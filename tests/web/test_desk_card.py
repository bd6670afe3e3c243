"""The card: it comes at the ring, takes nothing from the hands, and goes when the call goes elsewhere."""

from __future__ import annotations

import time

import pytest
from playwright.async_api import expect

from tests.web import desk_cards as cards
from tests.web.desk_fixtures import ID, Desk

pytestmark = pytest.mark.browser
RINGS = "html[data-ringing]"


async def test_a_ringing_call_shows_its_card_without_taking_the_focus(desk: Desk) -> None:
    await desk.page.fill("#bar-search input[type=search]", "כה")
    before = await desk.page.evaluate("document.activeElement.name")
    await desk.ring(cards.known())
    card = desk.page.locator(".card[data-s=ringing]")
    await expect(card.locator("h2")).to_have_text("דנה לוי־אברמוביץ׳")
    await expect(card).to_contain_text("052-411-1171")
    await expect(card).to_contain_text("תמיכה טכנית")
    await expect(card.locator(".alert")).to_have_count(2)
    assert await desk.page.evaluate("document.activeElement.name") == before == "q"
    await desk.page.keyboard.type("ן")
    await expect(desk.page.locator("#bar-search input[type=search]")).to_have_value("כהן")
    await desk.stage.until(lambda: desk.stage.acknowledged == [ID])
    spoken = desk.page.locator("[aria-live=assertive]")
    await expect(spoken).to_contain_text("שיחה נכנסת")
    await expect(spoken).to_contain_text("דנה")


async def test_what_comes_late_fills_its_skeletons(desk: Desk) -> None:
    await desk.ring(cards.early())
    card = desk.page.locator(".card")
    await expect(card.locator(".skel").first).to_be_visible()
    await desk.stage.emit("card.enrich", id=ID, card=cards.late(time.time()))
    await expect(card.locator(".skel")).to_have_count(0)
    await expect(card).to_contain_text("אולגה ברמן")
    await expect(card).to_contain_text("ניתוקים בקו סיבים")


async def test_a_name_that_is_markup_stays_text(desk: Desk) -> None:
    name = '<img src=x onerror="document.title=1"><b>O\'Hara</b> "& co'
    await desk.ring(cards.known(name=name, say=name, chips=[{"kind": "x", "text": name}]))
    await expect(desk.page.locator(".card h2")).to_have_text(name)
    await expect(desk.page.locator(".card img, .card h2 b")).to_have_count(0)
    assert await desk.page.title() == f"☎ {name}"


async def test_only_one_tab_rings_and_escape_in_any_tab_silences_it(desk: Desk) -> None:
    other = await desk.open()
    await desk.ring(cards.known())
    await other.wait_for_selector(".card[data-s=ringing]")
    await expect(desk.page.locator(RINGS)).to_have_count(1)
    await expect(other.locator(RINGS)).to_have_count(0)
    await other.keyboard.press("Escape")
    await expect(desk.page.locator(RINGS)).to_have_count(0)
    await expect(desk.page.locator(".card[data-s=ringing]")).to_be_visible()
    assert desk.stage.commands == []


async def test_the_next_tab_rings_when_the_ringing_one_closes(desk: Desk) -> None:
    other = await desk.open()
    await desk.page.close()
    desk.page = other
    await desk.ring(cards.known())
    await expect(other.locator(RINGS)).to_have_count(1)


async def test_a_call_answered_elsewhere_says_by_whom_and_leaves(desk: Desk) -> None:
    await desk.ring(cards.known())
    await desk.stage.emit("call.end", id=ID, reason="answered_elsewhere", by="אולגה", wrapup=None)
    await expect(desk.page.locator(".card")).to_contain_text("אולגה")
    await expect(desk.page.locator(".card")).to_have_count(0)


async def test_a_missed_call_offers_to_call_back(desk: Desk) -> None:
    await desk.ring(cards.known())
    await desk.stage.emit("call.end", id=ID, reason="missed", wrapup=None)
    await desk.page.wait_for_selector(".card[data-state=missed]")
    await desk.page.keyboard.press("Alt+KeyL")
    assert await desk.stage.command("POST", "/dial") == {"number": "+972524111171", "party_id": 7}


async def test_a_digit_picks_one_of_several_customers(desk: Desk) -> None:
    await desk.ring(cards.ambiguous())
    await expect(desk.page.locator(".match")).to_have_count(3)
    await desk.page.keyboard.press("Digit2")
    assert await desk.stage.command("POST", f"/calls/{ID}/party") == {"party_id": 12}
    await expect(desk.page.locator(".card h2")).to_have_text("רות פרידמן")
    await expect(desk.page.locator(".match")).to_have_count(0)


async def test_a_digit_typed_in_a_field_picks_nobody(desk: Desk) -> None:
    await desk.ring(cards.ambiguous())
    await desk.page.locator("#bar-search input[type=search]").press("2")
    await desk.page.locator(".match").first.press("ArrowDown")
    await desk.page.keyboard.press("Enter")
    assert await desk.stage.command("POST", f"/calls/{ID}/party") == {"party_id": 12}
    assert len(desk.stage.said("POST", f"/calls/{ID}/party")) == 1


async def test_a_name_and_enter_make_the_unknown_caller_a_customer(desk: Desk) -> None:
    await desk.ring(cards.unknown())
    desk.stage.answers["POST", f"/calls/{ID}/customer"] = (200, {"party_id": 8, "name": "אביגיל"})
    await desk.page.locator(".card input.l").fill("אביגיל")
    await desk.page.keyboard.press("Enter")
    assert await desk.stage.command("POST", f"/calls/{ID}/customer") == {"name": "אביגיל"}
    await expect(desk.page.locator(".card h2")).to_have_text("אביגיל")
    await expect(desk.page.locator(".card input.l")).to_have_count(0)


async def test_a_name_that_is_refused_says_why_and_stays(desk: Desk) -> None:
    await desk.ring(cards.unknown())
    refusal = {"error": {"code": "invalid", "message": "השם ארוך מדי", "field": "name"}}
    desk.stage.answers["POST", f"/calls/{ID}/customer"] = (422, refusal)
    await desk.page.locator(".card input.l").fill("אביגיל")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".card [role=alert]")).to_contain_text("השם ארוך מדי")
    await expect(desk.page.locator(".card input.l")).to_have_value("אביגיל")


async def test_a_withheld_number_is_searched_for_only_after_the_answer(desk: Desk) -> None:
    await desk.ring(cards.withheld())
    await expect(desk.page.locator(".card input")).to_have_count(0)
    await desk.answer()
    await expect(desk.page.locator(".card input[type=search]")).to_be_visible()


async def test_on_another_page_the_card_comes_over_it_and_the_page_stays(desk: Desk) -> None:
    page = await desk.open("/customers")
    await page.focus("input[type=search]")
    await desk.stage.pop(cards.known())
    await expect(page.locator(".pops .card h2")).to_have_text("דנה לוי־אברמוביץ׳")
    assert page.url.endswith("/customers")
    assert await page.evaluate("document.activeElement.type") == "search"


async def test_a_second_call_stands_in_the_stack_and_does_not_take_the_desk(desk: Desk) -> None:
    await desk.ring(cards.known())
    await desk.answer()
    await desk.ring(cards.ambiguous(id="1700000000.9"))
    await expect(desk.page.locator(".card[aria-current] h2")).to_have_text("דנה לוי־אברמוביץ׳")
    await expect(desk.page.locator("#call-note")).to_have_attribute("data-call", ID)
    await desk.page.keyboard.press("Alt+ArrowDown")
    await expect(desk.page.locator(".card[aria-current]")).to_contain_text("04-866-2310")


async def test_no_answer_button_unless_the_phone_is_this_browser(desk: Desk) -> None:
    await desk.ring(cards.known())
    await expect(desk.page.locator("cc-callbar .ctl.take")).to_have_count(0)
    await expect(desk.page.locator(".card .do")).to_contain_text("מענה בטלפון")
    desk.stage.set_snapshot([cards.known()], state="ringing", can_answer=True)
    await desk.show()
    await expect(desk.page.locator("cc-callbar .ctl.take")).to_be_visible()
