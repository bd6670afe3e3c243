"""Socket.IO: browsers come, are known by their session, and are sent what is theirs, in order and numbered.

Rules
1. A browser is in the room of its own user, chosen here from its session; it cannot ask for another.
2. Every event has `seq`, counted a user; after a gap or a reconnect the browser says `hello` and gets a snapshot.
3. What one read of the exchange's stream brings a user goes out as one frame: `batch`, a list of [event, payload] in order,
   where it is more than one event. A frame is a system call here and a wake-up there, the dearest thing about an event.
4. A frame with a pop in it is acknowledged, or sent again: after a second, five times at most, to the browser that did not
   answer. What comes twice is known by its `seq`.
5. Sign-out and a change of role end the connection.
6. Who has the floor open says `watch`; whether and what they see is decided here (board.py). Its events carry no number: a
   browser that lost one has lost its connection, and watches anew.

Sending goes around python-socketio's `emit`, which makes a task a recipient and awaits them (0.2 ms a call): the packet is
encoded once and written to each connection (transport.py); where a browser does not read, it is put on the queue that the
connection's writer empties, which is what `emit` would do.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol

import socketio
import structlog
from engineio import packet as engine

from screenpop import frames, tabs, transport

log = structlog.get_logger(__name__)

ACK_SECONDS = 1.0
MOST_TRIES = 5
MOST_WAITING = 500  # packets that a browser may leave unread before it is let go
_MESSAGE = engine.MESSAGE


class Person(Protocol):
    """What is used of web's signed-in person."""

    @property
    def id(self) -> int: ...
    @property
    def session(self) -> str: ...


Authenticate = Callable[[Any], Awaitable[Person | None]]
Snapshot = Callable[[int], Awaitable[dict[str, Any]]]


class Server:
    """The live connections, by user."""

    def __init__(
        self,
        *,
        authenticate: Authenticate,
        snapshot: Snapshot,
        origins: Sequence[str] = (),
    ) -> None:
        """Take `authenticate(request)` and `snapshot(user_id)`; `origins` beside the one that is asked."""
        self.counts = tabs.Counts()
        self.presence: list[Callable[[int, int], None]] = []  # told (user, browsers)
        self.watched: Callable[[int], dict[str, Any] | None] = lambda _user: None
        self._authenticate = authenticate
        self._snapshot = snapshot
        self._users: dict[int, dict[str, tabs.Browser]] = {}
        self._browsers: dict[str, tabs.Browser] = {}
        self._numbers = itertools.count(1)  # of what is to be acknowledged
        self._seq: dict[int, int] = {}
        self._frames: dict[int, frames.Frame] = {}  # what goes out at the loop's next turn, by user
        self._waiting: set[str] = set()  # browsers with something unacknowledged
        self._watching: dict[str, tabs.Browser] = {}  # those with the floor open
        self._sweeper: asyncio.Task[None] | None = None
        self._stopped = False
        self.sio = socketio.AsyncServer(
            async_mode="aiohttp",
            transports=["websocket"],
            allow_upgrades=False,
            cors_allowed_origins=list(origins) or None,  # None: the origin that is asked
            http_compression=False,
            ping_interval=20,
            ping_timeout=20,
            max_http_buffer_size=65536,
            async_handlers=False,
            logger=False,
            engineio_logger=False,
        )
        self.sio.eio._async = {**self.sio.eio._async, "websocket": transport.WebSocket}
        self.sio.on("connect", self._connect)
        self.sio.on("disconnect", self._disconnect)
        self.sio.on("hello", self._hello)
        self.sio.on("watch", self._watch)

    def start(self) -> None:
        """Begin to look after what is not acknowledged."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._sweeper = asyncio.create_task(self._sweep(), name="acks")

    async def stop(self) -> None:
        """Let every browser go; a second time does nothing."""
        if self._stopped:
            return
        self._stopped = True
        task, self._sweeper = self._sweeper, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for browser in list(self._browsers.values()):
            await self.sio.disconnect(browser.sid)
        await self.sio.shutdown()

    # ---- sending

    def present(self, user_id: int) -> int:
        """Count the browsers of a user."""
        return len(self._users.get(user_id, ()))

    @property
    def browsers(self) -> int:
        """Count every connection."""
        return len(self._browsers)

    def users(self) -> list[int]:
        """Give every user with a browser."""
        return list(self._users)

    def watchers(self) -> list[int]:
        """Give every user with a browser that has the floor open."""
        if not self._watching:
            return []
        return sorted({browser.user_id for browser in self._watching.values()})

    def show(self, user_id: int, event: str, payload: dict[str, Any]) -> None:
        """Send what has no number to those browsers of a user that have the floor open."""
        packet = f"2{frames.Frame([(event, payload)]).text()}"
        for browser in (b for b in self._watching.values() if b.user_id == user_id):
            self._put(browser, packet)

    def seq(self, user_id: int) -> int:
        """Give the number of the last event sent to a user."""
        return self._seq.get(user_id, 0)

    def push(self, user_id: int, event: str, payload: dict[str, Any], *, ack: bool = False) -> None:
        """Send an event to every browser of a user, at the loop's next turn and without waiting."""
        if user_id not in self._users:
            return
        payload["seq"] = self._seq[user_id] = self._seq.get(user_id, 0) + 1
        frame = self._frames.get(user_id)
        if frame is None:
            if not self._frames:
                asyncio.get_running_loop().call_soon(self._flush)
            frame = self._frames[user_id] = frames.Frame()
        frame.events.append((event, payload))
        frame.ack = frame.ack or ack

    def _flush(self) -> None:
        frames, self._frames = self._frames, {}
        for user_id, frame in frames.items():
            self._send(user_id, frame)

    def _send(self, user_id: int, frame: frames.Frame) -> None:
        theirs = self._users.get(user_id)
        if not theirs:
            return
        text = frame.text()
        self.counts.sent += len(theirs)
        if not frame.ack:
            packet = f"2{text}"
            for browser in theirs.values():
                self._put(browser, packet)
            return
        due = time.monotonic() + ACK_SECONDS
        self.counts.pops += len(theirs)
        for browser in theirs.values():
            id_ = next(self._numbers)
            browser.unacked[id_] = tabs.Unacked(text, due)
            self._waiting.add(browser.sid)
            self._put(browser, f"2{id_}{text}")

    async def end_session(self, session: str) -> None:
        """End the connections of a session that was signed out."""
        for browser in [b for b in self._browsers.values() if b.session == session]:
            await self.sio.disconnect(browser.sid)

    async def end_user(self, user_id: int) -> None:
        """End the connections of a user whose role changed or who may not sign in any more."""
        for browser in list(self._users.get(user_id, {}).values()):
            await self.sio.disconnect(browser.sid)

    async def renew(self, user_id: int) -> None:
        """Send every browser of a user a new snapshot."""
        for browser in list(self._users.get(user_id, {}).values()):
            await self._send_snapshot(browser)

    def _put(self, browser: tabs.Browser, packet: str) -> None:
        connection = self.sio.eio.sockets.get(browser.engine_sid)
        if connection is None or connection.closed:
            return
        if connection.queue.empty() and connection.socket.post(f"{_MESSAGE}{packet}"):
            return
        if connection.queue.qsize() > MOST_WAITING:
            log.warning("browser does not read", user=browser.user_id)
            asyncio.get_running_loop().create_task(self.sio.disconnect(browser.sid))
            return
        connection.queue.put_nowait(engine.Packet(_MESSAGE, packet))

    # ---- browsers

    async def _connect(self, sid: str, environ: dict[str, Any], _auth: Any = None) -> bool:
        person = await self._authenticate(environ["aiohttp.request"])
        if person is None:
            return False
        engine_sid = self.sio.manager.eio_sid_from_sid(sid, "/")
        connection = self.sio.eio.sockets[engine_sid]
        connection.poll = partial(frames.poll, connection.queue)
        browser = tabs.Browser(sid, engine_sid, person.id, person.session)
        connection.acknowledged = partial(self._acknowledged, browser)
        self._browsers[sid] = browser
        self._users.setdefault(person.id, {})[sid] = browser
        self._tell_presence(person.id)
        return True

    async def _disconnect(self, sid: str, _reason: str = "") -> None:
        browser = self._browsers.pop(sid, None)
        if browser is None:
            return
        self._waiting.discard(sid)
        self._watching.pop(sid, None)
        theirs = self._users.get(browser.user_id, {})
        theirs.pop(sid, None)
        if not theirs:
            self._users.pop(browser.user_id, None)
        self._tell_presence(browser.user_id)

    async def _hello(self, sid: str, _data: Any = None) -> None:
        browser = self._browsers.get(sid)
        if browser is not None:
            await self._send_snapshot(browser)

    async def _watch(self, sid: str, wanted: Any = None) -> None:
        browser = self._browsers.get(sid)
        if browser is None:
            return
        whole = self.watched(browser.user_id) if wanted is True else None
        if whole is None:
            self._watching.pop(sid, None)
        else:
            self._watching[sid] = browser
            packet = f"2{frames.Frame([('floor', whole)]).text()}"
            self._put(browser, packet)

    async def _send_snapshot(self, browser: tabs.Browser) -> None:
        snapshot = await self._snapshot(browser.user_id)
        frame = self._frames.pop(browser.user_id, None)
        if frame is not None:  # it is older than the snapshot, and must not come after it
            self._send(browser.user_id, frame)
        snapshot["seq"] = self.seq(browser.user_id)
        text = frames.Frame([("snapshot", snapshot)]).text()
        self._put(browser, f"2{text}")

    def _tell_presence(self, user_id: int) -> None:
        for tell in self.presence:
            tell(user_id, self.present(user_id))

    # ---- acknowledgements

    def _acknowledged(self, browser: tabs.Browser, id_: int) -> None:
        if browser.unacked.pop(id_, None) is not None:
            self.counts.acked += 1
        if not browser.unacked:
            self._waiting.discard(browser.sid)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(ACK_SECONDS / 4)
            now = time.monotonic()
            for sid in list(self._waiting):
                browser = self._browsers.get(sid)
                for id_, unacked in list(browser.unacked.items()) if browser else ():
                    if unacked.due <= now:
                        self._again(browser, id_, unacked, now)

    def _again(self, browser: Any, id_: int, unacked: tabs.Unacked, now: float) -> None:
        if unacked.tries >= MOST_TRIES:
            del browser.unacked[id_]
            self.counts.given_up += 1
            log.warning("pop not acknowledged", user=browser.user_id)
            return
        unacked.tries += 1
        unacked.due = now + ACK_SECONDS
        self.counts.sent_again += 1
        self._put(browser, f"2{id_}{unacked.text}")
