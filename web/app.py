"""The composition root of the web side: every part is made and joined here, and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web
from aiohttp_session import session_middleware

from callcenter.db import Database
from callcenter.outbound import importer
from callcenter.settings import Settings
from web import (
    auth,
    failures,
    keys,
    live,
    monitor,
    rendering,
    routes,
    security,
    sessions,
    throttle,
)

LARGEST_BODY = 1024 * 1024


async def _importing(app: web.Application) -> AsyncIterator[None]:
    app[keys.IMPORTER].start()
    yield
    await app[keys.IMPORTER].stop()


def create_app(
    settings: Settings, database: Database, switchboard: Any | None = None
) -> web.Application:
    """Make the application; without a switchboard every page works and nothing is live."""
    storage = sessions.DatabaseStorage(database, secure=settings.web.secure_cookies)
    app = web.Application(
        client_max_size=LARGEST_BODY,
        middlewares=[
            failures.answer_failures,
            security.refuse_foreign_requests,
            session_middleware(storage),
            auth.identify,
            routes.admit,
        ],
    )
    app[keys.SETTINGS] = settings
    app[keys.DATABASE] = database
    app[keys.SWITCHBOARD] = switchboard
    app[keys.STORAGE] = storage
    app[keys.THROTTLE] = throttle.Throttle()
    app[keys.SIGNED_OUT] = []
    app[keys.HINT] = lambda _recording: None
    app[keys.FIRST_RUN] = []
    app[keys.RENDERER] = rendering.Renderer(settings)
    app[keys.MONITOR] = monitor.Monitor(settings, database, switchboard)
    app[keys.IMPORTER] = importer.Importer(settings, database)
    app.cleanup_ctx.append(_importing)
    app.on_response_prepare.append(security.add_headers)
    if switchboard is not None:
        live.attach(app, switchboard)
    routes.add(app)
    routes.check(app)
    return app
