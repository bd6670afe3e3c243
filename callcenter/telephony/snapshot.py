"""What an exchange is doing now, asked when a link comes up: channels, bridges with who is in them, queues.

AMI keeps no history: this seeds the present, and what ended while we were away comes from Asterisk's own records.
Each part is asked by itself, and one that the account may not see is named in `missing`, with the exchange's words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from callcenter import errors
from callcenter.telephony import link, wire


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge (BridgeListItem) and the channels in it (BridgeInfoChannel)."""

    bridge: wire.Message
    channels: Sequence[wire.Message]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Hold the messages of one look: CoreShowChannel or Status, bridges, and QueueParams, QueueMember, QueueEntry."""

    channels: Sequence[wire.Message]
    bridges: Sequence[Bridge]
    queues: Sequence[wire.Message]
    missing: Sequence[str] = ()


async def take(of: link.AmiLink, *, timeout_seconds: float = 10.0) -> Snapshot:
    """Ask for everything that goes on now.

    Raises:
        errors.LinkDown: the connection went away meanwhile.
    """
    missing: list[str] = []

    async def ask(action: str, until: str, **headers: str) -> list[wire.Message]:
        try:
            reply = await of.send(
                {"Action": action, **headers}, until=until, timeout_seconds=timeout_seconds
            )
        except (errors.ActionRefused, errors.ActionTimeout) as error:
            missing.append(f"{action}: {error}")
            return []
        return [message for message in reply.events if message.name != until]

    channels = await ask("CoreShowChannels", "CoreShowChannelsComplete")
    if any(not channel.get("Linkedid") for channel in channels) or (missing and not channels):
        # Before Asterisk 12 only Status tells which call a channel belongs to, or the account lacks `reporting`.
        channels = await ask("Status", "StatusComplete") or channels
    found = await ask("BridgeList", "BridgeListComplete")

    async def inside(bridge: wire.Message) -> Bridge | None:
        unique = bridge.get("BridgeUniqueid")
        try:
            reply = await of.send(
                {"Action": "BridgeInfo", "BridgeUniqueid": unique},
                until="BridgeInfoComplete",
                timeout_seconds=timeout_seconds,
            )
        except (errors.ActionRefused, errors.Invalid):  # it ended since it was listed
            return None
        except errors.ActionTimeout as error:
            missing.append(f"BridgeInfo {unique}: {error}")
            return None
        return Bridge(bridge, [m for m in reply.events if m.name == "BridgeInfoChannel"])

    bridges = await asyncio.gather(*(inside(bridge) for bridge in found))
    queues = await ask("QueueStatus", "QueueStatusComplete")
    return Snapshot(channels, [b for b in bridges if b is not None], queues, tuple(missing))
