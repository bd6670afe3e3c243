"""A recorded stream told as finished calls, one JSON object a line: what `callcenter replay` prints.

It reads raw AMI bytes as they came over the wire (banner, responses, events; from the middle as well), or JSON: one
header object a line, or one list of them. Times come from `Timestamp`. A recording without any has only the clock of its
Uniqueids, whose first part is the second in which a channel was made, and the durations that the queue events name:
its times are in order and true to about a second where something was said, and never invented beyond that.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from callcenter import errors
from callcenter.telephony import calls, events, facts, queues, roles, spelling, wire

CHUNK_BYTES = 1 << 16


class NotAmi(errors.Invalid):
    """Refuse a file that holds no AMI messages."""

    code = "not_ami"


def messages(path: Path) -> Iterator[wire.Message]:
    """Read the messages of a recorded file that are worth decoding.

    Raises:
        NotAmi: the file holds none at all.
    """
    try:
        with path.open("rb") as file:
            head = file.read(CHUNK_BYTES)
            file.seek(0)
            if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
                yield from _of_json(path, file.read())
                return
            framer = wire.Framer(events.NAMES, variables=events.VARIABLES)
            while data := file.read(CHUNK_BYTES):
                yield from framer.feed(data)
            yield from framer.finish()
            if not framer.banner and framer.seen <= framer.stray:
                raise NotAmi(str(path), "is not a recording of the Asterisk Manager Interface")
    except OSError as error:
        raise NotAmi(str(path), error.strerror or "cannot be read") from error


def _of_json(path: Path, data: bytes) -> Iterator[wire.Message]:
    text = data.decode("utf-8-sig", "replace")
    try:
        found: Any = json.loads(text) if text.lstrip().startswith("[") else None
        lines = found if found is not None else [json.loads(x) for x in text.splitlines() if x.strip()]  # fmt: skip
    except ValueError as error:
        raise NotAmi(str(path), f"is neither AMI nor JSON: {error}") from error
    objects = [_canonical(x) for x in lines if isinstance(x, dict)]
    if not any("Event" in x or "Response" in x for x in objects):
        raise NotAmi(str(path), "holds no AMI events")
    for headers in objects:
        yield wire.Message(headers.get("Event", ""), "", headers)


def _canonical(headers: dict[str, Any]) -> dict[str, str]:
    """Give headers as texts, with Asterisk's own spelling where a program has put them in lower case."""
    texts = {
        k: v if isinstance(v, str) else "\n".join(map(str, v)) if isinstance(v, list) else str(v)
        for k, v in headers.items()
        if v is not None
    }
    if "Event" in texts or "event" not in texts:
        return texts
    return {spelling.CANONICAL.get(k.lower(), k): v for k, v in texts.items()}


class Clock:
    """Give each event its time: its Timestamp, else the latest second that the recording has spoken of."""

    def __init__(self) -> None:
        self.now = 0.0
        self._joined: dict[str, float] = {}
        self._connected: dict[str, float] = {}

    def stamp(self, message: wire.Message) -> events.Event:
        """Make an event of a message."""
        event = events.of(message, self.now)
        if not event.text("Timestamp"):
            self.now = event.at = max(self.now, self._told(message.name, message.headers))
        self.now = max(self.now, event.at)
        return event

    def _told(self, name: str, headers: dict[str, str]) -> float:
        uniqueid = headers.get("Uniqueid") or headers.get("UniqueID") or ""
        if name == "Newchannel":
            return spelling.born(uniqueid)
        if name in ("QueueCallerJoin", "Join"):
            self._joined[uniqueid] = self.now
        elif name in ("AgentConnect", "QueueCallerAbandon"):
            self._connected[uniqueid] = max(self.now, self._joined.pop(uniqueid, 0.0) + _seconds(headers, "HoldTime"))  # fmt: skip
            return self._connected[uniqueid]
        elif name == "AgentComplete" and uniqueid in self._connected:
            return self._connected.pop(uniqueid) + _seconds(headers, "TalkTime")
        return 0.0


def _seconds(headers: dict[str, str], key: str) -> float:
    value = headers.get(key, "")
    return float(value) if value.isdecimal() and len(value) < 7 else 0.0


def told(stream: Iterable[wire.Message], known: roles.Roles) -> Iterator[facts.Fact]:
    """Tell every fact of a recording; what still runs at its end is lost."""
    clock, tracker, board = Clock(), calls.CallTracker(known), queues.QueueBoard(known)
    for message in stream:
        event = clock.stamp(message)
        yield from tracker.feed(event)
        yield from board.feed(event)
    yield from tracker.lose(clock.now, "the recording ends here")


def records(stream: Iterable[wire.Message], known: roles.Roles) -> list[facts.CallRecord]:
    """List the calls of a recording in order of their start."""
    finished = [f.record for f in told(stream, known) if isinstance(f, facts.CallEnded | facts.CallLost)]  # fmt: skip
    return sorted(finished, key=lambda record: record.started)


def line(record: facts.CallRecord) -> str:
    """Write a finished call as the contract's JSON object."""
    told = dataclasses.asdict(record)
    told["from"] = told.pop("from_")
    # Who made the call is `from`; the list is of those whose phones rang or who came in later.
    told["participants"] = [p for p in told["participants"] if not p.pop("began")]
    return json.dumps({key: told[key] for key in KEYS}, ensure_ascii=False)


def fact_line(fact: facts.Fact) -> str:
    """Write a fact as a JSON object: its name, then its fields."""
    body = dataclasses.asdict(fact)
    if isinstance(fact, facts.CallEnded | facts.CallLost):
        body["record"] = json.loads(line(fact.record))
    if "from_" in body:
        body["from"] = body.pop("from_")
    return json.dumps({"fact": type(fact).__name__, **body}, ensure_ascii=False)


KEYS: Sequence[str] = (
    "id", "direction", "from", "from_name", "to", "did", "queue", "variables", "far_end_answered", "result", "started",
    "queued", "ringing", "answered", "ended", "wait_seconds", "ring_seconds", "talk_seconds", "hold_seconds", "hangup_by",
    "hangup_cause", "participants", "transfers",
)  # fmt: skip
