"""Keeping a recording from going: a legal hold on its call, or taking it out of what is marked. Both stand in the audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import audit, paging, visibility
from recordings import retention

LONGEST_REASON = 200
PAGE = 50

Row = models.Recording


def of(session: Session, call_id: int) -> models.LegalHold | None:
    """Return the hold on a call."""
    return session.get(models.LegalHold, call_id)


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise errors.Invalid("reason", "is a few words that say why")
    return reason


def place(
    session: Session, viewer: visibility.Viewer, by: audit.By, call_id: int, *, reason: str, now: datetime
) -> None:  # fmt: skip
    """Put a visible call on legal hold; Conflict where it is on one already."""
    call = visibility.get(session, viewer, models.Call, call_id)
    said = _reason(reason)
    if of(session, call.id) is not None:
        raise errors.Conflict("the call is on legal hold already")
    session.add(models.LegalHold(call_id=call.id, reason=said, by_id=viewer.id, at=now))
    session.flush()
    # Its rows are touched, so that a sweep that deletes them now either came before or sees the hold.
    marked = update(Row).where(Row.call_id == call.id, Row.state != retention.DELETED)
    _run(session, marked.values(delete_at=None))
    audit.note(session, by, "legal_hold_placed", ("call", call.id), {"reason": said})


def lift(
    session: Session, viewer: visibility.Viewer, by: audit.By, call_id: int, *, reason: str
) -> None:  # fmt: skip
    """Let a visible call off its hold; its recordings go with the others from then on."""
    call = visibility.get(session, viewer, models.Call, call_id)
    said = _reason(reason)
    hold = of(session, call.id)
    if hold is None:
        raise errors.NotFound("the call is not on legal hold")
    was = {"reason": said, "was": hold.reason, "placed_by": hold.by_id, "since": hold.at.isoformat()}  # fmt: skip
    session.delete(hold)
    audit.note(session, by, "legal_hold_lifted", ("call", call.id), was)


def keep(session: Session, by: audit.By, recording_id: int, *, kept: bool) -> None:
    """Take a recording out of what goes, or let it go with the others again; Conflict where its sound is gone."""
    alive = update(Row).where(Row.id == recording_id, Row.state != retention.DELETED)
    changed = _run(session, alive.values(kept=kept, delete_at=None))
    if not changed:
        raise errors.Conflict(f"the sound of recording {recording_id} is gone")
    audit.note(session, by, "recording_kept" if kept else "recording_let_go", ("recording", recording_id))  # fmt: skip


def keep_all(session: Session, by: audit.By) -> int:
    """Take back all that is marked; return how many that was."""
    marked = update(Row).where(Row.delete_at.is_not(None), Row.state != retention.DELETED)
    count = _run(session, marked.values(kept=True, delete_at=None))
    audit.note(session, by, "recordings_kept", ("recording", ""), {"count": count})
    return count


def marked(session: Session, after: str = "") -> paging.Page[models.Recording]:
    """Read a page of what is marked, the first to go first."""
    query = select(Row).where(Row.delete_at.is_not(None))
    if after:
        at, key = paging.decode(after)
        query = query.where((Row.delete_at > at) | ((Row.delete_at == at) & (Row.id > key)))
    rows = session.scalars(query.order_by(Row.delete_at, Row.id).limit(PAGE + 1)).all()
    return paging.page(rows, PAGE, lambda row: (row.delete_at or row.started_at, row.id))


def _run(session: Session, statement: Any) -> int:
    result = session.execute(statement.execution_options(synchronize_session=False))
    return result.rowcount if isinstance(result, CursorResult) else 0
