"""The link alone, cut at a random byte around an Originate: how often does the exchange get it?

The link is the product's own, behind the line, before a peer that counts. The cut comes before, within or behind the bytes of
the Originate; then the line is let through again, and the link signs in and answers a ping before the counting.
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from dataclasses import dataclass, field

from callcenter import settings
from callcenter.telephony import originate
from tests.faults import line
from tests.telephony import linked, peer

LONGEST_BYTES = 700


@dataclass
class Counted:
    """How often each Originate came, and how often the link said that it was placed."""

    runs: int = 0
    placed: int = 0
    came: Counter[str] = field(default_factory=Counter)

    @property
    def twice(self) -> int:
        """Count those that came more than once."""
        return sum(count > 1 for count in self.came.values())


async def runs(count: int, seed: int) -> Counted:
    """Play so many cuts over one link and one line."""
    chance, told = random.Random(seed), Counted()
    async with peer.Peer() as exchange:
        between = line.Line(exchange.port)
        await between.open()
        try:
            async with linked.linked(exchange, where={"port": between.port}) as (link, listener):
                for _ in range(count):
                    ups = listener.phases.count("up")
                    between.cut_at = chance.randrange(1, LONGEST_BYTES)
                    order = originate.Order(
                        originate.new_id(), "PJSIP/1001", "+972501234567", "דנה <1001>", {"CC_USER": "1"}
                    )  # fmt: skip
                    with contextlib.suppress(originate.NotPlaced):
                        await originate.place(link, order, settings.Pbx())
                        told.placed += 1
                    if between.cut_at is not None:  # it went through whole: the cut comes behind it
                        between.cut_at = None
                        await between.cut()
                    await listener.phase("up", times=ups + 1)
                    await link.send({"Action": "CoreStatus"})
                    told.runs += 1
        finally:
            await between.close()
        told.came.update(action["ChannelId"] for action in exchange.named("Originate"))
    return told
