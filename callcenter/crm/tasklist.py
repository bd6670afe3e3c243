"""What people still have to do: their tasks, and the callbacks that they promised in campaigns, in one list by when each is due.

Whose are listed says `visibility.watches`: one's own, those of led teams, everybody's for managers. The customer is named to
whoever may see the customer; a callback without a customer has the number of its call. What has no time stands last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import paging, visibility

PAGE = 50
LANES = ("overdue", "today", "later")
TASK, LEAD = "task", "lead"  # a lead before a task of the same moment, as the letters have it
NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # when something without a time is due
_LIVING = ("running", "paused")

Place = tuple[datetime, int, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: `end` is that of the office's day; what is empty narrows nothing."""

    now: datetime
    end: datetime
    user_id: int | None = None
    lane: str = ""
    until: datetime | None = None  # due before then, or at no time


@dataclass(frozen=True, slots=True)
class Item:
    """Something to do. `name` and `party_id` are empty where the customer may not be seen."""

    source: str  # task | lead
    id: int
    kind: str  # task | callback
    due_at: datetime | None
    lane: str
    assignee_id: int | None
    title: str  # of a lead: its campaign
    name: str
    party_id: int | None
    number: str  # E.164; empty when none is known

    @property
    def late(self) -> bool:
        """Say whether its time has passed."""
        return self.lane == "overdue"

    @property
    def path(self) -> str:
        """Give the address of its page."""
        return f"/tasks/leads/{self.id}" if self.source == LEAD else f"/tasks/{self.id}"

    @property
    def place(self) -> Place:
        """Give where it stands in the list."""
        return self.due_at or NEVER, self.id, self.source


def page(
    session: Session, viewer: visibility.Viewer, wanted: Wanted, *, after: str = "", limit: int = PAGE
) -> paging.Page[Item]:  # fmt: skip
    """Return a page of open items, the first due first; `after` is the page before's `next`."""
    place = paging.decode_kind(after) if after else None
    found = [
        *_tasks(session, viewer, wanted, place, limit + 1),
        *_leads(session, viewer, wanted, place, limit + 1),
    ]
    found.sort(key=lambda item: (item.due_at or NEVER, item.source, item.id))
    items = tuple(found[:limit])
    more = items if len(found) > limit else ()
    return paging.Page(items, paging.encode(*more[-1].place) if more else "")


def counts(session: Session, viewer: visibility.Viewer, wanted: Wanted) -> dict[str, int]:
    """Count the open items of each lane."""
    task, lead = models.Task, models.Lead
    found = dict.fromkeys(LANES, 0)
    for due, query in (
        (task.due_at, _open_tasks(viewer, wanted)),
        (lead.next_at, _promised(viewer, wanted)),
    ):
        sums = [func.sum(case((_lane(lane, due, wanted), 1), else_=0)) for lane in LANES]
        row = session.execute(query.with_only_columns(*sums)).one()
        for lane, count in zip(LANES, row, strict=True):
            found[lane] += count or 0
    return found


def _tasks(
    session: Session, viewer: visibility.Viewer, wanted: Wanted, place: Place | None, limit: int
) -> list[Item]:
    task = models.Task
    due = func.coalesce(task.due_at, literal(NEVER, models.UtcDateTime()))
    query = _open_tasks(viewer, wanted).where(*_shown(wanted, task.due_at))
    if place is not None:
        query = query.where(_behind(TASK, due, task.id, place))
    rows = session.scalars(query.order_by(due, task.id).limit(limit)).all()
    return as_items(session, viewer, rows, wanted)


def _leads(
    session: Session, viewer: visibility.Viewer, wanted: Wanted, place: Place | None, limit: int
) -> list[Item]:
    lead = models.Lead
    query = _promised(viewer, wanted).where(*_shown(wanted, lead.next_at))
    if place is not None:
        query = query.where(_behind(LEAD, lead.next_at, lead.id, place))
    rows = session.scalars(query.order_by(lead.next_at, lead.id).limit(limit)).all()
    return as_promised(session, viewer, rows, wanted)


def _open_tasks(viewer: visibility.Viewer, wanted: Wanted) -> Select[models.Task]:
    task = models.Task
    query = select(task).where(task.done_at.is_(None), visibility.watches(viewer, task.assignee_id))
    return query if wanted.user_id is None else query.where(task.assignee_id == wanted.user_id)


def _promised(viewer: visibility.Viewer, wanted: Wanted) -> Select[models.Lead]:
    """Select the callbacks of campaigns that go on; one without an owner is the campaign's, and nobody's here."""
    lead, campaign = models.Lead, models.Campaign
    query = (
        select(lead)
        .join(campaign, campaign.id == lead.campaign_id)
        .where(
            lead.state == "callback",
            lead.callback_user_id.is_not(None),
            campaign.state.in_(_LIVING),
            visibility.watches(viewer, lead.callback_user_id),
        )
    )
    return query if wanted.user_id is None else query.where(lead.callback_user_id == wanted.user_id)


def _shown(wanted: Wanted, due: Any) -> list[ColumnElement[bool]]:
    found = [_lane(wanted.lane, due, wanted)] if wanted.lane in LANES else []
    if wanted.until is not None:
        found.append(or_(due.is_(None), due < wanted.until))
    return found


def _lane(lane: str, due: Any, wanted: Wanted) -> ColumnElement[bool]:
    if lane == "overdue":
        return and_(due < wanted.now)
    if lane == "today":
        return and_(due >= wanted.now, due < wanted.end)
    return or_(due.is_(None), and_(due >= wanted.now, due >= wanted.end))


def lane_of(due: datetime | None, wanted: Wanted) -> str:
    """Say in which lane something stands."""
    if due is None or (due >= wanted.now and due >= wanted.end):
        return "later"
    return "overdue" if due < wanted.now else "today"


def _behind(source: str, due: Any, key: Any, place: Place) -> ColumnElement[bool]:
    at, last, kind = place
    if source == kind:
        return or_(due > at, and_(due == at, key > last))
    return and_(due >= at) if source > kind else and_(due > at)


def as_items(
    session: Session, viewer: visibility.Viewer, rows: Iterable[models.Task], wanted: Wanted
) -> list[Item]:
    """Return tasks as the list has them."""
    rows = list(rows)
    names = _names(session, viewer, {row.party_id for row in rows})
    numbers = _numbers(session, set(names))
    calls = _callers(session, {row.call_id for row in rows})
    found = []
    for row in rows:
        shown = row.party_id in names
        number = calls.get(row.call_id or 0) if shown or row.party_id is None else ""
        found.append(
            Item(
                TASK, row.id, row.kind, row.due_at, lane_of(row.due_at, wanted), row.assignee_id, row.title,
                names.get(row.party_id or 0, ""), row.party_id if shown else None,
                number or numbers.get(row.party_id or 0, ""),
            )
        )  # fmt: skip
    return found


def as_promised(
    session: Session, viewer: visibility.Viewer, rows: Iterable[models.Lead], wanted: Wanted
) -> list[Item]:
    """Return promised callbacks as the list has them.

    A lead's name and number are the list's own: who promised to call back is told them, whoever owns the customer.
    """
    rows = list(rows)
    campaign, phone = models.Campaign, models.Phone
    names = select(campaign.id, campaign.name).where(
        campaign.id.in_({row.campaign_id for row in rows})
    )
    titles = {key: name for key, name in session.execute(names)}
    listed = select(phone.id, phone.e164).where(phone.id.in_({row.phone_id for row in rows}))
    numbers = {key: e164 for key, e164 in session.execute(listed)}
    open_ = _names(session, viewer, {row.party_id for row in rows})
    return [
        Item(
            LEAD, row.id, "callback", row.next_at, lane_of(row.next_at, wanted), row.callback_user_id,
            titles.get(row.campaign_id, ""), row.name or open_.get(row.party_id, ""),
            row.party_id if row.party_id in open_ else None, numbers.get(row.phone_id, ""),
        )
        for row in rows
    ]  # fmt: skip


def _names(session: Session, viewer: visibility.Viewer, ids: set[Any]) -> dict[int, str]:
    """Return the names of those customers whom the viewer may see."""
    party, wanted = models.Party, ids - {None}
    if not wanted:
        return {}
    query = select(party.id, party.display).where(
        party.id.in_(wanted), visibility.visible(viewer, party)
    )
    return {row.id: row.display for row in session.execute(query)}


def _callers(session: Session, ids: set[Any]) -> dict[int, str]:
    """Return the other side's number of each call: to call back is to call who called."""
    call, wanted = models.Call, ids - {None}
    if not wanted:
        return {}
    query = select(call.id, call.far_e164).where(call.id.in_(wanted), call.far_e164.is_not(None))
    return {row.id: row.far_e164 or "" for row in session.execute(query)}


def _numbers(session: Session, parties: set[int]) -> dict[int, str]:
    """Return the number to dial of each customer: the primary one, else the oldest."""
    if not parties:
        return {}
    link, phone = models.PartyPhone, models.Phone
    rows = session.execute(
        select(link.party_id, phone.e164)
        .join(phone, phone.id == link.phone_id)
        .where(link.party_id.in_(parties), phone.quality != "bad", ~phone.do_not_call)
        .order_by(link.primary, link.id.desc())
    )
    return {row.party_id: row.e164 for row in rows}
