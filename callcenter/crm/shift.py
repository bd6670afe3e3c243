"""An agent's shift: coming, pausing, going, and the queues they serve meanwhile."""

from __future__ import annotations

import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import agents, center
from callcenter.telephony import control


async def become(of: center.Center, user_id: int, state: agents.State, reason: str = "") -> None:
    """Take what an agent declares; who comes is signed in to their teams' queues, who goes is signed out.

    Raises:
        errors.Invalid: no such reason, or no phone.
        errors.LinkDown: coming and going need the exchange; a pause is kept and told to it later.
    """
    if state is agents.State.PAUSED and reason:
        await of.database.run(_known_reason, reason)
    before = of.agents.get(user_id)
    if state is agents.State.OFFLINE:
        await _leave(of, user_id)
    elif before.declared is agents.State.OFFLINE:
        await _enter(of, user_id)
    if state is not agents.State.PAUSED:
        reason = ""
    if state is agents.State.OFFLINE and before.wrapup is not None:
        of.finish_wrapup(user_id)
    of.agents.declare(user_id, state, reason, time.time())


async def serve(of: center.Center, user_id: int, queue: str, member: bool) -> None:
    """Sign an agent in to one queue, or out of it."""
    seat = of.seats.seat(user_id)
    if seat is None:
        raise errors.Invalid("extension", "no phone is assigned to you")
    mine = {m.queue: m for m in of.queues.of_user(user_id)}
    if queue not in mine and queue not in of.own_queues(user_id):
        raise errors.NotFound("no such queue")
    line = of.board.line(seat.pbx)
    if member and queue not in mine:
        paused, reason = of.agents.get(user_id).wanted
        await control.add_member(
            line.link, queue, seat.interface, name=seat.extension, paused=paused, reason=reason
        )
    elif not member and queue in mine:
        left = await control.remove_member(line.link, queue, mine[queue].interface)
        if not left:
            raise errors.Conflict("the exchange's own configuration keeps this phone in the queue")


async def _enter(of: center.Center, user_id: int) -> None:
    seat = of.seats.seat(user_id)
    if seat is None:
        raise errors.Invalid("extension", "no phone is assigned to you")
    line = of.board.line(seat.pbx)
    served = {m.queue for m in of.queues.of_user(user_id)}
    known = set(line.board.queues())
    for queue in sorted((of.own_queues(user_id) - served) & known):
        # Paused until the state is declared: no call comes between the two.
        await control.add_member(
            line.link, queue, seat.interface, name=seat.extension, paused=True, reason="signing in"
        )
    of.agents.get(user_id).told = None


async def _leave(of: center.Center, user_id: int) -> None:
    seat = of.seats.seat(user_id)
    if seat is None:
        return
    line = of.board.line(seat.pbx)
    for member in of.queues.of_user(user_id):
        await control.remove_member(line.link, member.queue, member.interface)


def _known_reason(session: Session, code: str) -> None:
    reason = models.PauseReason
    if session.scalar(select(reason.id).where(reason.code == code, reason.active)) is None:
        raise errors.Invalid("reason", "is not one of the pause reasons")
