"""Draw every screen: `python -m tests.screens [NAME...] [--languages he,en,ru]`; `make screenshots` does all of it."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path

from playwright.async_api import async_playwright

from tests.screens import draw, gallery, table
from tests.web import browser

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".cache" / "screenshots"
GUIDES = ROOT / "docs" / "images" / "guide"


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.screens", description=__doc__)
    names = [screen.name for screen in table.SCREENS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of these: {', '.join(names)}")
    parser.add_argument("--languages", default=",".join(draw.LANGUAGES))
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(names):
        parser.error(f"no such screen: {', '.join(sorted(unknown))}")
    return asked


async def _each(languages: list[str], names: list[str]) -> int:
    """Draw each language in a process of its own, all at once; return how many of them lack a screen."""
    here = (sys.executable, "-m", "tests.screens", *names)
    started = [
        await asyncio.create_subprocess_exec(*here, "--languages", language, cwd=ROOT)
        for language in languages
    ]
    return sum(1 for code in await asyncio.gather(*(child.wait() for child in started)) if code)


async def _draw(language: str, names: list[str]) -> int:
    drawing = draw.Drawing(FOLDER, GUIDES, names)
    async with async_playwright() as play:
        chromium = await play.chromium.launch(
            executable_path=browser.executable(),
            args=[*browser.ARGUMENTS, "--font-render-hinting=none"],
        )
        await draw.draw(chromium, drawing, [language])
        await chromium.close()
    drawn = drawing.done - len(drawing.problems)
    print(
        f"{language}: {drawn} screens of {drawing.total}", *drawing.problems, sep="\n  ", flush=True
    )
    return len(drawing.problems)


async def main() -> int:
    """Draw what is asked for; return 0 when all of it could be drawn."""
    asked = _asked()
    if browser.executable() is None:
        print("no Chromium: `make test-setup` installs one")
        return 1
    languages = asked.languages.split(",")
    if len(languages) == 1:
        return min(1, await _draw(languages[0], asked.names))
    began = time.monotonic()
    lacking = await _each(languages, asked.names)
    print(f"{time.monotonic() - began:.0f} s: {gallery.write(FOLDER)}")
    return min(1, lacking)


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
