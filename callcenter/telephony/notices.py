"""What the exchange says beside the calls' own moves: variables, recordings, refused orders, its own end; pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from callcenter.telephony import events, facts, history, records, roles

if TYPE_CHECKING:
    from callcenter.telephony.calls import CallTracker

_SECONDS_OF_BOOT = 2.0


def _originate_response(tracker: CallTracker, event: events.Event) -> None:
    channel = tracker.see(event)
    exten = event.exten()
    if channel is not None and channel.device is channel.call.first and exten:
        channel.device.exten = exten
    if event.text("Response") != "Failure":
        return
    # The reason is the last AST_CONTROL_* frame: 1 hangup, 3 ringing, 5 busy, 8 congestion; 0 is none at all.
    name = event.text("Channel")
    reason = {1: "no_answer", 3: "no_answer", 5: "busy"}.get(event.number("Reason") or 0, "failed")
    if tracker.roles.role(name) == roles.PHONE and reason == "no_answer":
        reason = "agent_no_answer"
    linkedid = event.text("Uniqueid") or event.text("ActionID")
    tracker.fail(facts.OriginateFailed(linkedid, event.at, reason, None))


def _varset(tracker: CallTracker, event: events.Event) -> None:
    channel = tracker.see(event)
    if channel is None:
        return
    call, value = channel.call, event.get("Value")
    name = event.get("Variable").lstrip("_")
    now = call.tick(event.at)
    if name.startswith("CC_"):
        if name == "CC_PRES":
            _withhold(call, value)
        if call.variables.get(name) != value:
            call.variables[name] = value
            if call.announced:
                tracker.tell(call, facts.VariableSet(call.id, now, name, value))
    elif name == "MIXMONITOR_FILENAME" and value:
        tracker.tell(call, facts.RecordingStarted(call.id, now, channel.device.name, value))
    elif name == "VMSTATUS":
        call.voicemail = call.voicemail or value == "SUCCESS"


def _withhold(call: records.Call, presentation: str) -> None:
    """Forget a number that its owner withholds: AMI shows it, only CALLERID(pres) in the dialplan says not to."""
    if presentation.startswith("prohib") and call.first is not None and call.first.incoming:
        call.first.number = call.first.caller_name = ""


def _recording_stopped(tracker: CallTracker, event: events.Event) -> None:
    channel = tracker.see(event)
    if channel is not None:
        call = channel.call
        tracker.tell(call, facts.RecordingStopped(call.id, call.tick(event.at), channel.device.name))  # fmt: skip


def _fully_booted(tracker: CallTracker, event: events.Event) -> None:
    """Lose what ran before the exchange booted; the same event greets every new sign-in to one that runs on."""
    seeded, tracker.seeded = tracker.seeded, False
    if seeded:
        return  # what we hold was seen alive behind this greeting, however old a clock that was set makes it
    uptime = event.number("Uptime")
    tracker.lost(event.at, None if uptime is None else event.at - uptime - _SECONDS_OF_BOOT)


def _shutdown(tracker: CallTracker, event: events.Event) -> None:
    tracker.lost(event.at, None)


def living(tracker: CallTracker, event: events.Event, at: float) -> None:
    """Take one channel of a snapshot (CoreShowChannel, Status, BridgeInfoChannel) for alive."""
    uniqueid, _ = event.ids()
    if not uniqueid:
        return
    known = uniqueid in tracker.graph.channels
    age = 0.0 if known else _age(event)
    channel = tracker.see(events.Event(event.kind, at - age, event.lines), born=True)
    if channel is not None and event.bridge:
        tracker.graph.enter(channel, event.bridge, event.is_holding_bridge)


def called_us(event: events.Event, uniqueid: str, linkedid: str) -> bool:
    """Say whether a living channel that we meet in its middle began its call by itself.

    It runs the dialplan; what was dialled runs AppDial, AppQueue or AppDial2, and a call that we asked for has our id.
    """
    if event.kind == "Newchannel":
        return False  # it has only begun to: its state will tell
    application = event.text("Application")
    began = uniqueid == linkedid and not history.is_chosen(linkedid)
    return began and bool(application) and not application.startswith(("AppDial", "AppQueue"))


def _age(event: events.Event) -> float:
    parts = event.text("Duration", "Seconds").split(":")
    if len(parts) > 3 or not all(p.isdecimal() and len(p) < 9 for p in parts):
        return 0.0
    age = 0.0
    for part in parts:
        age = age * 60 + int(part)
    return age


HANDLERS: Final[dict[str, Callable[[CallTracker, events.Event], None]]] = {
    "OriginateResponse": _originate_response,
    "VarSet": _varset,
    "MixMonitorStop": _recording_stopped,
    "FullyBooted": _fully_booted,
    "Shutdown": _shutdown,
}
