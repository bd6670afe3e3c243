"""The list of tasks by keyboard alone, by the places of the keys; and the pages of a day looked at by axe."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import delete, select, update

from callcenter import models
from callcenter.crm import accounts
from callcenter.db import utcnow
from tests.web import axe, browser, site

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


async def _keys(page: Page) -> None:
    """Wait until the page listens to keys: what it floats is added in the same breath."""
    await page.wait_for_selector("cc-pops", state="attached")


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
    await _keys(page)
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
    await _keys(page)
    await page.keyboard.press("KeyJ")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/customers/{place.party_id}")
    assert not [line for line in complaints.lines if "socket.io" not in line and "/api/" not in line]  # fmt: skip
    await context.close()


NOW = """() => import("/static/desk/store.js").then(({ store }) => {
  const at = Date.now() / 1000;
  const agent = { id: 1, name: "Дана", teams: ["support"], extension: "1001", state: "ready", reason: "", since: at, until: null, reachable: true, call: null, queues: [], listeners: [], may_listen: false };
  const queue = (name) => ({ queue: name, label: name, waiting: 1, oldest: at - 60, free: 1, talking: 1, ringing: 0, paused: 0, away: 0 });
  const day = { offered: 48, answered: 41, abandoned: 5, service_level: 0.8231, asa: 17.4, longest: 143, since: Math.round(at), until: Math.round(at) + 86400 };
  store.dispatch("snapshot", { now: at, seq: 1, me: { id: 9, name: "x", role: "supervisor", state: "ready", queues: [] }, calls: [], queues: [], system: { pbx: [] } });
  store.dispatch("link", { link: "online" });
  store.dispatch("floor", { whole: true, at, agents: { 1: agent }, queues: { a: queue("support"), b: queue("sales") }, calls: {},
    today: { "main/support": { ...day, queue: "support", label: "Техническая поддержка", pbx: "" }, "main/sales": { ...day, queue: "sales", label: "Продажи", pbx: "", service_level: null }, "": { ...day, opens: true } } });
})"""


@pytest.mark.parametrize(
    ("language", "theme", "width"), [("ru", "light", 390), ("he", "dark", 1280)]
)
async def test_the_pages_of_the_day_have_no_fault(
    chromium: Browser, place: site.Site, language: str, theme: str, width: int
) -> None:
    _tasks(place, place.login_of("agent"), 4)
    with place.database.session() as session:
        session.execute(update(models.User).values(language=language, theme=theme))
    faults: list[str] = []
    pages = {
        "agent": ("/tasks", f"/tasks/new?party={place.party_id}", f"/day?day={place.busy_day}"),
        "supervisor": ("/tasks", "/floor"),
    }
    for role, paths in pages.items():
        context = await chromium.new_context(viewport={"width": width, "height": 900})
        context.set_default_timeout(60_000)
        page = await context.new_page()
        await browser.sign_in(page, place, role)
        await page.emulate_media(reduced_motion="reduce")
        for path in paths:
            await page.goto(f"{place.url}{path}")
            if path == "/floor":
                await page.evaluate("customElements.whenDefined('cc-floor')")
                await page.evaluate(NOW)
                await expect(page.locator("table.today tbody tr")).to_have_count(2)
                await expect(page.locator("table.today tfoot a")).to_have_count(6)
            faults += [f"{path} {fault}" for fault in await axe.faults(page)]
            if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                faults.append(f"{path} is wider than the screen")
        await context.close()
    assert faults == []
