"""A browser's web socket under Engine.IO: never compressed, and an acknowledgement is taken as it comes.

Every browser offers compression. Taken, it keeps 100 KB a connection and costs a tenth of a call's processor, for frames of a
few hundred bytes. An acknowledgement is worth one look at its text; through Engine.IO and Socket.IO it would be two tasks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSMsgType, web

MOST_BUFFERED = 65536  # bytes that a browser may leave unread before what follows queues
_ACK = "43"  # Engine.IO's message, Socket.IO's acknowledgement
_MOST_DIGITS = 15


class WebSocket:
    """One connection, as engineio's driver wants it: called with the request, then `send`, `wait`, `close`."""

    def __init__(self, handler: Callable[[WebSocket], Awaitable[None]], server: Any) -> None:
        """Take what engineio gives: the method of its connection that serves, and its server.

        The connection's `acknowledged(number)`, once it has one, is told what the browser acknowledges.
        """
        self._handler = handler
        self._connection: Any = handler.__self__  # type: ignore[attr-defined]
        self._connection.socket = self
        self._transport: asyncio.Transport | None = None
        self._sending = False
        self._socket = web.WebSocketResponse(
            compress=False, max_msg_size=server.max_http_buffer_size
        )

    async def __call__(self, environ: dict[str, Any]) -> web.WebSocketResponse:
        """Shake hands and serve until the connection ends."""
        request: web.Request = environ["aiohttp.request"]
        self._transport = request.transport
        await self._socket.prepare(request)
        await self._handler(self)
        return self._socket

    async def close(self) -> None:
        """Say good-bye."""
        await self._socket.close()

    async def send(self, message: str | bytes) -> None:
        """Send a packet; wait while the browser does not read."""
        self._sending = True
        if isinstance(message, str):
            await self._socket.send_str(message)
        else:
            await self._socket.send_bytes(message)
        self._sending = False

    def post(self, message: str) -> bool:
        """Send a packet at once; return False where the browser does not read, and the packet has to queue."""
        transport = self._transport
        if self._sending or transport is None or transport.get_write_buffer_size() > MOST_BUFFERED:
            return False
        sending = self._socket.send_str(message)
        try:
            sending.send(None)
        except StopIteration:
            return True
        except (OSError, RuntimeError):
            return True  # the connection has ended, as who reads from it will find
        sending.close()  # written; what it would wait for is asked above, next time
        return True

    async def wait(self) -> str | bytes:
        """Give the next packet that is no acknowledgement; raise OSError where the connection has ended."""
        while True:
            message = await self._socket.receive()
            if message.type is WSMsgType.TEXT:
                number = acknowledged(message.data)
                tell = getattr(self._connection, "acknowledged", None)
                if number is None or tell is None:
                    return str(message.data)
                tell(number)
            elif message.type is WSMsgType.BINARY:
                return bytes(message.data)
            else:
                raise OSError("the connection has ended")


def acknowledged(text: str) -> int | None:
    """Read the number that a packet acknowledges; None for any other packet."""
    if not text.startswith(_ACK):
        return None
    number = text[len(_ACK) : text.find("[")]
    if not (number.isdecimal() and number.isascii() and len(number) <= _MOST_DIGITS):
        return None
    return int(number)
