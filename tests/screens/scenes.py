"""The day's live screens, in order: what the exchange tells and what people press until each of them is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from playwright.async_api import BrowserContext, Page

from tests.screens import center, day, exchange, table, words

LOGINS = {
    table.AGENT: day.AGENT, table.SELLER: day.SELLER, table.SUPERVISOR: day.SUPERVISOR, table.MANAGER: day.MANAGER,
    table.ADMIN: day.ADMIN,
}  # fmt: skip


async def sign_in(context: BrowserContext, place: center.Place, who: str) -> None:
    """Give a browser context somebody's session."""
    answer = await context.request.post(
        f"{place.url}/signin",
        form={"login": LOGINS[who], "password": day.PASSWORD},
        headers={"Origin": place.url},
    )
    assert answer.ok, await answer.text()


@dataclass
class Stage:
    """The center and everybody's open page."""

    place: center.Place
    opened: Callable[[str], Awaitable[Page]]
    pages: dict[str, Page] = field(default_factory=dict)
    story: exchange.Story | None = None

    async def page(self, who: str, path: str = "/desk") -> Page:
        """Give somebody's page, opened once and connected."""
        if who not in self.pages:
            self.pages[who] = await self.opened(who)
            await self.pages[who].goto(f"{self.place.url}{path}")
            await self.pages[who].wait_for_selector("#cc-conn[data-said]", state="attached")
        return self.pages[who]

    async def forward(self, seconds: float) -> None:
        """Let time pass here and in every browser."""
        self.place.clock.forward(seconds)
        for page in self.pages.values():
            await page.context.clock.set_fixed_time(self.place.clock.now)

    def call(self, who: str, **more: str) -> exchange.Story:
        """Let somebody call the agent."""
        self.story = self.place.exchange.call("1001", self.place.number(who), **more)
        return self.story

    @property
    def current(self) -> exchange.Story:
        """Give the agent's call."""
        assert self.story is not None
        return self.story


async def quiet(stage: Stage) -> None:
    """The agent waits; others talk, one writes up, two wait in another queue."""
    told = stage.place.exchange
    for phone, who, queue, ago in (
        ("1002", "other0", "support", 245.0),
        ("1003", "other1", "sales", 703.0),
        ("1007", "other2", "sales", 96.0),
    ):
        story = told.call(phone, stage.place.number(who), queue=queue)
        story.tell("arrives", ago + 31)
        story.tell("rings", ago + 7)
        story.tell("answered", ago)
        if phone == "1007":
            story.tell("ends", 9)
    for who, ago in (("other3", 74.0), ("other4", 22.0)):
        told.call("1006", stage.place.number(who), queue="service").tell("arrives", ago)
    await stage.page(table.AGENT)


async def states(stage: Stage) -> None:
    """The menu of states."""
    page = await stage.page(table.AGENT)
    await page.keyboard.press("Alt+KeyB")


async def keys(stage: Stage) -> None:
    """The sheet of keys."""
    page = await stage.page(table.AGENT)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Alt+Slash")


async def search(stage: Stage) -> None:
    """The search over everything."""
    page = await stage.page(table.AGENT)
    await page.locator("#cc-keys footer button").click()
    await page.keyboard.press("Control+KeyK")
    await page.keyboard.type(stage.place.names["search"])
    await page.wait_for_selector("#cc-palette .pick-row small")


async def ringing(stage: Stage) -> None:
    """A known customer rings."""
    page = await stage.page(table.AGENT)
    await page.keyboard.press("Escape")
    story = stage.call("known")
    story.tell("arrives", 46)
    story.tell("rings", 6)


async def floor(stage: Stage) -> None:
    """The supervisor's floor at that moment."""
    page = await stage.page(table.SUPERVISOR, "/floor")
    await page.wait_for_selector(".agent[data-s=ringing]")


async def talking(stage: Stage) -> None:
    """The agent has answered three minutes ago and writes a note."""
    page = await stage.page(table.AGENT)
    await stage.forward(198)
    stage.current.tell("answered", 192)
    await page.wait_for_selector(".card[data-state=talking]")
    await page.wait_for_selector("#call-note", state="attached")
    note = page.locator("#call-note")
    await note.fill(words.NOTE[stage.place.language])
    await note.blur()
    await page.wait_for_selector(".note-status:not(:empty)")


async def transfer(stage: Stage) -> None:
    """Whom to transfer to."""
    page = await stage.page(table.AGENT)
    await page.keyboard.press("Alt+KeyT")
    await page.wait_for_selector("cc-transfer .pick-row")


async def wrapup(stage: Stage) -> None:
    """The call is over, the outcome chosen."""
    page = await stage.page(table.AGENT)
    await page.keyboard.press("Escape")
    await stage.forward(64)
    stage.current.tell("ends", 5)
    await page.wait_for_selector(".card[data-state=wrapup]")
    await page.locator(".outcome").nth(4).click()


async def several(stage: Stage) -> None:
    """A number rings that several customers share."""
    page = await stage.page(table.AGENT)
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector(".card", state="detached")
    await stage.forward(41)
    story = stage.call("shared")
    story.tell("arrives", 21)
    story.tell("rings", 4)


async def new(stage: Stage) -> None:
    """A number rings that nobody has."""
    page = await stage.page(table.AGENT)
    stage.current.tell("answered", 2)
    await page.wait_for_selector(".card[data-state=talking]")
    stage.current.tell("ends", 1)
    await page.wait_for_selector(".card[data-state=wrapup]")
    await page.locator(".outcome").first.click()
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector(".card", state="detached")
    await stage.forward(36)
    story = stage.call("new", scenario=exchange.GIVEN_UP)
    story.tell("arrives", 17)
    story.tell("rings", 5)


async def missed(stage: Stage) -> None:
    """It was not answered in time."""
    await stage.forward(11)
    stage.current.tell("gives_up", 2)


async def lead(stage: Stage) -> None:
    """The next lead of a campaign."""
    await stage.page(table.SELLER)


async def lead_call(stage: Stage) -> None:
    """The lead has answered; the script leads the call."""
    page = await stage.page(table.SELLER)
    told = stage.place.exchange
    await page.keyboard.press("Alt+KeyJ")
    await told.until(lambda: told.named("Originate"))
    asked = told.named("Originate")[-1]
    await stage.forward(38)
    stage.story = told.dialled("1004", stage.place.names["lead_number"], asked["ChannelId"])
    stage.story.tell("rings", 36)
    stage.story.tell("answered", 27)
    await page.wait_for_function("!document.querySelector('.toast')")  # the card says it


async def lead_wrapup(stage: Stage) -> None:
    """The lead's call is over: one digit ends it."""
    await stage.forward(82)
    stage.current.tell("ends", 4)


async def due(stage: Stage) -> None:
    """What the agent promised is due in a moment."""
    page = await stage.page(table.AGENT)
    if await page.locator(".card[data-state=missed] .do .btn").count():
        await page.locator(".card[data-state=missed] .do .btn").last.click()
    await stage.forward(day.DUE_MINUTES * 60 - 470 - 240)
    await page.wait_for_selector("cc-due .due")


async def line_down(stage: Stage) -> None:
    """The line to the exchange is cut."""
    page = await stage.page(table.AGENT)
    await page.locator("cc-due .due button").first.click()
    await stage.place.exchange.leave()
    # It counts as a trouble when it has lasted a moment: here moments pass when they are let.
    async with asyncio.timeout(30):
        while not await page.locator(".troubles .callout").count():
            await stage.forward(2)
            await asyncio.sleep(0.5)


async def line_down_system(stage: Stage) -> None:
    """The same on the administrator's page."""
    await stage.page(table.ADMIN, "/system")


SCENES: dict[str, Callable[[Stage], Awaitable[None]]] = {
    "quiet": quiet, "states": states, "keys": keys, "search": search, "ringing": ringing, "floor": floor,
    "talking": talking, "transfer": transfer, "wrapup": wrapup, "several": several, "new": new, "missed": missed,
    "lead": lead, "lead_call": lead_call, "lead_wrapup": lead_wrapup, "due": due, "line_down": line_down,
    "line_down_system": line_down_system,
}  # fmt: skip
