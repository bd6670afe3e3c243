"""A live floor for tests: an exchange that plays recorded calls, a database with people, and browsers that listen.

The exchange is the scripted peer, playing logs of a real Asterisk (tests/ami). What only a real one can show is in
tests/pbx and test_live_*.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import socketio
from aiohttp import web
from aiohttp.test_utils import TestServer

from callcenter import db, models, settings
from callcenter.crm import customers
from callcenter.telephony import link, switchboard
from screenpop import floor, frames
from tests import servers
from tests.telephony import linked, peer

LOGS = Path(__file__).parent.parent / "ami"
DANA = "0501234567"  # who calls in the recorded scenarios
LISTS = {
    "CoreShowChannels": "CoreShowChannelsComplete",
    "Status": "StatusComplete",
    "BridgeList": "BridgeListComplete",
    "QueueStatus": "QueueStatusComplete",
}
EXTENSIONS = ("1001", "1002", "1003", "1004", "1005")


@dataclass(frozen=True)
class Someone:
    """Who a test's browser says it is."""

    id: int
    session: str


class Browser(peer.Watch):
    """A Socket.IO client that keeps what it was sent, and acknowledges pops unless told not to."""

    def __init__(self, *, acknowledges: bool = True) -> None:
        super().__init__()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.connected = True
        self._acknowledges = acknowledges
        self.client = socketio.AsyncClient(reconnection=False)
        self.client.on("*", self._take)
        self.client.on("disconnect", self._gone)

    async def _take(self, event: str, payload: Any) -> bool:
        came = payload if event == frames.BATCH else [(event, payload)]
        self.events += [(name, data) for name, data in came]
        self.note()
        if not self._acknowledges and any(name == "call.pop" for name, _ in came):
            await asyncio.Event().wait()
        return True

    async def _gone(self, *_: Any) -> None:
        self.connected = False
        self.note()

    def of(self, event: str) -> list[dict[str, Any]]:
        """Give the payloads of one event, in order."""
        return [payload for name, payload in self.events if name == event]

    async def next(self, event: str, count: int = 1, **fields: Any) -> dict[str, Any]:
        """Wait for the count-th payload of an event that has these fields."""

        def found() -> list[dict[str, Any]]:
            return [p for p in self.of(event) if fields.items() <= p.items()]

        await self.until(lambda: len(found()) >= count)
        return found()[count - 1]

    async def hello(self) -> dict[str, Any]:
        """Say hello and give the snapshot that answers it."""
        had = len(self.of("snapshot"))
        await self.client.emit("hello", {"last_seq": 0, "tab": "t"})
        return await self.next("snapshot", had + 1)


class Stand:
    """The floor and what surrounds it."""

    def __init__(
        self, exchange: peer.Peer, database: db.Database, live: floor.Floor, url: str
    ) -> None:
        self.exchange, self.database, self.floor, self.url = exchange, database, live, url
        self.center = live.center
        self._browsers: list[Browser] = []

    async def browser(
        self, user_id: int, *, session: str = "s", acknowledges: bool = True
    ) -> Browser:
        """Open a browser of a user, and say hello."""
        opened = Browser(acknowledges=acknowledges)
        self._browsers.append(opened)
        headers = {"Cookie": f"user={user_id}; session={session}"}
        await opened.client.connect(self.url, transports=["websocket"], headers=headers)
        await opened.hello()
        return opened

    async def close(self) -> None:
        """Close every browser."""
        for browser in self._browsers:
            await browser.client.disconnect()
            if (
                browser.client.eio.http is not None
            ):  # left open where the server ended the connection
                await browser.client.eio.http.close()

    def play(self, scenario: str) -> None:
        """Let the exchange tell all that a recorded log tells."""
        self.exchange.write(events_of(scenario))

    async def settled(self) -> None:
        """Wait until the floor has worked off what the exchange told, and all is written."""
        line = next(iter(self.center.board.lines.values()))
        await line.link.send({"Action": "Ping"})
        while line.status().waiting:
            await asyncio.sleep(0)
        await self.center.written()


def events_of(scenario: str) -> bytes:
    """Give a log's events as if they happened now, without the answers to whoever recorded it."""
    raw = (LOGS / f"{scenario}.ami").read_bytes()
    parts = [part for part in raw.split(b"\r\n\r\n") if part.startswith(b"Event: ")]
    if parts[0].startswith(b"Event: FullyBooted"):
        parts = parts[1:]
    text = b"\r\n\r\n".join([*parts, b""])
    stamp = re.compile(rb"(?<=\r\nTimestamp: )[0-9.]+")
    shift = time.time() - float(stamp.findall(text)[-1])
    return stamp.sub(lambda found: b"%.6f" % (float(found[0]) + shift), text)


def people(session: Any, now: Any) -> dict[str, int]:
    """Make a user for each extension, agents all, in one team."""
    team = models.Team(name="support")
    session.add(team)
    session.flush()
    ids = {}
    for extension in EXTENSIONS:
        user = models.User(
            login=f"agent{extension}", name=f"Agent {extension}", password_hash="-", role="agent",
            language="en", created_at=now,
        )  # fmt: skip
        session.add(user)
        session.flush()
        session.add(models.Membership(team_id=team.id, user_id=user.id))
        session.add(
            models.ExtensionAssignment(
                pbx="main",
                extension=extension,
                interface=f"PJSIP/{extension}",
                user_id=user.id,
                since=now,
            )
        )
        ids[extension] = user.id
    for queue in ("support", "sales"):
        session.add(
            models.QueueProfile(
                pbx="main", queue=queue, labels={"en": queue.title(), "he": queue}, team_id=team.id,
                greetings={"en": f"Welcome to {queue}"}, wrapup_seconds=30,
            )
        )  # fmt: skip
    return ids


def customer(session: Any, name: str, number: str, now: Any, **fields: Any) -> int:
    """Make a customer with a number."""
    party = customers.create(session, name, now=now, **fields)
    customers.add_number(session, party, number, region="IL", now=now)
    session.flush()
    return int(party.id)


def new_database(folder: Path) -> db.Database:
    """Make an empty database with every table."""
    database = servers.migrated(folder / "live.db")
    return database


def answer_lists(exchange: peer.Peer) -> None:
    """Let an exchange answer the snapshot's questions: nothing is going on."""
    for action, complete in LISTS.items():
        exchange.answers.setdefault(action, _empty(complete))


def _empty(complete: str) -> peer.Answer:
    head = "Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\n"
    return lambda _: f"{head}Event: {complete}\r\nActionID: {{id}}\r\nEventList: Complete\r\n\r\n"


async def authenticate(request: web.Request) -> Someone | None:
    user = request.cookies.get("user", "")
    return Someone(int(user), request.cookies.get("session", "")) if user else None


@contextlib.asynccontextmanager
async def standing(
    database: db.Database,
    *,
    exchange: peer.Peer | None = None,
    timing: link.Timing = linked.QUICK,
    records: dict[str, str] | None = None,
    **calls: Any,
) -> AsyncIterator[Stand]:
    """Run a floor against a scripted exchange, and stop it; `records` are the settings of its CDR."""
    async with exchange or peer.Peer() as played:
        answer_lists(played)
        pbx = settings.Pbx(
            port=played.port, secret=played.secret, trunks=("PJSIP/trunk-*",), **(records or {})
        )
        config = settings.Settings(pbx=(pbx,), calls=settings.Calls(**calls))
        board = switchboard.Switchboard(config.pbx, timing=timing)
        live = floor.Floor(
            config, database, board, authenticate=authenticate, translate=lambda _, text: text
        )
        app = web.Application()
        live.attach(app)
        async with TestServer(app) as server:
            line = board.lines["main"]
            async with asyncio.timeout(20):
                while line.link.state.phase.value != "up":
                    await asyncio.sleep(0.01)
            stand = Stand(played, database, live, str(server.make_url("/")))
            try:
                yield stand
            finally:
                await stand.close()
