"""What joins, parks, holds and passes on calls, event by event: bridges, transfers, pickup, masquerades; pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from callcenter.telephony import events, facts, graph, records, spelling

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
    if call.breaker is None and call.talking_since is not None and channel in call.customers():
        left = [c.device for c in tracker.graph.hearing(channel) if c is not channel]
        call.pulled = left[0] if len(left) == 1 and left[0].is_phone else None


def take_redirected(tracker: CallTracker, event: events.Event, call: records.Call, to: str) -> None:
    """Tell a transfer by Redirect, once the customer who was taken from one phone is given to another."""
    by, call.pulled = call.pulled, None
    if by is None or by.passed_on or by.extension == to:
        return
    by.passed_on = True
    seat = call.seats.get(by.interface)
    if seat is not None and seat.outcome is facts.Outcome.ANSWERED and seat.left is not None:
        seat.outcome = facts.Outcome.TRANSFERRED
    _transfer(tracker, event, by, call, kind="blind", to=to)


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
        one.links.add(other)
        other.links.add(one)
        tracker.join(one, other, event.at)
        tracker.settle([one, other], event.at)


def _unlink(tracker: CallTracker, event: events.Event) -> None:
    one = tracker.see(event, "LocalOne")
    other = tracker.see(event, "LocalTwo")
    if one is not None and other is not None:
        one.links.discard(other)
        other.links.discard(one)
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


def _transfer(
    tracker: CallTracker,
    event: events.Event,
    device: graph.Device,
    call: records.Call,
    *,
    kind: str,
    to: str,
) -> None:
    if any(t.to == to and call.now - t.at < 0.5 and t.kind == kind for t in call.transfers):
        return
    by = device.extension or device.number
    told = facts.Transfer(kind, by, to, call.tick(event.at))
    call.transfers.append(told)
    if call.breaker is device:
        call.breaker = None
    tracker.tell(call, facts.CallTransferred(call.id, told.at, kind, by, to))


def _blind_transfer(tracker: CallTracker, event: events.Event) -> None:
    by = tracker.see(event, "Transferer")
    who = tracker.see(event, "Transferee")
    if event.text("Result") not in ("", "Success") or by is None:
        return
    by.device.passed_on = True
    if who is None or not who.device.parked:  # parking is a transfer to Asterisk, not to a person
        _transfer(tracker, event, by.device, by.call, kind="blind", to=event.text("Extension"))


def _attended_transfer(tracker: CallTracker, event: events.Event) -> None:
    first = tracker.see(event, "OrigTransferer")
    second = tracker.see(event, "SecondTransferer")
    tracker.see(event, "Transferee")
    target = tracker.see(event, "TransferTarget")
    by = first or second
    if event.text("Result") not in ("", "Success") or by is None:
        return
    for one in (first, second):
        if one is not None:
            one.device.passed_on = True
    to = _target(tracker, by, second, target)
    _transfer(tracker, event, by.device, by.call, kind="attended", to=to)


def _target(
    tracker: CallTracker,
    by: graph.Channel,
    second: graph.Channel | None,
    target: graph.Channel | None,
) -> str:
    """Name whom an attended transfer went to: the person behind the target, else who heard the second leg."""
    starts = [c for c in (target, second) if c is not None]
    for start in starts:
        for person in tracker.graph.hearing(start):
            if (
                person.device.interface != by.device.interface
                and person.device is not by.call.first
            ):
                return person.device.extension or person.device.number
    ringing = [s for s in by.call.seats.values() if s.answered is None and s.outcome is None]
    if ringing:
        return ringing[-1].extension
    return second.device.exten if second is not None else ""


def _sip_transfer(tracker: CallTracker, event: events.Event) -> None:
    """Take chan_sip's own Transfer (Asterisk 11 and before): by REFER, blind or attended."""
    channel = tracker.see(event)
    if channel is None or event.text("Transfer2Parking") == "Yes":
        return
    channel.device.passed_on = True
    if event.text("TransferType") == "Blind":
        _transfer(
            tracker,
            event,
            channel.device,
            channel.call,
            kind="blind",
            to=event.text("TransferExten"),
        )
        return
    target = tracker.graph.named(event.text("TargetChannel"))
    if target is not None:
        target.device.passed_on = True
    to = _target(tracker, channel, target, None)
    _transfer(tracker, event, channel.device, channel.call, kind="attended", to=to)


def _pickup(tracker: CallTracker, event: events.Event) -> None:
    taker = tracker.see(event)
    rung = tracker.see(event, "Target") or tracker.graph.named(event.text("TargetChannel"))
    if taker is not None and rung is not None:
        taker.device.dialled, taker.device.incoming = True, False
        if taker.device.up is None:
            taker.device.up = taker.call.tick(event.at)
        tracker.merge(rung.call, taker.call, event.at)


def _parked(tracker: CallTracker, event: events.Event) -> None:
    parkee = tracker.see(event, "Parkee")
    tracker.see(event, "Parker")
    if parkee is None:
        return
    parkee.device.parked = True
    call = parkee.call
    space = event.text("ParkingSpace", "Exten")
    call.transfers = [
        t for t in call.transfers if call.now - t.at > 2.0 or t.kind != "blind" or t.to == space
    ]
    tracker.settle([parkee], event.at)


def _unparked(tracker: CallTracker, event: events.Event) -> None:
    parkee = tracker.see(event, "Parkee")
    retriever = tracker.see(event, "Retriever")
    if parkee is not None:
        parkee.device.parked = False
        if retriever is not None:
            tracker.join(parkee, retriever, event.at)
        tracker.settle([parkee], event.at)


def _masquerade(tracker: CallTracker, event: events.Event) -> None:
    """Merge the calls of two channels of which one takes the other's device (Asterisk 11: told by names)."""
    clone = tracker.graph.named(event.text("Clone"))
    original = tracker.graph.named(event.text("Original"))
    if clone is not None and original is not None:
        tracker.join(original, clone, event.at)


def _rename(tracker: CallTracker, event: events.Event) -> None:
    channel = tracker.see(event)
    if channel is None:
        return
    other = tracker.graph.rename(channel, event.text("Newname"), tracker.roles)
    if other is not None and other.call is not channel.call:
        tracker.merge(channel.call, other.call, event.at)
    if other is not None:
        tracker.settle([channel, other], event.at)


def _see(tracker: CallTracker, event: events.Event) -> None:
    for prefix in spelling.PREFIXES.get(event.kind, ("",)):
        tracker.see(event, prefix)


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
    "LocalOptimizationBegin": _see,
    "Hold": _hold,
    "Unhold": _hold,
    "MusicOnHoldStart": _music,
    "MusicOnHoldStop": _music,
    "BlindTransfer": _blind_transfer,
    "AttendedTransfer": _attended_transfer,
    "Transfer": _sip_transfer,
    "Pickup": _pickup,
    "ParkedCall": _parked,
    "UnParkedCall": _unparked,
    "ParkedCallTimeOut": _unparked,
    "ParkedCallGiveUp": _unparked,
    "Masquerade": _masquerade,
    "Rename": _rename,
}
