"""The floor by keyboard on a real Asterisk, in Hebrew: a call shows by itself, is listened to and opened; and each sees what is theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from callcenter import models, settings
from callcenter.crm import accounts, customers
from callcenter.db import utcnow
from callcenter.demo import parties
from tests.pbx import stage as stages
from tests.pbx.fixtures import SetUp
from tests.pbx.stage import DANA, QUICK, SUPPORT
from tests.web import axe, desk_people, product
from web import keys

pytestmark = [pytest.mark.asterisk, pytest.mark.browser]


def team(made: product.Product, language: str) -> None:
    """Put the agent at 1001 in Ronit's team, who sits at 1005; Avi leads another one."""
    with made.database.session() as session:
        michal = session.scalars(select(models.User).where(models.User.login == "michal")).one()
        for name, login, who in (("תמיכה", "ronit", "רונית בר"), ("מכירות", "avi", "אבי כץ")):
            made_team = models.Team(name=name)
            session.add(made_team)
            session.flush()
            boss = accounts.create_user(
                session, login, who, password=desk_people.PASSWORD, now=utcnow(), role="supervisor",
                language=language,
            )  # fmt: skip
            session.add(models.Membership(team_id=made_team.id, user_id=boss.id, leads=True))
            if login == "ronit":
                session.add(models.Membership(team_id=made_team.id, user_id=michal.id))
                accounts.assign_extension(session, boss.id, "1005", now=utcnow())
                session.add(
                    models.QueueProfile(
                        pbx="main", queue="support", labels={"he": "תמיכה טכנית", "en": "Support"},
                        greetings={}, team_id=made_team.id, wrapup_seconds=30,
                    )
                )  # fmt: skip
        dana = customers.create(session, "דנה לוי", now=utcnow())
        customers.add_number(session, dana, DANA, region="IL", now=utcnow())


@pytest.fixture
async def floor(set_up: SetUp, tmp_path: Path, chromium: Browser) -> AsyncIterator[tuple[Any, Any]]:
    expect.set_options(timeout=30_000)
    stage = await set_up("1001", "1005", timing=QUICK)
    for party in (*stage.phones.values(), stage.trunk):
        party.agent.voice = parties.prompt(
            stage.exchange
        )  # a line that is quite silent is not hung up
    pbx = settings.Pbx(
        port=stage.exchange.ami_port, username=stage.exchange.ami_user, secret=stage.exchange.ami_secret,
        trunks=("PJSIP/trunk-*",), dial_timeout_seconds=12,
    )  # fmt: skip
    async with product.running(tmp_path, pbx, chromium, language="he") as made:
        team(made, "he")
        await made.app[keys.FLOOR].center.refresh()
        yield made, stage


async def _ready(made: product.Product, page: Page) -> None:
    await page.keyboard.press("Alt+KeyG")
    await page.wait_for_selector(".state[data-s=ready]")


async def test_a_supervisor_sees_listens_and_opens_by_keyboard_alone(
    floor: tuple[product.Product, stages.Stage],
) -> None:
    made, stage = floor
    async with made.page("michal", "/desk") as desk, made.page("ronit", "/floor") as page:
        card = page.locator(".agent")
        await expect(card).to_have_count(1)
        await expect(card).to_contain_text("מיכל לב")
        await _ready(made, desk)
        await expect(card).to_have_attribute("data-s", "ready")
        dana = await stage.trunk.call(SUPPORT, number=DANA, name="Dana")
        await expect(card).to_have_attribute("data-s", "ringing")
        await stage.answered_by("1001")
        await expect(card).to_have_attribute("data-s", "talking")
        await expect(card).to_contain_text("דנה לוי")
        await expect(page.locator("aside")).to_contain_text("דנה לוי")
        assert await axe.faults(page) == []
        await page.keyboard.press("ArrowDown")
        await expect(card.locator("a")).to_be_focused()
        await page.keyboard.press("KeyL")
        await stage.answered_by("1005")
        await expect(card.locator(".ear")).to_contain_text("לא שומעים אותך")
        async with made.page(
            "root", "/floor"
        ) as other:  # others see that she listens; root may not
            await expect(other.locator(".ear")).to_contain_text("רונית בר")
            await expect(other.locator(".earbar")).to_have_count(0)
        await page.keyboard.press("Escape")
        await expect(card.locator(".ear")).to_have_count(0)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/calls/*")
        await expect(page.locator("#main")).to_contain_text("דנה לוי")
        await dana.hang_up()


async def test_a_supervisor_of_another_team_sees_nothing_and_cannot_listen(
    floor: tuple[product.Product, stages.Stage],
) -> None:
    made, stage = floor
    async with made.page("michal", "/desk") as desk, made.page("avi", "/floor") as page:
        await _ready(made, desk)
        await stage.trunk.call(SUPPORT, number=DANA, name="Dana")
        await stage.answered_by("1001")
        await desk.wait_for_selector(".card[data-state=talking]")
        await page.reload()
        await expect(page.locator(".agents, .floor .empty")).to_have_count(1)
        await expect(page.locator("#main")).not_to_contain_text("דנה")
        await expect(page.locator("#main")).not_to_contain_text("מיכל")
        answer = await page.request.post(
            f"{made.url}/api/v1/floor/listen", data={"agent": 1, "mode": "listen"},
            headers={"Origin": made.url},
        )  # fmt: skip
        assert answer.status == 404
        # An agent who asks to watch is told nothing.
        assert made.app[keys.FLOOR].board.whole(1) is None


async def test_the_floor_says_when_it_is_not_the_present(
    floor: tuple[product.Product, stages.Stage],
) -> None:
    made, stage = floor
    async with made.page("ronit", "/floor") as page:
        await expect(page.locator(".agent")).to_have_count(1)
        await made.app[keys.FLOOR].center.board.lines["main"].link.close()
        await expect(page.locator(".floorstack.stale")).to_have_count(1)
        await expect(page.locator(".floorhead")).to_contain_text("נכון לשעה")
