"""What goes over the wire to a browser: the names of the events, and several events in one frame."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import orjson

EVENTS = (
    "snapshot", "call.pop", "card.enrich", "call.update", "call.end", "agent.state", "queue.stats",
    "system.state", "notice", "lead.changed", "offers.changed", "floor", "task.due",
)  # fmt: skip
"""Every event that a browser can be sent; static/desk/live.js listens for the same, a test sees to it."""

BATCH = "batch"


@dataclass(slots=True)
class Frame:
    """Events that go out to one user together, in order; `ack` asks the browser to say that it has them."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    ack: bool = False

    def text(self) -> str:
        """Write them as Socket.IO's event: itself where there is one, else a batch of [event, payload]."""
        events = self.events[0] if len(self.events) == 1 else (BATCH, self.events)
        return orjson.dumps(events, option=orjson.OPT_NON_STR_KEYS).decode()


async def poll(queue: asyncio.Queue[Any]) -> list[Any]:
    """Wait for packets as engineio's own `poll` does, but without a task and a timer for each.

    Its time-out is not missed: a ping goes through this queue every 20 s, and the end of the connection puts None.
    """
    packets = [await queue.get()]
    queue.task_done()
    while packets[-1] is not None and not queue.empty():
        packets.append(queue.get_nowait())
        queue.task_done()
    if packets[-1] is None:
        packets.pop()
        if packets:
            queue.put_nowait(None)
    return packets
