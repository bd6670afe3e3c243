"""Supervisors who listen to a running call: from their own phone, only to people of their teams, each time with an audit row.

    listen    hears the agent and the customer, and is heard by nobody
    whisper   is heard by the agent alone
    barge     is heard by both

The supervisor's phone rings and is joined by ChanSpy to the agent's channel; it ends with that channel. Another mode is
another call to the phone: what the exchange was told is then never in doubt. The audit row is written before anything is
sent, and says afterwards from when to when the phone heard.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callcenter import db, errors, models
from callcenter.crm import audit, center, live, steering, visibility
from callcenter.telephony import control, facts, listeners, switchboard

log = structlog.get_logger(__name__)

OPTIONS = {"listen": "", "whisper": "w", "barge": "B"}
LEAVING_SECONDS = 10.0
_BUSY = frozenset({17, 21})  # Q.850: busy, rejected
_HEARD = (live.TALKING, live.HELD, live.CONSULTING)


class Refused(errors.Conflict):
    """Say why nobody can listen now, by a code: no_phone, own_phone_busy, phone_unreachable, nobody_talks, other_exchange."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Ear:
    """One supervisor at one call; times are epoch seconds."""

    id: str
    user_id: int
    agent_id: int
    call: live.Key
    mode: str
    noted: bool = False  # in the audit, so its end will be too
    channel: str = ""
    since: float | None = None  # the phone was picked up
    ending: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class Listening:
    """Hold who listens to whom, and end it with the call."""

    def __init__(self, of: center.Center) -> None:
        self.changed: list[Callable[[], None]] = []
        self._of = of
        self._ears: dict[str, Ear] = {}
        of.board.subscribers.append(self._on_fact)
        of.desk.changed.append(self._on_change)

    def at(self, agent_id: int) -> list[Ear]:
        """Give who listens to an agent."""
        return [ear for ear in self._ears.values() if ear.agent_id == agent_id]

    async def begin(self, user_id: int, agent_id: int, mode: str) -> str:
        """Ring a supervisor's phone and let it hear an agent's call; return the listener's id.

        Raises:
            errors.NotFound: no such agent for this user.
            Refused: with the reason's code.
            errors.TelephonyError: the exchange did not take it.
        """
        of = self._of
        person, other = of.seats.person(user_id), of.seats.person(agent_id)
        if (
            person is None
            or other is None
            or not visibility.may_listen(person.viewer, other.viewer)
        ):
            raise errors.NotFound("no such agent")
        for ear in [ear for ear in self._ears.values() if ear.user_id == user_id]:
            await self._leave(ear)
        call = self._call_of(agent_id)
        line, interface, extension = self._phone(user_id, call)
        held = steering.grip(of, agent_id, call.id)
        ear = Ear(f"{listeners.PREFIX}{uuid.uuid4().hex}", user_id, agent_id, call.key, mode)
        self._ears[ear.id] = ear
        try:
            await of.written()
            await of.database.run(_record, ear, "call_listen", {})
            ear.noted = True
            seat = of.seats.seat(agent_id)
            await control.listen(
                line.link, ear.id, interface, held.own, options=OPTIONS[mode],
                caller=f"<{seat.extension if seat else extension}>",
                seconds=line.settings.dial_timeout_seconds,
            )  # fmt: skip
        except BaseException as error:
            self._forget(ear, f"not begun: {getattr(error, 'code', 'error')}")
            raise
        self._tell()
        return ear.id

    async def end(self, user_id: int) -> None:
        """Let a supervisor's phone go; without one that listens it does nothing."""
        for ear in [ear for ear in self._ears.values() if ear.user_id == user_id]:
            await self._leave(ear)

    def _call_of(self, agent_id: int) -> live.LiveCall:
        for call in self._of.desk.of_user(agent_id):
            if call.ended is None and call.legs[agent_id].state in _HEARD:
                return call
        raise Refused("nobody_talks")

    def _phone(self, user_id: int, call: live.LiveCall) -> tuple[switchboard.Line, str, str]:
        of = self._of
        seat, line = of.seats.seat(user_id), of.board.line(call.pbx)
        if seat is None:
            raise Refused("no_phone")
        if seat.pbx not in ("", call.pbx):
            raise Refused("other_exchange")
        if any(c.legs[user_id].state != live.WRAPUP for c in of.desk.of_user(user_id)):
            raise Refused("own_phone_busy")
        if line.board.reachable(seat.interface) is False:
            raise Refused("phone_unreachable")
        return line, seat.interface, seat.extension

    async def _leave(self, ear: Ear) -> None:
        """Hang a listener up, and wait until it is gone."""
        ear.ending = True
        if ear.channel:
            with contextlib.suppress(errors.ActionRefused):  # it went by itself meanwhile
                await control.hang_up(self._of.board.line(ear.call[0]).link, ear.channel)
        try:
            async with asyncio.timeout(LEAVING_SECONDS):
                await ear.gone.wait()
        except TimeoutError as late:
            raise errors.ActionTimeout("the listening phone did not hang up") from late

    def _on_fact(self, pbx: str, fact: facts.Fact) -> None:
        match fact:
            case facts.ListenerChanged():
                self._moved(pbx, fact)
            case facts.OriginateFailed() if fact.linkedid in self._ears:
                ear = self._ears[fact.linkedid]
                if not ear.channel:  # else its end tells more
                    self._failed(ear, "phone_unreachable")

    def _moved(self, pbx: str, fact: facts.ListenerChanged) -> None:
        ear = self._ears.get(fact.linkedid)
        if ear is None:
            if (
                fact.state != listeners.GONE
            ):  # from before a restart: nobody would see that it listens
                self._of.follow(self._hang_up(pbx, fact.channel))
            return
        ear.channel = fact.channel
        if fact.state == listeners.GONE:
            if ear.since is None and not ear.ending:
                self._failed(ear, "own_phone_busy" if fact.cause in _BUSY else "agent_no_answer")
            else:
                self._forget(ear, "ended")
            return
        if ear.ending:
            self._of.follow(self._hang_up(pbx, fact.channel))
        if fact.state == listeners.LISTENING and ear.since is None:
            ear.since = fact.at
        self._tell()

    def _on_change(self, change: live.Change) -> None:
        """End with the agent's part in the call, also while the phone still rings."""
        if not isinstance(change, live.Closed):
            return
        for ear in self.at(change.leg.user_id):
            if ear.call == change.call.key and not ear.ending:
                ear.ending = True
                if ear.channel:
                    self._of.follow(self._hang_up(ear.call[0], ear.channel))

    async def _hang_up(self, pbx: str, channel: str) -> None:
        try:
            await control.hang_up(self._of.board.line(pbx).link, channel)
        except errors.TelephonyError as error:
            log.info("listener not hung up", channel=channel, problem=str(error)[:200])

    def _failed(self, ear: Ear, code: str) -> None:
        self._of.desk.notice(ear.user_id, "warn", code)
        self._forget(ear, code)

    def _forget(self, ear: Ear, how: str) -> None:
        self._ears.pop(ear.id, None)
        ear.gone.set()
        if ear.noted:
            self._of.follow(self._write(ear, how))
        self._tell()

    async def _write(self, ear: Ear, how: str) -> None:
        began = None if ear.since is None else datetime.fromtimestamp(ear.since, UTC).isoformat()
        said = {"from": began, "to": db.utcnow().isoformat(), "end": how}
        try:
            await self._of.database.run(_record, ear, "call_listen_end", said)
        except SQLAlchemyError as error:
            log.error("audit of listening not completed", problem=str(error)[:200])

    def _tell(self) -> None:
        for tell in self.changed:
            tell()


def _record(session: Session, ear: Ear, action: str, said: dict[str, Any]) -> None:
    """Write who begins to listen to whom and to what call, or from when to when they did."""
    pbx, linkedid = ear.call
    call = models.Call
    call_id = session.scalar(select(call.id).where(call.pbx == pbx, call.linkedid == linkedid))
    detail = {"agent_id": ear.agent_id, "mode": ear.mode, "pbx": pbx, "linkedid": linkedid, **said}
    audit.note(session, audit.By(ear.user_id), action, ("call", call_id or linkedid), detail)
