"""A call of a real Asterisk as a tape: its events with marks where a call's own values go, cut where people act."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path

LOGS = Path(__file__).resolve().parents[1] / "ami"
SPOOL = b"/var/spool/asterisk/monitor"


@dataclass(frozen=True, slots=True)
class Tape:
    """Events in three parts: up to the ringing phone, the answer, the end."""

    parts: tuple[tuple[bytes, ...], tuple[bytes, ...], tuple[bytes, ...]]
    is_click: bool


@dataclass(eq=False)
class Call:
    """A call as it really was; times are the exchange's, epoch seconds."""

    linkedid: str
    agent: str
    number: str
    serial: int
    tape: Tape
    marks: dict[bytes, bytes]
    started: float
    answered: float | None = None
    ended: float | None = None
    killed: bool = False  # with the exchange: Asterisk wrote no CDR
    stepped: bool = False  # the exchange's clock stepped meanwhile: its times are not one clock's
    may_end: asyncio.Event = field(default_factory=asyncio.Event)


def _events(name: str) -> list[bytes]:
    parts = (LOGS / name).read_bytes().split(b"\r\n\r\n")
    skipped = (b"Event: FullyBooted", b"Event: DeviceStateChange")
    return [p + b"\r\n\r\n" for p in parts if p.startswith(b"Event: ") and not p.startswith(skipped)]  # fmt: skip


def _cut(events: list[bytes], *, is_click: bool) -> Tape:
    ring = next(i for i, e in enumerate(events) if e.startswith(b"Event: DialEnd")) - 1
    end = next(i for i, e in enumerate(events) if e.startswith(b"Event: HangupRequest"))
    return Tape((tuple(events[:ring]), tuple(events[ring:end]), tuple(events[end:])), is_click)


def _marked(event: bytes, pairs: tuple[tuple[bytes, bytes], ...]) -> bytes:
    event = re.sub(rb"Timestamp: [0-9.]+", b"Timestamp: @NOW@", event)
    for pattern, mark in pairs:
        event = re.sub(pattern, mark, event)
    return re.sub(rb"(BridgeUniqueid: )[0-9a-f-]{36}", rb"\g<1>@BRIDGE@", event)


_AGENT = (
    (rb"PJSIP/1001-[0-9a-f]{8}", b"PJSIP/@EXT@-@SERIAL@"),
    (rb"PJSIP/trunk-[0-9a-f]{8}", b"PJSIP/trunk-@SERIAL@"),
    (rb"PJSIP/1001", b"PJSIP/@EXT@"), (rb": 1001\r", b": @EXT@\r"), (rb"Agent 1001", b"Agent @EXT@"),
    (re.escape(SPOOL), b"@SPOOL@"),
)  # fmt: skip


def inbound() -> Tape:
    """Make the tape of a caller whom an agent of the queue answers and who hangs up."""
    own = ((rb"1795308388\.0", b"@ID@"), (rb"1795308388\.1", b"@OTHER@"), (rb"0501234567", b"@FROM@"), (rb"Dana Levi", b"@NAME@"))  # fmt: skip
    events = [_marked(e, own + _AGENT) for e in _events("queue_answered_caller_hangs_up.ami")]
    return _cut(events, is_click=False)


def click() -> Tape:
    """Make the tape of a call that an agent asked for."""
    own = ((rb"cc-click-answered", b"@ID@"), (rb"1795308196\.1", b"@OTHER@"), (rb"\+972521112233", b"@FROM@"), (rb"ActionID: steer-3", b"ActionID: @ACTION@"))  # fmt: skip
    events = [_marked(e, own + _AGENT) for e in _events("click_to_dial_answered.ami")]
    return _cut(events, is_click=True)
