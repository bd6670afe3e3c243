"""During and after a call: the note that is never lost, the outcome, the time to call back."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from callcenter import models
from tests.web import desk_cards as cards
from tests.web.desk_fixtures import ID, Desk

pytestmark = pytest.mark.browser

NOTE = f"/calls/{ID}/note"
WRAPUP = f"/calls/{ID}/wrapup"


async def _talk(desk: Desk) -> None:
    await desk.ring(cards.known())
    await desk.answer()
    await desk.page.wait_for_selector("#call-note")


async def test_the_note_is_ready_for_typing_after_the_answer(desk: Desk) -> None:
    await _talk(desk)
    assert await desk.focused() == "call-note"


async def test_a_note_is_saved_as_it_is_typed(desk: Desk) -> None:
    desk.stage.answers["PUT", NOTE] = (200, {"version": 1, "saved_at": time.time()})
    await _talk(desk)
    await desk.page.keyboard.type("הנתב מתנתק")
    assert await desk.stage.command("PUT", NOTE) == {"text": "הנתב מתנתק", "version": 0}
    await expect(desk.page.locator(".note-status")).to_contain_text("נשמר בשעה")
    desk.stage.answers["PUT", NOTE] = (200, {"version": 2, "saved_at": time.time()})
    await desk.page.keyboard.type(" שוב")
    assert await desk.stage.command("PUT", NOTE, 2) == {"text": "הנתב מתנתק שוב", "version": 1}


async def test_a_note_is_saved_at_once_when_the_call_ends(desk: Desk) -> None:
    desk.stage.answers["PUT", NOTE] = (200, {"version": 1, "saved_at": time.time()})
    await desk.page.clock.install()
    await _talk(desk)
    await desk.page.keyboard.type("רגע")
    await desk.hang_up()
    assert (await desk.stage.command("PUT", NOTE))["text"] == "רגע"


async def test_a_note_typed_without_a_server_survives_a_reload(desk: Desk) -> None:
    desk.stage.answers["PUT", NOTE] = (503, {"error": {"code": "down", "message": "אין"}})
    await _talk(desk)
    await desk.page.keyboard.type("לא לאבד")
    await expect(desk.page.locator(".note-status")).to_contain_text("נשמר במחשב זה")
    desk.stage.set_snapshot([cards.talking(note={"text": "", "version": 0})], state="talking")
    await desk.show()
    await expect(desk.page.locator("#call-note")).to_have_value("לא לאבד")
    desk.stage.answers["PUT", NOTE] = (200, {"version": 1, "saved_at": time.time()})
    await expect(desk.page.locator(".note-status")).to_contain_text("נשמר בשעה", timeout=20_000)
    assert await desk.page.evaluate("Object.keys(localStorage).filter(k => k.includes('note'))") == []  # fmt: skip


async def test_a_note_changed_elsewhere_is_shown_beside_ours(desk: Desk) -> None:
    async def conflict(body: Any) -> tuple[int, Any]:
        if body["version"] == 5:
            return 200, {"version": 6, "saved_at": time.time()}
        current = {"text": "של אולגה", "version": 5}
        return 409, {"error": {"code": "conflict", "message": "שונה"}, "current": current}

    desk.stage.answers["PUT", NOTE] = conflict
    await _talk(desk)
    await desk.page.keyboard.type("שלי")
    box = desk.page.locator(".conflict")
    await expect(box.locator(".theirs")).to_have_text("של אולגה")
    await expect(desk.page.locator("#call-note")).to_have_value("שלי")
    await box.locator("button").nth(2).click()
    await desk.stage.until(lambda: desk.stage.said("PUT", NOTE)[-1]["version"] == 5)
    assert desk.stage.said("PUT", NOTE)[-1]["text"] == "של אולגה\nשלי"
    await expect(box).to_have_count(0)


async def test_a_digit_and_enter_finish_the_call(desk: Desk) -> None:
    await _talk(desk)
    await desk.page.evaluate("document.activeElement.blur()")
    await desk.hang_up()
    await expect(desk.page.locator(".outcome").first).to_be_focused()
    await desk.page.keyboard.press("Digit1")
    await desk.page.keyboard.press("Enter")
    assert await desk.stage.command("POST", WRAPUP) == {"next": "ready", "outcome_id": 1}
    await expect(desk.page.locator(".card")).to_have_count(0)
    await expect(desk.page.locator(".idle")).to_be_visible()


async def test_no_two_outcomes_have_one_digit_and_what_was_given_stands(desk: Desk) -> None:
    with desk.stage.database.session() as session:
        rows = session.scalars(select(models.Outcome).order_by(models.Outcome.position)).all()
        for row in rows:
            row.digit = None
        rows[-1].digit = 1
        last = rows[-1].id
    await desk.show()
    await _talk(desk)
    await desk.page.evaluate("document.activeElement.blur()")
    await desk.hang_up()
    await expect(desk.page.locator(".outcome").first).to_be_focused()
    shown = await desk.page.locator(".outcome kbd").all_inner_texts()
    assert len(shown) == len(rows) == len(set(shown)) and (shown[0], shown[-1]) == ("2", "1")
    await desk.page.keyboard.press("Digit1")
    await desk.page.keyboard.press("Enter")
    assert await desk.stage.command("POST", WRAPUP) == {"next": "ready", "outcome_id": last}


async def test_who_is_still_typing_keeps_the_focus_and_control_enter_saves(desk: Desk) -> None:
    await _talk(desk)
    await desk.page.keyboard.press("Alt+KeyW")
    await desk.page.keyboard.press("Digit6")
    await desk.page.keyboard.press("Alt+KeyN")
    await desk.hang_up()
    assert await desk.focused() == "call-note"
    await desk.page.keyboard.type("ועוד 1 מילה")
    await desk.page.keyboard.press("Control+Enter")
    assert await desk.stage.command("POST", WRAPUP) == {"next": "ready", "outcome_id": 6}
    assert desk.stage.said("PUT", NOTE)[-1]["text"] == "ועוד 1 מילה"


async def test_an_outcome_is_asked_for_and_a_callback_needs_its_time(desk: Desk) -> None:
    await _talk(desk)
    await desk.hang_up()
    await desk.page.keyboard.press("Control+Enter")
    await expect(desk.page.locator("#wrapup-error")).to_be_visible()
    await desk.page.locator(".outcome").nth(2).click()
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("#wrapup-error")).to_contain_text("מועד")
    assert desk.stage.said("POST", WRAPUP) == []
    await desk.page.locator(".picks .filter").nth(1).click()
    await desk.page.keyboard.press("Control+Enter")
    body = await desk.stage.command("POST", WRAPUP)
    local = datetime.fromtimestamp(body["callback_at"], UTC).astimezone(ZoneInfo("Asia/Jerusalem"))
    assert (local.hour, local.minute) == (10, 0)
    assert 0 < body["callback_at"] - time.time() < 2 * 86_400


async def test_wrapup_is_longer_by_a_key_and_a_pause_can_follow(desk: Desk) -> None:
    until = time.time() + 60
    desk.stage.answers["POST", f"{WRAPUP}/extend"] = (200, {"until": until})
    await _talk(desk)
    await desk.hang_up()
    await desk.page.keyboard.press("Alt+Equal")
    await desk.stage.command("POST", f"{WRAPUP}/extend")
    await desk.page.locator(".endfoot select").select_option("paused:lunch")
    await desk.page.locator(".outcome").nth(0).click()
    await desk.page.keyboard.press("Control+Enter")
    body = await desk.stage.command("POST", WRAPUP)
    assert body == {"next": "paused", "reason": "lunch", "outcome_id": 1}


async def test_a_wrapup_that_cannot_be_saved_stays_on_the_desk(desk: Desk) -> None:
    refusal = (503, {"error": {"code": "database", "message": "לא ניתן לשמור כעת"}})
    desk.stage.answers["POST", WRAPUP] = refusal
    await _talk(desk)
    await desk.hang_up()
    await desk.page.locator(".outcome").nth(0).click()
    await desk.page.keyboard.press("Control+Enter")
    await expect(desk.page.locator(".toast")).to_contain_text("לא ניתן לשמור כעת")
    await expect(desk.page.locator(".outcome[aria-checked=true]")).to_have_count(1)
