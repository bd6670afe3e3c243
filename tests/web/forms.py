"""A browser without a screen: read a page, send a form, find what a form hides."""

from __future__ import annotations

import re

import aiohttp


async def read(browser: aiohttp.ClientSession, path: str) -> str:
    """Return a page that must be there."""
    async with browser.get(path) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def post(
    browser: aiohttp.ClientSession, path: str, fields: dict[str, str]
) -> tuple[int, str]:
    """Send a form; return the status, and where it leads or what it shows."""
    async with browser.post(path, data=fields, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", "") or await answer.text()


def hidden(text: str, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found is not None, name
    return found[1]
