"""The pages of campaigns and the lead on the desk, looked at by axe: three languages, both themes, wide and on a phone."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser
from sqlalchemy import select, update

from callcenter import models
from tests.web import axe, campaign_fixtures, site
from tests.web import browser as browsers

LOOKS = [("he", "light", 1440), ("en", "dark", 1440), ("ru", "light", 390)]
SHOW = """async () => {
  const { store } = await import("/static/desk/store.js");
  const api = await import("/static/desk/api.js");
  const me = { id: 1, name: "x", role: "agent", extension: "1001", state: "ready", since: 0, reachable: true, queues: [] };
  store.dispatch("snapshot", { now: Date.now() / 1000, seq: 1, me, calls: [], queues: [], system: { pbx: [] } });
  store.dispatch("lead", await api.get("/lead"));
}"""


@pytest.mark.browser
@pytest.mark.parametrize(("language", "theme", "width"), LOOKS)
async def test_no_page_of_campaigns_has_a_fault(
    chromium: Browser, place: site.Site, language: str, theme: str, width: int
) -> None:
    with place.database.session() as session:
        campaign = campaign_fixtures.add(session, place.login_of("agent"))
        batch = session.scalars(select(models.ImportBatch.id)).one()
        session.execute(update(models.User).values(language=language, theme=theme))
    pages = {
        "manager": ("/campaigns", "/campaigns/new", f"/campaigns/{campaign}", f"/campaigns/{campaign}/import", f"/imports/{batch}"),
        "agent": ("/campaigns", "/desk"),
    }  # fmt: skip
    faults: list[str] = []
    for role, paths in pages.items():
        context = await chromium.new_context(viewport={"width": width, "height": 900})
        page = await context.new_page()
        await browsers.sign_in(page, place, role)
        await page.emulate_media(reduced_motion="reduce")
        for path in paths:
            await page.goto(f"{place.url}{path}")
            if path == "/desk":
                await page.evaluate("customElements.whenDefined('cc-desk')")
                await page.evaluate(SHOW)
                await page.wait_for_selector("[data-lead]")
            faults += [f"{path} {fault}" for fault in await axe.faults(page)]
            if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                faults.append(f"{path} is wider than the screen")
        await context.close()
    assert faults == []
