"""What queues do to calls: who waits since when, whose phone serves, who gave up; pure. Members are in queues.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from callcenter.telephony import events, facts, graph, handovers, roles

if TYPE_CHECKING:
    from callcenter.telephony.calls import CallTracker


def _queue_join(tracker: CallTracker, event: events.Event) -> None:
    channel = tracker.see(event, born=True)
    if channel is None:
        return
    call = channel.call
    now = call.tick(event.at)
    call.in_queue, call.left_queue = True, None
    if call.pulled is not None:
        handovers.take_redirected(tracker, event, call, event.queue)
    if call.answered is None or call.queue is None:
        call.queue = event.queue
        if call.queued is None:
            call.queued = now
    tracker.tell(call, facts.CallQueued(call.id, now, event.queue, event.number("Position") or 1))


def _queue_leave(tracker: CallTracker, event: events.Event) -> None:
    channel = tracker.see(event)
    if channel is not None:
        channel.call.in_queue = False
        channel.call.left_queue = channel.call.tick(event.at)


def _queue_abandon(tracker: CallTracker, event: events.Event) -> None:
    channel = tracker.see(event)
    if channel is not None and channel.call.answered is None:
        channel.call.abandoned = True


def _agent_called(tracker: CallTracker, event: events.Event) -> None:
    tracker.roles.learn_member(event.state_interface)
    caller = tracker.see(event) if event.is_modern_member else _old_caller(tracker, event)
    dest = tracker.see(event, "Dest")
    if dest is None:
        dest = tracker.graph.named(event.text("DestinationChannel", "DestChannel"))
    if dest is None:
        return
    dest.device.dialled = True
    if dest.device.role == roles.TRUNK and tracker.roles.role(dest.device.name) == roles.PHONE:
        dest.device.role = roles.PHONE
        dest.device.extension = tracker.roles.extension(dest.device.interface)
    if caller is not None:
        tracker.join(caller, dest, event.at)
    if dest.device.is_phone:
        dest.call.seat(dest.device)


def _old_caller(tracker: CallTracker, event: events.Event) -> graph.Channel | None:
    """Find the caller of an old member event: its Uniqueid is the caller's, its Channel may be the member's."""
    return tracker.graph.channels.get(event.text("Uniqueid", "UniqueID", "UniqueId"))


def _member_event(tracker: CallTracker, event: events.Event) -> None:
    tracker.roles.learn_member(event.state_interface)
    if event.is_modern_member:
        caller = tracker.see(event)
        tracker.see(event, "Dest")
    else:
        caller = _old_caller(tracker, event)
    if caller is not None and event.kind == "AgentComplete":
        caller.call.said_complete = event.text("Reason")


HANDLERS: Final[dict[str, Callable[[CallTracker, events.Event], None]]] = {
    "QueueCallerJoin": _queue_join,
    "QueueCallerLeave": _queue_leave,
    "QueueCallerAbandon": _queue_abandon,
    "AgentCalled": _agent_called,
    "AgentConnect": _member_event,
    "AgentComplete": _member_event,
    "AgentRingNoAnswer": _member_event,
}
