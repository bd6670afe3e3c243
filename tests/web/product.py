"""The product with its live side on any exchange: real pages, real Socket.IO, an agent at 1001 and an administrator."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page

from callcenter import settings
from callcenter.crm import accounts
from callcenter.db import Database, utcnow
from callcenter.telephony import link, switchboard
from tests import servers
from tests.web import desk_people
from web import keys, monitor
from web.app import create_app

# A refused sign-in is tried again soon, and a lost link at once; what tests wait for are facts.
QUICK = link.Timing(
    connect_seconds=20, boot_seconds=10, ping_seconds=10, first_retry_seconds=0.05,
    longest_retry_seconds=0.2, auth_retry_seconds=0.3,
)  # fmt: skip


@dataclass(frozen=True)
class Product:
    """A running application and what a test reaches into."""

    url: str
    app: web.Application
    database: Database
    folder: Path
    chromium: Browser | None

    @property
    def monitor(self) -> monitor.Monitor:
        """Return what looks at the parts."""
        return self.app[keys.MONITOR]

    @contextlib.asynccontextmanager
    async def page(
        self, login: str, path: str = "/settings", *, width: int = 1440
    ) -> AsyncIterator[Page]:
        """Open a page of a user, signed in and connected."""
        assert self.chromium is not None
        context = await self.chromium.new_context(viewport={"width": width, "height": 900})
        context.set_default_timeout(60_000)
        try:
            await self.sign_in(context, login)
            page = await context.new_page()
            await page.goto(f"{self.url}{path}")
            await page.wait_for_selector("#cc-conn[data-said]", state="attached")
            yield page
        finally:
            await context.close()

    async def sign_in(self, context: BrowserContext, login: str) -> None:
        """Give a browser context a user's session."""
        answer = await context.request.post(
            f"{self.url}/signin",
            form={"login": login, "password": desk_people.PASSWORD},
            headers={"Origin": self.url},
        )
        assert answer.ok, await answer.text()


def people(database: Database, language: str, theme: str = "light") -> None:
    """Make an agent at 1001 and an administrator, who read this language."""
    with database.session() as session:
        desk_people.staff(session, language, theme)
        root = accounts.create_user(
            session, "root", "Root", password=desk_people.PASSWORD, now=utcnow(), role="admin", language=language
        )  # fmt: skip
        root.theme = theme


@contextlib.asynccontextmanager
async def running(
    folder: Path, pbx: settings.Pbx, chromium: Browser | None = None, *, language: str = "en",
    theme: str = "light", **more: Any,
) -> AsyncIterator[Product]:  # fmt: skip
    """Run the product on an exchange until the block ends; `more` are tables of the settings."""
    database = servers.migrated(folder / "product.db")
    people(database, language, theme)
    config = settings.Settings.model_validate(
        {
            "database": {"url": str(database.url)}, "pbx": [pbx],
            "recordings": {"folder": str(folder / "recordings"), "workers": 0}, **more,
        }
    )  # fmt: skip
    app = create_app(config, database, switchboard.Switchboard(config.pbx, timing=QUICK))
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield Product(url, app, database, folder, chromium)
    finally:
        await runner.cleanup()
        database.close()
