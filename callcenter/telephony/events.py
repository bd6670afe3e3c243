"""AMI messages as events: the only place (with spelling.py, its word list) that knows
how Asterisk spells a header, from version 1.8 to 22; pure.

Rules
1. Every event carries one or more *channel snapshots*, each under a prefix ("", Dest, LocalOne, OrigTransferer, ...):
   `Event.channel(prefix)` reads them all. An event that we do not use still carries them, because any event may reveal a
   new Linkedid.
2. Old names become new ones (`NEWER`): an Asterisk 11 `Dial` with SubEvent Begin is a DialBegin, `Join` is a
   QueueCallerJoin, `Hold` with Status Off is an Unhold. Where versions 11 and 13 differ only in a header's spelling, the
   accessor knows both. Two have no modern form and keep a name of their own: Link and Unlink, two channels that hear each
   other without a bridge (`Bridge` in 11, `Link` in 1.8 and before).
3. Absent is None (or "" for a text), never an error: what a peer sends is not trusted to be complete.
4. `at` is the `Timestamp` header (epoch seconds; timestampevents=yes), else what the reader of the stream says.

`NAMES` and `VARIABLES` are what is worth decoding; everything else can be dropped by its bytes.
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
_UNKNOWN: Final = frozenset(
    {"", "<unknown>", "<null>", "unknown", "(null)", "anonymous", "restricted", "unavailable", "private", "withheld"}
)  # fmt: skip
_QUOTED: Final = re.compile(r'^"(.*)"$')


Headers = Mapping[str, str] | spelling.Lines


class Event:
    """One AMI event under its modern name; properties read its headers whatever their spelling."""

    __slots__ = ("at", "headers", "kind")

    def __init__(self, kind: str, at: float, headers: Headers) -> None:
        self.kind = kind
        self.at = at
        self.headers = headers

    def channel(self, prefix: str = "") -> tuple[str, str, int | None] | None:
        """Give (Uniqueid, Linkedid, state) of the snapshot under a prefix; Linkedid is "" before Asterisk 12."""
        headers = self.headers
        if type(headers) is spelling.Lines:
            snapshot = headers.snapshot(prefix)
            if snapshot[0] and snapshot[0] != "<null>":
                return snapshot
        uniqueid_key, linkedid_key, _, state_key = spelling.SNAPSHOT[prefix]
        get = headers.get
        uniqueid = get(uniqueid_key) or self._first(spelling.OLD_UNIQUEID.get(prefix, ()))
        if not uniqueid or uniqueid == "<null>":
            return None
        state = get(state_key)
        known = int(state) if state and state.isdecimal() and len(state) < 3 else None
        return uniqueid, get(linkedid_key) or "", known

    def channel_name(self, prefix: str = "") -> str:
        """Give the name of the channel under a prefix."""
        name = self.headers.get(spelling.SNAPSHOT[prefix][2])
        return name or self._first(spelling.OLD_CHANNEL.get(prefix, ()))

    def _first(self, keys: tuple[str, ...]) -> str:
        for key in keys:
            value = self.headers.get(key)
            if value:
                return value
        return ""

    def text(self, *keys: str) -> str:
        """Give the first of these headers that holds a known value; Asterisk's ways to say "unknown" are ""."""
        for key in keys:
            value = self.headers.get(key)
            if value and value.lower() not in _UNKNOWN:
                return value
        return ""

    def number(self, *keys: str) -> int | None:
        """Give the first of these headers that is a whole number."""
        for key in keys:
            value = self.headers.get(key)
            if value:
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
        return "rohibited" in (self.headers.get("CID-CallingPres") or "")

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
        return self.headers.get("Queue") or ""

    @property
    def cause(self) -> int | None:
        """Give the Q.850 cause of a hangup."""
        return self.number("Cause")

    @property
    def bridge(self) -> str:
        """Give the bridge's id; a conference of Asterisk 11 has only its name."""
        get = self.headers.get
        bridge = get("BridgeUniqueid") or get("BridgeId")
        if bridge:
            return bridge
        room = get("Conference") or get("Meetme")
        return f"conference/{room}" if room else ""

    @property
    def is_holding_bridge(self) -> bool:
        """Say whether those in this bridge hear music instead of each other (parking)."""
        return (
            self.headers.get("BridgeTechnology") == "holding_bridge"
            or self.headers.get("BridgeType") == "parking"
        )

    @property
    def is_modern_member(self) -> bool:
        """Say whether a modern member's snapshot comes along, so that Channel belongs to Uniqueid."""
        return "DestUniqueid" in self.headers or "Linkedid" in self.headers


def of(message: wire.Message, at: float) -> Event:
    """Make an event of a message, whose headers are looked up as they are asked for; `at` as in `parse`."""
    text = message.text
    kind = _KINDS.get(message.name)
    if kind is None or not text:
        headers = spelling.Lines(text) if text else message.headers
        return parse(message.name, headers, at)
    begin = text.find(
        "\r\nTimestamp: "
    )  # written out: this line and the next run for every event there is
    if begin >= 0:
        end = text.find("\r\n", begin + 13)
        at = _seconds(text[begin + 13 : end] if end >= 0 else text[begin + 13 :], at)
    return Event(kind, at, spelling.Lines(text))


def parse(name: str, headers: Headers, at: float) -> Event:
    """Make an event of a message's name and headers; `at` counts where there is no Timestamp."""
    stamp = headers.get("Timestamp")
    if stamp:
        at = _seconds(stamp, at)
    kind = _KINDS.get(name)
    if kind is not None:
        return Event(kind, at, headers)
    renamed = _OLD.get(name)
    return Event(renamed(headers) if renamed else name, at, headers)


def _seconds(stamp: str, otherwise: float) -> float:
    try:
        at = float(stamp)
    except ValueError:
        return otherwise
    return at if 0.0 < at < 1e11 else otherwise  # "nan" and "inf" are floats too


def _dial(headers: Headers) -> str:
    # Asterisk 1.6 to 11: SubEvent Begin and End; 1.4 and before: the beginning only.
    return "DialEnd" if headers.get("SubEvent") == "End" else "DialBegin"


def _bridge(headers: Headers) -> str:
    return "Unlink" if (headers.get("Bridgestate") or headers.get("State")) == "Unlink" else "Link"  # fmt: skip


def _hold(headers: Headers) -> str:
    return "Unhold" if headers.get("Status") == "Off" else "Hold"


def _music(headers: Headers) -> str:
    return "MusicOnHoldStop" if headers.get("State") == "Stop" else "MusicOnHoldStart"


_OLD: Final = {
    "Dial": _dial,
    "Bridge": _bridge,
    "Hold": _hold,
    "MusicOnHold": _music,
}
_KINDS: Final = {
    n: NEWER.get(n, n) for n in (CHANNEL_EVENTS | QUEUE_EVENTS | SNAPSHOT_EVENTS) - frozenset(_OLD)
}
