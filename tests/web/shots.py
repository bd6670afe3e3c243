"""Pictures of every page to look at: `python -m tests.web.shots FOLDER [PAGE...]`, with `LANGS=he,en` `WIDTHS=1440,390`."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright
from sqlalchemy import update

from callcenter import models
from tests.web import browser, ledgers, site

HEIGHTS = {1440: 900, 1280: 800, 390: 844}


def pages(place: site.Site) -> dict[str, tuple[str, str]]:
    """Name every page with the role that looks at it."""
    return {
        "signin": ("anonymous", "/signin"),
        "customers": ("agent", "/customers"),
        "customers-empty": ("agent", "/customers?q=zzzz"),
        "customer": ("supervisor", f"/customers/{place.party_id}"),
        "customer-edit": ("agent", f"/customers/{place.party_id}/edit"),
        "calls": ("manager", "/calls"),
        "calls-empty": ("manager", "/calls?q=zzzz"),
        "call": ("manager", f"/calls/{place.call_id}"),
        "call-dialled": ("manager", f"/calls/{place.dialled_id}"),
        "calls-narrowed": (
            "supervisor",
            "/calls?period=custom&from=2026-01-01&agent=me&length=3&colour=red",
        ),
        "views": ("supervisor", "/views/calls"),
        "figures": ("manager", "/figures?period=month&by=day"),
        "figures-hours": ("supervisor", "/figures?period=week&by=hour&family=outbound"),
        "figures-agents": ("manager", "/figures?period=week&by=agent"),
        "figures-empty": (
            "manager",
            "/figures?period=custom&from=2001-01-01&to=2001-01-02&by=queue",
        ),
        "calls-behind": ("manager", "/calls?set=offered&since=1600000000&until=1600086400"),
        "day": ("agent", "/day"),
        "day-of": ("supervisor", f"/day?user={place.user_id}&day={place.busy_day}"),
        "tasks": ("agent", "/tasks"),
        "tasks-team": ("supervisor", "/tasks"),
        "tasks-empty": ("agent", "/tasks?who=987654"),
        "task-new": ("agent", f"/tasks/new?party={place.party_id}"),
        "task": ("manager", f"/tasks/{place.task_id}"),
        "system": ("admin", "/system"),
        "ledger": ("manager", f"/ledger?day={ledgers.day()}"),
        "ledger-led": ("supervisor", f"/ledger?day={ledgers.day()}"),
        "settings": ("agent", "/settings"),
        "security": ("agent", "/settings/security"),
        "second-step": ("agent", "/settings/security/second-step"),
        "users": ("admin", "/settings/users"),
        "user": ("admin", f"/settings/users/{place.user_id}"),
        "user-new": ("admin", "/settings/users/new"),
        "teams": ("admin", "/settings/teams"),
        "extensions": ("admin", "/settings/extensions"),
        "queues": ("manager", "/settings/queues"),
        "queue": ("admin", "/settings/queues/main/support"),
        "outcomes": ("manager", "/settings/outcomes"),
        "reasons": ("manager", "/settings/reasons"),
        "numbers": ("admin", "/settings/numbers"),
        "do-not-call": ("manager", "/settings/do-not-call"),
        "do-not-call-led": ("supervisor", "/settings/do-not-call?q=000"),
        "recording": ("admin", "/settings/recording"),
        "marked": ("admin", "/settings/recording/marked"),
        "site": ("admin", "/settings/site"),
        "audit": ("admin", "/settings/audit"),
        "welcome-site": ("admin", "/welcome/site"),
        "welcome-exchange": ("admin", "/welcome/exchange"),
        "welcome-phones": ("admin", "/welcome/phones"),
        "welcome-recordings": ("admin", "/welcome/recordings"),
        "welcome-call": ("admin", "/welcome/call"),
        "missing": ("agent", "/nowhere"),
    }


def _dress(place: site.Site, language: str, theme: str) -> None:
    with place.database.session() as session:
        session.execute(update(models.User).values(language=language, theme=theme))


async def _shoot(
    chromium: Browser,
    place: site.Site,
    *,
    folder: Path,
    wanted: list[str],
    language: str,
    theme: str,
) -> None:
    for width in (int(w) for w in os.environ.get("WIDTHS", "1440,390").split(",")):
        for role in ("anonymous", "agent", "supervisor", "manager", "admin"):
            chosen = {
                n: p
                for n, (r, p) in pages(place).items()
                if r == role and (not wanted or n in wanted)
            }
            if not chosen:
                continue
            context = await chromium.new_context(
                viewport={"width": width, "height": HEIGHTS.get(width, 900)},
                color_scheme=theme,  # type: ignore[arg-type]
            )
            page = await context.new_page()
            if role != "anonymous":
                await browser.sign_in(page, place, role)
            for name, path in chosen.items():
                extra = f"?lang={language}" if role == "anonymous" else ""
                await page.goto(place.url + path + extra)
                await page.evaluate(
                    "document.fonts.ready.then(() => new Promise((done) => setTimeout(done, 250)))"
                )
                await page.screenshot(path=folder / f"{name}-{width}-{language}-{theme}.png")
            await context.close()


async def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    languages = os.environ.get("LANGS", "he,en").split(",")
    themes = os.environ.get("THEMES", "light,dark").split(",")
    with tempfile.TemporaryDirectory() as temporary:
        async with (
            site.running(Path(temporary), customers=300) as place,
            async_playwright() as play,
        ):
            chromium = await play.chromium.launch(
                executable_path=browser.executable(), args=list(browser.ARGUMENTS)
            )
            for language in languages:
                for theme in themes:
                    _dress(place, language, theme)
                    await _shoot(
                        chromium,
                        place,
                        folder=folder,
                        wanted=sys.argv[2:],
                        language=language,
                        theme=theme,
                    )
            await chromium.close()


if __name__ == "__main__":
    asyncio.run(main())
