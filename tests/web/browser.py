"""Chromium for tests: the machine's own, headless, with a page of its own for each test, and no network beyond loopback."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.web import site

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "browsers"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


def executable() -> str | None:
    """Return the path of a browser that runs, or None: the one that is named, the machine's own, or that of the cache."""
    named = os.environ.get("CALLCENTER_CHROMIUM")
    installed = [path for name in NAMES if (path := shutil.which(name))]
    cached = [str(path) for path in sorted(CACHE.glob("chromium-*/chrome-linux*/chrome"))]
    return named or next(filter(_runs, [*installed, *cached]), None)


@functools.cache
def _runs(path: str) -> bool:
    """Say whether this is a browser, and no stub that asks for one."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.returncode == 0


def needed() -> str:
    """Return the browser's path, or skip aloud."""
    path = executable()
    if path is None:
        pytest.skip("NO CHROMIUM: browser tests are skipped; `make test-setup` installs one")
    return path


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """Start a browser."""
    path = needed()
    async with async_playwright() as play:
        started = await play.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield started
        finally:
            await started.close()


async def sign_in(page: Page, place: site.Site, role: str) -> None:
    """Sign a page in as somebody of a role."""
    await page.goto(f"{place.url}/signin?next=/settings")
    await page.fill("#login", place.login_of(role))
    await page.fill("#password", site.PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url("**/settings")


class Complaints:
    """What a page complained about on its console."""

    def __init__(self, context: BrowserContext) -> None:
        self.lines: list[str] = []
        context.on("console", lambda message: self._take(message.type, message.text))
        context.on("weberror", lambda error: self.lines.append(str(error.error)))

    def _take(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.lines.append(text)
