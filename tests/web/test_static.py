"""Styles, scripts and templates as text: what the policy forbids and what a right-to-left page cannot bear."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest

from web import i18n, rendering

TEMPLATES = sorted((rendering.ROOT / "templates").rglob("*.html"))
SHEETS = sorted(p for p in rendering.STATIC.rglob("*.css"))
SCRIPTS = sorted(p for p in rendering.STATIC.rglob("*.js") if "vendor" not in p.parts)
VENDOR = rendering.STATIC / "vendor"

_PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right|top|bottom)"
    r"|left|right|top|bottom|width|height|min-width|max-width|min-height|max-height"
    r"|border-(?:top|bottom)-(?:left|right)-radius)\s*:"
    r"|(?:text-align|float|clear)\s*:\s*(?:left|right)\b"
)


def _names(paths: list[Path]) -> list[str]:
    return [path.relative_to(rendering.ROOT).as_posix() for path in paths]


@pytest.mark.parametrize("path", SHEETS, ids=_names(SHEETS))
def test_styles_know_no_left_and_no_right(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"@(?:media|container)[^{]*\{", "{", text)
    assert not _PHYSICAL.findall(text), _PHYSICAL.findall(text)


@pytest.mark.parametrize("path", SHEETS, ids=_names(SHEETS))
def test_styles_fetch_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "@import" not in text
    for target in re.findall(r"url\(\"?([^)\"]+)", text):
        assert (path.parent / target).resolve().is_file(), target
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize("path", TEMPLATES, ids=_names(TEMPLATES))
def test_templates_hold_nothing_that_the_policy_forbids(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", text), "an inline style"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "an inline handler"
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "an inline script"
    assert not re.search(r"https?://", text), "another host"
    assert "|safe" not in text.replace(" ", ""), "unescaped"


@pytest.mark.parametrize("path", SCRIPTS, ids=_names(SCRIPTS))
def test_scripts_write_no_html_and_evaluate_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
    ):
        assert forbidden not in text, forbidden
    assert not re.search(r"https?://(?!www\.w3\.org/)", text), "another host"
    assert text.count("\n") <= 300, "longer than 300 lines"


def test_vendored_files_are_those_of_the_list() -> None:
    listed = dict(
        re.findall(
            r"^\| (\S+\.js) \|.*\| ([0-9a-f]{64}) \|$",
            (VENDOR / "README.md").read_text(),
            re.MULTILINE,
        )
    )
    present = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.glob("*.js")
    }
    assert listed == present
    for name in listed:
        stem = name.partition(".min")[0].partition(".esm")[0].removesuffix(".js")
        assert (VENDOR / f"{stem}.LICENSE.txt").is_file(), name


def test_every_icon_that_is_asked_for_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'id="i-([a-z0-9-]+)"', (rendering.STATIC / "sprite.svg").read_text()))
    for path in TEMPLATES:
        used = set(re.findall(r'icon\("([a-z0-9-]+)"', path.read_text(encoding="utf-8")))
        assert used <= sprite, f"{path.name}: {used - sprite}"


def test_what_every_page_loads_stays_small() -> None:

    def size(paths: list[Path]) -> int:
        return sum(len(gzip.compress(path.read_bytes())) for path in paths)

    ours = [p for p in SHEETS if p.parent.name == "css" or p.name.startswith("desk")]
    assert size(ours) <= 24 * 1024
    assert size(sorted((rendering.STATIC / "fonts").glob("*.woff2"))) <= 95 * 1024
    assert all((i18n.STATIC / "fonts" / f"{name}-OFL.txt").is_file() for name in ("heebo", "inter"))
