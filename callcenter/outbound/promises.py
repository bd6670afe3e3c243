"""Callbacks that agents promised in campaigns, outside of their turn: to another time, to a colleague, or at once to the desk.

They come back by themselves when they are due (leads.py). They end with the call alone, so there is no "done" here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import audit, stamps, tasks, visibility
from callcenter.outbound import campaigns, leads


def get(session: Session, viewer: visibility.Viewer, lead_id: int) -> models.Lead:
    """Return a promised callback whose owner the viewer watches, locked; raise NotFound else."""
    lead = models.Lead
    found = session.scalar(
        select(lead)
        .where(
            lead.id == lead_id,
            lead.state == "callback",
            lead.callback_user_id.is_not(None),
            visibility.watches(viewer, lead.callback_user_id),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise errors.NotFound("no such callback")
    return found


def stamp(row: models.Lead) -> str:
    """Return the state that a form was made from."""
    return stamps.of(row.next_at, row.callback_user_id)


def change(
    session: Session,
    by: audit.By,
    viewer: visibility.Viewer,
    lead_id: int,
    *,
    due_at: datetime | None,
    assignee_id: int | None,
    seen: str,
    now: datetime,
) -> models.Lead:
    """Promise another time, hand the callback over, or both; raise Conflict when it is on a desk, or not as `seen`."""
    row = get(session, viewer, lead_id)
    stamps.check(stamp(row), seen)
    if row.lease_until is not None and row.lease_until > now:
        raise errors.Conflict("the lead is on a desk")
    if due_at is None:
        raise errors.Invalid("due", "missing")
    if due_at != row.next_at:
        tasks.later(due_at, now)
        tasks.moved(session, by, ("lead", row.id), row.next_at, due_at)
        row.next_at, row.notified_at = due_at, None
    if assignee_id is not None and assignee_id != row.callback_user_id:
        _hand_over(session, by, viewer, row, assignee_id)
    session.flush()
    return row


def _hand_over(
    session: Session, by: audit.By, viewer: visibility.Viewer, row: models.Lead, to: int
) -> None:
    """Give the promise to a colleague who works where the campaign is called."""
    given = tasks.receiver(session, viewer, to, None)
    campaign = session.get_one(models.Campaign, row.campaign_id)
    their = visibility.viewer(session, given)
    if campaign.team_id is not None and campaign.team_id not in their.team_ids:
        raise errors.Invalid("assignee", "other_team")
    tasks.handed_over(session, by, ("lead", row.id), row.callback_user_id, given)
    row.callback_user_id, row.notified_at = given, None


def take(
    session: Session, viewer: visibility.Viewer, lead_id: int, *, seconds: int, now: datetime
) -> None:
    """Put one's own promised callback on one's desk now; it is dialled there, through the gate like every lead."""
    row = get(session, viewer, lead_id)
    if row.callback_user_id != viewer.id:
        raise errors.Forbidden("the callback is somebody else's")
    mine = leads.current(session, viewer.id, now)
    if mine is not None and mine.id == row.id:
        return
    if mine is not None and mine.state == "calling":
        raise errors.Conflict("a call is not settled yet")
    if session.get_one(models.Campaign, row.campaign_id).state != "running":
        raise errors.Conflict("the campaign does not run")
    leads.release(session, viewer.id)
    if campaigns.joined(session, viewer) is None:
        campaigns.join(session, viewer, row.campaign_id, now=now)
    lead = models.Lead
    taken = session.execute(
        update(lead)
        .where(lead.id == row.id, lead.state == "callback", leads.free(lead, now))
        .values(leased_by_id=viewer.id, lease_until=now + timedelta(seconds=seconds), notified_at=now)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if not getattr(taken, "rowcount", 0):
        raise errors.Conflict("the lead is on a desk")
