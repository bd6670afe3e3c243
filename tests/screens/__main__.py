"""Draw every screen: `python -m tests.screens [NAME...] [--languages he,en,ru]`; `make screenshots` does all of it."""

from __future__ import annotations

import argparse
import asyncio
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


async def main() -> int:
    """Draw what is asked for; return how many screens could not be drawn."""
    asked = _asked()
    path = browser.executable()
    if path is None:
        print("no Chromium: `make test-setup` installs one")
        return 1
    drawing = draw.Drawing(FOLDER, GUIDES, asked.names)
    began = time.monotonic()
    async with async_playwright() as play:
        chromium = await play.chromium.launch(
            executable_path=path, args=[*browser.ARGUMENTS, "--font-render-hinting=none"]
        )
        await draw.draw(chromium, drawing, asked.languages.split(","))
        await chromium.close()
    index = gallery.write(FOLDER)
    for problem in drawing.problems:
        print(f"NOT DRAWN  {problem}")
    print(
        f"{drawing.done - len(drawing.problems)} screens in {time.monotonic() - began:.0f} s: {index}"
    )
    return min(1, len(drawing.problems))


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
