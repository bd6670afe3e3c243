"""Real failures, as people see them: the banner comes, says what still works, and goes when it is over."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from pydantic import SecretStr
from structlog.testing import capture_logs

from callcenter import settings
from callcenter.crm import agents
from callcenter.demo import ports
from callcenter.settings import Pbx
from tests.pbx.fixtures import StartExchange
from tests.screenpop import stand
from tests.telephony import peer
from tests.web import axe, product

pytestmark = pytest.mark.browser


def pbx_of(exchange: peer.Peer, **changes: Any) -> Pbx:
    stand.answer_lists(exchange)
    fields = {"port": exchange.port, "secret": SecretStr(exchange.secret), **changes}
    return settings.Pbx(**fields)


def banner(page: Page) -> Any:
    return page.locator("cc-troubles .callout")


async def test_a_wrong_secret_is_said_to_each_in_their_words_and_is_over_when_it_is_right(
    chromium: Browser, tmp_path: Path
) -> None:
    expect.set_options(timeout=60_000)
    async with peer.Peer(secret="right") as exchange:
        wrong = pbx_of(exchange, secret=SecretStr("wrong"))
        with capture_logs() as said:
            async with (
                product.running(tmp_path, wrong, chromium) as made,
                made.page("michal", "/desk") as desk,
                made.page("root", "/system") as system,
            ):
                await expect(banner(desk)).to_contain_text("The telephone link is down since")
                await expect(banner(desk).locator("a")).to_have_count(0)
                await expect(system.locator(".troublelist")).to_contain_text("refuses our sign-in")
                await expect(system.locator(".troublelist")).to_contain_text(
                    "Authentication failed"
                )
                await expect(banner(system)).to_have_count(0)  # the page itself says it
                await system.goto(f"{made.url}/calls")
                await expect(banner(system)).to_contain_text("refuses our sign-in since")
                await expect(banner(system).locator("a")).to_have_attribute("href", "/system")
                exchange.secret = "wrong"  # the administrator corrects it
                await expect(banner(desk)).to_have_count(0)
                await expect(banner(system)).to_have_count(0)
    begun = [line for line in said if line["event"] == "trouble begins"]
    assert [(line["code"], line["setting"]) for line in begun] == [
        ("auth_failed", "pbx.username, pbx.secret")
    ]
    assert "wrong" not in str(said)


async def test_an_exchange_that_cannot_be_reached_is_said_before_any_script_runs(
    chromium: Browser, tmp_path: Path
) -> None:
    expect.set_options(timeout=60_000)
    port = ports.tcp()
    async with (
        product.running(
            tmp_path, settings.Pbx(port=port, secret=SecretStr("secret")), chromium, language="he"
        ) as made,
        made.page("michal", "/desk") as desk,
    ):
        await expect(banner(desk)).to_contain_text("אין חיבור למרכזייה מאז")
        assert await axe.faults(desk) == []
        plain = await chromium.new_context(java_script_enabled=False)
        await made.sign_in(plain, "root")
        page = await plain.new_page()
        await page.goto(f"{made.url}/calls")
        await expect(banner(page)).to_contain_text("אין חיבור למרכזייה")
        await plain.close()
        exchange = peer.Peer()
        exchange.port = port
        async with exchange:
            stand.answer_lists(exchange)
            await expect(banner(desk)).to_have_count(0)


async def test_a_locked_database_is_said_what_is_done_meanwhile_is_written_afterwards(
    chromium: Browser, tmp_path: Path
) -> None:
    expect.set_options(timeout=60_000)
    async with (
        peer.Peer() as exchange,
        product.running(tmp_path, pbx_of(exchange), chromium) as made,
        made.page("michal", "/customers") as desk,
        made.page("root", "/system") as system,
    ):
        live = made.monitor.floor
        assert live is not None
        await live.center.written()
        other = sqlite3.connect(tmp_path / "product.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        live.center.agents.declare(1, agents.State.PAUSED, "lunch", 1_800_000_000.0)
        await expect(banner(desk)).to_contain_text("Nothing can be saved since")
        await expect(system.locator(".troublelist")).to_contain_text("database is locked")
        await expect(system.locator("[data-part=database]")).to_contain_text("Not working")
        assert live.center.writer.depth == 1
        other.execute("ROLLBACK")
        other.close()
        await expect(banner(desk)).to_have_count(0)
        await expect(system.locator("[data-part=word]")).to_contain_text("Working")
        await live.center.written()
        assert live.center.writer.depth == 0


@pytest.mark.asterisk
async def test_a_real_exchange_that_restarts_comes_back_by_itself(
    start_exchange: StartExchange, chromium: Browser, tmp_path: Path
) -> None:
    expect.set_options(timeout=90_000)
    real = await start_exchange()
    pbx = settings.Pbx(
        port=real.ami_port, username=real.ami_user, secret=SecretStr(real.ami_secret)
    )
    async with (
        product.running(tmp_path, pbx, chromium) as made,
        made.page("root", "/system") as system,
    ):
        panel = system.locator("[data-part=pbx]")
        await expect(panel).to_contain_text("Connected")
        await expect(system.locator("[data-part=troubles]")).to_contain_text("Everything works")
        await expect(system.locator("[data-part=versions]")).to_contain_text(
            "Asterisk Call Manager"
        )
        await real.kill()
        await expect(system.locator("[data-part=troubles]")).to_contain_text("No link to the PBX")
        await expect(panel).to_contain_text("Not connected")
        await real.start()
        await expect(panel).to_contain_text("Connected")
        await expect(system.locator("[data-part=troubles]")).to_contain_text("Everything works")
        await expect(panel).to_contain_text("Last sign-in")


@pytest.mark.parametrize(
    ("language", "theme", "width"), [("he", "light", 1440), ("en", "dark", 390), ("ru", "light", 390)]
)  # fmt: skip
async def test_the_page_of_troubles_is_for_every_eye(
    language: str, theme: str, width: int, chromium: Browser, tmp_path: Path
) -> None:
    expect.set_options(timeout=60_000)
    nowhere = settings.Pbx(port=ports.tcp(), secret=SecretStr("secret"))
    async with (
        product.running(tmp_path, nowhere, chromium, language=language, theme=theme) as made,
        made.page("root", "/system", width=width) as page,
    ):
        await expect(page.locator(".troublelist li")).to_have_count(1)
        assert await axe.faults(page) == []
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
        assert await page.locator("h1").count() == 1
