"""Templates: one environment a language, so that macros speak it too. Everything is escaped; what is missing is an error."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
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


def asset(name: str) -> str:
    """Return the address of a static file, which changes when the file does."""
    if not (STATIC / name).exists():
        return f"/static/{name}"
    return f"/static/{name}?v={_digest(name, (STATIC / name).stat().st_mtime)}"


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

    def say(text: str, **values: Any) -> Markup:
        return Markup(escape(texts.translations.gettext(text))).format(**values)

    def count(one: str, other: str, n: int, **values: Any) -> Markup:
        return Markup(escape(texts.translations.ngettext(one, other, n))).format(n=n, **values)

    def within(context: str, text: str, **values: Any) -> Markup:
        return Markup(escape(texts.translations.pgettext(context, text))).format(**values)

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
