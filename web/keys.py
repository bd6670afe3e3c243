"""What the application holds, by typed key: `request.app[keys.DATABASE]`."""

from __future__ import annotations

from aiohttp import web

from callcenter.db import Database
from callcenter.settings import Settings

SETTINGS = web.AppKey("settings", Settings)
DATABASE = web.AppKey("database", Database)
