"""The guides say what the program says: the same steps and pictures in three languages, its own words, its own keys."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from callcenter.outbound import standard
from tests.screens import table
from tests.web import texts_used
from web import i18n

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "docs" / "guide"
PICTURES = ROOT / "docs" / "images" / "guide"
NAMES = ("support", "telemarketing", "supervisor", "manager", "administrator")
PAGES = [(language, name) for language in i18n.LANGUAGES for name in NAMES]
LARGEST, LARGEST_TOGETHER = 120_000, 4_000_000
each_page = pytest.mark.parametrize(("language", "name"), PAGES)


def _read(language: str, name: str) -> str:
    return (GUIDES / language / f"{name}.md").read_text(encoding="utf-8")


def _shape(text: str) -> list[str]:
    """Give headings by their level and pictures by their name, in order."""
    return re.findall(r"^(#+) |^!\[[^\]]+\]\(.*?/([\w-]+\.webp)\)", text, re.M)


def _keys() -> set[str]:
    """Collect the keys that the sheet lists and that the scripts show or listen to."""
    desk = i18n.STATIC / "desk"
    sheet = (desk / "hotkeys.js").read_text(encoding="utf-8")
    found = set(re.findall(r'^  \["\w[\w+]*", "([^"]+)", \(\) =>', sheet, re.M))
    found |= set(re.findall(r'^  \["([^"]+)", \(\) =>', sheet, re.M))
    found |= {key for keys in found for key in keys.split()}  # "J K" are two
    assert {"Alt+G", "Alt+/", "Ctrl+K", "0–9", "J", "Z"} <= found
    for script in desk.glob("*.js"):
        shown = re.findall(r'keys\("([^"]+)"\)', script.read_text(encoding="utf-8"))
        found |= {keys.replace(" ", "+") for keys in shown}
    modes = re.findall(r'key: "(\w)", icon', (desk / "floor.js").read_text(encoding="utf-8"))
    assert modes == ["L", "W", "B"]
    player = (i18n.STATIC / "player.js").read_text(encoding="utf-8")
    first = player[: player.index("import")]
    assert "Space, J and L (5 s), [ and ] (speed)" in first
    return {*found, *modes, "Space", "[", "]"}


@cache
def _said(language: str) -> list[re.Pattern[str]]:
    """Give what the program says in a language, with anything where its placeholders are."""
    catalogue = i18n.read_catalogue(language)
    texts: set[str] = set()
    for wanted in texts_used.everywhere():
        message = catalogue.get(wanted.id, wanted.context)
        assert message is not None
        texts |= {message.string} if isinstance(message.string, str) else set(message.string)
    place = standard.LANGUAGES.index(language)
    texts |= {labels[place] for *_, labels in standard.OUTCOMES}
    return [re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(text))) for text in texts]


@pytest.mark.parametrize("name", NAMES)
def test_a_guide_has_the_same_steps_and_pictures_in_every_language(name: str) -> None:
    shapes = [_shape(_read(language, name)) for language in i18n.LANGUAGES]
    assert len(shapes[0]) > 6
    assert shapes[0] == shapes[1] == shapes[2]


@each_page
def test_what_is_bold_is_said_by_the_program_in_these_words(language: str, name: str) -> None:
    bold = re.findall(r"\*\*(.+?)\*\*", _read(language, name), re.S)
    assert len(bold) > 12
    unknown = [text for text in bold if not any(said.fullmatch(text) for said in _said(language))]
    assert unknown == []


@each_page
def test_every_key_that_is_named_does_something(language: str, name: str) -> None:
    named = re.findall(r"<kbd>(.+?)</kbd>", _read(language, name))
    assert named
    assert {key.replace("&lrm;", "") for key in named} <= _keys()


@each_page
def test_pictures_are_of_the_reader_language_and_links_lead_somewhere(
    language: str, name: str
) -> None:
    text = _read(language, name)
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    missing = [t for t in targets if not (GUIDES / language / t).exists()]
    assert missing == []
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", text)
    assert pictures
    for alternative, target in pictures:
        assert alternative
        assert target.startswith(f"../../images/guide/{language}/")


@pytest.mark.parametrize("name", NAMES)
def test_hebrew_stands_from_right_to_left(name: str) -> None:
    assert _read("he", name).startswith('<div dir="rtl">\n\n# ')
    assert _read("he", name).endswith("\n\n</div>\n")


def test_every_picture_of_the_guides_is_used_drawn_and_small() -> None:
    drawn = {f"{screen.name}.webp" for screen in table.SCREENS if screen.guide}
    total = 0
    for language in i18n.LANGUAGES:
        used = {shot for name in NAMES for _, shot in _shape(_read(language, name)) if shot}
        assert used == drawn, language
        files = list((PICTURES / language).iterdir())
        assert {file.name for file in files} == drawn, language
        large = [file.name for file in files if file.stat().st_size > LARGEST]
        assert large == [], language
        total += sum(file.stat().st_size for file in files)
    assert total <= LARGEST_TOGETHER


def test_every_guide_can_be_reached_from_the_front_door() -> None:
    front = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = (GUIDES / "README.md").read_text(encoding="utf-8")
    assert "docs/guide/README.md" in front
    for language, name in PAGES:
        assert f"({language}/{name}.md)" in listed
