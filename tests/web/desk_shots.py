"""Pictures of every state of the desk: `python -m tests.web.desk_shots OUTDIR [STATE...]`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page, async_playwright

from tests.web import browser as browsers
from tests.web import desk_cards as cards
from tests.web import desk_stage

SIZES = {1440: 900, 1280: 800, 390: 844}
# (language, theme, width): enough to see every rule at work, not every product of them
LOOKS = (
    ("he", "light", 1440), ("he", "dark", 1440), ("he", "light", 1280), ("he", "light", 390),
    ("en", "light", 1440), ("en", "dark", 390), ("ru", "light", 1280), ("ru", "light", 390),
)  # fmt: skip
Act = Callable[[desk_stage.Stage, Page], Awaitable[Any]]

TARGETS = [
    {"kind": "agent", "label": "עומר דהן", "detail": "חיובים · בזמינות כבר 2:10", "number": "1002", "state": "ready"},
    {"kind": "agent", "label": "Лиор Перец", "detail": "חיובים · בזמינות כבר 1:15", "number": "1003", "state": "ready"},
    {"kind": "queue", "label": "תור חיובים וגבייה", "detail": "ממתינים: 2", "number": "sales", "state": ""},
    {"kind": "agent", "label": "שחר מלול", "detail": "חיובים · בשיחה 6:02", "number": "1004", "state": "talking"},
]  # fmt: skip


async def _nothing(_stage: desk_stage.Stage, _page: Page) -> None:
    return None


async def _menu(_stage: desk_stage.Stage, page: Page) -> None:
    await page.keyboard.press("Alt+KeyB")


async def _picker(stage: desk_stage.Stage, page: Page) -> None:
    stage.answers["GET", "/targets"] = (200, TARGETS)
    await page.keyboard.press("Alt+KeyT")
    await page.wait_for_selector(".pick-row")


async def _conflict(stage: desk_stage.Stage, page: Page) -> None:
    theirs = {"text": "הטכנאי יגיע מחר בבוקר.", "version": 9}
    stage.answers["PUT", "/calls/1700000000.1/note"] = (409, {"error": {"code": "conflict", "message": "x"}, "current": theirs})  # fmt: skip
    note = page.locator("#call-note")
    await note.evaluate("node => node.closest('.c-end').hidden || node.focus()")
    await note.fill("הנוסח שלי: להחליף נתב.", force=True)
    await page.wait_for_selector(".conflict", state="attached")


async def _chosen(_stage: desk_stage.Stage, page: Page) -> None:
    await page.locator(".outcome").nth(2).click()
    await page.locator(".picks .filter").nth(1).click()


async def _drop(stage: desk_stage.Stage, page: Page) -> None:
    await stage.sever()
    await page.wait_for_selector(".troubles .callout")


async def _keys(_stage: desk_stage.Stage, page: Page) -> None:
    await page.keyboard.press("Alt+Slash")


async def _missed(stage: desk_stage.Stage, page: Page) -> None:
    await stage.emit("call.end", id="1700000000.1", reason="missed", wrapup=None)
    await page.wait_for_selector("[data-state=missed]")


def _second() -> dict[str, Any]:
    return cards.ambiguous(id="1700000000.9", ringing=time.time() - 3)


DOWN = {
    "pbx": [{"name": "main", "state": "down", "since": time.time() - 90}], "database": "ok",
    "troubles": [{"code": "link_down", "level": "bad", "since": time.time() - 90, "text": "אין חיבור למרכזייה מאז \u206614:02\u2069. השיחות ממשיכות לצלצל; הכרטיסים יחזרו מעצמם."}],
}  # fmt: skip
STATES: dict[str, tuple[list[dict[str, Any]], dict[str, Any], Act]] = {
    "idle": ([], {}, _nothing),
    "offline": ([], {"state": "offline"}, _nothing),
    "menu": ([], {"state": "paused", "reason": "lunch"}, _menu),
    "unreachable": ([], {"reachable": False}, _nothing),
    "ringing": ([cards.known()], {"state": "ringing"}, _nothing),
    "early": ([cards.early()], {"state": "ringing"}, _nothing),
    "ambiguous": ([cards.ambiguous()], {"state": "ringing"}, _nothing),
    "unknown": ([cards.unknown()], {"state": "ringing"}, _nothing),
    "withheld": ([cards.withheld()], {"state": "ringing"}, _nothing),
    "talking": ([cards.talking()], {"state": "talking"}, _nothing),
    "talking-unknown": ([cards.unknown(state="talking", answered=time.time() - 20, recording="on")], {"state": "talking"}, _nothing),
    "talking-ambiguous": ([cards.ambiguous(state="talking", answered=time.time() - 20)], {"state": "talking"}, _nothing),
    "held": ([cards.talking(state="held")], {"state": "hold"}, _nothing),
    "consulting": ([cards.talking(state="consulting", transfer={"kind": "attended", "to": "1002", "label": "עומר דהן", "state": "talking"})], {"state": "consulting"}, _nothing),
    "transfer": ([cards.talking()], {"state": "talking"}, _picker),
    "second": ([cards.talking(), _second()], {"state": "talking"}, _nothing),
    "outbound": ([cards.known(direction="outbound", state="dialing", why={})], {"state": "talking"}, _nothing),
    "conflict": ([cards.talking()], {"state": "talking"}, _conflict),
    "wrapup": ([cards.wrapping()], {"state": "wrapup", "until": time.time() + 60}, _nothing),
    "wrapup-chosen": ([cards.wrapping()], {"state": "wrapup", "until": time.time() + 60}, _chosen),
    "missed": ([cards.known()], {"state": "ready"}, _missed),
    "link-lost": ([cards.talking()], {"state": "talking"}, _drop),
    "pbx-down": ([cards.talking()], {"state": "talking"}, _nothing),
    "keys": ([], {}, _keys),
    "elsewhere": ([cards.known()], {"state": "ringing"}, _nothing),
}  # fmt: skip


async def shoot(context: BrowserContext, stage: desk_stage.Stage, name: str, out: Path) -> None:
    """Bring the desk into a state and take its picture."""
    calls, mine, act = STATES[name]
    if "until" in mine:
        mine = {**mine, "until": time.time() + 18}
    stage.set_snapshot(calls, **mine)
    stage.snapshot["me"]["since"] = time.time() - (252 if calls else 72)
    if name == "pbx-down":
        stage.snapshot["system"] = DOWN
    page = await context.new_page()
    page.on("pageerror", lambda error: print(name, "ERROR", error))
    page.on("console", lambda said: said.type == "error" and print(name, said.text))
    stage.hellos.clear()
    await page.goto(f"{stage.url}/healthz")
    await page.evaluate("localStorage.clear()")
    await page.goto(f"{stage.url}{'/calls' if name == 'elsewhere' else '/desk'}")
    await page.wait_for_selector("cc-callbar .state:not([data-s=''])")
    await stage.until(lambda: stage.hellos)
    if calls:
        await page.wait_for_selector(".card", state="attached")
    await act(stage, page)
    await page.wait_for_timeout(400)
    await page.screenshot(path=out)
    await page.close()


async def main(out: Path, names: list[str]) -> None:
    """Take every picture."""
    out.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as play:
        browser = await play.chromium.launch(
            executable_path=browsers.executable(), args=list(browsers.ARGUMENTS)
        )
        for look in LOOKS:
            await _look(browser, look, names or list(STATES), out)
        await browser.close()


async def _look(browser: Any, look: tuple[str, str, int], names: list[str], out: Path) -> None:
    language, theme, width = look
    with tempfile.TemporaryDirectory() as folder:
        async with desk_stage.Stage(Path(folder), language, theme) as stage:
            size = {"width": width, "height": SIZES[width]}
            context = await browser.new_context(viewport=size)  # type: ignore[arg-type]
            await stage.sign_in(context)
            for name in sorted(names, key=lambda name: name == "link-lost"):
                await shoot(context, stage, name, out / f"{name}-{language}-{theme}-{width}.png")
            await context.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
