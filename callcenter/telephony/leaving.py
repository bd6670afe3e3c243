"""How people leave a call: who asked to hang up, what became of each phone, when the call is over; pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from callcenter.telephony import events, facts, graph, records, results

if TYPE_CHECKING:
    from callcenter.telephony.calls import CallTracker


def _asks(tracker: CallTracker, event: events.Event) -> None:
    """Note who hung up: HangupRequest is a phone's own wish, SoftHangupRequest comes from within Asterisk.

    The latter's Cause is no Q.850 but the reason for asking: 4 shutdown, 8 a limit, 16 a PBX thread at its end, 32 a
    command. A command on a phone's channel is that person's wish, from the screen.
    """
    channel = tracker.see(event)
    tracker.asks_seen = True
    if channel is None:
        return
    call, device = channel.call, channel.device
    call.asked = True
    if event.kind == "SoftHangupRequest":
        if event.cause in (4, 8) and call.breaker is None:
            call.stopped = True
        if event.cause != 32:
            return
    is_first = call.breaker is None or all(c.device is not call.breaker for c in call.channels)
    here = device.role and (device.up is not None or device.incoming)
    if is_first and here and not device.passed_on and not call.stopped:
        call.breaker = device
        call.asked_cause = event.cause if event.kind == "HangupRequest" else None


def _hangup(tracker: CallTracker, event: events.Event) -> None:
    channel = tracker.see(event)
    if channel is None:
        return
    call, device = channel.call, channel.device
    now = call.tick(event.at)
    was_talking = call.talking_since is not None
    near = tracker.graph.remove(channel)
    call.channels.pop(channel, None)
    if device.role:
        _device_gone(tracker, call, device, event.cause)
        here = device.up is not None or device.incoming
        if here and not tracker.asks_seen and call.breaker is None and was_talking:
            call.breaker = device
    if call.channels:
        tracker.listen(call, now)
    tracker.settle([c for c in near if c.uniqueid in tracker.graph.channels], event.at)
    if not call.channels:
        tracker.end(call)


def _device_gone(
    tracker: CallTracker, call: records.Call, device: graph.Device, cause: int | None
) -> None:
    call.gone.append((device, cause))
    seat = call.seats.get(device.interface)
    if device.up is not None or device.incoming:
        still_here = any(
            c.device.interface == device.interface and c.device.up is not None
            for c in call.channels
        )  # a phone that transfers has two channels in the call
        if seat is not None and seat.answered is not None and device.is_phone and not still_here:
            seat.conclude(facts.Outcome.TRANSFERRED if device.passed_on else facts.Outcome.ANSWERED, call.now)  # fmt: skip
            tracker.tell(
                call,
                facts.ParticipantLeft(
                    call.id, call.now, device.interface, device.extension, seat.told().outcome
                    or facts.Outcome.ANSWERED,
                ),
            )  # fmt: skip
        return
    since = _first_of(device.rang, device.dialled_at, call.now)
    elsewhere = cause == results.ELSEWHERE or device.status == results.TAKEN
    elsewhere = elsewhere or any(
        s.answered is not None and s.answered >= since
        for s in call.seats.values()
        if s.interface != device.interface and s.rang is not None
    )
    if device.rang is not None:
        call.rang_until = call.now
    leg = results.Leg(device, device.status, cause, elsewhere)
    call.legs.append(leg)
    if device.is_phone:
        outcome = _outcome(leg)
        call.seat(device).conclude(outcome, call.now)
        tracker.tell(call, facts.RingEnded(call.id, call.now, device.interface, device.extension, outcome))  # fmt: skip


def _first_of(*times: float | None) -> float:
    return next(t for t in times if t is not None)


def _outcome(leg: results.Leg) -> facts.Outcome:
    if leg.is_rejected:
        return facts.Outcome.REJECTED
    if leg.is_busy:
        return facts.Outcome.BUSY
    return facts.Outcome.ANSWERED_ELSEWHERE if leg.elsewhere else facts.Outcome.MISSED


HANDLERS: Final[dict[str, Callable[[CallTracker, events.Event], None]]] = {
    "HangupRequest": _asks,
    "SoftHangupRequest": _asks,
    "Hangup": _hangup,
}
