"""What an exchange has, asked over the living link: its endpoints, its queues, and which of them the settings know.

An endpoint is a phone, a trunk or neither, by the same rule that the trackers judge channels with (roles.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from callcenter import errors
from callcenter.telephony import roles, switchboard, wire

ANSWER_SECONDS = 5.0
MOST = 2000
_IGNORED_QUEUES = frozenset({"default"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One phone or trunk as the exchange names it; `online` is None where it does not say."""

    technology: str
    name: str
    role: str  # roles.PHONE, roles.TRUNK or roles.NOBODY
    online: bool | None

    @property
    def interface(self) -> str:
        """Name it as queues do."""
        return f"{self.technology}/{self.name}"


@dataclass(frozen=True, slots=True)
class Found:
    """What one exchange has; `problem` says in its words why something is missing."""

    pbx: str
    endpoints: tuple[Endpoint, ...] = ()
    queues: tuple[str, ...] = ()
    problem: str = ""

    def of_role(self, role: str) -> tuple[Endpoint, ...]:
        """Give the endpoints of one role."""
        return tuple(e for e in self.endpoints if e.role == role)


async def look(board: switchboard.Switchboard) -> tuple[Found, ...]:
    """Ask every exchange; one that cannot be asked is told with its problem."""
    return tuple(await asyncio.gather(*(_look(line) for line in board.lines.values())))


async def _look(line: switchboard.Line) -> Found:
    problem = ""
    endpoints: list[Endpoint] = []
    try:
        endpoints = await _pjsip(line)
    except errors.ActionRefused:
        pass  # an exchange without PJSIP
    except errors.TelephonyError as error:
        problem = str(error)
    if not endpoints and not problem:
        try:
            endpoints = await _sip(line)
        except errors.TelephonyError as error:
            problem = str(error)
    queues = [q for q in line.board.queues() if q not in _IGNORED_QUEUES]
    if not problem or queues:
        try:
            queues = sorted({*queues, *await _queues(line)})
        except errors.TelephonyError as error:
            problem = problem or str(error)
    found = sorted(endpoints, key=lambda e: (len(e.name), e.name))[:MOST]
    return Found(line.name, tuple(found), tuple(queues), problem)


async def _ask(line: switchboard.Line, action: str, until: str) -> Sequence[wire.Message]:
    reply = await line.link.send({"Action": action}, until=until, timeout_seconds=ANSWER_SECONDS)
    return reply.events


async def _pjsip(line: switchboard.Line) -> list[Endpoint]:
    """Ask PJSIP. `DeviceState` is "Unavailable" for an endpoint without a contact, "Invalid" for one that is none."""
    listed = await _ask(line, "PJSIPShowEndpoints", "EndpointListComplete")
    return [
        _endpoint(line, "PJSIP", m.get("ObjectName"), m.get("DeviceState") not in ("Unavailable", "Invalid"))
        for m in listed
        if m.name == "EndpointList"
    ]  # fmt: skip


async def _sip(line: switchboard.Line) -> list[Endpoint]:
    """Ask chan_sip, which Asterisk had until 20."""
    listed = await _ask(line, "SIPpeers", "PeerlistComplete")
    return [
        _endpoint(line, "SIP", m.get("ObjectName"), m.get("Status").startswith("OK") or None)
        for m in listed
        if m.name == "PeerEntry"
    ]


async def _queues(line: switchboard.Line) -> list[str]:
    listed = await _ask(line, "QueueStatus", "QueueStatusComplete")
    names = {m.get("Queue") for m in listed if m.name == "QueueParams"}
    return sorted(names - _IGNORED_QUEUES - {""})


def _endpoint(line: switchboard.Line, technology: str, name: str, online: bool | None) -> Endpoint:
    known: roles.Roles = line.board.roles
    return Endpoint(technology, name, known.role(f"{technology}/{name}-00000000"), online)
