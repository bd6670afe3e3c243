"""The live side joined to the application: who a browser is, which language it reads, and what ends its connection."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from screenpop import floor
from web import auth, keys


def attach(app: web.Application, switchboard: Any) -> None:
    """Serve Socket.IO beside the pages, and run the live parts with the application."""
    settings, texts = app[keys.SETTINGS], app[keys.RENDERER].texts

    def translate(language: str, text: str) -> str:
        return texts[language].translations.gettext(text) if language in texts else text

    live = floor.Floor(
        settings,
        app[keys.DATABASE],
        switchboard,
        authenticate=_authenticate,
        translate=translate,
        origins=[settings.web.public_url] if settings.web.public_url else (),
        version=app[keys.RENDERER].version,
    )
    app[keys.FLOOR] = live
    app[keys.SIGNED_OUT].append(live.server.end_session)
    live.attach(app)
    app[keys.MONITOR].floor = live
    app.cleanup_ctx.append(app[keys.MONITOR].run)


async def _authenticate(request: web.Request) -> auth.Person | None:
    """Give the person whom the middlewares found in the request that opens the connection."""
    found: auth.Person | None = request.get(keys.PERSON)
    return None if found is None or found.must_enrol else found
