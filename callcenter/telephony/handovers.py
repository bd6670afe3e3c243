"""What passes calls on, event by event: transfers, pickup, parking, masquerades; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from callcenter.telephony import events, facts, graph, records, results, spelling

if TYPE_CHECKING:
    from callcenter.telephony.calls import CallTracker


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
    transferee = tracker.see(event, "Transferee")
    target = tracker.see(event, "TransferTarget")
    by = first or second
    if event.text("Result") not in ("", "Success") or by is None:
        return
    for one in (first, second):
        if one is not None:
            one.device.passed_on = True
    to = _target(tracker, by, second, [target, second, transferee])
    _transfer(tracker, event, by.device, by.call, kind="attended", to=to)


def _target(
    tracker: CallTracker,
    by: graph.Channel,
    second: graph.Channel | None,
    starts: Sequence[graph.Channel | None],
) -> str:
    """Name whom an attended transfer went to: who is heard from one of these channels, else who rings."""
    transferee = starts[-1]
    for start in [c for c in starts if c is not None]:
        for person in tracker.graph.hearing(start):
            is_other = person.device.interface != by.device.interface and person is not transferee
            if is_other and person.device is not by.call.first:
                return person.device.extension or person.device.number
    ringing = [s for s in by.call.seats.values() if s.answered is None and s.outcome is None]
    if ringing:
        return ringing[-1].extension
    return results.said(second.device.exten) if second is not None else ""


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
    to = _target(tracker, channel, target, [target])
    _transfer(tracker, event, channel.device, channel.call, kind="attended", to=to)


def _pickup(tracker: CallTracker, event: events.Event) -> None:
    taker = tracker.see(event)
    rung = tracker.see(event, "Target") or tracker.graph.named(event.text("TargetChannel"))
    if taker is not None and rung is not None:
        taker.device.dialled, taker.device.incoming = True, False
        if taker.device.up is None:
            taker.device.up = taker.call.tick(event.at)
        rung.device.status = results.TAKEN
        tracker.merge(rung.call, taker.call, event.at)


def _parked(tracker: CallTracker, event: events.Event) -> None:
    parkee = tracker.see(event, "Parkee")
    parker = tracker.see(event, "Parker")
    if parkee is None:
        return
    parkee.device.parked = True
    parkee.device.parked_by = (
        parker.device.interface if parker is not None else event.text("ParkerDialString")
    )
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
        seat = parkee.call.seats.get(parkee.device.parked_by)
        if retriever is not None and seat is not None:
            taken = seat.answered is not None and seat.interface != retriever.device.interface
            seat.outcome = facts.Outcome.TRANSFERRED if taken else seat.outcome
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
    "LocalOptimizationBegin": _see,
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
