"""What axe finds on a page: each rule of WCAG 2.2 AA and of good practice, one line a fault."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # the rest would be described at length, and read by nobody
}
FIND = """async rules => (await axe.run(document, rules)).violations
  .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`))"""


async def faults(page: Page) -> list[str]:
    """Return what is wrong with a page as it stands now."""
    if await page.evaluate("typeof window.axe") == "undefined":
        await page.evaluate(Axe().axe_script)
    found: list[str] = await page.evaluate(FIND, RULES)
    return found
