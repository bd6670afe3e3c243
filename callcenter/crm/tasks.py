"""Tasks made, done, taken back, moved to another time and handed over; each stands in the audit.

Whoever sees a task may read it; it is changed by whose it is, by who leads them, and by managers. It is handed to somebody who
may see its customer, or it would be a task that cannot be done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import literal, or_, select
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import audit, stamps, visibility

LONGEST_TITLE = 300
KINDS = ("task", "callback")


@dataclass(frozen=True, slots=True)
class Draft:
    """A task as it is asked for."""

    kind: str
    title: str
    due_at: datetime | None
    assignee_id: int
    party_id: int | None = None


def receivers(session: Session, viewer: visibility.Viewer) -> dict[int, str]:
    """Return to whom the viewer may give a task: everybody for managers, else themselves and the people of their teams."""
    user, member = models.User, models.Membership
    query = select(user.id, user.name).where(user.active)
    if viewer.sees_all:
        query = query.where(or_(user.role != "admin", user.id == viewer.id))
    else:
        teams = viewer.team_ids | viewer.led_team_ids
        theirs = select(member.user_id).where(member.team_id.in_(teams))
        query = query.where(or_(user.id == viewer.id, user.id.in_(theirs)))
    return {row.id: row.name for row in session.execute(query.order_by(user.name, user.id))}


def may_change(session: Session, viewer: visibility.Viewer, assignee_id: int | None) -> bool:
    """Say whether the viewer may change what is somebody's; what is nobody's, whoever sees it may."""
    if assignee_id is None:
        return True
    return bool(session.scalar(select(visibility.watches(viewer, literal(assignee_id)))))


def get(session: Session, viewer: visibility.Viewer, task_id: int) -> models.Task:
    """Return a task to be changed; raise NotFound for a hidden one, Forbidden for one that is others' to change."""
    row = visibility.get(session, viewer, models.Task, task_id)
    session.refresh(row, with_for_update=True)
    if not may_change(session, viewer, row.assignee_id):
        raise errors.Forbidden("the task is somebody else's")
    return row


def stamp(row: models.Task) -> str:
    """Return the state that a form was made from."""
    return stamps.of(row.due_at, row.assignee_id, row.done_at)


def make(
    session: Session, by: audit.By, viewer: visibility.Viewer, draft: Draft, *, now: datetime
) -> models.Task:
    """Make a task; raise Invalid naming the field that cannot be."""
    if draft.kind not in KINDS:
        raise errors.Invalid("kind", "is one of task and callback")
    if draft.due_at is None and draft.kind == "callback":
        raise errors.Invalid("due", "missing")
    if draft.party_id is None and draft.kind == "callback":
        raise errors.Invalid("customer", "missing")
    if draft.party_id is not None:
        visibility.get(session, viewer, models.Party, draft.party_id)
    row = models.Task(
        kind=draft.kind,
        title=title(draft.title),
        party_id=draft.party_id,
        assignee_id=receiver(session, viewer, draft.assignee_id, draft.party_id),
        due_at=later(draft.due_at, now),
        created_at=now,
    )
    session.add(row)
    session.flush()
    audit.note(session, by, "task_made", ("task", row.id), {"assignee": row.assignee_id})
    return row


def done(
    session: Session, by: audit.By, viewer: visibility.Viewer, task_id: int, *, now: datetime
) -> bool:
    """Take a task as done; False when it was already."""
    row = get(session, viewer, task_id)
    if row.done_at is not None:
        return False
    row.done_at = now
    audit.note(session, by, "task_done", ("task", row.id))
    return True


def undone(session: Session, by: audit.By, viewer: visibility.Viewer, task_id: int) -> bool:
    """Take back that a task is done; False when it was open."""
    row = get(session, viewer, task_id)
    if row.done_at is None:
        return False
    row.done_at = None
    audit.note(session, by, "task_undone", ("task", row.id))
    return True


def change(
    session: Session,
    by: audit.By,
    viewer: visibility.Viewer,
    task_id: int,
    *,
    due_at: datetime | None,
    assignee_id: int | None,
    seen: str,
    now: datetime,
) -> models.Task:
    """Move a task to another time, hand it over, or both; raise Conflict when it is not as it was `seen`."""
    row = get(session, viewer, task_id)
    stamps.check(stamp(row), seen)
    if row.done_at is not None:
        raise errors.Conflict("the task is done")
    if due_at != row.due_at:
        if due_at is None and row.kind == "callback":
            raise errors.Invalid("due", "missing")
        moved(session, by, ("task", row.id), row.due_at, later(due_at, now))
        row.due_at = due_at
    if assignee_id is not None and assignee_id != row.assignee_id:
        given = receiver(session, viewer, assignee_id, row.party_id)
        handed_over(session, by, ("task", row.id), row.assignee_id, given)
        row.assignee_id = given
    session.flush()
    return row


def moved(
    session: Session, by: audit.By, of: tuple[str, int], before: datetime | None, now: datetime | None
) -> None:  # fmt: skip
    """Write into the audit that something is due at another time."""
    told = [at.isoformat(timespec="minutes") if at else "" for at in (before, now)]
    audit.note(session, by, "task_moved", of, {"due": told})


def handed_over(
    session: Session, by: audit.By, of: tuple[str, int], before: int | None, now: int
) -> None:
    """Write into the audit that something is another's now."""
    audit.note(session, by, "task_handed_over", of, {"assignee": [before, now]})


def receiver(
    session: Session, viewer: visibility.Viewer, user_id: int, party_id: int | None
) -> int:
    """Check to whom something is given: one of those offered, who may see the customer."""
    if user_id not in receivers(session, viewer):
        raise errors.Invalid("assignee", "nobody")
    if party_id is not None:
        their = visibility.viewer(session, user_id)
        if not visibility.may_see(session, their, models.Party, party_id):
            raise errors.Invalid("assignee", "cannot_see")
    return user_id


def later(due_at: datetime | None, now: datetime) -> datetime | None:
    """Check that a time is to come."""
    if due_at is not None and due_at <= now:
        raise errors.Invalid("due", "past")
    return due_at


def title(text: str) -> str:
    """Clean a subject: one line of what can be seen."""
    shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not shown:
        raise errors.Invalid("title", "missing")
    if len(shown) > LONGEST_TITLE:
        raise errors.Invalid("title", "too_long")
    return shown
