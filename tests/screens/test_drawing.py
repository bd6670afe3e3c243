"""The drawing itself: a still and a live screen of one center, all their looks, and what cannot be drawn is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.screens import draw, gallery, table

pytestmark = pytest.mark.browser


async def test_a_page_and_a_ringing_desk_are_drawn_in_every_look(
    chromium: Browser, tmp_path: Path
) -> None:
    here = Path.cwd()
    wanted = ("signin", "ledger", "desk-ringing")
    drawing = draw.Drawing(tmp_path / "all", tmp_path / "guides", wanted)
    await draw.draw(chromium, drawing, ["en"])
    assert drawing.problems == []
    looks = {
        f"{name}-en-{theme}-{width}.webp"
        for name in wanted
        for theme in draw.THEMES
        for width in draw.SIZES
    }
    assert {file.name for file in (tmp_path / "all").iterdir()} == looks
    for file in (tmp_path / "all").iterdir():
        assert file.read_bytes()[8:12] == b"WEBP"
    drawn = {file.name for file in (tmp_path / "guides" / "en").iterdir()}
    assert drawn == {"ledger.webp", "desk-ringing.webp"}
    shown = gallery.write(tmp_path / "all").read_text(encoding="utf-8")
    assert all(f'src="{look}"' in shown for look in looks)
    assert Path.cwd() == here


async def test_a_screen_that_does_not_show_what_it_must_is_a_problem_and_not_a_picture(
    chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = table.Screen("wrong", table.ANYBODY, "/signin", "#nowhere")
    monkeypatch.setattr(table, "STILL", (wrong,))
    monkeypatch.setattr(draw, "PATIENCE_MS", 500)
    drawing = draw.Drawing(tmp_path / "all", tmp_path / "guides", ("wrong",))
    await draw.draw(chromium, drawing, ["en"])
    assert [problem.partition(":")[0] for problem in drawing.problems] == ["en wrong"]
    assert not (tmp_path / "all").exists()
