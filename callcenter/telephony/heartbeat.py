"""Whether an exchange still lives: TCP does not tell of a peer that went without a word."""

from __future__ import annotations

import asyncio

from callcenter import errors
from callcenter.telephony import ami


async def until_silent(connection: ami.Connection, *, ping_seconds: float) -> str:
    """Ask for a sign of life again and again; return, in words, when neither an answer nor any other byte comes.

    Silence lasts at most twice `ping_seconds` before it is noticed: where something else came in place of the answer, the
    next question goes out at once, for that may have been the last.
    """
    while True:
        await asyncio.sleep(ping_seconds)
        answered = False
        while not answered:
            heard = connection.bytes_received
            try:
                await connection.send({"Action": "Ping"}, timeout_seconds=ping_seconds)
                answered = True
            except errors.ActionRefused:
                answered = True  # alive, whatever it has against a Ping
            except errors.ActionTimeout:
                if connection.bytes_received == heard:
                    return f"no sign of life for {2 * ping_seconds:g} s"
