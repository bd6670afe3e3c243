"""How a still screen comes about where its address alone does not show it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Page

from tests.screens import center, day

Act = Callable[[Page, center.Place, str], Awaitable[None]]


async def password(page: Page, place: center.Place, _address: str) -> None:
    """Sign in as somebody who is asked for a second step."""
    await page.goto(f"{place.url}/signin?lang={place.language}")
    await page.fill("#login", day.CAREFUL)
    await page.fill("#password", day.PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url("**/signin/code*")


async def behind(page: Page, _place: center.Place, address: str) -> None:
    """Open the calls behind a number, as a click on it does."""
    await page.goto(address)
    await page.locator("table tbody tr a[href*='set=']").first.click()
    await page.wait_for_url("**/calls?*")


async def empty(page: Page, place: center.Place, _address: str) -> None:
    """Open the first run of a center that nobody has set up."""
    async with center.empty() as url:
        await page.goto(f"{url}/welcome?token={center.FIRST_WORD}&lang={place.language}")
        await page.wait_for_selector("#f-name")
        await page.evaluate("document.fonts.ready.then(() => true)")


ACTS: dict[str, Act] = {"password": password, "behind": behind, "empty": empty}
