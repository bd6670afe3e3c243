"""The present, queue by queue: who serves, who waits, which phones can be reached; pure.

A member's state is a table over two things Asterisk tells, its device's state and its pause:

    device state        not paused     paused
    unknown, not in use available      paused       (a member without a known state is rung, so it is available)
    ringing             ringing        ringing
    in use, busy, hold  busy           busy         (on the phone, whatever else)
    invalid, gone       unavailable    unavailable

Leaving a queue is a last state, `gone`. `QueueBoard.feed` tells changes only; `seed` takes QueueStatus's answer for the
present and tells what differs, so a reconnect says nothing where nothing happened.

Speed: a busy exchange tells of its members more often than of anything else, once for each queue that they serve. What such
an event says is cut out by one expression (`_MODERN`; older spellings are looked up header by header), and compared as it
stands with what the member said last; only what differs is understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from callcenter.telephony import events, facts, roles

_FREE, _RINGING, _BUSY, _AWAY = "available", "ringing", "busy", "unavailable"
_DEVICE: Final = {
    0: _FREE, 1: _FREE, 2: _BUSY, 3: _BUSY, 4: _AWAY, 5: _AWAY, 6: _RINGING, 7: _RINGING, 8: _BUSY,
}  # fmt: skip
_REACHABLE: Final = {
    "Registered": True, "Reachable": True, "Lagged": True, "Created": True, "Updated": True,
    "Unregistered": False, "Unreachable": False, "Rejected": False, "Removed": False,
}  # fmt: skip
_MODERN: Final = re.compile(
    r"\r\nQueue: ([^\r]*)\r\nMemberName: [^\r]*\r\nInterface: ([^\r]+)\r\nStateInterface: ([^\r]*)\r\n"
    r"Membership: [^\r]*\r\nPenalty: ([^\r]*)\r\n(?:[CLI]\w+: [^\r]*\r\n)*"
    r"Status: ([^\r]*)\r\nPaused: ([^\r]*)\r\nPausedReason: ([^\r]*)"
)
_NOTHING: list[facts.QueueFact] = []


class Member(NamedTuple):
    """An Interface that serves a queue."""

    queue: str
    interface: str  # as the queue names it: what QueueAdd and QueuePause take
    phone: str  # the Interface of the phone behind it; differs from `interface` for Local members
    extension: str
    device: int = 0
    paused: bool = False
    pause_reason: str = ""
    penalty: int = 0
    said: tuple[str, ...] = ()  # interface, the phone's, penalty, status, paused, why: as told

    @property
    def state(self) -> str:
        """Look the state up in the table above."""
        state = _DEVICE.get(self.device, _FREE)
        return "paused" if self.paused and state == _FREE else state


class QueueBoard:
    """Follow members, waiting callers and phones of one exchange; feed it events in order."""

    def __init__(self, known: roles.Roles | None = None) -> None:
        self.roles = known or roles.Roles()
        self._members: dict[tuple[str, str], Member] = {}
        self._waiting: dict[str, dict[str, float]] = {}
        self._reachable: dict[str, bool] = {}

    def feed(self, event: events.Event) -> list[facts.QueueFact]:
        """Take the next event and return what became true with it."""
        handler = _HANDLERS.get(event.kind)
        return handler(self, event) if handler is not None else _NOTHING

    def members(self, queue: str | None = None) -> list[Member]:
        """List the members of a queue, or of all."""
        return [m for m in self._members.values() if queue is None or m.queue == queue]

    def queues(self) -> list[str]:
        """Name every queue that is known."""
        return sorted({m.queue for m in self._members.values()} | set(self._waiting))

    def waiting(self, queue: str) -> facts.QueueChanged:
        """Tell how many wait in a queue; `at` is when the last of them joined."""
        joined = self._waiting.get(queue, {})
        latest = max(joined.values(), default=0.0)
        return facts.QueueChanged(latest, queue, len(joined), min(joined.values(), default=None))

    def reachable(self, interface: str) -> bool | None:
        """Say whether a phone can be reached; None where the exchange has not said."""
        return self._reachable.get(interface)

    def seed(self, status: Iterable[events.Event], at: float) -> list[facts.QueueFact]:
        """Take a QueueStatus answer (QueueParams, QueueMember, QueueEntry) for the present; tell what differs."""
        told: list[facts.QueueFact] = []
        members: set[tuple[str, str]] = set()
        waiting: dict[str, dict[str, float]] = {}
        for event in status:
            if event.kind == "QueueParams":
                waiting.setdefault(event.queue, {})
            elif event.kind == "QueueMember":
                members.add((event.queue, event.interface))
                told += self._member(events.Event("QueueMemberStatus", at, event.lines))
            elif event.kind == "QueueEntry":
                uniqueid = event.text("Uniqueid", "Channel")
                waiting.setdefault(event.queue, {})[uniqueid] = at - (event.number("Wait") or 0)
        for queue, interface in [k for k in self._members if k not in members]:
            told += self._gone(queue, interface, at)
        before, self._waiting = self._waiting, waiting
        for queue in sorted(before.keys() | waiting.keys()):
            if before.get(queue, {}).keys() != waiting.get(queue, {}).keys():
                told.append(self._changed(queue, at))
        return told

    def _changed(self, queue: str, at: float) -> facts.QueueChanged:
        joined = self._waiting.get(queue)
        if not joined:
            return facts.QueueChanged(at, queue, 0, None)
        return facts.QueueChanged(at, queue, len(joined), min(joined.values()))

    def _joins(self, event: events.Event) -> list[facts.QueueFact]:
        queue = event.queue
        uniqueid = event.text("Uniqueid", "UniqueID", "Channel")
        self._waiting.setdefault(queue, {})[uniqueid] = event.at
        return [self._changed(queue, event.at)]

    def _leaves(self, event: events.Event) -> list[facts.QueueFact]:
        queue = event.queue
        uniqueid = event.text("Uniqueid", "UniqueID", "Channel")
        joined = self._waiting.get(queue)
        if joined is None or joined.pop(uniqueid, None) is None:
            return _NOTHING
        told = self._changed(queue, event.at)
        if not joined:
            del self._waiting[queue]
        return [told]

    def _member(self, event: events.Event) -> list[facts.QueueFact]:
        found = _MODERN.search(event.lines)
        if found is not None:
            queue, *told = found.groups()
        else:
            queue = event.queue
            said_why = event.get("PausedReason") or event.get("Reason")
            says = (event.get(key) for key in ("StateInterface", "Penalty", "Status", "Paused"))
            told = [event.interface, *says, said_why]
        interface, said = told[0], tuple(told)
        old = self._members.get((queue, interface))
        if not interface or (old is not None and old.said == said):
            return _NOTHING  # most of what a queue says of its members is old
        phone = event.state_interface
        self.roles.learn_member(phone)
        if old is None:
            old = Member(queue, interface, phone, self.roles.extension(phone))
            before = ""
        else:
            before = old.state + old.pause_reason
        member = _heard(old, said)
        self._members[queue, interface] = member
        if member.state + member.pause_reason == before:
            return _NOTHING
        return [self._told(member, event.at)]

    def _removed(self, event: events.Event) -> list[facts.QueueFact]:
        return self._gone(event.queue, event.interface, event.at)

    def _shut_down(self, event: events.Event) -> list[facts.QueueFact]:
        return self.seed((), event.at)

    def _gone(self, queue: str, interface: str, at: float) -> list[facts.QueueFact]:
        member = self._members.pop((queue, interface), None)
        if member is None:
            return _NOTHING
        return [facts.MemberChanged(at, queue, member.phone, member.extension, "gone")]

    def _told(self, member: Member, at: float) -> facts.QueueFact:
        return facts.MemberChanged(
            at, member.queue, member.phone, member.extension, member.state, member.pause_reason
        )

    def _phone(self, event: events.Event) -> list[facts.QueueFact]:
        endpoint = event.text("EndpointName")
        interface = event.text("Peer") or (f"PJSIP/{endpoint}" if endpoint else "")
        reachable = _REACHABLE.get(event.text("PeerStatus", "ContactStatus"))
        if reachable is None or not interface or self._reachable.get(interface) == reachable:
            return _NOTHING
        if self.roles.role(interface) != roles.PHONE or len(self._reachable) > 10_000:
            return _NOTHING
        self._reachable[interface] = reachable
        extension = self.roles.extension(interface)
        return [facts.PhoneChanged(event.at, interface, extension, reachable)]


def _heard(old: Member, said: tuple[str, ...]) -> Member:
    """Understand what is said of a member; what is left out stays as it was."""
    _, _, penalty, status, paused, why = said
    is_paused = old.paused if not paused else paused not in ("0", "no", "false")
    return Member(
        *old[:4],
        _whole(status, old.device),
        is_paused,
        why if is_paused else "",
        _whole(penalty, old.penalty),
        said,
    )


def _whole(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else otherwise


_HANDLERS: Final[dict[str, Callable[[QueueBoard, events.Event], list[facts.QueueFact]]]] = {
    "QueueCallerJoin": QueueBoard._joins,
    "QueueCallerLeave": QueueBoard._leaves,
    "QueueCallerAbandon": QueueBoard._leaves,
    "QueueMember": QueueBoard._member,
    "QueueMemberAdded": QueueBoard._member,
    "QueueMemberStatus": QueueBoard._member,
    "QueueMemberPause": QueueBoard._member,
    "QueueMemberRemoved": QueueBoard._removed,
    "PeerStatus": QueueBoard._phone,
    "ContactStatus": QueueBoard._phone,
    "Shutdown": QueueBoard._shut_down,
}
