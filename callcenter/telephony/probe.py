"""A first conversation with an exchange, step by step, so that the step that fails can be named.

The living link is `ami.py`; it hides the steps, which is right for it and wrong for finding out what is the matter. This
one signs in over a plain stream, says what it needs to say, and leaves.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from callcenter import errors
from callcenter.settings import Pbx

Message = dict[str, str]
ANSWER_SECONDS = 5.0  # an answer on a local network takes milliseconds


@dataclass(slots=True)
class Probe:
    """A signed-in conversation; every event that came meanwhile is kept in `events`."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    banner: str
    events: list[Message] = field(default_factory=list)
    _ids: itertools.count[int] = field(default_factory=itertools.count)

    async def ask(self, action: str, *, until: str = "", **headers: str) -> list[Message]:
        """Send an action; return its answer, and its list up to the event `until`."""
        number = f"doctor-{next(self._ids)}"
        lines = [f"Action: {action}", f"ActionID: {number}"]
        lines += [f"{key}: {value}" for key, value in headers.items()]
        if any(ord(c) < 32 for line in lines for c in line):
            raise errors.Invalid(action, "a value holds a control character")
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer: list[Message] = []

        def finished(message: Message) -> bool:
            if message.get("ActionID") != number:
                return False
            answer.append(message)
            failed = message.get("Response") == "Error"
            return failed or not until or message.get("Event") == until

        await self.wait(finished)
        return answer

    async def wait(
        self, test: Callable[[Message], bool], *, seconds: float = ANSWER_SECONDS
    ) -> Message | None:
        """Read on until a message passes the test; None when the time is over."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    message = await self._read()
                    if "Event" in message:
                        self.events.append(message)
                    if test(message):
                        return message
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            return None

    async def _read(self) -> Message:
        raw = await self.reader.readuntil(b"\r\n\r\n")
        pairs = (line.partition(":") for line in raw.decode(errors="replace").split("\r\n"))
        return {key: value.strip() for key, colon, value in pairs if colon}

    async def close(self) -> None:
        """Sign off."""
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


def _tls(pbx: Pbx) -> ssl.SSLContext | None:
    if not pbx.tls:
        return None
    context = ssl.create_default_context(cafile=pbx.tls_ca or None)
    if not pbx.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def connect(pbx: Pbx) -> Probe:
    """Open a connection and read the banner; raise LinkDown with the reason."""
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(pbx.host, pbx.port, ssl=_tls(pbx))
            banner = (await reader.readline()).decode(errors="replace").strip()
    except TimeoutError as error:
        if writer is not None:
            writer.close()
        raise errors.LinkDown(f"no answer within {ANSWER_SECONDS:.0f} s") from error
    except (OSError, ssl.SSLError) as error:
        raise errors.LinkDown(str(error)) from error
    return Probe(reader, writer, banner)


async def sign_in(probe: Probe, pbx: Pbx) -> None:
    """Sign in; raise ActionRefused with the exchange's words."""
    answer = await probe.ask(
        "Login", Username=pbx.username, Secret=pbx.secret.get_secret_value(), Events="on"
    )
    if not answer:
        raise errors.LinkDown("no answer to Login")
    if answer[0].get("Response") != "Success":
        raise errors.ActionRefused(answer[0].get("Message", "refused without a reason"))
