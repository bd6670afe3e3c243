"""The desk on its stage, for tests: a page that is signed in, connected and ready."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from tests.web import browser as browsers
from tests.web import desk_stage

ID = "1700000000.1"


@dataclass
class Desk:
    """A stage with a browser before it."""

    stage: desk_stage.Stage
    context: BrowserContext
    page: Page
    complaints: browsers.Complaints

    async def open(self, path: str = "/desk") -> Page:
        """Open another tab of the same browser, connected."""
        page = await self.context.new_page()
        await self.show(page, path)
        return page

    async def show(self, page: Page | None = None, path: str = "/desk") -> None:
        """Load a page and wait until it has its snapshot."""
        page = page or self.page
        await page.goto(f"{self.stage.url}{path}")
        await page.wait_for_selector("cc-callbar .state[aria-haspopup]")

    async def ring(self, card: dict[str, Any]) -> None:
        """Let a call ring on every tab."""
        await self.stage.pop(card)
        await self.page.wait_for_selector(f'.card[data-call="{card["id"]}"]')

    async def answer(self, **call: Any) -> None:
        """Let the ringing call be answered."""
        now = desk_stage.time.time()
        change = {"state": "talking", "answered": now, **call}
        await self.stage.emit("call.update", id=ID, call=change)
        await self.page.wait_for_selector(".card[data-state=talking]", state="attached")

    async def hang_up(self, seconds: float = 30) -> None:
        """Let the call end into wrap-up."""
        now = desk_stage.time.time()
        wrapup = {"until": now + seconds, "seconds": seconds}
        await self.stage.emit("call.end", id=ID, reason="ended", wrapup=wrapup)
        await self.stage.emit(
            "agent.state", state="wrapup", reason="", since=now, until=now + seconds
        )
        await self.page.wait_for_selector(".card[data-state=wrapup]", state="attached")

    async def focused(self) -> str:
        """Return the id of the focused element, or its tag."""
        return str(
            await self.page.evaluate(
                "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
            )
        )


@contextlib.asynccontextmanager
async def opened(
    chromium: Browser, folder: Path, language: str = "he", theme: str = "light", width: int = 1440
) -> AsyncIterator[Desk]:  # fmt: skip
    """Open the desk in one language, theme and width."""
    async with desk_stage.Stage(folder, language, theme) as stage:
        size = {"width": width, "height": 900}
        context = await chromium.new_context(viewport=size)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        complaints = browsers.Complaints(context)
        await stage.sign_in(context)
        desk = Desk(stage, context, await context.new_page(), complaints)
        await desk.show()
        yield desk
        await context.close()


@pytest.fixture
async def desk(chromium: Browser, tmp_path: Path) -> AsyncIterator[Desk]:
    """Open the desk in Hebrew; whatever a page complains of on its console fails the test."""
    async with opened(chromium, tmp_path) as made:
        yield made
        serious = [
            line for line in made.complaints.lines if "the server responded with" not in line
        ]
        assert serious == []
