"""The end of a consultation that nobody ended: the exchange gives the customer back without a word, or never began.

What a real Asterisk does with `Atxfer`: the customer is put on hold by the agent's phone, the agent leaves the bridge when the
colleague is dialled, and comes back to it when nobody answers (`atxfernoanswertimeout`), when the line is busy, or after the
prompt for an extension that does not exist. No event says so. Where the feature code is missing, nothing happens at all.
So this looks, as long as somebody consults: away and together again is over, and never away is not begun.
"""

from __future__ import annotations

import asyncio
import time

from callcenter.crm import center, live
from callcenter.telephony import switchboard

LOOK_SECONDS = 0.25
BEGIN_SECONDS = 6.0  # the exchange takes the feature code and the digits one by one


async def follow(
    of: center.Center, line: switchboard.Line, call: live.LiveCall, leg: live.Leg, *, customer: str
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
                of.desk.refresh(call)
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


def _over(of: center.Center, call: live.LiveCall, leg: live.Leg, code: str) -> None:
    of.desk.consulted(call, leg)
    of.desk.notice(leg.user_id, "warn", code, call.id)
