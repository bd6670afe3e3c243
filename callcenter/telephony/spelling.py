"""The word list of events.py: how Asterisk has spelled its headers, from version 1.8 to 22; pure."""

from __future__ import annotations

import re
from typing import Final

PREFIXES: Final = {
    "DialBegin": ("", "Dest"),
    "DialState": ("", "Dest"),
    "DialEnd": ("", "Dest"),
    "AgentCalled": ("", "Dest"),
    "AgentConnect": ("", "Dest"),
    "AgentComplete": ("", "Dest"),
    "AgentRingNoAnswer": ("", "Dest"),
    "LocalBridge": ("LocalOne", "LocalTwo"),
    "LocalOptimizationBegin": ("LocalOne", "LocalTwo", "Source"),
    "BlindTransfer": ("Transferer", "Transferee"),
    "AttendedTransfer": ("OrigTransferer", "SecondTransferer", "Transferee", "TransferTarget"),
    "Pickup": ("", "Target"),
    "ParkedCall": ("Parkee", "Parker"),
    "UnParkedCall": ("Parkee", "Parker", "Retriever"),
    "ParkedCallTimeOut": ("Parkee", "Parker"),
    "ParkedCallGiveUp": ("Parkee", "Parker"),
}
# The second spelling of a Uniqueid and of a channel's name, by the prefix of the first.
OLD_UNIQUEID: Final = {
    "": ("UniqueID", "SrcUniqueID", "UniqueId"),
    "Dest": ("DestUniqueID",),
    "LocalOne": ("Uniqueid1",),
    "LocalTwo": ("Uniqueid2",),
    "Target": ("TargetUniqueid", "TargetUniqueID"),
    "Parkee": ("Uniqueid", "UniqueID"),
}
OLD_CHANNEL: Final = {
    "": ("Source",),
    "Dest": ("Destination", "DestinationChannel"),
    "LocalOne": ("Channel1",),
    "LocalTwo": ("Channel2",),
    "Parkee": ("Channel",),
}
SNAPSHOT: Final = {
    prefix: (prefix + "Uniqueid", prefix + "Linkedid", prefix + "Channel", prefix + "ChannelState")
    for prefix in {""}.union(*PREFIXES.values())
}
"""The headers of a channel snapshot that are always read, by its prefix."""


class _Marks(dict[str, str]):
    """How a header begins within a message's text, by its key."""

    def __missing__(self, key: str) -> str:
        mark = f"\r\n{key}: "
        if len(self) < 1000:
            self[key] = mark
        return mark


_MARKS = _Marks()
_SNAPSHOT_MARKS: Final = {
    prefix: (_MARKS[uniqueid], _MARKS[linkedid], _MARKS[state])
    for prefix, (uniqueid, linkedid, _, state) in SNAPSHOT.items()
}


class Lines:
    """The headers of a message found in its text when asked for: most events are asked for three of their thirty."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def get(self, key: str, default: str | None = None) -> str | None:
        """Give one header."""
        text, mark = self.text, _MARKS[key]
        begin = text.find(mark)
        if begin < 0:
            return default
        begin += len(mark)
        end = text.find("\r\n", begin)
        return text[begin:end] if end >= 0 else text[begin:]

    def __contains__(self, key: str) -> bool:
        return _MARKS[key] in self.text

    def snapshot(self, prefix: str) -> tuple[str, str, int | None]:
        """Give Uniqueid, Linkedid and state under a prefix; "" and None where they are missing."""
        text = self.text
        uniqueid_mark, linkedid_mark, state_mark = _SNAPSHOT_MARKS[prefix]
        begin = text.find(uniqueid_mark)
        if begin < 0:
            return "", "", None
        begin += len(uniqueid_mark)
        end = text.find("\r\n", begin)
        uniqueid = text[begin:end] if end >= 0 else text[begin:]
        if end >= 0 and text.startswith(
            linkedid_mark, end
        ):  # it follows at once, where there is one
            begin = end + len(linkedid_mark)
            end = text.find("\r\n", begin)
            linkedid = text[begin:end] if end >= 0 else text[begin:]
        else:
            linkedid = self.get(linkedid_mark[2:-2]) or ""
        begin = text.find(state_mark) + len(state_mark)
        state = _STATES.get(text[begin : begin + 1]) if begin >= len(state_mark) else None
        return uniqueid, linkedid, state


_STATES: Final = {str(state): state for state in range(10)}
_HEADERS = """
    Event Timestamp Privilege ActionID Response Reason Result Status Uptime
    Channel ChannelState ChannelStateDesc CallerIDNum CallerIDName ConnectedLineNum ConnectedLineName Exten Extension Context
    Uniqueid Linkedid Cause Cause-txt Variable Value Newname Clone Original
    DialString DialStatus SubEvent Destination DestinationChannel Peer PeerStatus EndpointName ContactStatus
    BridgeUniqueid BridgeType BridgeTechnology Bridgestate SwapUniqueid Conference
    Channel1 Channel2 Uniqueid1 Uniqueid2
    Queue Position Count Interface Location MemberName StateInterface Paused PausedReason Penalty HoldTime TalkTime RingTime
    TransferMethod TransferType TransferExten TargetChannel TargetUniqueid ParkingSpace
"""
_OF_SNAPSHOT = (
    "Channel ChannelState Uniqueid Linkedid Exten CallerIDNum CallerIDName ConnectedLineNum"
)
CANONICAL: Final = {
    key.lower(): key
    for key in _HEADERS.split() + [p + name for p in SNAPSHOT for name in _OF_SNAPSHOT.split()]
}
"""Asterisk's spelling of each header that we read, by its lower case."""

_STAMPED: Final = re.compile(r"(?:.*-)?([0-9]{9,11})\.[0-9]+")


def born(uniqueid: str) -> float:
    """Give the second in which a channel was made, which its Uniqueid names; 0.0 where it does not."""
    found = _STAMPED.fullmatch(uniqueid)
    return float(found[1]) if found else 0.0
