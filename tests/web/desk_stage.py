"""A stage for the desk: the real pages, styles and scripts over a small database, and a live side that a test plays by hand.

The application is the product's own, without a switchboard. In front of it stand a Socket.IO server that sends exactly what
the test says, and an API that notes every command and answers what the test prepared. It stays useful for pictures of every
state; what the real live side sends is tested elsewhere.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import socketio
from aiohttp import web

from callcenter import models
from callcenter.db import Database
from callcenter.settings import Settings
from tests.web import desk_people
from web.app import create_app

Answer = tuple[int, Any]

QUEUE = {"queue": "support", "label": "תמיכה טכנית", "member": True, "paused": False}


def me(**change: Any) -> dict[str, Any]:
    """Make the `me` of a snapshot: an agent at 1001 who is ready."""
    return {
        "id": 1, "name": "מיכל לב", "role": "agent", "extension": "1001", "reachable": True, "state": "ready",
        "reason": "", "since": time.time() - 72, "until": None, "queues": [QUEUE], **change,
    }  # fmt: skip


async def sign_in(context: Any, url: str) -> None:
    """Give a browser context the session of the agent at 1001."""
    answer = await context.request.post(
        f"{url}/signin",
        form={"login": "michal", "password": desk_people.PASSWORD},
        headers={"Origin": url},
    )
    assert answer.ok, await answer.text()


class Stage:
    """Serve the product's pages on a free port of loopback and play the live side."""

    def __init__(self, folder: Path, language: str = "he", theme: str = "light") -> None:
        self.database = Database(f"sqlite:///{folder}/stage.db")
        models.Base.metadata.create_all(self.database.engine)
        self.settings = Settings.model_validate({"database": {"url": str(self.database.url)}})
        self.commands: list[tuple[str, str, Any]] = []
        self.answers: dict[tuple[str, str], Answer | Callable[[Any], Awaitable[Answer]]] = {}
        self.acknowledged: list[str] = []
        self.hellos: list[Any] = []
        self.snapshot: dict[str, Any] = {}
        self._lines: list[asyncio.WriteTransport] = []
        self._seq = 0
        self._news = asyncio.Event()
        self._tabs: set[str] = set()
        self.port = 0
        self._language, self._theme = language, theme
        self.set_snapshot()

    # ---- the page's side

    async def __aenter__(self) -> Stage:
        """Start serving."""
        self.user_id = await self.database.run(self._fill)
        app = create_app(self.settings, self.database)
        app.middlewares.insert(0, self._play)  # type: ignore[arg-type]
        self.live = socketio.AsyncServer(async_mode="aiohttp", transports=["websocket"])
        self.live.on("connect", self._connected)
        self.live.on("disconnect", self._disconnected)
        self.live.on("hello", self._hello)
        self.live.attach(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        await self.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop serving and close the database."""
        await self._runner.cleanup()
        self.database.close()

    @property
    def url(self) -> str:
        """Return the address of the stage."""
        return f"http://127.0.0.1:{self.port}"

    def _fill(self, session: Any) -> int:
        agent = desk_people.staff(session, self._language, self._theme)
        desk_people.customers(session, agent)
        return agent

    async def sign_in(self, context: Any) -> None:
        """Give a browser context the session of the stage's agent."""
        await sign_in(context, self.url)

    @web.middleware
    async def _play(self, request: web.Request, handler: Any) -> web.StreamResponse:
        path = request.path
        if path.startswith("/socket.io/") and isinstance(request.transport, asyncio.WriteTransport):
            self._lines.append(request.transport)
        if not path.startswith("/api/v1/") or path == "/api/v1/desk/setup":
            return await handler(request)  # type: ignore[no-any-return]
        body = await request.json() if request.can_read_body else dict(request.query)
        said = path.removeprefix("/api/v1")
        self.commands.append((request.method, said, body))
        self._news.set()
        status, answer = await self._answer(request.method, said, body)
        return web.json_response(answer, status=status)

    async def _answer(self, method: str, path: str, body: Any) -> Answer:
        plain: Answer = (200, {})
        if method == "PUT" and path.endswith(
            "/note"
        ):  # a desk that slowly types saves it meanwhile
            plain = (200, {"version": body["version"] + 1, "saved_at": time.time()})
        prepared = self.answers.get((method, path), plain)
        return prepared if isinstance(prepared, tuple) else await prepared(body)

    # ---- the live side

    def set_snapshot(self, calls: list[dict[str, Any]] | None = None, **change: Any) -> None:
        """Decide what the next hello is answered with."""
        self.snapshot = {
            "me": me(**change), "calls": calls or [],
            "queues": [{"queue": "support", "label": "תמיכה טכנית", "waiting": 4, "oldest": time.time() - 112}],
            "system": {"pbx": [{"name": "main", "state": "up", "since": time.time() - 9000}], "database": "ok", "troubles": []},
        }  # fmt: skip

    async def emit(self, event: str, _skip: int = 0, **data: Any) -> None:
        """Send an event to every tab with the next sequence number; `_skip` loses some before it."""
        self._seq += 1 + _skip
        await self.live.emit(event, {"seq": self._seq, **data})

    async def pop(self, card: dict[str, Any]) -> None:
        """Send a card to every tab and note who acknowledges."""
        self._seq += 1

        def noted(*_: object) -> None:
            self.acknowledged.append(card["id"])
            self._news.set()

        for sid in list(self._tabs):
            await self.live.emit(
                "call.pop", {"seq": self._seq, "card": card}, to=sid, callback=noted
            )

    async def sever(self) -> None:
        """Cut every live connection and take no other, as a failing network does."""
        await self._site.stop()
        for line in self._lines:
            line.abort()
        self._lines.clear()

    async def mend(self) -> None:
        """Take connections again."""
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await self._site.start()

    async def until(self, condition: Callable[[], Any], seconds: float = 10) -> Any:
        """Wait for something to be true of what came here."""
        async with asyncio.timeout(seconds):
            while not (found := condition()):
                self._news.clear()
                await self._news.wait()
        return found

    def said(self, method: str, path: str) -> list[Any]:
        """Return the bodies of the commands that came to a path."""
        return [body for m, p, body in self.commands if (m, p) == (method, path)]

    async def command(self, method: str, path: str, count: int = 1) -> Any:
        """Wait for a command and return its body."""
        await self.until(lambda: len(self.said(method, path)) >= count)
        return self.said(method, path)[-1]

    async def _connected(self, sid: str, _environ: Any, _auth: Any = None) -> None:
        self._tabs.add(sid)

    async def _disconnected(self, sid: str, *_: Any) -> None:
        self._tabs.discard(sid)

    async def _hello(self, sid: str, data: Any) -> None:
        self.hellos.append(data)
        now = {"seq": self._seq, "now": time.time()}
        await self.live.emit("snapshot", {**now, **self.snapshot}, to=sid)
        self._news.set()
