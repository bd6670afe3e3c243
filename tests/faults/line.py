"""What lies between the product and an exchange: a proxy of TCP that can cut, stop, starve and refuse."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from dataclasses import dataclass, field

from callcenter.demo import ports

TRICKLE_BYTES, TRICKLE_SECONDS = 64, 0.02
READ_BYTES = 1 << 16


def reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection with RST."""
    sock = writer.transport.get_extra_info("socket")
    if sock is not None and not writer.transport.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@dataclass(eq=False)
class Pair:
    """One connection of the product's, and ours to the exchange for it."""

    product: asyncio.StreamWriter
    exchange: asyncio.StreamWriter
    frozen: bool = False
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class Line:
    """The proxy; each fault concerns the connections that there are, and the next ones pass."""

    def __init__(self, to_port: int) -> None:
        self.port, self.to_port = ports.tcp(), to_port
        self.opened: list[float] = []  # when the product connected, by time.monotonic()
        self.trickle = False
        self.cut_letter = False  # at the next character of two bytes
        self.cut_at: int | None = None  # after so many bytes more from the product
        self.cuts: list[float] = []
        self.given_up: list[float] = []  # when the product let go of a connection that was frozen
        self._server: asyncio.Server | None = None
        self._pairs: list[Pair] = []

    async def open(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def close(self) -> None:
        """Cut what there is and listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.cut()
        for pair in list(self._pairs):
            await self._end(pair)

    async def cut(self, *, fin: bool = False) -> None:
        """End every connection that is not frozen, with RST or FIN."""
        self.cuts.append(time.monotonic())
        for pair in [p for p in self._pairs if not p.frozen]:
            await self._end(pair, fin=fin)

    def freeze(self) -> None:
        """Let nothing through any more on the connections that there are, and tell nobody."""
        self.cuts.append(time.monotonic())
        for pair in self._pairs:
            pair.frozen = True

    async def _end(self, pair: Pair, *, fin: bool = False) -> None:
        if pair in self._pairs:
            self._pairs.remove(pair)
        for writer in (pair.product, pair.exchange):
            if fin:
                writer.close()
            else:
                reset(writer)
        tasks = [task for task in pair.tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            theirs, ours = await asyncio.open_connection("127.0.0.1", self.to_port)
        except OSError:  # as if the exchange itself had refused
            reset(writer)
            return
        self.opened.append(time.monotonic())
        pair = Pair(writer, ours)
        self._pairs.append(pair)
        pair.tasks = [
            asyncio.create_task(self._up(reader, pair)),
            asyncio.create_task(self._down(theirs, pair)),
        ]
        await asyncio.wait(pair.tasks, return_when=asyncio.FIRST_COMPLETED)
        if not pair.frozen:
            await self._end(pair)

    async def _up(self, source: asyncio.StreamReader, pair: Pair) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(READ_BYTES):
                if pair.frozen:
                    continue
                if self.cut_at is not None and len(data) >= self.cut_at:
                    pair.exchange.write(data[: self.cut_at])
                    self.cut_at = None
                    await pair.exchange.drain()
                    return
                if self.cut_at is not None:
                    self.cut_at -= len(data)
                pair.exchange.write(data)
                await pair.exchange.drain()
        if pair.frozen:  # the exchange must not learn of it
            self.given_up.append(time.monotonic())
            await asyncio.Event().wait()

    async def _down(self, source: asyncio.StreamReader, pair: Pair) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(TRICKLE_BYTES if self.trickle else READ_BYTES):
                if pair.frozen:
                    continue
                letter = next((i for i, byte in enumerate(data) if byte >= 0xC0), None)
                if self.cut_letter and letter is not None:
                    self.cut_letter = False
                    pair.product.write(data[: letter + 1])
                    await pair.product.drain()
                    await asyncio.sleep(0.01)  # what was written is to arrive: RST drops the rest
                    self.cuts.append(time.monotonic())
                    return
                pair.product.write(data)
                await pair.product.drain()
                if self.trickle:
                    await asyncio.sleep(TRICKLE_SECONDS)
        if pair.frozen:
            await asyncio.Event().wait()
