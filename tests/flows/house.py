"""A small call center at work: a real exchange with its phones, the whole program, Hebrew screens, and whoever sits down at a keyboard."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import Browser, BrowserContext, expect
from sqlalchemy import orm, select

from callcenter import models, settings
from callcenter.crm import accounts, customers
from callcenter.db import utcnow
from callcenter.demo import parties
from tests.flows.hands import Hands
from tests.pbx import stage as stages
from tests.pbx.stage import DANA
from tests.web import browser, desk_people, product
from web import keys

ROUND_THE_CLOCK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "00:00-24:00")
T = TypeVar("T")
PATIENCE = 60_000  # ms; a fact comes soon, and on a busy machine it comes


@dataclass
class House:
    """The program, its exchange, and everybody's browsers."""

    made: product.Product
    stage: stages.Stage
    chromium: Browser
    complaints: list[browser.Complaints] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def sits_down(self, login: str) -> AsyncIterator[Hands]:
        """Open the program in a browser of one's own, and sign in with the keyboard."""
        context: BrowserContext = await self.chromium.new_context(
            viewport={"width": 1440, "height": 900}, reduced_motion="reduce", accept_downloads=True
        )
        context.set_default_timeout(PATIENCE)
        self.complaints.append(browser.Complaints(context))
        try:
            hands = Hands(await context.new_page())
            await hands.page.goto(self.made.url)
            await self.signs_in(hands, login)
            yield hands
        finally:
            await context.close()

    async def signs_in(self, hands: Hands, login: str) -> None:
        """Fill in the form that has the focus already, and wait until the page lives."""
        await expect(hands.page.locator("#login")).to_be_focused()
        await hands.at("/signin")
        await hands.type(login)
        await hands.write("סיסמה", desk_people.PASSWORD)
        await hands.press("Enter")
        await hands.page.wait_for_selector("#cc-conn[data-said]", state="attached")

    def rows(self, what: type[T], *where: Any) -> list[T]:
        """Read rows as they are now."""
        with self.made.database.session() as session:
            asked = select(what).where(*where)
            if what is models.Call:
                asked = asked.options(orm.selectinload(models.Call.participants))
            return list(session.scalars(asked))

    def user(self, login: str) -> models.User:
        """Read a user."""
        return self.rows(models.User, models.User.login == login)[0]

    def call(self, number: str) -> models.Call:
        """Read the newest call with a number."""
        return self.rows(models.Call, models.Call.far_e164 == number)[-1]

    async def written(self) -> None:
        """Wait until the rows say what is known now."""
        await self.made.app[keys.FLOOR].center.written()

    async def until(self, test: Any) -> None:
        """Wait until something is so."""
        await self.stage.until(test)


def people(session: orm.Session) -> None:
    """Seat a colleague and a supervisor beside Michal, in one team with the queue; and a manager."""
    now = utcnow()
    team = models.Team(name="תמיכה")
    session.add(team)
    session.flush()
    for login, name, role, extension in (
        ("michal", "", "agent", ""), ("olga", "אולגה ברמן", "agent", "1002"),
        ("ronit", "רונית בר", "supervisor", "1005"), ("dvora", "דבורה גל", "manager", ""),
    ):  # fmt: skip
        made = accounts.by_login(session, login) if not name else accounts.create_user(
            session, login, name, password=desk_people.PASSWORD, now=now, role=role, language="he"
        )  # fmt: skip
        leads = role == "supervisor"
        if role != "manager":
            session.add(models.Membership(team_id=team.id, user_id=made.id, leads=leads))
        if extension:
            accounts.assign_extension(session, made.id, extension, now=now)
    labels = {"he": "תמיכה טכנית", "en": "Support", "ru": "Поддержка"}
    session.add(
        models.QueueProfile(
            pbx="main", queue="support", labels=labels, greetings={}, team_id=team.id, wrapup_seconds=300
        )
    )  # fmt: skip
    dana = customers.create(session, "דנה לוי", now=now)
    customers.add_number(session, dana, DANA, region="IL", now=now)


@contextlib.asynccontextmanager
async def opened(
    stage: stages.Stage, folder: Path, chromium: Browser, **more: Any
) -> AsyncIterator[House]:
    """Run the program beside the exchange; `more` are tables of its settings."""
    expect.set_options(timeout=PATIENCE)
    for party in (*stage.phones.values(), stage.trunk):
        party.agent.voice = parties.prompt(stage.exchange)  # a silent line would be hung up
    made = stage.exchange
    pbx = settings.Pbx(
        port=made.ami_port, username=made.ami_user, secret=made.ami_secret,
        trunks=("PJSIP/trunk-*",), phones=("PJSIP/10??-*",), dial_timeout_seconds=12,
    )  # fmt: skip
    async with product.running(folder, pbx, chromium, language="he", **more) as running:
        with running.database.session() as session:
            people(session)
        await running.app[keys.FLOOR].center.refresh()
        house = House(running, stage, chromium)
        yield house
        said = [line for each in house.complaints for line in each.lines]
        assert [line for line in said if "the server responded with" not in line] == []
