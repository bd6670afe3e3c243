"""The exchange of the pictures: the tests' scripted peer, with phones and queues, telling recorded calls phase by phase.

What it tells was recorded on a real Asterisk (tests/ami). A story is one recording, told for another phone, number and queue;
its phases are told when a picture needs them, with the times that the picture wants.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.screenpop import stand
from tests.telephony import peer

# phone -> (queue, ...); as callcenter/crm/sample_words.py seats and queues its people
MEMBERS = {
    "1001": ("support",), "1002": ("support", "service"), "1003": ("sales",), "1004": ("sales",),
    "1005": ("support", "service"), "1006": ("support", "service"), "1007": ("sales",),
}  # fmt: skip
PHONES = (*MEMBERS, "1008", "1009", "1010")
AWAY = ("1010",)  # registered nowhere
QUEUES = ("support", "sales", "service", "night")  # of the last nobody here knows yet
LINES = {"support": "+97237000100", "sales": "+97237000200", "service": "+97237000300"}

QUEUE_CALL = "queue_answered_caller_hangs_up"
GIVEN_UP = "queue_abandoned"
DIALLED = "click_to_dial_answered"
FIRST_ID = 1_795_520_000
_ID = re.compile(rb"\b1795308\d\d\d\.|(?<=_)1795308\d\d\d\.")
_STAMP = re.compile(rb"(?<=\r\nTimestamp: )[0-9.]+")
# Where a phase begins: the first block that holds all of these.
_TURNS: Mapping[str, tuple[tuple[str, tuple[bytes, ...]], ...]] = {
    QUEUE_CALL: (
        ("arrives", ()),
        ("rings", (b"Event: Newchannel", b"Channel: PJSIP/1001-")),
        ("answered", (b"Event: Newstate", b"Channel: PJSIP/1001-", b"ChannelStateDesc: Up")),
        ("ends", (b"Event: HangupRequest",)),
    ),
    GIVEN_UP: (
        ("arrives", ()),
        ("rings", (b"Event: Newchannel", b"Channel: PJSIP/1001-")),
        ("gives_up", (b"Event: HangupRequest",)),
    ),
    DIALLED: (
        ("rings", ()),
        ("answered", (b"Event: Newstate", b"Channel: PJSIP/trunk-", b"ChannelStateDesc: Up")),
        ("ends", (b"Event: HangupRequest",)),
    ),
}


def phases(scenario: str) -> dict[str, list[bytes]]:
    """Cut a recording into its phases."""
    blocks = stand.events_of(scenario).split(b"\r\n\r\n")
    turns = list(_TURNS[scenario])
    told: dict[str, list[bytes]] = {}
    phase = turns.pop(0)[0]
    for block in blocks:
        if turns and all(b"\r\n" + mark in b"\r\n" + block for mark in turns[0][1]):
            phase = turns.pop(0)[0]
        if block:
            told.setdefault(phase, []).append(block)
    return told


def _list(complete: str, rows: Iterable[Mapping[str, str]]) -> peer.Answer:
    told = ["Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\n"]
    for row in rows:
        told.append("".join(f"{k}: {v}\r\n" for k, v in row.items()) + "ActionID: {id}\r\n\r\n")
    told.append(f"Event: {complete}\r\nActionID: {{id}}\r\nEventList: Complete\r\n\r\n")
    return lambda _: "".join(told)


def _members() -> Iterable[Mapping[str, str]]:
    for queue in QUEUES:
        yield {"Event": "QueueParams", "Queue": queue, "Max": "0", "Strategy": "ringall", "Calls": "0"}  # fmt: skip
    for phone, queues in MEMBERS.items():
        for queue in queues:
            yield {
                "Event": "QueueMember", "Queue": queue, "Name": phone, "Location": f"PJSIP/{phone}",
                "StateInterface": f"PJSIP/{phone}", "Membership": "static", "Penalty": "0", "Status": "1",
                "Paused": "0", "PausedReason": "",
            }  # fmt: skip


def _endpoints() -> Iterable[Mapping[str, str]]:
    for phone in PHONES:
        state = "Unavailable" if phone in AWAY else "Not in use"
        yield {"Event": "EndpointList", "ObjectType": "endpoint", "ObjectName": phone, "DeviceState": state}  # fmt: skip
    yield {"Event": "EndpointList", "ObjectType": "endpoint", "ObjectName": "trunk-north", "DeviceState": "Not in use"}  # fmt: skip


def _paused(action: dict[str, str]) -> str:
    """Pause a member, and tell of it in each queue that they serve."""
    interface, reason = action["Interface"], action.get("Reason", "")
    phone, paused = interface.partition("/")[2], int(action["Paused"] == "true")
    told = "Response: Success\r\nActionID: {id}\r\nMessage: Interface paused successfully\r\n\r\n"
    for queue in MEMBERS.get(phone, ()):
        told += (
            f"Event: QueueMemberPause\r\nQueue: {queue}\r\nMemberName: {phone}\r\nInterface: {interface}\r\n"
            f"StateInterface: {interface}\r\nMembership: static\r\nPenalty: 0\r\nStatus: 1\r\nPaused: {paused}\r\n"
            f"PausedReason: {reason}\r\n\r\n"
        )
    return told


class Exchange(peer.Peer):
    """A scripted exchange that has phones, queues and an outside line."""

    def __init__(self) -> None:
        super().__init__()
        stand.answer_lists(self)
        self.answers["QueueStatus"] = _list("QueueStatusComplete", _members())
        self.answers["PJSIPShowEndpoints"] = _list("EndpointListComplete", _endpoints())
        self.answers["Ping"] = self._pong
        self.answers["QueuePause"] = _paused
        self._stories = 0

    def _pong(self, _action: dict[str, str]) -> str:
        stamp = f"Timestamp: {time.time():.6f}\r\n"
        return f"Response: Success\r\nActionID: {{id}}\r\nPing: Pong\r\n{stamp}\r\n"

    async def leave(self) -> None:
        """Hang up on everybody, and answer nobody any more."""
        assert self._server is not None
        self._server.close()
        self.reset()

    def call(
        self, phone: str, number: str, *, queue: str = "support", scenario: str = QUEUE_CALL
    ) -> Story:
        """Begin to tell a call that comes through a queue."""
        return self._story(scenario, phone, number, queue=queue)

    def dialled(self, phone: str, number: str, linkedid: str) -> Story:
        """Begin to tell a call that was asked for here."""
        return self._story(DIALLED, phone, number, linkedid=linkedid)

    def _story(self, scenario: str, phone: str, number: str, **more: str) -> Story:
        self._stories += 1
        return Story(self, self._stories, phases(scenario), phone, number, **more)


@dataclass
class Story:
    """One call, told phase by phase."""

    exchange: Exchange
    serial: int
    phases: dict[str, list[bytes]]
    phone: str
    number: str
    queue: str = "support"
    linkedid: str = ""

    def tell(self, phase: str, ago: float = 0.0) -> None:
        """Tell a phase as if it had begun some seconds ago."""
        told = b"\r\n\r\n".join([*self._everywhere(self.phases[phase]), b""])
        first = float((_STAMP.search(told) or [b"0"])[0])
        shift = time.time() - ago - first
        told = _STAMP.sub(lambda found: b"%.6f" % (float(found[0]) + shift), told)
        for old, new in self._names():
            told = told.replace(old, new)
        # Ids of calls and channels are times of the recording: each story has its own.
        told = _ID.sub(b"%d." % (FIRST_ID + self.serial), told)
        self.exchange.write(told)

    def _everywhere(self, blocks: Iterable[bytes]) -> Iterable[bytes]:
        """Tell what a member is doing in each queue that they serve, as Asterisk does; the recording has but one."""
        for block in blocks:
            yield block
            if block.startswith(b"Event: QueueMemberStatus"):
                for queue in MEMBERS.get(self.phone, ()):
                    if queue != self.queue:
                        yield block.replace(
                            b"\r\nQueue: support\r\n", f"\r\nQueue: {queue}\r\n".encode()
                        )

    def _names(self) -> Iterable[tuple[bytes, bytes]]:
        known = f"PJSIP/{self.phone}"
        yield b"cc-click-answered", (self.linkedid or f"cc-{self.serial}").encode()
        yield b"PJSIP/trunk-0000", f"PJSIP/trunk-{self.serial:04x}".encode()
        yield b"PJSIP/1001-0000", f"{known}-{self.serial:04x}".encode()
        yield b"PJSIP/1001", known.encode()
        yield b"Agent 1001", self.phone.encode()
        yield b": 1001\r\n", f": {self.phone}\r\n".encode()
        yield b"Dana Levi", self.number.encode()
        yield b"+972521112233", self.number.encode()
        yield b"0501234567", self.number.encode()
        if self.queue != "support":
            yield b": support\r\n", f": {self.queue}\r\n".encode()
        yield b"+97237000100", LINES[self.queue].encode()
        yield b"18ad9365-", f"{self.serial:08x}-".encode()
        yield b"36034118-", f"{self.serial:08x}-".encode()
