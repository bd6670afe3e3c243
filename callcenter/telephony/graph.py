"""Channels, and who hears whom: a walk over bridges, links and Local pairs; pure.

A **channel** is a place in the graph, known by its Uniqueid. A **device** is the phone or the line that sits there. They
are apart because a masquerade (Asterisk 11's transfers; pickup and parking to this day) moves the device of one channel to
another: Asterisk tells it as three Renames, `A -> A<MASQ>`, `B -> A`, `A<MASQ> -> B<ZOMBIE>`, after which B's Uniqueid
speaks with A's phone and A's Uniqueid is a corpse that hangs up at once.

Nobody's role is guessed from who came first: two people talk when the walk from one reaches the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from callcenter.telephony import roles

if TYPE_CHECKING:
    from callcenter.telephony import records

DOWN, RING, RINGING, UP = 0, 4, 5, 6  # Asterisk's channel states: 4 calls us, 5 is called by us
_MASQUERADED = "<MASQ>"
_ZOMBIE = "<ZOMBIE>"
_KEPT = ("state", "incoming", "dialled", "dialled_at", "number", "caller_name", "exten", "rang", "up")  # fmt: skip


class Device:
    """What sits on a channel: a person's phone, a trunk's line, or a helper of Asterisk's own."""

    __slots__ = (
        "asked_to_hang_up", "caller_name", "dialled", "dialled_at", "exten", "extension", "holding", "incoming", "interface", "is_local",
        "music", "name", "number", "parked", "parked_by", "passed_on", "rang", "ringing_told", "role", "state", "status", "up",
    )  # fmt: skip

    def __init__(self, name: str, known: roles.Roles) -> None:
        self.name = name
        self.interface = roles.interface(name)
        self.role = known.role_of(self.interface, name)
        self.extension = known.extension(self.interface) if self.role == roles.PHONE else ""
        self.is_local = roles.is_local(name)
        self.state = DOWN
        self.incoming = False  # it called us
        self.dialled = False  # we called it
        self.dialled_at: float | None = None
        self.number = ""
        self.caller_name = ""
        self.exten = ""
        self.rang: float | None = None
        self.ringing_told = False
        self.up: float | None = None
        self.holding = False  # it put the others on hold
        self.music = False  # it hears music on hold
        self.parked = False
        self.parked_by = ""  # the Interface that parked it
        self.passed_on = False  # it gave the call to somebody else
        self.asked_to_hang_up = False
        self.status = ""  # how dialling it ended, in Dial's words

    @property
    def is_phone(self) -> bool:
        """Say whether this is a phone of one of our people."""
        return self.role == roles.PHONE

    @property
    def is_trunk(self) -> bool:
        """Say whether this is a line to the outside."""
        return self.role == roles.TRUNK


class Channel:
    """One place in the graph, with the device on it and the call that it belongs to."""

    __slots__ = ("bridge", "call", "device", "linkedid", "links", "pair", "uniqueid")

    def __init__(self, uniqueid: str, linkedid: str, device: Device) -> None:
        self.uniqueid = uniqueid
        self.linkedid = linkedid
        self.device = device
        self.call: records.Call = None  # type: ignore[assignment]  # set before anybody sees the channel
        self.bridge = ""
        self.links: Channels = {}
        self.pair: Channel | None = None


Channels = dict[
    Channel, None
]  # a set that keeps its order, so that a log always gives the same facts


class Graph:
    """All living channels, and what joins them."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self._bridges: dict[str, Channels] = {}
        self._holding: set[str] = set()
        self._masqueraded: dict[str, Channel] = {}

    def enter(self, channel: Channel, bridge: str, holding: bool = False) -> None:
        """Put a channel into a bridge; in a holding one its members do not hear each other."""
        if channel.bridge != bridge:
            self.leave(channel)
            channel.bridge = bridge
            self._bridges.setdefault(bridge, {})[channel] = None
        if holding:
            self._holding.add(bridge)
        else:
            self._holding.discard(bridge)

    def leave(self, channel: Channel, bridge: str = "") -> Channels:
        """Take a channel out of its bridge and return who stays; the name guards against leaving a newer bridge."""
        current = channel.bridge
        if not current or (bridge and bridge != current):
            return {}
        channel.bridge = ""
        members = self._bridges.get(current)
        if members is None:
            return {}
        members.pop(channel, None)
        if not members:
            del self._bridges[current]
            self._holding.discard(current)
        return members

    def dissolve(self, bridge: str) -> Channels:
        """Empty a bridge and return who was in it."""
        members = self._bridges.pop(bridge, {})
        self._holding.discard(bridge)
        for member in members:
            member.bridge = ""
        return members

    def is_holding(self, channel: Channel) -> bool:
        """Say whether a channel waits in a holding bridge."""
        return channel.bridge in self._holding

    def remove(self, channel: Channel) -> Channels:
        """Take a channel out of the graph and return those who may have lost somebody."""
        self.channels.pop(channel.uniqueid, None)
        near = self.leave(channel) | channel.links
        for other in channel.links:
            other.links.pop(channel, None)
        channel.links.clear()
        if channel.pair is not None:
            near[channel.pair] = None
            channel.pair.pair = None
            channel.pair = None
        near.pop(channel, None)
        return near

    def clear(self) -> None:
        """Forget everything."""
        self.channels.clear()
        self._bridges.clear()
        self._holding.clear()
        self._masqueraded.clear()

    def is_empty(self) -> bool:
        """Say whether nothing is held in memory."""
        return not (self.channels or self._bridges or self._holding or self._masqueraded)

    def hearing(self, start: Channel) -> list[Channel]:
        """List the people's channels whom this one hears, itself included if it is a person's."""
        bridge = start.bridge
        members = self._bridges.get(bridge, {}) if bridge and bridge not in self._holding else {}
        for channel in members or (start,):
            if channel.links or channel.pair is not None:
                return self._walk(start)
        # By far the most: people in one bridge, and no way out of it. They come in the order of the walk.
        near = [c for c in reversed(members) if c is not start and c.device.role]
        return [start, *near] if start.device.role else near

    def _walk(self, start: Channel) -> list[Channel]:
        seen = {start}
        stack = [start]
        people = []
        while stack:
            channel = stack.pop()
            if channel.device.role:
                people.append(channel)
            for near in self._near(channel):
                if near not in seen:
                    seen.add(near)
                    stack.append(near)
        return people

    def _near(self, channel: Channel) -> list[Channel]:
        near = list(channel.links)
        if channel.bridge and channel.bridge not in self._holding:
            near += self._bridges.get(channel.bridge, ())
        if channel.pair is not None:
            near.append(channel.pair)
        return near

    def named(self, name: str) -> Channel | None:
        """Find a channel by its name: Asterisk 11 tells a Masquerade by names alone."""
        for channel in self.channels.values():
            if channel.device.name == name:
                return channel
        return None

    def rename(self, channel: Channel, name: str, known: roles.Roles) -> Channel | None:
        """Give a channel a new name; return the other channel if the device on it changed with it."""
        old = channel.device.name
        if name.endswith(_MASQUERADED):
            self._masqueraded[roles.bare(name)] = channel
            return None
        if name.endswith(_ZOMBIE):
            self._masqueraded.pop(roles.bare(old), None)
            return None
        clone = self._masqueraded.pop(name, None)
        if clone is not None and clone is not channel and clone.uniqueid in self.channels:
            channel.device, clone.device = clone.device, channel.device
            return clone
        device = Device(name, known)
        if device.interface == channel.device.interface:
            channel.device.name = name
            return None
        for kept in _KEPT:
            setattr(device, kept, getattr(channel.device, kept))
        channel.device = device
        return None

    def pair_locals(self) -> None:
        """Pair the halves of Local channels by their names, for want of a LocalBridge event in a snapshot."""
        halves = {c.device.name: c for c in self.channels.values() if c.device.is_local}
        for name, channel in halves.items():
            other = halves.get(name[:-1] + "2") if name.endswith(";1") else None
            if other is not None and channel.pair is None:
                channel.pair, other.pair = other, channel
