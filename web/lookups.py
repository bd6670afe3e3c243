"""Small readings that many pages need: names of people, labels of queues and outcomes in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import or_, select
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import visibility

UNHEARD = (
    "failed",
    "missing",
    "empty",
    "deleted",
)  # of several recordings of a call, these come last


def label(labels: Mapping[str, str], language: str, otherwise: str = "") -> str:
    """Return a label in the reader's language, else in English, else in any, else `otherwise`."""
    for code in (language, "en", *labels):
        if found := labels.get(code):
            return found
    return otherwise


def people(session: sa_orm.Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Return the names of users by id."""
    wanted = {i for i in ids if i is not None}
    if not wanted:
        return {}
    user = models.User
    rows = session.execute(select(user.id, user.name).where(user.id.in_(wanted)))
    return {row.id: row.name for row in rows}


def queues(session: sa_orm.Session, language: str) -> dict[str, str]:
    """Return the labels of queues by the exchange's name for them."""
    rows = session.scalars(select(models.QueueProfile))
    return {row.queue: label(row.labels, language, row.queue) for row in rows}


def campaigns(session: sa_orm.Session, viewer: visibility.Viewer) -> dict[str, str]:
    """Return the names of the campaigns that a viewer sees to, by what their calls say of them."""
    campaign = models.Campaign
    query = select(campaign.id, campaign.name).where(visibility.visible(viewer, campaign))
    return {str(row.id): row.name for row in session.execute(query)}


def outcomes(session: sa_orm.Session, language: str) -> dict[int, str]:
    """Return the labels of outcomes by id."""
    rows = session.scalars(select(models.Outcome).order_by(models.Outcome.position))
    return {row.id: label(row.labels, language, row.code) for row in rows}


def colleagues(session: sa_orm.Session, viewer: visibility.Viewer) -> dict[int, str]:
    """Return whose calls a viewer may ask for: all for managers, their teams' for the others."""
    user, member = models.User, models.Membership
    query = select(user.id, user.name).where(user.role.in_(("agent", "supervisor")))
    if not viewer.sees_all:
        teams = viewer.led_team_ids if viewer.role == "supervisor" else frozenset()
        theirs = select(member.user_id).where(member.team_id.in_(teams))
        query = query.where(or_(user.id == viewer.id, user.id.in_(theirs)))
    return {row.id: row.name for row in session.execute(query.order_by(user.name))}


def open_customers(
    session: sa_orm.Session, viewer: visibility.Viewer, ids: Iterable[int | None]
) -> dict[int, models.Party]:
    """Return those of some customers whom the viewer may see: a call may be open and its customer not."""
    wanted = {i for i in ids if i is not None}
    if not wanted:
        return {}
    party = models.Party
    rows = session.scalars(
        select(party).where(party.id.in_(wanted), visibility.visible(viewer, party))
    )
    return {row.id: row for row in rows}


def recorded(
    session: sa_orm.Session, viewer: visibility.Viewer, calls: Iterable[int]
) -> dict[int, models.Recording]:
    """Return the recordings, of some calls, that the viewer may hear, whatever their state; one of each call."""
    recording = models.Recording
    rows = session.scalars(
        select(recording)
        .where(recording.call_id.in_(set(calls)), visibility.visible(viewer, recording))
        .order_by(recording.state.in_(UNHEARD).desc(), recording.id.desc())
    )
    return {row.call_id: row for row in rows if row.call_id is not None}


def notes(
    session: sa_orm.Session, viewer: visibility.Viewer, calls: Iterable[int]
) -> dict[int, str]:
    """Return the newest note of some calls, as far as the viewer may read them."""
    note = models.Note
    rows = session.scalars(
        select(note)
        .where(note.call_id.in_(set(calls)), note.text != "", visibility.visible(viewer, note))
        .order_by(note.updated_at)
    )
    return {row.call_id: row.text for row in rows if row.call_id is not None}


def teams(session: sa_orm.Session, viewer: visibility.Viewer) -> dict[int, str]:
    """Return the teams whose figures a viewer may see."""
    query = select(models.Team.id, models.Team.name).order_by(models.Team.name)
    if not viewer.sees_all:
        query = query.where(models.Team.id.in_(viewer.led_team_ids))
    return {row.id: row.name for row in session.execute(query)}
