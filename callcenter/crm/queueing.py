"""Queues as the desk needs them: their profiles, who is a member, who waits; and what the exchange is to believe of members.

A member is known by the Interface that the queue has (for FreePBX a Local channel), and is a user's when the phone behind it
is. `Keeper` is level-triggered: it compares what each agent should be (`Agent.wanted`) with what the exchange was told, and
tells it until they agree; a broken link only delays that.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import agents, seats
from callcenter.telephony import control, facts, switchboard

log = structlog.get_logger(__name__)

GONE = "gone"


@dataclass(frozen=True, slots=True)
class Profile:
    """How a queue is called, greeted and followed by wrap-up."""

    pbx: str
    queue: str
    labels: dict[str, str]
    greetings: dict[str, str]
    language: str
    team_id: int | None
    wrapup_seconds: int

    def label(self, language: str) -> str:
        """Give the queue's name in a language."""
        return self.labels.get(language) or self.labels.get("en") or self.queue

    def greeting(self, language: str) -> str:
        """Give the line to say: in the caller's language, else the queue's."""
        return self.greetings.get(language) or self.greetings.get(self.language) or ""


@dataclass(slots=True)
class Waiting:
    """Who waits in a queue now."""

    waiting: int = 0
    oldest: float | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One membership of a user, as the exchange has it."""

    queue: str
    interface: str
    paused: bool


class Queues:
    """Profiles from the database; members and callers from the exchanges, by user."""

    def __init__(self, board: switchboard.Switchboard, seating: seats.Seats) -> None:
        self.profiles: dict[tuple[str, str], Profile] = {}
        self.waiting: dict[tuple[str, str], Waiting] = {}
        self._board = board
        self._seats = seating
        self._known: dict[tuple[str, str, str], bool] = {}  # (pbx, queue, phone) -> paused
        self._by_user: dict[int, list[tuple[str, str, str, str]]] | None = None
        seating.changed.append(self._reseated)

    def on_fact(self, pbx: str, fact: facts.Fact) -> None:
        """Follow members and callers; a subscriber."""
        match fact:
            case facts.MemberChanged():
                key = pbx, fact.queue, fact.interface
                if fact.state == GONE:
                    self._known.pop(key, None)
                    self._by_user = None
                else:
                    if key not in self._known:
                        self._by_user = None
                    self._known[key] = fact.state == "paused"
            case facts.QueueChanged():
                self.waiting[pbx, fact.queue] = Waiting(fact.waiting, fact.oldest)

    def of_user(self, user_id: int) -> list[Member]:
        """Give the user's memberships."""
        if self._by_user is None:
            self._by_user = self._indexed()
        return [
            Member(queue, interface, self._known.get((pbx, queue, phone), False))
            for pbx, queue, interface, phone in self._by_user.get(user_id, ())
        ]

    def names(self, pbx: str) -> set[str]:
        """Give every queue of an exchange that is known by profile, member or caller."""
        keys = (*self.profiles, *self.waiting, *(key[:2] for key in self._known))
        return {queue for of, queue in keys if of in (pbx, "") or not pbx}

    def profile(self, pbx: str, queue: str | None) -> Profile | None:
        """Give a queue's profile."""
        return self.profiles.get((pbx, queue)) if queue else None

    def _reseated(self, _users: set[int]) -> None:
        self._by_user = None

    def _indexed(self) -> dict[int, list[tuple[str, str, str, str]]]:
        found: dict[int, list[tuple[str, str, str, str]]] = {}
        for pbx, line in self._board.lines.items():
            for member in line.board.members():
                user = self._seats.user_of(pbx, member.phone, member.extension)
                if user is not None:
                    entry = pbx, member.queue, member.interface, member.phone
                    found.setdefault(user, []).append(entry)
        return found


def read_profiles(session: Session) -> dict[tuple[str, str], Profile]:
    """Read every queue's profile."""
    rows = session.scalars(select(models.QueueProfile))
    return {
        (r.pbx, r.queue): Profile(
            r.pbx, r.queue, r.labels, r.greetings, r.language, r.team_id, r.wrapup_seconds
        )
        for r in rows
    }


class Keeper:
    """Tell the exchange who is paused, until it knows."""

    def __init__(
        self, board: switchboard.Switchboard, seating: seats.Seats, queues: Queues
    ) -> None:
        self._board = board
        self._seats = seating
        self._queues = queues
        self._busy: dict[int, asyncio.Task[None]] = {}

    def look(self, agent: agents.Agent) -> None:
        """Compare, and begin to tell where it differs."""
        if agent.wanted != agent.told and agent.user_id not in self._busy:
            if not self._queues.of_user(agent.user_id):
                return
            self._busy[agent.user_id] = asyncio.create_task(
                self._until_told(agent), name=f"pause {agent.user_id}"
            )

    def forget(self, everybody: list[agents.Agent]) -> None:
        """Take it that the exchange knows nothing any more: it was restarted, or we were away."""
        for agent in everybody:
            agent.told = None
            self.look(agent)

    async def stop(self) -> None:
        """Leave off."""
        tasks = list(self._busy.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _until_told(self, agent: agents.Agent) -> None:
        try:
            await self._tell(agent)
        finally:
            # At once, not by a callback a turn later: a wish that came in between would be nobody's.
            self._busy.pop(agent.user_id, None)

    async def _tell(self, agent: agents.Agent) -> None:
        seat = self._seats.seat(agent.user_id)
        if seat is None:
            return
        while agent.wanted != agent.told:
            paused, reason = wanted = agent.wanted
            interfaces = {m.interface for m in self._queues.of_user(agent.user_id)}
            try:
                line = self._board.line(seat.pbx)
                for interface in sorted(interfaces):
                    await control.pause(line.link, interface, paused, reason)
            except errors.LinkDown:
                return  # looked at again when the link is up
            except errors.TelephonyError as error:
                log.warning("member not paused", user=agent.user_id, problem=str(error))
                agent.told = wanted
                return
            agent.told = wanted
