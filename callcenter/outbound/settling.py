"""What a call does to its lead, once: by what the agent says, else by what the exchange saw, else by the sweep.

The attempt's `settled_at` is the lock: whoever sets it first (the wrap-up's request, its time running out, the fact that the
call ended, or the sweep after a crash) moves the lead on, in the same transaction; everybody after that changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import casework, visibility
from callcenter.outbound import dnc, recycling

# A call that ended and whose wrap-up nobody closed: the process that held it is gone.
CALL_GRACE = timedelta(seconds=150)
PLACING_GRACE = timedelta(minutes=3)


def conclude(
    session: Session,
    pbx: str,
    linkedid: str,
    viewer: visibility.Viewer,
    *,
    outcome_id: int | None,
    callback_at: datetime | None,
    now: datetime,
) -> None:
    """Take an outcome: of a lead's call it moves the lead, whose callback comes back by itself; else it is casework's."""
    attempt = session.get(models.DialAttempt, linkedid)
    theirs = attempt is not None and attempt.lead_id is not None and attempt.user_id == viewer.id
    casework.conclude(
        session, pbx, linkedid, viewer, outcome_id=outcome_id,
        callback_at=None if theirs else callback_at, now=now,
    )  # fmt: skip
    if not theirs:
        return
    if callback_at is not None and callback_at <= now:
        raise errors.Invalid("callback_at", "is in the past")
    settle(session, linkedid, result="answered", outcome_id=outcome_id, callback_at=callback_at, now=now)  # fmt: skip


def settle(
    session: Session,
    attempt_id: str,
    *,
    result: str,
    now: datetime,
    outcome_id: int | None = None,
    callback_at: datetime | None = None,
) -> bool:
    """Move an attempt's lead on; False when that was done before, or it has none."""
    attempt = models.DialAttempt
    first = session.execute(
        update(attempt)
        .where(attempt.id == attempt_id, attempt.settled_at.is_(None), attempt.lead_id.is_not(None))
        .values(settled_at=now, result=result, outcome_id=outcome_id, ended_at=now)
        .execution_options(synchronize_session=False)
    )
    if not getattr(first, "rowcount", 0):
        return False
    made = session.get_one(attempt, attempt_id, populate_existing=True)
    lead = session.get_one(models.Lead, made.lead_id, with_for_update=True, populate_existing=True)
    campaign = session.get_one(models.Campaign, lead.campaign_id)
    outcome = session.get(models.Outcome, outcome_id) if outcome_id is not None else None
    said = _said(outcome, callback_at)
    next_ = recycling.after(
        result, said, retry=campaign.retry, tries=lead.attempts, most=campaign.max_attempts
    )
    _apply(session, lead, made, next_, result=result, outcome=outcome, callback_at=callback_at, now=now)  # fmt: skip
    return True


def _said(outcome: models.Outcome | None, callback_at: datetime | None) -> recycling.Said | None:
    if outcome is None:
        return None
    promised = outcome.callback and callback_at is not None
    return recycling.Said(outcome.code, outcome.success, outcome.effect, promised)


def _apply(
    session: Session,
    lead: models.Lead,
    attempt: models.DialAttempt,
    next_: recycling.Next,
    *,
    result: str,
    outcome: models.Outcome | None,
    callback_at: datetime | None,
    now: datetime,
) -> None:
    if lead.attempt_id != attempt.id:
        return  # the lead went on without this call, long ago
    lead.attempt_id = None
    if not next_.counted:
        _as_before(lead)
        return
    lead.leased_by_id = lead.lease_until = lead.notified_at = None
    lead.last_result = result
    lead.last_outcome_id = outcome.id if outcome else None
    lead.reached = lead.reached or result == "answered"
    closed = session.get(models.Phone, lead.phone_id)
    lead.state, lead.reason = next_.state, next_.reason
    lead.next_at = now + timedelta(minutes=next_.minutes)
    lead.callback_user_id = None
    if next_.state == recycling.CALLBACK and callback_at is not None:
        lead.next_at, lead.callback_user_id = callback_at, attempt.user_id
    if closed is not None and next_.reason == recycling.DO_NOT_CALL:
        dnc.add(session, closed.e164, now=now, reason="asked in a call", by=attempt.user_id)
    if closed is not None and next_.reason == recycling.BAD_NUMBER:
        closed.quality = "bad"


def _as_before(lead: models.Lead) -> None:
    """Leave a lead that nobody called on the desk, if its lease still runs; what was promised stays promised."""
    lead.attempts = max(0, lead.attempts - 1)
    lead.state = recycling.OPEN if lead.callback_user_id is None else recycling.CALLBACK


def unsettled(session: Session, now: datetime) -> list[tuple[str, str, str, int | None, int]]:
    """Find attempts that ended and were never settled: (pbx, id, result, outcome, user)."""
    attempt, call = models.DialAttempt, models.Call
    rows = session.execute(
        select(attempt.pbx, attempt.id, attempt.user_id, attempt.state, attempt.error, call.id, call.result, call.outcome_id)
        .outerjoin(call, (call.pbx == attempt.pbx) & (call.linkedid == attempt.id))
        .where(
            attempt.lead_id.is_not(None),
            attempt.settled_at.is_(None),
            attempt.state != "refused",
            or_(
                call.ended < now - CALL_GRACE,
                call.id.is_(None) & (attempt.requested_at < now - PLACING_GRACE),
            ),
        )
        .limit(200)
    ).all()  # fmt: skip
    return [(row[0], row[1], _result(row[5], row[6], row[4]), row[7], row[2]) for row in rows]


def _result(call_id: int | None, result: str | None, error: str) -> str:
    if call_id is None:
        return error or "not_placed"
    return result or "lost"


def due_callbacks(session: Session, users: list[int], now: datetime) -> list[tuple[int, int]]:
    """Find callbacks that came due and whose owners were not told, and mark them told: (user, lead)."""
    lead, campaign = models.Lead, models.Campaign
    rows = session.execute(
        select(lead.callback_user_id, lead.id)
        .join(campaign, campaign.id == lead.campaign_id)
        .where(
            lead.callback_user_id.in_(users),
            lead.state == "callback",
            lead.next_at <= now,
            lead.notified_at.is_(None),
            campaign.state == "running",
        )
    ).all()
    told = [row.id for row in rows]
    if told:
        session.execute(
            update(lead)
            .where(lead.id.in_(told))
            .values(notified_at=now)
            .execution_options(synchronize_session=False)
        )
    return [(row.callback_user_id, row.id) for row in rows if row.callback_user_id is not None]
