"""Pages in a real Chromium: accessible, quiet on the console, walkable by keyboard, and the bar outlives navigation."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import update

from callcenter import models
from tests.web import axe, browser, shots, site

pytestmark = pytest.mark.browser

# Without an exchange there is no live line; the browser says so, and the bar does too.
NOT_LIVE = re.compile(r"socket\.io|/api/v1/desk")


@asynccontextmanager
async def _page(
    chromium: Browser,
    place: site.Site,
    role: str,
    *,
    language: str = "en",
    theme: str = "light",
    width: int = 1440,
) -> AsyncIterator[tuple[Page, browser.Complaints]]:
    with place.database.session() as session:
        session.execute(update(models.User).values(language=language, theme=theme))
    context = await chromium.new_context(viewport={"width": width, "height": 900})
    context.set_default_timeout(60_000)
    complaints = browser.Complaints(context)
    page = await context.new_page()
    if role != "anonymous":
        await browser.sign_in(page, place, role)
    yield page, complaints
    await context.close()


@pytest.mark.parametrize("role", ["anonymous", "agent", "supervisor", "manager", "admin"])
@pytest.mark.parametrize(
    "language,theme,width", [("he", "light", 1440), ("en", "dark", 1440), ("he", "dark", 390)]
)
async def test_every_page_is_accessible_and_quiet(
    language: str, theme: str, width: int, role: str, chromium: Browser, place: site.Site
) -> None:
    problems: list[str] = []
    looks = {"language": language, "theme": theme, "width": width}
    listed = {name: path for name, (who, path) in shots.pages(place).items() if who == role}
    assert listed
    async with _page(chromium, place, role, **looks) as (page, said):  # type: ignore[arg-type]
        for name, path in listed.items():
            sign = "&" if "?" in path else "?"
            await page.goto(f"{place.url}{path}{sign}lang={language}")
            await page.evaluate("document.fonts.ready")
            assert await page.get_attribute("html", "lang") == language
            assert await page.get_attribute("html", "dir") == ("rtl" if language == "he" else "ltr")
            assert await page.locator("h1").count() == 1, name
            problems += [f"{name}: {fault}" for fault in await axe.faults(page)]
            wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{name} is {wide} px wider than the screen"
    problems += [
        line
        for line in said.lines
        if not NOT_LIVE.search(line) and "404" not in line and "403" not in line
    ]
    assert not problems, "\n".join(problems)


async def test_the_bar_outlives_navigation_and_the_way_back(
    chromium: Browser, place: site.Site
) -> None:
    async with _page(chromium, place, "agent") as (page, _):
        await page.goto(f"{place.url}/customers")
        await page.evaluate("document.querySelector('header.bar').dataset.mark = 'the same'")
        await page.click(".rail a[href='/calls']")
        await expect(page.locator("h1")).to_have_text("Calls")
        await expect(page).to_have_url(re.compile("/calls$"))
        await expect(page.locator(".rail [aria-current=page]")).to_have_text("Calls")
        await expect(page).to_have_title(re.compile("^Calls"))
        await page.select_option("select[name=direction]", "inbound")
        await expect(page).to_have_url(re.compile("direction=inbound"))
        await page.locator("table.calls tbody a").first.click()
        await expect(page).to_have_url(re.compile(r"/calls/\d+$"))
        await page.go_back()
        await expect(page).to_have_url(re.compile("direction=inbound"))
        await expect(page.locator("h1")).to_have_text("Calls")
        await page.go_back()
        await page.go_back()
        await expect(page.locator("h1")).to_have_text("Customers")
        assert await page.get_attribute("header.bar", "data-mark") == "the same"


async def test_a_form_inside_the_frame_writes_and_comes_back(
    chromium: Browser, place: site.Site
) -> None:
    async with _page(chromium, place, "supervisor") as (page, _):
        await page.goto(f"{place.url}/customers/{place.party_id}")
        await page.evaluate("document.querySelector('header.bar').dataset.mark = 'the same'")
        await page.fill("textarea[name=text]", "<b>צריך</b> לחזור מחר")
        await page.click(".composer button")
        await expect(page.locator(".timeline p.pre").first).to_have_text("<b>צריך</b> לחזור מחר")
        adder = page.locator(".adder", has=page.locator("#f-number"))
        await adder.locator("summary").click()
        await page.fill("#f-number", "not a number")
        await adder.locator("form button").click()
        await expect(page.locator(".callout.bad")).to_contain_text("not a valid phone number")
        assert await page.get_attribute("header.bar", "data-mark") == "the same"


async def test_the_transcript_follows_the_player_and_a_word_seeks(
    chromium: Browser, place: site.Site
) -> None:
    async with _page(chromium, place, "manager", language="he") as (page, said):
        await page.goto(f"{place.url}/calls/{place.call_id}")
        player = page.locator("cc-player")
        await expect(player.locator("svg.bigwave path")).to_have_count(2)
        assert await player.locator("path.wave-agent").get_attribute("d")
        await page.locator(".transcript .seg-t").nth(3).locator("button.tm").click()
        await expect(page.locator(".transcript .seg-t.now")).to_have_count(1)
        await page.wait_for_function("document.querySelector('cc-player').audio.currentTime >= 16")
        await expect(page.locator(".transcript .seg-t").nth(3)).to_have_class(re.compile("now"))
        await page.focus(".wave-slider")
        await page.keyboard.press("Space")
        await page.wait_for_function("document.querySelector('cc-player').audio.paused")
        before = await page.evaluate("document.querySelector('cc-player').audio.currentTime")
        await page.keyboard.press("KeyJ")
        after = await page.evaluate("document.querySelector('cc-player').audio.currentTime")
        assert before - 5.5 < after < before - 4.5
        await page.fill("[data-transcript-search]", "טכנאי")
        await expect(page.locator("[data-transcript-hits]")).to_have_text("1/1")
        assert not [line for line in said.lines if not NOT_LIVE.search(line)]


async def test_everything_is_reached_with_the_keyboard_alone(
    chromium: Browser, place: site.Site
) -> None:
    async with _page(chromium, place, "agent") as (page, _):
        await page.goto(f"{place.url}/customers")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "main"
        seen: list[str] = []
        for _ in range(14):
            await page.keyboard.press("Tab")
            seen.append(
                await page.evaluate(
                    "(e => e.name || e.getAttribute('href') || e.dataset.dial || e.className)(document.activeElement)"
                )
            )
            visible = await page.evaluate(
                "(e => { const s = getComputedStyle(e), l = getComputedStyle(e.closest('label') || e);"
                " return s.outlineStyle !== 'none' || l.outlineStyle !== 'none'; })(document.activeElement)"
            )
            assert visible, f"no focus is shown on {seen[-1]}"
        assert "/customers/new" in seen and "q" in seen and "status" in seen
        assert any(re.fullmatch(r"/customers/\d+", each) for each in seen)
        assert any(each.startswith("+972") for each in seen), (
            "a number can be dialled from the keyboard"
        )


async def test_the_name_of_a_customer_is_text_whatever_it_holds(
    chromium: Browser, place: site.Site
) -> None:
    hostile = "<img src=x onerror=alert(1)> \"'> \u202eגנב\u202c {{7*7}}"
    with place.database.session() as session:
        party = session.get_one(models.Party, place.party_id)
        party.display, party.alert, party.city = (
            hostile,
            hostile,
            "</script><script>alert(2)</script>",
        )
        party.facts = {"<b>key</b>": "<i>value</i>"}
    async with _page(chromium, place, "manager", language="he") as (page, said):
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        for path in (
            f"/customers/{place.party_id}",
            f"/customers/{place.party_id}/edit",
            "/customers",
            "/calls?period=all",
            f"/calls/{place.call_id}",
        ):
            await page.goto(place.url + path)
            assert await page.locator("main img, main script, main .facts i").count() == 0, path
        await page.goto(f"{place.url}/customers/{place.party_id}")
        await expect(page.locator("h1")).to_have_text(hostile)
        assert not dialogs
        assert not [line for line in said.lines if not NOT_LIVE.search(line)]


async def test_the_theme_and_the_language_are_the_users(
    chromium: Browser, place: site.Site
) -> None:
    async with _page(chromium, place, "agent", language="he") as (page, _):
        await page.goto(f"{place.url}/settings")
        await page.check("input[value=ru]")
        await page.check("input[value=dark]")
        await page.click("main .btn.primary")
        await expect(page.locator("html")).to_have_attribute("lang", "ru")
        await expect(page.locator("html")).to_have_attribute("dir", "ltr")
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == "rgb(13, 16, 21)"
