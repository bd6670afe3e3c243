"""Leads: handed out one at a time by a lease in the database, and given back by it.

Rules
1. Taking is one UPDATE that chooses and marks in the same statement: two agents never get the same lead, on either database.
2. A lease ends by itself. A desk renews it while the lead is shown; a browser that is gone needs no one to notice.
3. First the callbacks that are due: to their owner; to the team when they have no owner, the owner is gone, or did not come
   in time. Then by priority, then by how long it waits.
4. The gate is asked before a lead is shown. What is closed for now is put off to when it opens, what is closed for good ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from callcenter import errors, models, settings
from callcenter.crm import visibility
from callcenter.outbound import compliance, gate

LOOKS = 40  # leads that one request may put off or end before it answers "none now"
SKIP_MINUTES = 60
SKIP_REASONS = ("bad_time", "already_spoken", "language", "other")
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Given:
    """A lead on a desk, with its verdict; or why there is none, and when the next one is due."""

    lead: models.Lead | None
    verdict: compliance.Verdict | None = None
    why: str = ""  # not_joined | not_running | none_now | list_finished
    next_at: datetime | None = None
    waiting: int = 0


def current(session: Session, user_id: int, now: datetime) -> models.Lead | None:
    """Return the lead on a user's desk: leased, or in a call of theirs that is not settled."""
    lead = models.Lead
    return session.scalar(
        select(lead)
        .where(
            lead.leased_by_id == user_id,
            or_(lead.state == "calling", lead.lease_until > now),
            lead.state != "done",
        )
        .order_by(lead.state != "calling", lead.id)
        .limit(1)
    )


def next_lead(
    session: Session,
    viewer: visibility.Viewer,
    campaign: models.Campaign | None,
    *,
    config: settings.Settings,
    now: datetime,
) -> Given:
    """Give a user the lead that they have, or the next one that may be called."""
    if campaign is None:
        return Given(None, why="not_joined")
    held = current(session, viewer.id, now)
    if held is not None and held.state == "calling":
        return Given(held)
    if campaign.state != "running":
        return Given(None, why="not_running")
    for _ in range(LOOKS):
        if held is None:
            held = lease(session, viewer.id, campaign.id, config=config.campaigns, now=now)
        if held is None:
            break
        of = session.get_one(models.Campaign, held.campaign_id)
        verdict = ask(session, held, of, config=config, now=now)
        if verdict.allowed and of.state == "running":
            return Given(held, verdict)
        put_off(held, verdict, now)
        session.flush()
        held = None
    return _none(session, campaign, now)


def ask(
    session: Session, lead: models.Lead, campaign: models.Campaign, *, config: settings.Settings, now: datetime
) -> compliance.Verdict:  # fmt: skip
    """Ask the gate for a lead."""
    return gate.ask(
        session, number(session, lead), config=config, purpose=compliance.MARKETING, now=now,
        party_id=lead.party_id, lead=lead, campaign=campaign,
    )  # fmt: skip


def number(session: Session, lead: models.Lead) -> str:
    """Return a lead's number, E.164."""
    return session.get_one(models.Phone, lead.phone_id).e164


def put_off(lead: models.Lead, verdict: compliance.Verdict, now: datetime) -> None:
    """Give back a lead that may not be called: for good, or until it may."""
    lead.leased_by_id = lead.lease_until = None
    if verdict.allowed:
        return
    if verdict.lasting:
        lead.state, lead.reason = "done", _ENDS.get(verdict.reasons[0].code, "refused")
    else:
        lead.next_at = max(verdict.later or now + A_DAY, now + timedelta(minutes=1))


_ENDS = {
    "on_our_list": "do_not_call", "in_registry": "do_not_call", "number_blocked": "do_not_call",
    "customer_asked": "do_not_call", "bad_number": "bad_number", "attempts_used": "attempts",
}  # fmt: skip


def lease(
    session: Session, user_id: int, campaign_id: int, *, config: settings.Campaigns, now: datetime
) -> models.Lead | None:
    """Take the next lead for a user: callbacks that are due, then the list; None when nothing waits."""
    grace = now - timedelta(minutes=config.callback_grace_minutes)
    other = aliased(models.Lead)
    owner = aliased(models.User)
    mine = other.callback_user_id == user_id
    anyones = or_(
        other.callback_user_id.is_(None),
        other.next_at <= grace,
        ~exists().where(owner.id == other.callback_user_id, owner.active),
    )
    # What an agent promised is theirs whichever campaign they work on now.
    running = aliased(models.Campaign)
    runs = exists().where(running.id == other.campaign_id, running.state == "running")
    here = other.campaign_id == campaign_id
    promised = and_(other.state == "callback", mine, runs)
    callbacks = and_(other.state == "callback", anyones, here)
    turns: tuple[tuple[ColumnElement[bool], tuple[Any, ...]], ...] = (
        (promised, (other.next_at, other.id)),
        (callbacks, (other.next_at, other.id)),
        (and_(other.state == "open", here), (other.priority.desc(), other.next_at, other.id)),
    )
    for wanted, order in turns:
        found = _take(session, other, wanted, order, user_id=user_id,
                      now=now, until=now + timedelta(seconds=config.lease_seconds))  # fmt: skip
        if found is not None:
            return found
    return None


def _take(
    session: Session, other: Any, wanted: ColumnElement[bool], order: tuple[Any, ...], *,
    user_id: int, now: datetime, until: datetime,
) -> models.Lead | None:  # fmt: skip
    lead = models.Lead
    chosen = (
        select(other.id)
        .where(wanted, other.next_at <= now, free(other, now))
        .order_by(*order)
        .limit(1)
        .with_for_update(skip_locked=True)  # PostgreSQL: agents do not wait for each other
    )
    taken = session.scalar(
        update(lead)
        .where(lead.id == chosen.scalar_subquery(), free(lead, now))
        .values(leased_by_id=user_id, lease_until=until)
        .returning(lead.id)
        .execution_options(synchronize_session=False)
    )
    return None if taken is None else session.get(lead, taken, populate_existing=True)


def free(lead: Any, now: datetime) -> ColumnElement[bool]:
    """Say whether a lead is on nobody's desk."""
    return or_(lead.lease_until.is_(None), lead.lease_until <= now)


def renew(session: Session, user_id: int, lead_id: int, *, seconds: int, now: datetime) -> bool:
    """Keep a lead on a desk; False when it is there no more."""
    lead = models.Lead
    kept = session.execute(
        update(lead)
        .where(lead.id == lead_id, lead.leased_by_id == user_id, lead.lease_until > now)
        .values(lease_until=now + timedelta(seconds=seconds))
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(kept, "rowcount", 0))


def own(session: Session, user_id: int, lead_id: int, now: datetime) -> models.Lead:
    """Return a lead that is on a user's desk; raise Conflict when it is there no more."""
    lead = session.scalar(
        select(models.Lead)
        .where(models.Lead.id == lead_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if lead is None or lead.leased_by_id != user_id:
        raise errors.Conflict("this lead is not on your desk any more")
    if lead.state != "calling" and (lead.lease_until is None or lead.lease_until <= now):
        raise errors.Conflict("this lead is not on your desk any more")
    return lead


def begin(session: Session, lead: models.Lead, user_id: int, attempt_id: str) -> None:
    """Put a lead into a call, once: a second press at the same moment raises Conflict."""
    table = models.Lead
    begun = session.execute(
        update(table)
        .where(table.id == lead.id, table.leased_by_id == user_id, table.state != "calling")
        .values(state="calling", attempt_id=attempt_id, attempts=table.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    if not getattr(begun, "rowcount", 0):
        raise errors.Conflict("the lead is in a call already")
    session.expire(lead)


def skip(session: Session, user_id: int, lead_id: int, reason: str, *, now: datetime) -> None:
    """Give a lead back for an hour, with a reason that is kept."""
    if reason not in SKIP_REASONS:
        raise errors.Invalid("reason", f"is one of {', '.join(SKIP_REASONS)}")
    lead = own(session, user_id, lead_id, now)
    if lead.state == "calling":
        raise errors.Conflict("the lead is in a call")
    lead.leased_by_id = lead.lease_until = None
    lead.next_at = now + timedelta(minutes=SKIP_MINUTES)
    session.add(
        models.Audit(at=now, user_id=user_id, action="lead_skip", object_type="lead", object_id=str(lead_id),
                     detail={"reason": reason})
    )  # fmt: skip


def release(session: Session, user_id: int) -> None:
    """Give back what is on a user's desk and not in a call."""
    lead = models.Lead
    session.execute(
        update(lead)
        .where(lead.leased_by_id == user_id, lead.state != "calling")
        .values(leased_by_id=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def _none(session: Session, campaign: models.Campaign, now: datetime) -> Given:
    lead = models.Lead
    count, first = session.execute(
        select(func.count(), func.min(lead.next_at)).where(
            lead.campaign_id == campaign.id, lead.state.in_(("open", "callback"))
        )
    ).one()
    return Given(None, why="none_now" if count else "list_finished", next_at=first, waiting=count)
