"""The end of a consultation that nobody ended: the exchange gives the customer back without a word, or never began.

What a real Asterisk does with `Atxfer`: the customer is put on hold by the agent's phone, the agent leaves the bridge when the
colleague is dialled, and comes back to it when nobody answers (`atxfernoanswertimeout`), when the line is busy, or after the
prompt for an extension that does not exist. No event says so. Where the feature code is missing, nothing happens at all.
So this looks, as long as somebody consults: away and together again is over, and never away is not begun. It is the same where
the agent presses the code on the phone (`*2`), and how that began is told by a phone that rings while the customer is held.
"""

from __future__ import annotations

import asyncio
import time

from callcenter.crm import desk, live
from callcenter.telephony import graph, switchboard

LOOK_SECONDS = 0.25
BEGIN_SECONDS = 6.0  # the exchange takes the feature code and the digits one by one


async def follow(
    of: desk.Desk, line: switchboard.Line, call: live.LiveCall, leg: live.Leg, *, customer: str
) -> None:
    """Take the agent back to the customer when the exchange did; `customer` is that channel's name."""
    began, away = time.monotonic(), False
    while leg.state == live.CONSULTING and call.legs.get(leg.user_id) is leg:
        await asyncio.sleep(LOOK_SECONDS)
        if leg.state != live.CONSULTING or call.ended is not None or not _up(line):
            continue
        there, together, met = _together(line, leg, customer)
        if not there:
            return _over(of, call, leg, "customer_gone")
        if not together or call.held_by:
            away = True
            if met and call.meets():
                of.refresh(call)
        elif away:
            return _over(of, call, leg, "consult_over")
        elif time.monotonic() - began > BEGIN_SECONDS:
            return _over(of, call, leg, "consult_failed")


def _up(line: switchboard.Line) -> bool:
    """Say whether what we see is the present: a broken link shows the past."""
    return line.link.state.phase.value == "up"


def _together(line: switchboard.Line, leg: live.Leg, customer: str) -> tuple[bool, bool, bool]:
    """Say whether the customer's channel is there, whether the agent hears it, and whether somebody else who has answered."""
    graph = line.tracker.graph
    living = list(graph.channels.values())
    own = [channel for channel in living if channel.device.interface == leg.interface]
    heard = {other.device for channel in own for other in graph.hearing(channel)}
    others = (d for d in heard if d.name != customer and d.interface != leg.interface)
    return (
        any(channel.device.name == customer for channel in living),
        any(device.name == customer for device in heard),
        any(device.up is not None for device in others),
    )


def _over(of: desk.Desk, call: live.LiveCall, leg: live.Leg, code: str) -> None:
    of.consulted(call, leg)
    of.notice(leg.user_id, "warn", code, call.id)


def sides(
    line: switchboard.Line, call: live.LiveCall, leg: live.Leg
) -> tuple[graph.Channel | None, graph.Channel | None]:
    """Find a user's own channel of a call, and the other side: whom they hear, else who waits; the customer before a colleague."""
    living = [c for c in line.tracker.graph.channels.values() if call.id in c.call.ids]
    mine = [c for c in living if c.device.interface == leg.interface]
    if not mine:
        return None, None
    own = next((c for c in mine if c.device.up is not None), mine[0])
    hears = [c for c in line.tracker.graph.hearing(own) if c is not own]
    others = hears or [c for c in living if c is not own and c.device.role and c.device.up is not None]  # fmt: skip
    others = [c for c in others if c.device.interface != own.device.interface]
    others.sort(key=lambda c: (not c.device.is_trunk, c.device.name))
    return own, others[0] if others else None
