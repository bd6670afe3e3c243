"""The composition root of the web side: every part is made and joined here, and nowhere else."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from aiohttp_session import session_middleware

from callcenter.db import Database
from callcenter.settings import Settings
from web import auth, failures, keys, live, rendering, routes, security, sessions, throttle

LARGEST_BODY = 1024 * 1024


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
    app[keys.FIRST_RUN] = []
    app[keys.RENDERER] = rendering.Renderer(settings)
    app.on_response_prepare.append(security.add_headers)
    if switchboard is not None:
        live.attach(app, switchboard)
    routes.add(app)
    routes.check(app)
    return app
