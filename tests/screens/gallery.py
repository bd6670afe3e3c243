"""The page on which all pictures are looked at."""

from __future__ import annotations

from html import escape
from pathlib import Path

from tests.screens import draw, table

HEAD = """<!doctype html><meta charset="utf-8"><title>Screens</title>
<style>body{font:14px system-ui;margin:24px;background:#eef0f3}h2{margin:32px 0 8px;font-size:16px}
section div{display:flex;flex-wrap:wrap;gap:8px;align-items:start}img{height:260px;border:1px solid #ccc;background:#fff}
small{color:#555}nav a{margin-inline-end:10px}</style>"""


def write(folder: Path) -> Path:
    """Write index.html beside the pictures that are there."""
    names = [screen.name for screen in table.SCREENS]
    links = "".join(f'<a href="#{name}">{name}</a>' for name in names)
    body = "".join(_section(folder, screen) for screen in table.SCREENS)
    index = folder / "index.html"
    index.write_text(f"{HEAD}<h1>Screens</h1><nav>{links}</nav>{body}", encoding="utf-8")
    return index


def _section(folder: Path, screen: table.Screen) -> str:
    shots = [
        f"{screen.name}-{language}-{theme}-{width}.webp"
        for language in draw.LANGUAGES
        for width in draw.SIZES
        for theme in draw.THEMES
    ]
    pictures = "".join(
        f'<a href="{shot}"><img src="{shot}" alt="{shot}" title="{shot}" loading="lazy"></a>'
        for shot in shots
        if (folder / shot).exists()
    )
    where = f"<small>{escape(screen.path)} · {screen.who}</small>"
    return (
        f'<section id="{screen.name}"><h2>{screen.name} {where}</h2><div>{pictures}</div></section>'
    )
