"""What the application and a request hold, by typed key: `request.app[keys.DATABASE]`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from callcenter.db import Database
from callcenter.settings import Settings

if TYPE_CHECKING:
    from callcenter.outbound.importer import Importer
    from screenpop.floor import Floor
    from web.auth import Person
    from web.i18n import Texts
    from web.monitor import Monitor
    from web.rendering import Renderer
    from web.sessions import DatabaseStorage
    from web.throttle import Throttle

SignedOut = Callable[[str], Awaitable[None]]
Hint = Callable[[int], None]

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
DATABASE: web.AppKey[Database] = web.AppKey("database", Database)
RENDERER: web.AppKey[Renderer] = web.AppKey("renderer")
STORAGE: web.AppKey[DatabaseStorage] = web.AppKey("storage")
THROTTLE: web.AppKey[Throttle] = web.AppKey("throttle")
# The exchange's side when there is one (telephony/switchboard.py): the pages ask it for `status()` alone.
SWITCHBOARD: web.AppKey[Any] = web.AppKey("switchboard")
# Who takes part in what now, and their browsers (screenpop/floor.py); only there with a switchboard.
FLOOR: web.AppKey[Floor] = web.AppKey("floor")
# What is wrong, and what was seen last of every part (web/monitor.py).
MONITOR: web.AppKey[Monitor] = web.AppKey("monitor")
# Works lists of leads off in a process of its own (outbound/importer.py).
IMPORTER: web.AppKey[Importer] = web.AppKey("importer")
# Awaited with the session's hash after it was ended, so that its live connection ends with it.
SIGNED_OUT: web.AppKey[list[SignedOut]] = web.AppKey("signed_out")
# Tells the workers that a recording has something to do; without it their sweep finds it within a minute.
HINT: web.AppKey[Hint] = web.AppKey("hint")

# Starts the program again with its settings read anew; only there where somebody runs it so (web/serving.py).
RESTART: web.AppKey[Callable[[], None]] = web.AppKey("restart")
# The word that opens the first run, while there is no administrator; empty: it is closed (web/views/welcome.py).
FIRST_RUN: web.AppKey[list[str]] = web.AppKey("first_run")

PERSON: web.RequestKey[Person | None] = web.RequestKey("person")
TEXTS: web.RequestKey[Texts] = web.RequestKey("texts")
