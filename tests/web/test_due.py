"""Notices of what is due on the desk: they stand, they take no focus and no key, and each of their buttons does what it says."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.async_api import expect

from tests.web import axe
from tests.web import desk_cards as cards
from tests.web.desk_fixtures import ID, Desk

pytestmark = pytest.mark.browser


def notice(id_: int = 1, **change: Any) -> dict[str, Any]:
    """Make a notice of a callback that is due in four minutes."""
    return {
        "id": id_, "kind": "callback", "source": "task", "title": "תיאום טכנאי", "name": "דנה לוי", "number": "052-411-1171",
        "dial": "+972524111171", "party_id": 7, "path": f"/tasks/{id_}", "at": time.time() + 240, **change,
    }  # fmt: skip


async def test_a_notice_stands_until_it_is_dealt_with_and_takes_no_focus(desk: Desk) -> None:
    await desk.page.locator(".bar-search input").focus()
    await desk.stage.emit("task.due", due=[notice()])
    shown = desk.page.locator(".due")
    await expect(shown).to_contain_text("דנה לוי")
    await desk.page.keyboard.type("dc12")
    await expect(desk.page.locator(".bar-search input")).to_have_value("dc12")
    await expect(shown).to_have_count(1)
    assert await axe.faults(desk.page) == []
    await shown.get_by_text("בעוד 10 דקות").click()
    await desk.stage.command("POST", "/reminders/1/snooze")
    await desk.stage.emit("task.due", due=[])
    await expect(shown).to_have_count(0)
    await desk.stage.emit("task.due", due=[notice()])
    await expect(shown).to_have_count(1)
    await shown.get_by_label("סגירה").click()
    await desk.stage.command("POST", "/reminders/1/close")
    await expect(shown).to_have_count(0)


async def test_dialing_from_a_notice_deals_with_it_and_a_refused_call_does_not(desk: Desk) -> None:
    desk.stage.answers["POST", "/dial"] = (503, {"error": {"code": "link_down", "message": "אין"}})
    await desk.stage.emit("task.due", due=[notice()])
    button = desk.page.locator(".due .go")
    await button.click()
    assert await desk.stage.command("POST", "/dial") == {"number": "+972524111171", "party_id": 7}
    await expect(desk.page.locator(".due")).to_have_count(1)
    desk.stage.answers["POST", "/dial"] = (200, {"id": "x"})
    await button.click()
    await desk.stage.command("POST", "/reminders/1/close")
    await expect(desk.page.locator(".due")).to_have_count(0)


async def test_during_a_call_a_notice_is_one_quiet_line(desk: Desk) -> None:
    await desk.ring(cards.known())
    await desk.answer()
    await expect(desk.page.locator("#call-note")).to_be_focused()
    await desk.page.keyboard.type("רגע ")
    await desk.stage.command(
        "PUT", f"/calls/{ID}/note"
    )  # it has been saved, as when somebody hesitates
    await desk.stage.emit("task.due", due=[notice(n) for n in range(1, 6)])
    await expect(desk.page.locator(".due")).to_have_count(4)  # three, and how many more
    await expect(desk.page.locator(".due .go")).to_have_count(0)
    await desk.page.keyboard.type("אחד")
    await expect(desk.page.locator("#call-note")).to_have_value("רגע אחד")


async def test_what_a_notice_says_is_text(desk: Desk) -> None:
    await desk.stage.emit("task.due", due=[notice(name='<img src=x onerror="alert(1)">')])
    await expect(desk.page.locator(".due b")).to_have_text('<img src=x onerror="alert(1)">')


async def test_a_page_that_is_loaded_anew_shows_what_stands(desk: Desk) -> None:
    desk.stage.snapshot["due"] = [notice()]
    await desk.show(path="/customers")
    await expect(desk.page.locator(".due")).to_contain_text("דנה לוי")
