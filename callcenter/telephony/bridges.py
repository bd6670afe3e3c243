"""What joins and parts people, event by event: bridges, conferences, links, Local pairs, hold and its music; pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from callcenter.telephony import events, graph

if TYPE_CHECKING:
    from callcenter.telephony.calls import CallTracker


def _bridge_enter(tracker: CallTracker, event: events.Event) -> None:
    channel = tracker.see(event, born=True)
    if channel is None or not event.bridge:
        return
    swapped = tracker.graph.channels.get(event.text("SwapUniqueid"))
    if swapped is not None and swapped.bridge == event.bridge:
        tracker.graph.leave(swapped)
    tracker.graph.enter(channel, event.bridge, event.is_holding_bridge)
    if not channel.linkedid:
        for other in tracker.graph.hearing(channel):
            tracker.join(channel, other, event.at)
    tracker.settle([channel], event.at)


def _bridge_leave(tracker: CallTracker, event: events.Event) -> None:
    channel = tracker.see(event)
    if channel is not None:
        _pull(tracker, channel)
        stay = tracker.graph.leave(channel, event.bridge)
        tracker.settle([channel, *stay], event.at)


def _pull(tracker: CallTracker, channel: graph.Channel) -> None:
    """Note whom a customer leaves although nobody asked to hang up: AMI's Redirect is told by no event of its own."""
    call = channel.call
    if call.breaker is not None or call.talking_since is None or not channel.device.role:
        return
    if call.left_first is None:
        call.left_first = channel.device
    if channel in call.customers():
        left = [c.device for c in tracker.graph.hearing(channel) if c is not channel]
        call.pulled = left[0] if len(left) == 1 and left[0].is_phone else None


def _conference_join(tracker: CallTracker, event: events.Event) -> None:
    # Since Asterisk 12 a conference is a bridge like any other and BridgeEnter tells it.
    if event.bridge.startswith("conference/"):
        _bridge_enter(tracker, event)
    else:
        tracker.see(event)


def _conference_leave(tracker: CallTracker, event: events.Event) -> None:
    if event.bridge.startswith("conference/"):
        _bridge_leave(tracker, event)
    else:
        tracker.see(event)


def _bridge_destroy(tracker: CallTracker, event: events.Event) -> None:
    tracker.settle(tracker.graph.dissolve(event.bridge), event.at)


def _link(tracker: CallTracker, event: events.Event) -> None:
    one = tracker.see(event, "LocalOne", born=True)
    other = tracker.see(event, "LocalTwo", born=True)
    if one is not None and other is not None and one is not other:
        one.links[other] = None
        other.links[one] = None
        tracker.join(one, other, event.at)
        tracker.settle([one, other], event.at)


def _unlink(tracker: CallTracker, event: events.Event) -> None:
    one = tracker.see(event, "LocalOne")
    other = tracker.see(event, "LocalTwo")
    if one is not None and other is not None:
        one.links.pop(other, None)
        other.links.pop(one, None)
        tracker.settle([one, other], event.at)


def _local_bridge(tracker: CallTracker, event: events.Event) -> None:
    one = tracker.see(event, "LocalOne", born=True)
    other = tracker.see(event, "LocalTwo", born=True)
    if one is not None and other is not None and one is not other:
        one.pair, other.pair = other, one
        tracker.join(one, other, event.at)
        tracker.settle([one, other], event.at)


def _hold(tracker: CallTracker, event: events.Event) -> None:
    channel = tracker.see(event)
    if channel is not None:
        channel.device.holding = event.kind == "Hold"
        tracker.settle([channel], event.at)


def _music(tracker: CallTracker, event: events.Event) -> None:
    channel = tracker.see(event)
    if channel is not None:
        channel.device.music = event.kind == "MusicOnHoldStart"
        tracker.settle([channel], event.at)


HANDLERS: Final[dict[str, Callable[[CallTracker, events.Event], None]]] = {
    "BridgeEnter": _bridge_enter,
    "BridgeLeave": _bridge_leave,
    "BridgeDestroy": _bridge_destroy,
    "ConfbridgeJoin": _conference_join,
    "ConfbridgeLeave": _conference_leave,
    "MeetmeJoin": _conference_join,
    "MeetmeLeave": _conference_leave,
    "Link": _link,
    "Unlink": _unlink,
    "LocalBridge": _local_bridge,
    "Hold": _hold,
    "Unhold": _hold,
    "MusicOnHoldStart": _music,
    "MusicOnHoldStop": _music,
}
