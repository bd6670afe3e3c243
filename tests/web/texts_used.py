"""Every text that templates, Python and scripts ask the catalogues for, found in the sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages import extract

from web import i18n

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
ROOMS = (WEB, ROOT / "screenpop")
_OPTIONS = {"trim_blocks": "true", "silent": "false", "extensions": "jinja2.ext.loopcontrols"}
_KEYWORDS = {"_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}


def in_templates() -> Iterator[tuple[i18n.Wanted, str]]:
    for path in sorted((WEB / "templates").rglob("*.html")):
        with path.open("rb") as file:
            for line, text, _, context in extract.extract(
                "jinja2", file, _KEYWORDS, options=_OPTIONS
            ):
                key = tuple(text) if isinstance(text, list | tuple) else text
                yield i18n.Wanted(key, context), f"{path.name}:{line}"


def in_python() -> Iterator[tuple[i18n.Wanted, str]]:
    for path in sorted(path for room in ROOMS for path in room.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            texts = [
                arg.value
                for arg in node.args
                if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            ]
            where = f"{path.relative_to(ROOT)}:{node.lineno}"
            if name in {"N_", "say"} and texts:
                yield i18n.Wanted(texts[0]), where
            elif name == "count" and len(texts) >= 2:
                yield i18n.Wanted((texts[0], texts[1])), where
            elif name == "within" and len(texts) >= 2:
                yield i18n.Wanted(texts[1], texts[0]), where


def everywhere() -> dict[i18n.Wanted, str]:
    """Return every text with one place that asks for it."""
    found = {wanted: "a script" for wanted in i18n.in_scripts()}
    for source in (in_templates, in_python):
        for wanted, where in source():
            found.setdefault(wanted, where)
    return found
