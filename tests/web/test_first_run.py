"""The first run on a real Asterisk, from an empty folder to the card of a test call, in a real browser, as `callcenter serve` runs it."""

from __future__ import annotations

import asyncio
import contextlib
import stat
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from callcenter import models, settings
from callcenter.db import Database
from callcenter.demo import ports
from tests.pbx.fixtures import SetUp
from tests.pbx.stage import DANA, DIRECT, QUICK
from tests.web import axe
from web import serving

PASSWORD = "a long walk by the sea"


@dataclass
class Running:
    """The product as a command runs it, with what it printed."""

    url: str
    file: Path
    folder: Path
    said: list[str] = field(default_factory=list)

    @property
    def begin(self) -> str:
        """Return the address that was printed for the first run."""
        line = next(line for line in self.said if "/welcome?token=" in line)
        return self.url + line[line.index("/welcome") :]

    def actions(self) -> list[str]:
        """Return what stands in the audit, in order."""
        database = Database(f"sqlite:///{self.folder / 'own.db'}")
        try:
            with database.session() as session:
                return list(session.scalars(select(models.Audit.action).order_by(models.Audit.id)))
        finally:
            database.close()


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Running]:
    """Run the product with a settings file that names no exchange."""
    port = ports.tcp()
    file = folder / "callcenter.toml"
    file.write_text(
        f'# kept by hand\n[database]\nurl = "sqlite:///{folder}/own.db"\n[web]\nport = {port}\n'
        f'[recordings]\nfolder = "{folder}/store"\nworkers = 0\n',
        encoding="utf-8",
    )
    made = Running(f"http://127.0.0.1:{port}", file, folder)
    over, up = asyncio.Event(), asyncio.Event()

    def announce(line: str) -> None:
        made.said.append(line)
        if line == made.url:
            up.set()

    async def until() -> None:
        await over.wait()

    task = asyncio.create_task(
        serving.serve(
            settings.load(file), announce=announce, until=until, reload=lambda: settings.load(file)
        )
    )
    try:
        waits = asyncio.create_task(up.wait())
        await asyncio.wait({task, waits}, return_when=asyncio.FIRST_COMPLETED, timeout=60)
        waits.cancel()
        if task.done():
            task.result()
        yield made
    finally:
        over.set()
        await asyncio.wait_for(task, 60)


async def _accessible(page: Page) -> None:
    assert await axe.faults(page) == []


async def _administrator(page: Page, place: Running) -> None:
    await page.goto(f"{place.begin}&lang=en")
    await _accessible(page)
    await page.fill("#f-name", "Noa")
    await page.fill("#f-login", "noa")
    await page.fill("#f-password", "12345678")
    await page.fill("#f-again", "12345678")
    await page.keyboard.press("Enter")
    await expect(page.locator("#h-password")).to_contain_text("among the first")
    await page.fill("#f-password", PASSWORD)
    await page.fill("#f-again", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/welcome/site")


@pytest.mark.asterisk
@pytest.mark.browser
async def test_from_an_empty_folder_to_the_card_of_a_test_call(
    set_up: SetUp, tmp_path: Path, chromium: Browser
) -> None:
    expect.set_options(timeout=60_000)
    stage = await set_up("1001", timing=QUICK)
    pbx = stage.exchange
    context = await chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    page = await context.new_page()
    async with running(tmp_path) as place:
        await _administrator(page, place)

        await _accessible(page)
        await page.fill("#f-name", "מוקד הצפון")
        await page.click("button.primary")
        await page.wait_for_url("**/welcome/exchange")

        await page.fill("#f-port", str(pbx.ami_port))
        await page.fill("#f-secret", "not the secret")
        await page.click("button.primary")
        fail = page.locator(".finding.fail")
        await expect(fail).to_contain_text("Authentication failed")
        await expect(fail.locator("pre")).to_contain_text("secret = THE SAME AS IN callcenter.toml")
        await _accessible(page)
        assert "pbx" not in tomllib.loads(place.file.read_text())
        await page.fill("#f-secret", pbx.ami_secret)
        await page.click("button.primary")
        await page.click("text=Continue")

        await page.wait_for_url("**/welcome/phones")
        rows = page.locator(".rowline", has_text="PJSIP/1001")
        while not await rows.count():  # the link has just begun to connect
            await page.reload()
        await _accessible(page)
        trunk = page.locator(".rowline", has_text="PJSIP/trunk").locator("input[name=trunk]")
        await trunk.check()
        await rows.locator("select").select_option(label="Noa")
        await page.click("form[action='/welcome/phones'] button.primary")

        await page.wait_for_url("**/welcome/recordings")
        await page.fill("#f-recordings", str(tmp_path / "nowhere"))
        await page.click("button.primary")
        await expect(page.locator(".finding.fail").first).to_contain_text("is not a folder")
        await page.fill("#f-recordings", str(pbx.recordings))
        await page.click("button.primary")

        await page.wait_for_url("**/welcome/call")
        await expect(page.locator("cc-welcome .state")).to_contain_text("Waiting for the call")
        await _accessible(page)
        call = await stage.trunk.call(DIRECT, number=DANA, name="Dana")
        await expect(page.locator("cc-welcome [data-card]")).to_contain_text("The card is here")
        await expect(page.locator("cc-pops .card[data-state=ringing]")).to_be_visible()
        await call.hang_up()
        await page.click("#finish")
        await page.wait_for_url("**/settings/users")

        written = tomllib.loads(place.file.read_text(encoding="utf-8"))
        assert place.file.read_text(encoding="utf-8").startswith("# kept by hand")
        assert stat.S_IMODE(place.file.stat().st_mode) == 0o600
        assert written["site"]["name"] == "מוקד הצפון"
        assert written["pbx"][0]["secret"] == pbx.ami_secret
        assert written["pbx"][0]["trunks"] == ["PJSIP/trunk-*"]
        actions = place.actions()
        assert actions[:2] == ["user_created", "setup_begun"]
        assert {"site_changed", "exchange_changed", "seat_taken", "setup_finished"} <= set(actions)
        await context.close()


async def test_the_first_run_is_for_who_has_the_word_and_while_nobody_administers(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as place, aiohttp.ClientSession() as browser:
        own = {"Origin": place.url}
        for path in ("/welcome", "/welcome?token=guess"):
            async with browser.get(place.url + path) as answer:
                assert answer.status == 403
        token = place.begin.partition("token=")[2]
        fields = {
            "name": "Noa",
            "login": "noa",
            "password": PASSWORD,
            "again": PASSWORD,
            "token": "guess",
        }

        async def post(**change: str) -> tuple[int, str]:
            sent = {**fields, **change}
            async with browser.post(
                f"{place.url}/welcome", data=sent, headers=own, allow_redirects=False
            ) as answer:
                return answer.status, answer.headers.get("Location", "")

        assert (await post())[0] == 403
        assert await post(token=token) == (303, "/welcome/site")
        assert await post(token=token, login="eve") == (303, "/signin"), "the word opens once"
        async with browser.get(place.begin, allow_redirects=False) as answer:
            assert answer.headers["Location"] == "/signin"
        database = Database(f"sqlite:///{tmp_path / 'own.db'}")
        with database.session() as session:
            assert session.scalars(select(models.User.login)).all() == ["noa"]
        database.close()
