"""Which callbacks and tasks are about to be due, and to whom that was told: once for each time that was promised, by a row.

Five minutes ahead; whoever was away is told when they come, for a day: what waits longer stands in the list alone. A notice stands
until it is dealt with, here or by the thing itself being done, moved or handed over; snoozed, it comes back.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import tasklist, visibility

AHEAD = timedelta(minutes=5)
SNOOZE = timedelta(minutes=10)
BACK = timedelta(days=1)

Key = tuple[int, str, int, datetime]  # user, source, item, due


@dataclass(frozen=True, slots=True)
class Due:
    """A notice that stands: its row, and what is due."""

    id: int
    item: tasklist.Item
    due_at: datetime


def look(session: Session, users: Collection[int], now: datetime) -> dict[int, list[Due]]:
    """Tell what is due and was not told, and return what stands for each of some users, the first due first."""
    tasks, promised = _due_tasks(session, users, now), _due_leads(session, users, now)
    keys: set[Key] = {(row.assignee_id, tasklist.TASK, row.id, row.due_at) for row in tasks}
    keys |= {(row.callback_user_id, tasklist.LEAD, row.id, row.next_at) for row in promised}
    if not keys:
        return {}
    known = _known(session, users, now)
    if keys - known.keys():
        _tell(session, keys - known.keys(), now)
        known = _known(session, users, now)
    standing = {key: known[key].id for key in keys if _stands(known[key], now)}
    found: dict[int, list[Due]] = {}
    for user_id in sorted({key[0] for key in standing}):
        try:
            viewer = visibility.viewer(session, user_id)
        except errors.NotFound:  # the account was closed, and its browser is not gone yet
            continue
        wanted = tasklist.Wanted(now, now)
        items = tasklist.as_items(session, viewer, [t for t in tasks if t.assignee_id == user_id], wanted)  # fmt: skip
        items += tasklist.as_promised(session, viewer, [p for p in promised if p.callback_user_id == user_id], wanted)  # fmt: skip
        for item in sorted(items, key=lambda item: item.place):
            row_id = standing.get((user_id, item.source, item.id, item.place[0]))
            if row_id is not None:
                found.setdefault(user_id, []).append(Due(row_id, item, item.place[0]))
    return found


def snooze(session: Session, user_id: int, reminder_id: int, now: datetime) -> None:
    """Let a notice of one's own come back in ten minutes; what is promised for when is not changed."""
    _own(session, user_id, reminder_id).again_at = now + SNOOZE


def deal(session: Session, user_id: int, reminder_id: int, now: datetime) -> None:
    """Take a notice of one's own away for good."""
    _own(session, user_id, reminder_id).dealt_at = now


def deal_with(session: Session, user_id: int, source: str, item_id: int, now: datetime) -> None:
    """Take every notice of something away: it is being worked on."""
    row = models.Reminder
    for each in session.scalars(
        select(row).where(row.user_id == user_id, row.source == source, row.item_id == item_id)
    ):
        each.dealt_at = each.dealt_at or now


def _own(session: Session, user_id: int, reminder_id: int) -> models.Reminder:
    row = session.get(models.Reminder, reminder_id)
    if row is None or row.user_id != user_id:
        raise errors.NotFound("no such reminder")
    return row


def _stands(row: models.Reminder, now: datetime) -> bool:
    return row.dealt_at is None and (row.again_at is None or row.again_at <= now)


def _due_tasks(session: Session, users: Collection[int], now: datetime) -> list[Any]:
    task = models.Task
    rows = session.scalars(
        select(task).where(
            task.assignee_id.in_(users),
            task.done_at.is_(None),
            task.due_at > now - BACK,
            task.due_at <= now + AHEAD,
        )
    )
    return list(rows)


def _due_leads(session: Session, users: Collection[int], now: datetime) -> list[Any]:
    lead, campaign = models.Lead, models.Campaign
    rows = session.scalars(
        select(lead)
        .join(campaign, campaign.id == lead.campaign_id)
        .where(
            lead.callback_user_id.in_(users),
            lead.state == "callback",
            lead.next_at > now - BACK,
            lead.next_at <= now + AHEAD,
            campaign.state == "running",
        )
    )
    return list(rows)


def _known(session: Session, users: Collection[int], now: datetime) -> dict[Key, models.Reminder]:
    row = models.Reminder
    rows = session.scalars(select(row).where(row.user_id.in_(users), row.due_at > now - BACK))
    return {(each.user_id, each.source, each.item_id, each.due_at): each for each in rows}


def _tell(session: Session, keys: Collection[Key], now: datetime) -> None:
    """Write that these are told; another process may just have done so, and then they are."""
    table: Any = models.Reminder.__table__
    dialect = session.get_bind().dialect.name
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    values = [
        {"user_id": user, "source": source, "item_id": item, "due_at": due, "told_at": now}
        for user, source, item, due in sorted(keys)
    ]
    session.execute(make(table).on_conflict_do_nothing(), values)
