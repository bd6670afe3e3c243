"""Templates: one environment a language, so that macros speak it too. Everything is escaped; what is missing is an error."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from callcenter.settings import Settings
from screenpop import troubles
from web import formats, i18n, keys, lookups

ROOT = Path(__file__).parent
STATIC = ROOT / "static"


@lru_cache(maxsize=512)
def _digest(name: str, _changed: float) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]


@lru_cache(maxsize=512)
def _address(name: str, _second: int) -> str:
    if not (STATIC / name).exists():
        return f"/static/{name}"
    return f"/static/{name}?v={_digest(name, (STATIC / name).stat().st_mtime)}"


def asset(name: str) -> str:
    """Return the address of a static file, which changes within a second when the file does: a page asks a hundred times."""
    return _address(name, int(time.monotonic()))


@lru_cache(maxsize=2048)
def _icon(name: str, size: str, mirror: bool, label: str, tone: str, sprite: str) -> Markup:
    style = " ".join(filter(None, ("i", size, "dir-icon" if mirror else "", tone)))
    said = f'role="img" aria-label="{label}"' if label else 'aria-hidden="true"'
    return Markup(
        f'<svg class="{escape(style)}" {said}><use href="{escape(sprite)}#i-{escape(name)}"/></svg>'
    )


def icon(
    name: str, size: str = "", mirror: bool = False, label: str = "", tone: str = ""
) -> Markup:
    """Draw an icon of the sprite; with a label it says something, without it only decorates."""
    return _icon(name, size, mirror, str(escape(label)), tone, asset("sprite.svg"))


def version() -> str:
    """Return the version of all that a page loads: another one means that an open tab is old."""
    whole = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.suffix in {".js", ".css", ".svg"}:
            whole.update(path.read_bytes())
    return whole.hexdigest()[:12]


def _by_day(items: Sequence[Any], habits: formats.Formats) -> list[tuple[str, list[Any]]]:
    """Group a timeline's items, which are in order, under the headings of their days."""
    grouped = groupby(items, key=lambda item: habits.local(item.at).date())
    return [(habits.day(day[0].at), day) for _, found in grouped if (day := list(found))]


def _translators(texts: i18n.Texts) -> dict[str, Any]:
    """Make the template's `_`, `ngettext` and `pgettext`: the text is ours, the values are escaped."""

    spoken = texts.translations

    @lru_cache(maxsize=8192)
    def escaped(read: Callable[..., str], *key: str | int) -> str:
        return str(escape(read(*key)))

    # As Markup.format does it, but a list of fifty calls asks a thousand times, and that is slow.
    def filled(text: str, values: dict[str, Any]) -> Markup:
        return Markup(text.format(**{name: escape(value) for name, value in values.items()}))

    def say(text: str, **values: Any) -> Markup:
        return filled(escaped(spoken.gettext, text), values)

    def count(one: str, other: str, n: int, **values: Any) -> Markup:
        return filled(escaped(spoken.ngettext, one, other, n), {"n": n, **values})

    def within(context: str, text: str, **values: Any) -> Markup:
        return filled(escaped(spoken.pgettext, context, text), values)

    return {"_": say, "ngettext": count, "pgettext": within}


class Renderer:
    """Render templates in the language of the request."""

    def __init__(self, settings: Settings) -> None:
        self.texts = i18n.load()
        self.version = version()
        self.formats = {
            language: formats.Formats(texts, settings.site.timezone, settings.site.region)
            for language, texts in self.texts.items()
        }
        loader = FileSystemLoader(ROOT / "templates")
        self._environments = {
            language: self._environment(texts, loader, settings)
            for language, texts in self.texts.items()
        }

    def _environment(
        self, texts: i18n.Texts, loader: FileSystemLoader, settings: Settings
    ) -> Environment:
        environment = Environment(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.loopcontrols"],
        )
        texts_version = hashlib.sha256(texts.browser_texts.encode()).hexdigest()[:10]
        environment.filters["groupby_day"] = _by_day
        environment.globals.update(
            _translators(texts),
            asset=asset,
            direction=texts.direction,
            drawn_icon=icon,
            fmt=self.formats[texts.language],
            initials=formats.initials,
            label=lambda labels: lookups.label(labels, texts.language),
            lang=texts.language,
            languages=i18n.LANGUAGES,
            site_name=settings.site.name,
            timezone=settings.site.timezone,
            texts_url=f"/i18n/{texts.language}.json?v={texts_version}",
            tint=formats.tint,
            version=self.version,
        )
        return environment

    def render(self, request: web.Request, template: str, context: dict[str, Any]) -> str:
        """Return the HTML of a template for this request."""
        language = request[keys.TEXTS].language
        person = request.get(keys.PERSON)
        return (
            self._environments[language]
            .get_template(template)
            .render(
                person=person,
                theme=person.theme if person else "auto",
                path=request.path,
                query=request.query,
                banner=banner(request) if person else [],
                **context,
            )
        )


def page(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    """Answer with a page."""
    html = request.app[keys.RENDERER].render(request, template, context)
    return web.Response(text=html, status=status, content_type="text/html", charset="utf-8")


def banner(request: web.Request) -> list[dict[str, Any]]:
    """Return what is wrong now in the reader's words, for a page that scripts have not reached yet."""
    monitor, person = request.app[keys.MONITOR], request.get(keys.PERSON)
    if person is None:
        return []
    say = request[keys.TEXTS].translations.gettext
    return troubles.banner(monitor.troubles, person.role, say, monitor.clock)


def fmt(request: web.Request) -> formats.Formats:
    """Return the writing habits of the reader's language."""
    return request.app[keys.RENDERER].formats[request[keys.TEXTS].language]
