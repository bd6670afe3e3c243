"""Record what an exchange says, byte for byte: a log from which every call can be replayed (`callcenter record`).

A log holds what came over the wire, banner, answers and events, and nothing of ours: the secret is never written, since
only what is received is. When the exchange goes away, recording goes on as soon as it is back; the log then has a second
banner. This is the one reader beside ami.py, by plain streams, since panoramisk keeps no bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import BinaryIO

from callcenter import errors

_CHUNK = 1 << 16
_RETRY_SECONDS = 0.2
_CONNECT_SECONDS = 10.0


async def record(
    host: str,
    port: int,
    username: str,
    secret: str,
    out: Path,
    *,
    stop: asyncio.Event,
    ready: asyncio.Event | None = None,
    follow: bool = True,
) -> int:
    """Write to `out` what the exchange says until `stop` is set, and return the number of bytes.

    `ready` is set once signed in. With `follow`, a lost connection is made anew; else it ends the recording. Raises
    LinkDown where nobody answers at first, ActionRefused where the secret is refused, and Invalid for control characters.
    """
    for name, value in (("username", username), ("secret", secret)):
        if any(ord(character) < 32 for character in value):
            raise errors.Invalid(name, "holds a control character")
    login = (
        f"Action: Login\r\nUsername: {username}\r\nSecret: {secret}\r\nEvents: on\r\n\r\n".encode()
    )
    written, first = 0, True
    with out.open("wb") as file:
        while not stop.is_set():
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    reader, writer = await asyncio.open_connection(host, port)
            except (OSError, TimeoutError) as problem:
                if first:
                    raise errors.LinkDown(f"{host}:{port}: {problem or 'no answer'}") from problem
                await _either(stop, _RETRY_SECONDS)
                continue
            try:
                writer.write(login)
                written += await _copy(reader, file, stop=stop, ready=ready)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
            first = False
            if not follow:
                break
    return written


async def _copy(
    reader: asyncio.StreamReader,
    file: BinaryIO,
    *,
    stop: asyncio.Event,
    ready: asyncio.Event | None,
) -> int:
    """Copy one connection's bytes until it ends or we are told to stop."""
    written = 0
    head: bytes | None = b""
    stopping = asyncio.create_task(stop.wait())
    try:
        while not stop.is_set():
            reading = asyncio.create_task(reader.read(_CHUNK))
            await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                reading.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError):
                    await reading
                break
            data = b"" if reading.exception() else reading.result()
            if not data:
                break
            file.write(data)
            file.flush()
            written += len(data)
            if head is not None:
                head = _signed_in(head + data, ready)
    finally:
        stopping.cancel()
    return written


def _signed_in(head: bytes, ready: asyncio.Event | None) -> bytes | None:
    """Look at the first answer: None when we are in, the bytes so far while it is not whole; raise when refused."""
    _, _, answer = head.partition(b"\r\n")
    if b"\r\n\r\n" not in answer:
        return head
    if b"Response: Error" in answer.split(b"\r\n\r\n")[0]:
        raise errors.ActionRefused("the exchange refused this username and secret")
    if ready:
        ready.set()
    return None


async def _either(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
