"""AMI messages as events: the only place (with spelling.py, its word list) that knows
how Asterisk spells a header, from version 1.8 to 22; pure.

Rules
1. Every event carries one or more *channel snapshots*, each under a prefix ("", Dest, LocalOne, OrigTransferer, ...):
   `Event.ids(prefix)` reads them all. An event that we do not use still carries them, because any event may reveal a
   new Linkedid.
2. Old names become new ones (`NEWER`): an Asterisk 11 `Dial` with SubEvent Begin is a DialBegin, `Join` is a
   QueueCallerJoin, `Hold` with Status Off is an Unhold. Where versions 11 and 13 differ only in a header's spelling, the
   accessor knows both. Two have no modern form and keep a name of their own: Link and Unlink, two channels that hear each
   other without a bridge (`Bridge` in 11, `Link` in 1.8 and before).
3. Absent is None (or "" for a text), never an error: what a peer sends is not trusted to be complete.
4. `at` is the `Timestamp` header (epoch seconds; timestampevents=yes), else what the reader of the stream says.

`NAMES` and `VARIABLES` are what is worth decoding; everything else can be dropped by its bytes.

Speed: an event is its text. A header is found in it when it is asked for, by its line's beginning, because an event is asked
for three of its thirty headers; no dict of them is ever built. The text is parted, not searched: `partition` takes a third of
the time of two `find` and a slice. Uniqueid and Linkedid, asked of every event, stand in adjacent lines and are cut out together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from callcenter.telephony import spelling, wire

_CHANNEL_EVENTS = """
    Newchannel Newstate NewCallerid NewConnectedLine Rename Masquerade Hangup HangupRequest SoftHangupRequest
    Dial DialBegin DialState DialEnd OriginateResponse VarSet
    Bridge Link Unlink BridgeEnter BridgeLeave BridgeDestroy LocalBridge LocalOptimizationBegin
    Hold Unhold MusicOnHold MusicOnHoldStart MusicOnHoldStop
    Transfer BlindTransfer AttendedTransfer Pickup
    ParkedCall UnParkedCall ParkedCallTimeOut ParkedCallGiveUp
    ConfbridgeJoin ConfbridgeLeave MeetmeJoin MeetmeLeave
    MixMonitorStop FullyBooted Shutdown
"""
_QUEUE_EVENTS = """
    Join Leave QueueCallerJoin QueueCallerLeave QueueCallerAbandon
    AgentCalled AgentConnect AgentComplete AgentRingNoAnswer
    QueueParams QueueMember QueueEntry QueueMemberAdded QueueMemberRemoved QueueMemberPaused QueueMemberPause
    QueueMemberStatus PeerStatus ContactStatus
"""
CHANNEL_EVENTS: Final = frozenset(_CHANNEL_EVENTS.split())
QUEUE_EVENTS: Final = frozenset(_QUEUE_EVENTS.split())
SNAPSHOT_EVENTS: Final = frozenset({"CoreShowChannel", "Status", "BridgeInfoChannel"})

NAMES: Final = frozenset(n.encode() for n in CHANNEL_EVENTS | QUEUE_EVENTS | SNAPSHOT_EVENTS)
"""Names of the events worth decoding, for the filter on raw bytes."""
VARIABLES: Final = (b"CC_", b"_CC_", b"__CC_", b"MIXMONITOR_FILENAME", b"VMSTATUS")
"""How the name of a channel variable must begin for its VarSet to be worth decoding."""

NEWER: Final = {
    "Join": "QueueCallerJoin",
    "Leave": "QueueCallerLeave",
    "QueueMemberPaused": "QueueMemberPause",
}
UNKNOWN: Final = frozenset(
    {"", "<unknown>", "<null>", "unknown", "(null)", "anonymous", "restricted", "unavailable", "private", "withheld"}
)  # fmt: skip
_QUOTED: Final = re.compile(r'^"(.*)"$')


class Event:
    """One AMI event under its modern name; properties read its headers whatever their spelling."""

    __slots__ = ("at", "kind", "lines")

    def __init__(self, kind: str, at: float, lines: str) -> None:
        """Take the message's lines, joined by CRLF; the first one is its name."""
        self.kind = kind
        self.at = at
        self.lines = lines

    def get(self, key: str) -> str:
        """Give one header as it stands, "" where it is missing."""
        return self.lines.partition(spelling.MARKS[key])[2].partition("\r\n")[0]

    def has(self, key: str) -> bool:
        """Say whether a header is there."""
        return spelling.MARKS[key] in self.lines

    def ids(self, prefix: str = "") -> tuple[str, str]:
        """Give Uniqueid and Linkedid of the snapshot under a prefix, "" where they are missing."""
        uniqueid_mark, linkedid_mark, _ = spelling.SNAPSHOT_MARKS[prefix]
        uniqueid, found, rest = self.lines.partition(uniqueid_mark)[2].partition(linkedid_mark)
        if found and uniqueid and uniqueid != "<null>" and "\r\n" not in uniqueid:
            return uniqueid, rest.partition("\r\n")[0]  # as in all since Asterisk 12
        uniqueid_key, linkedid_key, _, _ = spelling.SNAPSHOT[prefix]
        uniqueid = self.get(uniqueid_key) or self._first(spelling.OLD_UNIQUEID.get(prefix, ()))
        return ("", "") if uniqueid == "<null>" else (uniqueid, self.get(linkedid_key))

    def state(self, prefix: str = "") -> int:
        """Give the state of the channel under a prefix, -1 where it is not said."""
        said = self.lines.partition(spelling.SNAPSHOT_MARKS[prefix][2])[2]
        return spelling.STATES.get(said[:1], -1)

    def channel_name(self, prefix: str = "") -> str:
        """Give the name of the channel under a prefix."""
        name = self.get(spelling.SNAPSHOT[prefix][2])
        return name or self._first(spelling.OLD_CHANNEL.get(prefix, ()))

    def _first(self, keys: tuple[str, ...]) -> str:
        for key in keys:
            value = self.get(key)
            if value:
                return value
        return ""

    def text(self, *keys: str) -> str:
        """Give the first of these headers that holds a known value; Asterisk's ways to say "unknown" are ""."""
        lines, marks = self.lines, spelling.MARKS
        for key in keys:
            value = lines.partition(marks[key])[2].partition("\r\n")[0]  # `get`, written out
            if value and value.lower() not in UNKNOWN:
                return value
        return ""

    def number(self, *keys: str) -> int | None:
        """Give the first of these headers that is a whole number."""
        for key in keys:
            value = self.get(key)
            if value:
                if value.isdecimal() and len(value) < 19:
                    return int(value)
                digits = value.strip()
                if digits.removeprefix("-").isdecimal() and len(digits) < 19:
                    return int(digits)
        return None

    def caller(self, prefix: str = "") -> tuple[str, str]:
        """Give the number and the name that a channel says it is."""
        name = self.text(prefix + "CallerIDName")
        quoted = _QUOTED.match(name)
        number = self.text(prefix + "CallerIDNum", prefix + "CallerIDnum", prefix + "CallerID")
        return number, quoted[1] if quoted else name

    @property
    def is_withheld(self) -> bool:
        """Say whether the caller asked that the number be shown to nobody."""
        return "rohibited" in self.get("CID-CallingPres")

    def connected(self, prefix: str = "") -> str:
        """Give the number that a channel is told it talks to."""
        return self.text(prefix + "ConnectedLineNum")

    def exten(self, prefix: str = "") -> str:
        """Give the dialplan extension at which a channel stands."""
        return self.text(prefix + "Exten") if prefix else self.text("Exten", "Extension")

    @property
    def interface(self) -> str:
        """Give the Interface of a queue's member."""
        return self.text("Interface", "Location", "Member", "AgentCalled", "StateInterface")

    @property
    def state_interface(self) -> str:
        """Give the device whose state a member takes; it differs from Interface for Local members."""
        return self.text("StateInterface") or self.interface

    @property
    def queue(self) -> str:
        """Give the queue's name."""
        return self.get("Queue")

    @property
    def cause(self) -> int | None:
        """Give the Q.850 cause of a hangup."""
        return self.number("Cause")

    @property
    def bridge(self) -> str:
        """Give the bridge's id; a conference of Asterisk 11 has only its name."""
        get = self.get
        bridge = get("BridgeUniqueid") or get("BridgeId")
        if bridge:
            return bridge
        room = get("Conference") or get("Meetme")
        return f"conference/{room}" if room else ""

    @property
    def is_holding_bridge(self) -> bool:
        """Say whether those in this bridge hear music instead of each other (parking)."""
        return (
            self.get("BridgeTechnology") == "holding_bridge" or self.get("BridgeType") == "parking"
        )

    @property
    def is_modern_member(self) -> bool:
        """Say whether a modern member's snapshot comes along, so that Channel belongs to Uniqueid."""
        return self.has("DestUniqueid") or self.has("Linkedid")


def of(message: wire.Message, at: float) -> Event:
    """Make an event of a message; `at` counts where there is no Timestamp."""
    lines = message.text
    if not lines:
        return parse(message.name, message.headers, at)
    stamp = lines.partition("\r\nTimestamp: ")[2].partition("\r\n")[0]
    if stamp:
        try:
            told = float(stamp)
        except ValueError:
            pass
        else:
            if 0.0 < told < 1e11:  # "nan" and "inf" are floats too
                at = told
    name = message.name
    kind = _KINDS.get(name)
    if kind is not None:
        return Event(kind, at, lines)
    event = Event(name, at, lines)
    if name in _OLD:
        event.kind = _OLD[name](event)
    return event


def parse(name: str, headers: Mapping[str, str], at: float) -> Event:
    """Make an event of a name and headers that were no text; no value can pose as another line."""
    lines = [
        f"{key}: {value}".replace("\r", " ") for key, value in headers.items() if key != "Event"
    ]
    return of(wire.Message(name, "\r\n".join([f"Event: {name}", *lines])), at)


def _dial(event: Event) -> str:
    # Asterisk 1.6 to 11: SubEvent Begin and End; 1.4 and before: the beginning only.
    return "DialEnd" if event.get("SubEvent") == "End" else "DialBegin"


def _bridge(event: Event) -> str:
    return "Unlink" if (event.get("Bridgestate") or event.get("State")) == "Unlink" else "Link"


def _hold(event: Event) -> str:
    return "Unhold" if event.get("Status") == "Off" else "Hold"


def _music(event: Event) -> str:
    return "MusicOnHoldStop" if event.get("State") == "Stop" else "MusicOnHoldStart"


_OLD: Final = {
    "Dial": _dial,
    "Bridge": _bridge,
    "Hold": _hold,
    "MusicOnHold": _music,
}
_KINDS: Final = {
    n: NEWER.get(n, n) for n in (CHANNEL_EVENTS | QUEUE_EVENTS | SNAPSHOT_EVENTS) - frozenset(_OLD)
}
