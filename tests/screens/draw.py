"""Drawing: each screen once loaded and then seen light and dark, wide and on a phone; the guides' pictures beside it."""

from __future__ import annotations

import asyncio
import base64
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, CDPSession, Error, Page

from tests.screens import acts, center, scenes, table

LANGUAGES = ("he", "en", "ru")
THEMES = ("light", "dark")
SIZES = {1280: 800, 390: 844}
PHONE = 390
TALLEST = 2400
AT_ONCE = 2
PATIENCE_MS = 20_000
FAILURES = (Error, AssertionError, TimeoutError, KeyError)
GUIDE_QUALITY, QUALITY = 78, 80
# Style sheets made by script are not the page's markup: the strict policy lets them through.
STILL_LIFE = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*, *::before, *::after { animation: none !important; transition: none !important; caret-color: transparent !important }");
  document.adoptedStyleSheets = [sheet];
}"""
SETTLED = """() => document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))"""
# What scrolls is drawn whole: the page itself, or its main part.
NEEDED = """() => {
  const main = document.querySelector("#main");
  const more = main ? main.scrollHeight - main.clientHeight : 0;
  return Math.max(document.documentElement.scrollHeight, innerHeight + Math.max(0, more));
}"""


@dataclass
class Drawing:
    """Where pictures go, how far it is, and what went wrong."""

    folder: Path
    guides: Path
    wanted: Sequence[str] = ()
    problems: list[str] = field(default_factory=list)
    done: int = 0
    total: int = 0

    def takes(self, screen: table.Screen) -> bool:
        """Say whether this screen is asked for."""
        return not self.wanted or screen.name in self.wanted

    def tell(self, language: str, name: str) -> None:
        """Say how far it is."""
        self.done += 1
        print(f"[{self.done:3}/{self.total}] {language} {name}", flush=True)

    def fail(self, language: str, name: str, problem: object) -> None:
        """Note what could not be drawn."""
        said = str(problem).splitlines()[0][:200] if str(problem) else type(problem).__name__
        self.problems.append(f"{language} {name}: {said}")
        print(f"NOT DRAWN  {self.problems[-1]}", flush=True)


class Painter:
    """Draw the screens of one center, in its language."""

    def __init__(self, chromium: Browser, place: center.Place, drawing: Drawing) -> None:
        self.chromium, self.place, self.drawing = chromium, place, drawing

    async def page(self, who: str) -> Page:
        """Open a browser for somebody."""
        context = await self.chromium.new_context(
            viewport={"width": 1280, "height": 800}, color_scheme="light", reduced_motion="reduce",
            locale=self.place.language, timezone_id="Asia/Jerusalem",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        await context.clock.set_fixed_time(self.place.clock.now)
        if who != table.ANYBODY:
            await scenes.sign_in(context, self.place, who)
        return await context.new_page()

    async def still(self) -> None:
        """Draw what an address alone shows, some people at a time."""
        limit = asyncio.Semaphore(AT_ONCE)

        async def walk(who: str) -> None:
            async with limit:
                screens = [s for s in table.STILL if s.who == who and self.drawing.takes(s)]
                page = await self.page(who) if screens else None
                for screen in screens:
                    await self._still(page, screen)  # type: ignore[arg-type]
                if page is not None:
                    await page.context.close()

        await asyncio.gather(*(walk(who) for who in dict.fromkeys(s.who for s in table.STILL)))

    async def _still(self, page: Page, screen: table.Screen) -> None:
        address = self.place.url + screen.path.format(**self.place.names)
        if screen.who == table.ANYBODY:
            address += f"?lang={self.place.language}"
        try:
            if screen.act:
                await acts.ACTS[screen.act](page, self.place, address)
            else:
                answer = await page.goto(address)
                assert answer is not None and answer.status == screen.status, (
                    answer and answer.status
                )
            if screen.who != table.ANYBODY and screen.status == 200:
                await page.wait_for_selector("#cc-conn[data-said]:not(.off)", state="attached")
            await self._paint(page, screen)
        except FAILURES as problem:
            self.drawing.fail(self.place.language, screen.name, problem)
        self.drawing.tell(self.place.language, screen.name)

    async def live(self) -> None:
        """Draw the day's live screens, in order; one that fails leaves the others a chance."""
        stage = scenes.Stage(self.place, self.page)
        last = max((i for i, s in enumerate(table.LIVE) if self.drawing.takes(s)), default=-1)
        for screen in table.LIVE[: last + 1]:
            try:
                await scenes.SCENES[screen.scene](stage)
                if self.drawing.takes(screen):
                    await self._paint(stage.pages[screen.who], screen)
            except FAILURES as problem:
                self.drawing.fail(self.place.language, screen.name, problem)
            if self.drawing.takes(screen):
                self.drawing.tell(self.place.language, screen.name)
        for page in stage.pages.values():
            await page.context.close()

    async def _paint(self, page: Page, screen: table.Screen) -> None:
        await page.wait_for_selector(screen.seen)
        self._nothing_of_this_machine(await page.content())
        await page.evaluate(STILL_LIFE)
        if screen.scene:
            await page.wait_for_timeout(1100)  # the clocks of a live page tick once a second
        lens = await page.context.new_cdp_session(page)
        language = self.place.language
        if screen.guide:
            shot = self.drawing.guides / language / f"{screen.name}.webp"
            await page.set_viewport_size({"width": 1280, "height": screen.high})
            await page.evaluate(SETTLED)
            await self._shoot(lens, shot, GUIDE_QUALITY)
        for width, height in SIZES.items():
            await page.set_viewport_size({"width": width, "height": height})
            if screen.tab and width == PHONE:
                await page.evaluate("(id) => document.getElementById(id).click()", screen.tab)
            if not screen.fixed:
                tall = min(TALLEST, int(await page.evaluate(NEEDED)))
                await page.set_viewport_size({"width": width, "height": max(height, tall)})
            for theme in THEMES:
                await page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
                await page.evaluate(SETTLED)
                name = f"{screen.name}-{language}-{theme}-{width}.webp"
                await self._shoot(lens, self.drawing.folder / name, QUALITY)
        await page.emulate_media(color_scheme="light", reduced_motion="reduce")
        await page.set_viewport_size({"width": 1280, "height": 800})
        await lens.detach()

    def _nothing_of_this_machine(self, content: str) -> None:
        for folder in (str(Path.home()), tempfile.gettempdir() + os.sep):
            assert folder not in content, f"the page shows {folder}"

    async def _shoot(self, lens: CDPSession, file: Path, quality: int) -> None:
        answer = await lens.send("Page.captureScreenshot", {"format": "webp", "quality": quality})
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(answer["data"]))


async def draw(chromium: Browser, drawing: Drawing, languages: Sequence[str]) -> None:
    """Draw what is asked for in these languages."""
    drawing.total = len(languages) * sum(drawing.takes(screen) for screen in table.SCREENS)
    for language in languages:
        async with center.running(language) as place:
            painter = Painter(chromium, place, drawing)
            await painter.still()
            await painter.live()
