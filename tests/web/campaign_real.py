"""A campaign on a real Asterisk: the product, an agent's desk in a browser, customers behind the trunk."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.async_api import Browser, Page
from sqlalchemy import select

from callcenter import models, settings
from callcenter.crm import customers
from callcenter.db import Database, utcnow
from callcenter.telephony import switchboard
from tests import servers
from tests.pbx import stage as stages
from tests.web import desk_people, desk_stage
from web.app import create_app

PEOPLE = (("דנה לוי", "0521110001"), ("יוסי כהן", "0521110002"), ("Ирина Соколова", "0521110003"))
OUTCOMES = (
    ("sale", "מכירה", True, False, ""),
    ("callback", "בקשה לחזרה", False, True, ""),
    ("not_interested", "אין עניין", False, False, ""),
    ("asked_not", "בקשה לא להתקשר", False, False, "do_not_call"),
)
ALWAYS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "00:00-24:00")


@dataclass
class Real:
    """The product, its page and its exchange."""

    exchange: stages.Stage
    database: Database
    page: Page
    url: str
    app: web.Application
    campaign_id: int

    def lead(self, name: str) -> models.Lead:
        """Read a lead as it is now."""
        with self.database.session() as session:
            return session.scalars(select(models.Lead).where(models.Lead.name == name)).one()

    def attempts(self) -> list[models.DialAttempt]:
        """Read all attempts, in order."""
        with self.database.session() as session:
            table = models.DialAttempt
            return list(session.scalars(select(table).order_by(table.requested_at)))

    def change(self, name: str, **values: Any) -> None:
        """Change a lead behind everybody's back."""
        with self.database.session() as session:
            lead = session.scalars(select(models.Lead).where(models.Lead.name == name)).one()
            for field, value in values.items():
                setattr(lead, field, value)

    async def until(self, test: Any) -> None:
        """Wait until something is so."""
        await self.exchange.until(test)


def fill(session: Any, people: tuple[tuple[str, str], ...]) -> int:
    """Make the agent at 1001, a campaign that runs, and its leads in order."""
    user, campaign_id = desk_people.staff(session, "he"), campaign(session, people)
    session.add(models.CampaignSeat(user_id=user, campaign_id=campaign_id, since=utcnow()))
    return campaign_id


def campaign(session: Any, people: tuple[tuple[str, str], ...]) -> int:
    """Make a campaign that runs, and its leads in order."""
    for position, (code, label, success, callback, effect) in enumerate(OUTCOMES):
        found = session.scalar(select(models.Outcome).where(models.Outcome.code == code))
        made = found or models.Outcome(code=code)
        made.labels, made.success, made.callback, made.effect = {"he": label, "en": code}, success, callback, effect  # fmt: skip
        made.position = 50 + position
        session.add(made)
    made_campaign = models.Campaign(
        name="סיבים, צפון", state="running", created_at=utcnow(), max_attempts=5,
        scripts={"he": "שלום {name}, כאן {agent}.\n\nיש לך {הספק}?"}, retry={"busy": 0, "no_answer": 0},
        outcomes=[code for code, *_ in OUTCOMES],
    )  # fmt: skip
    session.add(made_campaign)
    session.flush()
    for place, (name, number) in enumerate(people):
        party = customers.create(session, name, now=utcnow(), numbers=[number], status="lead")
        phone_id = customers.numbers(session, party.id)[0].phone_id
        lead = models.Lead(
            campaign_id=made_campaign.id, party_id=party.id, phone_id=phone_id, name=name, created_at=utcnow(),
            facts={"הספק": "צפון תקשורת"}, next_at=utcnow() - timedelta(minutes=60 - place),
        )  # fmt: skip
        session.add(lead)
    return int(made_campaign.id)


@contextlib.asynccontextmanager
async def product(
    exchange: stages.Stage,
    folder: Path,
    chromium: Browser,
    *,
    people: tuple[tuple[str, str], ...] = PEOPLE,
    **compliance: Any,
) -> AsyncIterator[Real]:
    """Run the product on the exchange, with the agent's desk open in Hebrew."""
    made = exchange.exchange
    pbx = settings.Pbx(
        port=made.ami_port, username=made.ami_user, secret=made.ami_secret,
        trunks=("PJSIP/trunk-*",), dial_timeout_seconds=8,
    )  # fmt: skip
    database = servers.migrated(folder / "desk.db")
    with database.session() as session:
        campaign_id = fill(session, people)
    config = settings.Settings.model_validate(
        {"database": {"url": str(database.url)}, "pbx": [pbx], "campaigns": {"sweep_seconds": 0.2},
         "compliance": {"hours": ALWAYS, **compliance}}
    )  # fmt: skip
    app = create_app(config, database, switchboard.Switchboard(config.pbx))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    context = await chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    try:
        await desk_stage.sign_in(context, url)
        page = await context.new_page()
        await page.goto(f"{url}/desk")
        await page.wait_for_selector("#cc-conn[data-said]:not(.off)")
        await page.keyboard.press("Alt+KeyG")
        await page.wait_for_selector(".state[data-s=ready]")
        yield Real(exchange, database, page, url, app, campaign_id)
    finally:
        await context.close()
        await runner.cleanup()
        database.close()
