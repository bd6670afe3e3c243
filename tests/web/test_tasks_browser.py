"""The list of tasks by keyboard alone, by the places of the keys."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import delete, select

from callcenter import models
from callcenter.crm import accounts
from callcenter.db import utcnow
from tests.web import browser, site

pytestmark = pytest.mark.browser


def _tasks(place: site.Site, login: str, count: int) -> None:
    with place.database.session() as session:
        user = accounts.by_login(session, login)
        session.execute(delete(models.Task).where(models.Task.assignee_id == user.id))
        party = session.get_one(models.Party, place.party_id)
        session.add_all(
            models.Task(
                kind="callback", assignee_id=user.id, party_id=party.id, title=f"משימה {n}", created_at=utcnow(),
                due_at=utcnow() + timedelta(days=n, minutes=5),
            )
            for n in range(count)
        )  # fmt: skip


async def test_tasks_are_walked_done_undone_and_opened_by_keys(
    chromium: Browser, place: site.Site
) -> None:
    login = place.login_of("agent")
    _tasks(place, login, 4)
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(30_000)
    complaints = browser.Complaints(context)
    page = await context.new_page()
    await browser.sign_in(page, place, "agent")
    await page.goto(f"{place.url}/tasks")
    rows = page.locator("[data-row]")
    await expect(rows).to_have_count(4)
    await page.wait_for_selector("cc-toasts .toasts", state="attached")  # the keys are there
    await page.keyboard.press("KeyJ")
    await page.keyboard.press("KeyJ")
    await expect(rows.nth(1).locator("[data-open]")).to_be_focused()
    await page.keyboard.press("KeyD")
    await expect(rows).to_have_count(3)
    await expect(rows.nth(1).locator("[data-open]")).to_be_focused()
    await expect(rows.nth(1)).to_contain_text("משימה 2")
    await page.keyboard.press("KeyZ")
    await expect(rows).to_have_count(4)
    with place.database.session() as session:
        said = session.scalars(select(models.Audit.action).where(models.Audit.object_type == "task").order_by(models.Audit.id)).all()  # fmt: skip
        assert said == ["task_done", "task_undone"]
    await page.keyboard.press("KeyE")
    await page.wait_for_url("**/tasks/*")
    await page.go_back()
    await expect(rows).to_have_count(4)
    await page.keyboard.press("KeyJ")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/customers/{place.party_id}")
    assert not [line for line in complaints.lines if "socket.io" not in line and "/api/" not in line]  # fmt: skip
    await context.close()
