"""Saved views: a filter of a list with a name, one's own or shared by who leads, and the one with which a list opens.

A view is the query of an address and grants nothing; the list reads it as it reads any address, for whoever opens it. One that is
deleted can be brought back until its owner deletes another a day later or more.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import audit, visibility

SHARED = ("", "team", "all")
SHARERS = frozenset({"supervisor", "manager", "admin"})
LONGEST_NAME = 60
LONGEST_QUERY = 4000
MOST = 50  # of one person and one list: more is no row to choose from
KEPT = timedelta(days=1)


def listed(session: Session, viewer: visibility.Viewer, name: str) -> Sequence[models.SavedView]:
    """Return the views of a list that somebody may open, their own first."""
    view = models.SavedView
    return session.scalars(
        select(view)
        .where(view.list == name, view.deleted_at.is_(None), visibility.visible(viewer, view))
        .order_by(view.owner_id != viewer.id, view.name, view.id)
    ).all()


def save(
    session: Session,
    viewer: visibility.Viewer,
    by: audit.By,
    *,
    of: str,
    name: str,
    query: str,
    shared: str,
    now: datetime,
) -> models.SavedView:
    """Keep a filter of the list `of`; one of their own with the same name is replaced."""
    name = _named(name)
    _may_share(viewer, shared)
    if len(query) > LONGEST_QUERY:
        raise errors.Invalid("query", "too_long")
    view = models.SavedView
    own = (view.owner_id == viewer.id, view.list == of, view.deleted_at.is_(None))
    found = session.scalar(select(view).where(*own, view.name == name))
    if found is None:
        if (session.scalar(select(func.count()).where(*own)) or 0) >= MOST:
            raise errors.Invalid("name", "too_many")
        found = view(owner_id=viewer.id, list=of, name=name, query=query, created_at=now)
        session.add(found)
    found.query = query
    _share(session, by, found, shared)
    return found


def change(
    session: Session, viewer: visibility.Viewer, by: audit.By, key: int, *, name: str, shared: str
) -> models.SavedView:
    """Give a view another name, and say with whom it is shared."""
    found = _mine(session, viewer, key)
    name = _named(name)
    if shared != found.shared:
        _may_share(viewer, shared)
    view = models.SavedView
    taken = select(view.id).where(
        view.owner_id == found.owner_id, view.list == found.list, view.name == name,
        view.deleted_at.is_(None), view.id != key,
    )  # fmt: skip
    if session.scalar(taken) is not None:
        raise errors.Invalid("name", "taken")
    found.name = name
    _share(session, by, found, shared)
    return found


def delete(
    session: Session, viewer: visibility.Viewer, by: audit.By, key: int, now: datetime
) -> models.SavedView:
    """Delete a view; `restore` brings it back."""
    found, view = _mine(session, viewer, key), models.SavedView
    session.execute(
        sql_delete(view).where(view.owner_id == found.owner_id, view.deleted_at < now - KEPT)
    )
    found.deleted_at = now
    if found.shared:
        audit.note(session, by, "view_deleted", ("view", key), {"name": found.name})
    return found


def restore(
    session: Session, viewer: visibility.Viewer, by: audit.By, key: int
) -> models.SavedView:
    """Bring a deleted view back."""
    found = _mine(session, viewer, key, deleted=True)
    found.deleted_at = None
    if found.shared:
        audit.note(session, by, "view_shared", ("view", key), {"name": found.name, "shared": found.shared})  # fmt: skip
    return found


def deleted(session: Session, viewer: visibility.Viewer, key: int) -> models.SavedView | None:
    """Return a view that can be brought back by this person, if it is one."""
    try:
        return _mine(session, viewer, key, deleted=True)
    except errors.NotFound:
        return None


def changes(viewer: visibility.Viewer, view: models.SavedView) -> bool:
    """Say whether somebody may change a view that they see: it is theirs, or they answer for what all share."""
    return view.owner_id == viewer.id or (viewer.sees_all and bool(view.shared))


def default(session: Session, user_id: int, name: str) -> str:
    """Return with which view a list opens; empty for none."""
    found = session.get(models.ListDefault, (user_id, name))
    return found.view if found else ""


def set_default(session: Session, user_id: int, name: str, view: str) -> None:
    """Say with which view a list opens; empty for none."""
    found = session.get(models.ListDefault, (user_id, name))
    if found is not None and not view:
        session.delete(found)
    elif found is not None:
        found.view = view
    elif view:
        session.add(models.ListDefault(user_id=user_id, list=name, view=view))


def _mine(
    session: Session, viewer: visibility.Viewer, key: int, *, deleted: bool = False
) -> models.SavedView:
    """Return a view that somebody may change; NotFound where they may not see it, Forbidden where no more than that."""
    found = visibility.get(session, viewer, models.SavedView, key)
    if (found.deleted_at is not None) != deleted:
        raise errors.NotFound("no such view")
    if not changes(viewer, found):
        raise errors.Forbidden("it is somebody else's view")
    return found


def _named(name: str) -> str:
    marks = "Cf"  # of direction: they come along with what is pasted, and are nothing to see
    name = " ".join("".join(c for c in name if unicodedata.category(c) != marks).split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise errors.Invalid("name", "view_name")
    return name


def _may_share(viewer: visibility.Viewer, shared: str) -> None:
    if shared not in SHARED:
        raise errors.Invalid("shared", "is none of the ways to share")
    if shared and viewer.role not in SHARERS:
        raise errors.Forbidden("only who leads shares views")


def _share(session: Session, by: audit.By, view: models.SavedView, shared: str) -> None:
    """Set with whom it is shared, and write down that others see it, or see it no more."""
    before, view.shared = view.shared or "", shared
    session.flush()
    if shared != before:
        audit.note(session, by, "view_shared", ("view", view.id), {"name": view.name, "shared": shared})  # fmt: skip
