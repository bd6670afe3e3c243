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
from datetime import timedelta
from pathlib import Path
from typing import Any

import socketio
from aiohttp import web

from callcenter import models
from callcenter.crm import accounts
from callcenter.db import Database, utcnow
from callcenter.settings import Settings
from web.app import create_app

PASSWORD = "a long enough password"
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
        form={"login": "michal", "password": PASSWORD},
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
        agent = staff(session, self._language, self._theme)
        customers(session, agent)
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
        prepared = self.answers.get((method, path), (200, {}))
        return prepared if isinstance(prepared, tuple) else await prepared(body)

    # ---- the live side

    def set_snapshot(self, calls: list[dict[str, Any]] | None = None, **change: Any) -> None:
        """Decide what the next hello is answered with."""
        self.snapshot = {
            "me": me(**change), "calls": calls or [],
            "queues": [{"queue": "support", "label": "תמיכה טכנית", "waiting": 4, "oldest": time.time() - 112}],
            "system": {"pbx": [{"name": "main", "state": "up", "since": time.time() - 9000}], "database": "ok"},
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


CUSTOMERS = (
    ("דנה לוי־אברמוביץ׳", "+972524111171"), ("יוסי בן־שושן", "+972541234567"), ("Ирина Соколова", "+972527654321"),
    ("John Abrams", "+442079460000"), ("מוחמד ח׳ורי", "+972502223344"),
)  # fmt: skip
TASKS = (
    ("task", "בדיקת חיוב כפול, נובמבר", 1.0), ("callback", "החזר כספי", -0.5), ("callback", "תיאום טכנאי · ברוסית", 0.4),
    ("task", "Transfer the line to a new address", 0.6), ("task", "פתיחת פורטים בנתב", 0.8),
)  # fmt: skip
PAST = ((0.2, "inbound", "answered", 251.0), (0.5, "inbound", "answered", 184.0), (26, "inbound", "answered", 451.0),
        (30, "inbound", "abandoned", None), (300, "outbound", "answered", 304.0))  # fmt: skip
OUTCOMES = (
    ("solved", "נפתר", "Solved", "Решено", False),
    ("case_opened", "נפתחה פנייה", "Case opened", "Создано обращение", False),
    ("callback", "בקשה לחזרה", "Callback requested", "Просьба перезвонить", True),
    ("passed_on", "הטיפול הועבר לצוות אחר", "Passed to another team", "Передано другой команде", False),
    ("waiting", "בהמתנה ללקוח", "Waiting for customer", "Ожидание клиента", False),
    ("information", "נמסר מידע", "Information given", "Предоставлена информация", False),
    ("complaint", "תלונה", "Complaint", "Жалоба", False),
    ("wrong_number", "מספר שגוי", "Wrong number", "Неверный номер", False),
    ("disconnected", "השיחה התנתקה", "Call disconnected", "Обрыв связи", False),
    ("cancellation", "בקשת ביטול", "Cancellation request", "Запрос на отмену", False),
)  # fmt: skip
REASONS = (
    ("break", "הפסקה", "Break", "Перерыв", 15),
    ("lunch", "ארוחת צהריים", "Lunch", "Обед", 30),
    ("meeting", "ישיבה", "Meeting", "Совещание", None),
    ("back_office", "עבודה עורפית", "Back-office work", "Работа без звонков", None),
)


def staff(session: Any, language: str, theme: str = "light") -> int:
    """Make the agent at 1001, the outcomes and the reasons of a pause; return the agent's id."""
    user = accounts.create_user(
        session, "michal", "מיכל לב", password=PASSWORD, now=utcnow(), language=language
    )
    user.theme = theme
    accounts.assign_extension(session, user.id, "1001", now=utcnow())
    for i, (code, he, en, ru, callback) in enumerate(OUTCOMES):
        session.add(
            models.Outcome(
                code=code,
                labels={"he": he, "en": en, "ru": ru},
                digit=(i + 1) % 10,
                position=i,
                callback=callback,
            )  # fmt: skip
        )
    for i, (code, he, en, ru, minutes) in enumerate(REASONS):
        session.add(
            models.PauseReason(
                code=code,
                labels={"he": he, "en": en, "ru": ru},
                position=i,
                allowed_minutes=minutes,
            )  # fmt: skip
        )
    return int(user.id)


def customers(session: Any, agent: int) -> None:
    """Make customers with tasks, a case and past calls."""
    now = utcnow()
    for i, (name, e164) in enumerate(CUSTOMERS):
        party = models.Party(
            id=7 + i, display=name, search_key=name, city="חיפה", language="he", vip=i == 0,
            facts={"חבילה": "סיב 1000 + טלפון"}, created_at=now - timedelta(days=900), updated_at=now,
        )  # fmt: skip
        phone = models.Phone(e164=e164, digits_reversed=e164[:0:-1], region="IL")
        session.add_all([party, phone])
        session.flush()
        session.add(models.PartyPhone(party_id=party.id, phone_id=phone.id, primary=True))
    for i, (kind, title, hours) in enumerate(TASKS):
        session.add(
            models.Task(
                kind=kind,
                party_id=7 + i % len(CUSTOMERS),
                assignee_id=agent,
                title=title,
                due_at=now + timedelta(hours=hours),
                created_at=now,
            )  # fmt: skip
        )
    session.add(
        models.Case(
            number="4821",
            party_id=7,
            title="ניתוקים בקו סיבים",
            owner_id=agent,
            opened_at=now,
            due_at=now + timedelta(hours=2),
        )  # fmt: skip
    )
    for i, (hours, direction, result, talk) in enumerate(PAST):
        started = now - timedelta(hours=hours)
        call = models.Call(
            pbx="main", linkedid=f"past.{i}", direction=direction, far_e164=CUSTOMERS[0][1], queue="support",
            started=started, answered=started if talk else None, ended=started, talk_seconds=talk,
            result=result, party_id=7, name_snapshot=CUSTOMERS[0][0], wait_seconds=42.0,
        )  # fmt: skip
        session.add(call)
        session.flush()
        session.add(
            models.CallParticipant(
                call_id=call.id,
                interface="PJSIP/1001",
                extension="1001",
                user_id=agent,
                rang=started,
                answered=started if talk else None,
                outcome="answered" if talk else "missed",
            )  # fmt: skip
        )
