"""Wrap-ups that a restart interrupted: read back with their call and the time that is left, so that the outcome can still be said.

The open interval of `agent_state` says that an agent was in wrap-up and since when; the call is the one that their phone left
last. What ran out meanwhile is over at its own end, not at ours. The length is the queue's; time that the agent had added is
not kept, for it is in no row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import agents, calllog, desk, live, lookup
from callcenter.telephony import facts

log = structlog.get_logger(__name__)

WrapupSeconds = Callable[[str, str | None], float]
NEAR = timedelta(
    seconds=5
)  # between the phone's leaving the call and the interval that tells of it


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A wrap-up that was open: whose, of which call, since when (epoch seconds)."""

    user_id: int
    call: models.Call
    part: models.CallParticipant
    since: float


def unfinished(session: Session) -> list[Unfinished]:
    """Read the wrap-ups that nobody ended, each with its call."""
    state = models.AgentState
    open_ = select(state.user_id, state.since).where(
        state.state == agents.State.WRAPUP, state.until.is_(None)
    )
    found = []
    for user_id, since in session.execute(open_).all():
        part, call = models.CallParticipant, models.Call
        ended = func.coalesce(part.left, call.ended)
        row = session.execute(
            select(call, part)
            .join(part, part.call_id == call.id)
            .where(
                part.user_id == user_id,
                part.answered.is_not(None),
                call.merged_into.is_(None),
                ended.between(since - NEAR, since + NEAR),
            )
            .order_by(call.id.desc())
        ).first()
        if row is None:
            log.warning("wrap-up without a call", user=user_id)
            continue
        found.append(Unfinished(user_id, row[0], row[1], since.timestamp()))
    return found


def resume(
    some: list[Unfinished], *, at: float, to: desk.Desk, doing: agents.Agents,
    log_: calllog.CallLog, matcher: lookup.Lookup, seconds_of: WrapupSeconds,
) -> None:  # fmt: skip
    """Give each agent the wrap-up back, or end it where its time is over; `at` is now."""
    for one in some:
        seconds = seconds_of(one.call.pbx, one.call.queue)
        until = one.since + seconds
        key = one.call.pbx, one.call.linkedid
        if until <= at:
            log_.finish(*key, outcome_id=None, at=until, seconds=seconds)
            doing.was_wrapping(one.user_id, one.since, until)
            continue
        call = to.calls.get(key) or _live(one, matcher, at)
        to.calls[key] = call
        call.legs[one.user_id] = live.Leg(
            one.user_id, one.part.interface, one.part.extension, live.WRAPUP, one.since,
            joined=_epoch(one.part.answered), wrapup_until=until, wrapup_seconds=seconds,
        )  # fmt: skip
        doing.rewrap(one.user_id, key, one.since, until)


def _live(one: Unfinished, matcher: lookup.Lookup, at: float) -> live.LiveCall:
    """Make the call of the present that a row was."""
    row = one.call
    call = live.LiveCall(
        row.pbx, row.linkedid, facts.Direction(row.direction), row.from_raw, row.from_name, row.to_raw, row.did,
        row.started.timestamp(), queue=row.queue, queued=_epoch(row.queued), ringing=_epoch(row.ringing),
        far_end_answered=_epoch(row.far_end_answered), answered=_epoch(row.answered),
        ended=_epoch(row.ended) or one.since, party_id=row.party_id, party_name=row.name_snapshot,
        said=row.party_id is not None,
    )  # fmt: skip
    try:
        call.match = matcher.match(call.far, did=call.did, now=at, clicked_party_id=row.party_id)
    except errors.CallCenterError as error:
        log.error("not matched", linkedid=call.id, problem=str(error)[:200])
    return call


def _epoch(at: datetime | None) -> float | None:
    return at.timestamp() if at is not None else None
