"""The bar, its keys and the line to the server."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.web import desk_cards as cards
from tests.web.desk_fixtures import ID, Desk

pytestmark = pytest.mark.browser

TARGETS = [
    {"kind": "agent", "label": "עומר דהן", "detail": "בזמינות", "number": "1002", "state": "ready"},
    {"kind": "queue", "label": "תור חיובים", "detail": "", "number": "7000", "state": ""},
]


async def hebrew_key(page: Page, code: str, key: str, **modifiers: bool) -> None:
    """Press a key as a keyboard with the Hebrew layout sends it: the place is the same, the letter is not."""
    event = {"code": code, "key": key, "bubbles": True, "cancelable": True, **modifiers}
    await page.evaluate("event => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', event))", event)  # fmt: skip


async def _talk(desk: Desk) -> None:
    await desk.ring(cards.known())
    await desk.answer()


async def test_keys_work_by_their_place_on_a_hebrew_keyboard(desk: Desk) -> None:
    await _talk(desk)
    await hebrew_key(desk.page, "KeyO", "ם", altKey=True)
    await desk.stage.command("POST", f"/calls/{ID}/hold")
    await desk.stage.emit("call.update", id=ID, call={"state": "held"})
    await expect(desk.page.locator("cc-callbar [aria-pressed=true]")).to_contain_text("חזרה לשיחה")
    await hebrew_key(desk.page, "KeyO", "ם", altKey=True)
    await desk.stage.command("POST", f"/calls/{ID}/resume")
    await hebrew_key(desk.page, "KeyX", "ס", altKey=True)
    await desk.stage.command("POST", f"/calls/{ID}/hangup")


async def test_enter_in_the_picker_speaks_first_and_shift_enter_sends_at_once(desk: Desk) -> None:
    desk.stage.answers["GET", "/targets"] = (200, TARGETS)
    await _talk(desk)
    await desk.page.keyboard.press("Alt+KeyT")
    await expect(desk.page.locator("[role=option]")).to_have_count(2)
    await desk.page.keyboard.press("Enter")
    body = await desk.stage.command("POST", f"/calls/{ID}/transfer")
    assert body == {"to": "1002", "kind": "attended"}
    await expect(desk.page.locator(".pop")).to_have_count(0)
    await desk.page.keyboard.press("Alt+KeyT")
    await expect(desk.page.locator("[role=option]")).to_have_count(2)
    await desk.page.keyboard.press("ArrowDown")
    await desk.page.keyboard.press("Shift+Enter")
    body = await desk.stage.command("POST", f"/calls/{ID}/transfer", 2)
    assert body == {"to": "7000", "kind": "blind"}


async def test_any_number_can_be_transferred_to(desk: Desk) -> None:
    desk.stage.answers["GET", "/targets"] = (200, [])
    await _talk(desk)
    await desk.page.keyboard.press("Alt+KeyT")
    await desk.page.keyboard.type("03-1234567")
    await expect(desk.page.locator("[role=option]")).to_contain_text("03-1234567")
    await desk.page.keyboard.press("Shift+Enter")
    body = await desk.stage.command("POST", f"/calls/{ID}/transfer")
    assert body == {"to": "03-1234567", "kind": "blind"}


async def test_escape_closes_the_picker_and_gives_the_focus_back(desk: Desk) -> None:
    await _talk(desk)
    await expect(desk.page.locator("#call-note")).to_be_focused()
    await desk.page.keyboard.press("Alt+KeyT")
    await expect(desk.page.locator(".pop input")).to_be_focused()
    await desk.page.keyboard.press("Escape")
    await expect(desk.page.locator("#call-note")).to_be_focused()


async def test_a_consultation_is_completed_or_left_by_the_same_keys(desk: Desk) -> None:
    await _talk(desk)
    transfer = {"kind": "attended", "to": "1002", "state": "talking"}
    await desk.stage.emit("call.update", id=ID, call={"state": "consulting", "transfer": transfer})
    await expect(desk.page.locator("cc-callbar .ctl.prim")).to_contain_text("השלמת העברה")
    await desk.page.keyboard.press("Alt+KeyO")
    await desk.stage.command("POST", f"/calls/{ID}/transfer/cancel")
    await desk.page.keyboard.press("Alt+KeyT")
    await desk.stage.command("POST", f"/calls/{ID}/transfer/complete")


async def test_states_and_pauses_are_chosen_from_the_pill(desk: Desk) -> None:
    await desk.page.keyboard.press("Alt+KeyB")
    items = desk.page.locator("[role=menuitem]")
    await expect(items.first).to_be_focused()
    await desk.page.keyboard.press("ArrowDown")
    await desk.page.keyboard.press("ArrowDown")
    await desk.page.keyboard.press("Enter")
    assert await desk.stage.command("POST", "/agent/state") == {"state": "paused", "reason": "lunch"}  # fmt: skip
    now = time.time()
    await desk.stage.emit("agent.state", state="paused", reason="lunch", since=now, until=None)
    await expect(desk.page.locator(".state[data-s=paused]")).to_contain_text("ארוחת צהריים")
    await desk.page.keyboard.press("Alt+KeyG")
    await desk.stage.until(lambda: {"state": "ready"} in desk.stage.said("POST", "/agent/state"))


async def test_every_number_dials_and_a_refusal_is_said_in_words(desk: Desk) -> None:
    refusal = {"error": {"code": "phone_unreachable", "message": "הטלפון אינו רשום במרכזייה"}}
    desk.stage.answers["POST", "/dial"] = (409, refusal)
    await desk.page.locator(".duetable [data-dial]").first.click()
    body = await desk.stage.command("POST", "/dial")
    assert body["number"].startswith("+") and isinstance(body["party_id"], int)
    await expect(desk.page.locator(".toast.bad")).to_contain_text("הטלפון אינו רשום במרכזייה")


@pytest.mark.parametrize("said_first", [False, True])
async def test_a_call_that_came_to_nothing_is_not_being_connected(
    desk: Desk, said_first: bool
) -> None:
    desk.stage.answers["POST", "/dial"] = (200, {"id": "cc-7"})
    connecting = desk.page.locator(".toast.info")
    lost = {"level": "warn", "code": "phone_unreachable", "text": "", "id": "cc-7"}
    if said_first:
        await desk.stage.emit("notice", **lost)
        await expect(desk.page.locator(".toast.warn")).to_be_visible()
    async with desk.page.expect_response("**/dial"):
        await desk.page.locator(".duetable [data-dial]").first.click()
    await desk.page.evaluate("new Promise((drawn) => setTimeout(drawn, 100))")
    if not said_first:
        await expect(connecting).to_be_visible()
        await desk.stage.emit("notice", **lost)
        await expect(desk.page.locator(".toast.warn")).to_be_visible()
    await expect(connecting).to_have_count(0)


async def test_shortcuts_are_listed_and_can_be_switched_off(desk: Desk) -> None:
    await _talk(desk)
    await desk.page.keyboard.press("Alt+Slash")
    sheet = desk.page.locator("#cc-keys")
    await expect(sheet).to_contain_text("Alt+T")
    await sheet.locator("input").check()
    await desk.page.keyboard.press("Alt+Slash")
    await expect(sheet).to_be_hidden()
    await desk.page.keyboard.press("Alt+KeyO")
    await desk.page.keyboard.press("Alt+Slash")
    await expect(sheet).to_be_visible()
    assert desk.stage.commands == []


async def test_a_lost_connection_is_said_and_the_snapshot_mends_what_was_missed(desk: Desk) -> None:
    await _talk(desk)
    await desk.stage.sever()
    await expect(desk.page.locator(".troubles")).to_contain_text("מתבצע חיבור מחדש")
    await expect(desk.page.locator("cc-callbar .ctl.hang")).to_be_disabled()
    other = cards.talking(name="ירון אלקיים", party_id=None)
    desk.stage.set_snapshot([other], state="talking")
    await desk.stage.mend()
    await expect(desk.page.locator(".card h2")).to_have_text("ירון אלקיים", timeout=30_000)
    await expect(desk.page.locator(".troubles .callout")).to_have_count(0)
    await expect(desk.page.locator("cc-callbar .ctl.hang")).to_be_enabled()


async def test_a_gap_in_the_numbers_asks_for_a_snapshot_and_a_repetition_changes_nothing(
    desk: Desk,
) -> None:
    await desk.ring(cards.known())
    hellos = len(desk.stage.hellos)
    card = cards.talking()
    desk.stage.set_snapshot([card], state="talking")
    await desk.stage.emit("queue.stats", 3, queues=[])
    await expect(desk.page.locator(".card[data-state=talking]")).to_be_visible()
    assert len(desk.stage.hellos) == hellos + 1
    await desk.stage.live.emit("call.pop", {"seq": 1, "card": cards.known(name="ישן")})
    await desk.stage.emit("notice", level="info", code="x", text="אחרי")
    await expect(desk.page.locator(".toast")).to_contain_text("אחרי")
    await expect(desk.page.locator(".card h2")).to_have_text("דנה לוי־אברמוביץ׳")


async def test_a_dead_exchange_disables_the_call_and_not_the_work(desk: Desk) -> None:
    await _talk(desk)
    system: dict[str, Any] = {"pbx": [{"name": "main", "state": "down", "since": time.time()}]}
    system["troubles"] = [{"code": "link_down", "text": "אין חיבור למרכזייה מאז 14:02."}]
    await desk.stage.emit("system.state", system=system)
    await expect(desk.page.locator("cc-callbar .ctl.hang")).to_be_disabled()
    await expect(desk.page.locator(".troubles")).to_contain_text("אין חיבור למרכזייה")
    await desk.page.keyboard.press("Alt+KeyX")
    await desk.page.fill("#call-note", "ממשיכים")
    await desk.stage.command("PUT", f"/calls/{ID}/note")
    assert desk.stage.said("POST", f"/calls/{ID}/hangup") == []


async def test_tones_are_sent_in_order_by_the_pad_and_by_typing_on_the_bar(desk: Desk) -> None:
    await _talk(desk)
    await desk.page.locator("cc-callbar [data-keypad]").click()
    await expect(desk.page.locator(".keypad")).to_be_focused()
    await desk.page.keyboard.type("12#")
    await desk.page.locator(".keypad .tones button", has_text="0").click()
    await expect(desk.page.locator(".keypad .sent")).to_have_text("12#0")
    sent = desk.stage.said("POST", f"/calls/{ID}/digit")
    assert [body["digit"] for body in sent] == ["1", "2", "#", "0"]
    await desk.page.keyboard.press("Escape")
    await expect(desk.page.locator("cc-callbar [data-keypad]")).to_be_focused()
    await desk.page.keyboard.press("5")
    await expect(desk.page.locator(".keypad .sent")).to_have_text("5")
    await desk.hang_up()
    await expect(desk.page.locator(".keypad")).to_have_count(0)


async def test_digits_in_a_note_are_no_tones(desk: Desk) -> None:
    await _talk(desk)
    await desk.page.fill("#call-note", "")
    await desk.page.locator("#call-note").press_sequentially("12")
    assert desk.stage.said("POST", f"/calls/{ID}/digit") == []
