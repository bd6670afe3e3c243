"""Somebody at a keyboard who has no mouse: goes to what is named with Tab, sees where the focus is, and says so where it never comes.

Nothing here clicks, fills or focuses: what these hands cannot do, nobody can do without a mouse. Every stop on the way must be
one that can be seen: it has an outline or a shadow of its own, stands on the screen, and nothing lies over it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect

from tests.web import axe

MOST_STOPS = 160
# What has the focus, in words for the trail; and why it cannot be seen, if it cannot.
WHERE = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return ["the page itself", ""];
  const name = (e.getAttribute("aria-label") || e.labels?.[0]?.textContent || e.textContent || e.id || "").trim().replace(/\\s+/g, " ").slice(0, 40);
  const words = `${e.tagName.toLowerCase()}${e.id ? "#" + e.id : ""} ${name}`;
  const lined = (one) => { const s = getComputedStyle(one); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1; };
  const around = [e, e.parentElement, e.parentElement?.parentElement].filter(Boolean);
  const shown = getComputedStyle(e).opacity === "0" || e.matches(".sr") ? e.closest("label") ?? e.parentElement : e;
  const { left, top, right, bottom } = shown.getBoundingClientRect();
  const box = [Math.max(left, 0), Math.max(top, 0), Math.min(right, innerWidth), Math.min(bottom, innerHeight)];
  if (box[2] - box[0] < 1 || box[3] - box[1] < 1) return [words, "is off the screen"];
  const at = (x, y) => document.elementFromPoint(box[0] + (box[2] - box[0]) * x, box[1] + (box[3] - box[1]) * y);
  const spots = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.9]].map(([x, y]) => at(x, y));
  if (!spots.some((one) => one && (shown.contains(one) || one.contains(shown)))) return [words, "lies under something"];
  if (!around.some(lined) && getComputedStyle(e).boxShadow === "none") return [words, "has nothing that shows the focus"];
  return [words, ""];
}"""
BEFORE = "e => Boolean(document.activeElement.compareDocumentPosition(e) & 2)"
INSIDE = "e => e.isConnected ? e === document.activeElement : null"  # null: it was drawn anew


@dataclass
class Hands:
    """A page, and a keyboard before it."""

    page: Page

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def type(self, text: str) -> None:
        """Type where the focus is."""
        await self.page.keyboard.type(text)

    async def where(self) -> str:
        """Say what has the focus; fail where nobody could see it."""
        words, wrong = await self.page.evaluate(WHERE)
        assert not wrong, f"the focus is on «{words}», which {wrong}"
        return str(words)

    async def to(self, target: Locator) -> None:
        """Go to something with Tab, backwards where it stands before the focus."""
        await expect(target).to_be_visible()
        trail = [await self.where()]
        key = "Shift+Tab" if await target.evaluate(BEFORE) else "Tab"
        element = await target.element_handle()  # once: to find it by its role reads the whole page
        while not (there := await element.evaluate(INSIDE)):
            if there is None:
                element = await target.element_handle()
                continue
            assert len(trail) < MOST_STOPS, f"{target} never had the focus: {' → '.join(trail)}"
            await self.press(key)
            trail.append(await self.where())

    async def has(self, target: Locator) -> None:
        """Wait until something has the focus, and can be seen to; else say what has it."""
        try:
            await expect(target).to_be_focused()
        except AssertionError as error:
            raise AssertionError(f"«{await self.where()}» has the focus, not {target}") from error
        await self.where()

    async def go(
        self, name: str | re.Pattern[str], role: str = "link", *, within: str = ""
    ) -> None:
        """Go to a link or a button by its name, and press it."""
        await self.press_on(self.found(name, role, within=within))

    async def press_on(self, target: Locator) -> None:
        """Go to something and press it."""
        await self.to(target)
        await self.press("Enter")

    def found(
        self, name: str | re.Pattern[str], role: str = "link", *, within: str = ""
    ) -> Locator:
        """Find what a name and a role say, the first where there are several."""
        place = self.page.locator(within) if within else self.page
        exact = isinstance(name, str)
        return place.get_by_role(role, name=name, exact=exact).first  # type: ignore[arg-type]

    async def write(self, label: str, text: str) -> None:
        """Go to a field by its label and write into it, over what is there."""
        await self.to(self.page.get_by_label(label, exact=True).first)
        await self.press("Control+KeyA")
        await self.type(text)

    async def choose(self, label: str, wanted: str) -> None:
        """Go to a list that folds out and choose by arrows."""
        target = self.page.get_by_role("combobox", name=label, exact=True).first
        await self.to(target)
        for _ in range(60):
            options = await target.evaluate(
                "(e, w) => [e.selectedIndex, [...e.options].findIndex((o) => o.text.trim() === w)]", wanted
            )  # fmt: skip
            assert options[1] >= 0, f"{wanted} is not offered by {label}"
            if options[0] == options[1]:
                return
            alone = await target.evaluate("e => !e.form?.matches('[data-auto]')")
            await self.page.evaluate(
                "document.getElementById('main')?.setAttribute('data-old', '')"
            )
            await self.press("ArrowDown" if options[0] < options[1] else "ArrowUp")
            if not alone:  # the form sends itself, and the page comes anew
                await self.page.wait_for_selector("#main:not([data-old])")
            await self.has(target)
        raise AssertionError(f"{wanted} of {label} cannot be reached by arrows")

    async def at(self, path: str) -> None:
        """Wait for a page, and look whether everybody can use it."""
        await self.page.wait_for_url(re.compile(path))
        await self.looked()

    async def looked(self) -> None:
        """Run axe over what is on the screen."""
        await self.page.emulate_media(reduced_motion="reduce")
        faults = await axe.faults(self.page)
        assert not faults, f"{self.page.url}: {faults}"
