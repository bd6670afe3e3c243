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


MARKS: Final = _Marks()
"""How a header begins within a message's text, by its key."""
SNAPSHOT_MARKS: Final = {
    prefix: (MARKS[uniqueid], MARKS[linkedid], MARKS[state])
    for prefix, (uniqueid, linkedid, _, state) in SNAPSHOT.items()
}
STATES: Final = {str(state): state for state in range(10)}
"""The states of a channel, by how a text says them."""

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
