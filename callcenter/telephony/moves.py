"""What each AMI event does to the calls: one short function an event, found by its name in `HANDLERS`; pure.

Rules
1. Every event's snapshots are read (`tracker.see`), used or not: any of them may reveal a new Linkedid.
2. `born=True` only for events that tell of a living channel. AgentComplete, QueueCallerLeave and the like come after the
   Hangup of the very channels that they name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from callcenter.telephony import (
    bridges,
    events,
    facts,
    graph,
    handovers,
    leaving,
    notices,
    records,
    results,
    spelling,
    waiting,
)

if TYPE_CHECKING:
    from callcenter.telephony.calls import CallTracker


def change_state(
    tracker: CallTracker, channel: graph.Channel, state: int, event: events.Event
) -> None:
    """Believe a channel's new state: 4 it calls us, 5 it rings, 6 it is up."""
    device = channel.device
    device.state = state
    if not device.role:
        return
    if state == graph.RING:
        device.incoming = not device.dialled
        tracker.announce(channel.call)
    elif state == graph.RINGING:
        _rings(tracker, channel, event.at)
    elif state == graph.UP:
        _picks_up(tracker, channel, event.at)


def _is_alone(channel: graph.Channel) -> bool:
    """Say whether nothing joins this channel to a call yet, and no Linkedid could (before Asterisk 12)."""
    return not channel.linkedid and not channel.device.dialled and not channel.call.announced


def _rings(tracker: CallTracker, channel: graph.Channel, at: float) -> None:
    call, device = channel.call, channel.device
    if device.rang is None:
        device.rang = call.tick(at)
        if _is_alone(channel):
            return
        tell_ringing(tracker, channel)


def tell_ringing(tracker: CallTracker, channel: graph.Channel) -> None:
    """Tell that a phone rings; of a trunk's far end, only the time is kept."""
    call, device = channel.call, channel.device
    if device.ringing_told:
        return
    device.ringing_told = True
    tracker.announce(call)
    if call.ringing is None:
        call.ringing = device.rang
    if device.is_phone:
        seat = call.seat(device)
        seat.left = None
        if seat.rang is None:
            seat.rang = device.rang
        if seat.answered is None:
            seat.outcome = None
        queue = call.queue if call.in_queue else None
        tracker.tell(
            call,
            facts.CallRinging(
                call.id, call.now, device.interface, device.extension, device.name, queue
            ),
        )


def _picks_up(tracker: CallTracker, channel: graph.Channel, at: float) -> None:
    call, device = channel.call, channel.device
    device.up = call.tick(at)
    if device.incoming or _is_alone(channel):
        return
    if device.is_phone:
        if device.rang is None:
            _rings(tracker, channel, at)  # it answered by itself
        _joins(tracker, channel)
    elif call.far_end is None and call.told_direction() is facts.Direction.OUTBOUND:
        call.far_end = call.now
        tracker.tell(call, facts.FarEndAnswered(call.id, call.now, results.ends(call, facts.Direction.OUTBOUND)[2]))  # fmt: skip


def _joins(tracker: CallTracker, channel: graph.Channel) -> None:
    call, device = channel.call, channel.device
    seat = call.seat(device)
    if seat.answered is None:
        seat.answered = call.now
    seat.outcome, seat.left = facts.Outcome.ANSWERED, None
    tracker.tell(
        call,
        facts.ParticipantJoined(call.id, call.now, device.interface, device.extension, device.name),
    )


def conversation(tracker: CallTracker, call: records.Call, channel: graph.Channel) -> None:
    """Tell that this channel's person hears another one, where that is news."""
    tracker.announce(call)
    if channel.device.is_phone:
        seat = call.seats.get(channel.device.interface)
        if seat is None or seat.answered is None:
            _joins(tracker, channel)
    if call.answered is None:
        call.answered = call.now
        call.direction = results.direction(call)
        tracker.tell(call, facts.CallAnswered(call.id, call.now))


def _newchannel(tracker: CallTracker, event: events.Event) -> None:
    tracker.see(event, born=True)


def _newcallerid(tracker: CallTracker, event: events.Event) -> None:
    channel = tracker.see(event)
    if channel is None or channel.call.answered is not None:
        return
    device = channel.device
    number, name = event.caller()
    if event.is_withheld and device.incoming:
        device.number = device.caller_name = ""
        return
    if not device.incoming or not device.number:
        device.number = number or device.number
    if name and (device.is_trunk or not device.incoming):
        device.caller_name = name


def _see(tracker: CallTracker, event: events.Event) -> None:
    for prefix in spelling.PREFIXES.get(event.kind, ("",)):
        tracker.see(event, prefix)


def _dial_begin(tracker: CallTracker, event: events.Event) -> None:
    dest = tracker.see(event, "Dest", born=True)
    source = tracker.see(event, born=True)
    if dest is None:
        return
    device = dest.device
    device.dialled, device.incoming = True, False
    if source is not None:
        tracker.join(source, dest, event.at)
    call = dest.call
    device.dialled_at = call.tick(event.at)
    call.breaker = None  # somebody is called: whoever left before, the call goes on
    if source is not None and source.device is call.first and not source.device.incoming:
        source.device.exten = event.exten() or source.device.exten
    if device.is_phone:
        if source is not None and source.device.role and call.pulled is not None:
            handovers.take_redirected(tracker, event, call, device.extension)
        call.seat(device)
        if source is not None and device is not call.first and not call.dialled_phone:
            call.dialled_phone = device.extension
    elif device.is_trunk:
        call.dialled_trunk = call.dialled_trunk or source is not None
        if not call.dialled_number:
            call.dialled_number = results.dialled(event.text("DialString", "Dialstring"))
    if device.role:
        tracker.announce(call)
        if device.rang is not None:
            tell_ringing(tracker, dest)


def _dial_state(tracker: CallTracker, event: events.Event) -> None:
    dest = tracker.see(event, "Dest")
    tracker.see(event)
    rings = event.text("DialStatus") == "RINGING"
    if rings and dest is not None and dest.device.role and dest.device.up is None:
        _rings(tracker, dest, event.at)


def _dial_end(tracker: CallTracker, event: events.Event) -> None:
    dest = tracker.see(event, "Dest")
    tracker.see(event)
    if dest is not None and dest.device.up is None:
        dest.device.status = event.text("DialStatus")


HANDLERS: Final[dict[str, Callable[[CallTracker, events.Event], None]]] = {
    **bridges.HANDLERS,
    **handovers.HANDLERS,
    **leaving.HANDLERS,
    **notices.HANDLERS,
    **waiting.HANDLERS,
    "Newchannel": _newchannel,
    "Newstate": _newchannel,
    "NewCallerid": _newcallerid,
    "NewConnectedLine": _see,
    "DialBegin": _dial_begin,
    "DialState": _dial_state,
    "DialEnd": _dial_end,
}
