"""The audit: who did what to what, when and from where. Rows are added and read; a change of one is refused.

Actions are named `what_done` and belong to a group, by which the page filters and by which a manager may read at all: they
answer for listening and exports, and for nothing else that stands here. `detail` holds plain values, never a secret.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, event, false, select
from sqlalchemy.orm import Mapper, Session

from callcenter import db, errors, models
from callcenter.crm import paging, visibility

GROUPS: Mapping[str, tuple[str, ...]] = {
    "listening": ("recording_play", "transcript_open", "call_listen", "call_listen_end"),
    "exports": ("export", "audit_export"),
    "signin": (
        "sign_in", "sign_in_failed", "sign_out", "second_step_failed", "recovery_code_used", "session_ended",
        "sessions_ended",
    ),
    "account": ("password_changed", "password_reset", "second_step_on", "second_step_off", "second_step_reset"),
    "people": ("user_created", "user_changed", "role_changed", "user_closed", "user_reopened", "seat_taken", "seat_left"),
    "settings": (
        "team_created", "team_changed", "team_deleted", "queue_changed", "outcome_created", "outcome_changed",
        "outcome_archived", "outcome_restored", "outcomes_ordered", "reason_created", "reason_changed",
        "reason_archived", "reason_restored", "reasons_ordered", "recording_retry", "recording_retry_all", "number_added", "number_removed", "site_changed",
        "exchange_changed", "setup_begun", "setup_finished", "recording_policy_changed", "recording_rule_set",
        "recording_rule_removed", "retention_changed", "retention_rule_set", "retention_rule_removed",
        "view_shared", "view_deleted",
    ),
    "retention": (
        "legal_hold_placed", "legal_hold_lifted", "recording_kept", "recording_let_go", "recordings_kept", "recordings_deleted",
    ),
    "campaigns": (
        "campaign_create", "campaign_edit", "campaign_running", "campaign_paused", "campaign_ended", "campaign_draft",
        "lead_skip", "dnc_add", "dnc_remove", "dnc_put_back", "dnc_import",
    ),
    "tasks": ("task_made", "task_done", "task_undone", "task_moved", "task_handed_over"),
}  # fmt: skip
OF_MANAGERS = ("listening", "exports")
_PAGE = 50
_MOST_EXPORTED = 50_000


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, and from which address; `user_id` is None for somebody who has not signed in."""

    user_id: int | None
    address: str = ""


def note(
    session: Session,
    by: By,
    action: str,
    of: tuple[str, int | str] = ("", ""),
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write a line: `of` is what kind of thing it was done to, and which one."""
    session.add(
        models.Audit(
            at=db.utcnow(),
            user_id=by.user_id,
            action=action,
            object_type=of[0],
            object_id=str(of[1])[:80],
            detail=dict(detail or {}),
            address=by.address[:60],
        )
    )


def note_once(
    session: Session, by: By, action: str, of: tuple[str, int | str], *, browser: str
) -> None:
    """Write a line unless this signed-in browser, by its session's hash, has one already: a player asks for many ranges."""
    audit, mark = models.Audit, browser[:12]
    query = select(audit.detail).where(
        audit.object_type == of[0],
        audit.object_id == str(of[1]),
        audit.action == action,
        audit.user_id == by.user_id,
    )
    if all(
        seen.get("browser") != mark
        for seen in session.scalars(query.order_by(audit.id.desc()).limit(20))
    ):
        note(session, by, action, of, {"browser": mark})


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return what differs, as {name: [before, after]}."""
    return {key: [before[key], after[key]] for key in before if before[key] != after[key]}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asks for; empty fields ask for everything."""

    group: str = ""
    user_id: int | None = None
    begin: datetime | None = None
    end: datetime | None = None
    text: str = ""  # an object's kind or number


def query(viewer: visibility.Viewer, wanted: Wanted) -> Select[models.Audit]:
    """Return the lines that a reader may see and asks for: an administrator all, a manager two groups, others none."""
    audit = models.Audit
    found = select(audit)
    groups = GROUPS if viewer.role == "admin" else OF_MANAGERS if viewer.role == "manager" else ()
    if viewer.role != "admin" or wanted.group:
        chosen = [g for g in groups if wanted.group in ("", g)]
        actions = [action for group in chosen for action in GROUPS[group]]
        found = found.where(audit.action.in_(actions) if actions else false())
    if wanted.user_id is not None:
        found = found.where(audit.user_id == wanted.user_id)
    if wanted.begin is not None:
        found = found.where(audit.at >= wanted.begin)
    if wanted.end is not None:
        found = found.where(audit.at < wanted.end)
    if wanted.text:
        kind, _, number = wanted.text.partition(" ")
        found = found.where(audit.object_type == kind)
        if number:
            found = found.where(audit.object_id == number.strip())
    return found


def read(
    session: Session, viewer: visibility.Viewer, wanted: Wanted, after: str = ""
) -> paging.Page[models.Audit]:
    """Read a page of lines, the newest first."""
    found = query(viewer, wanted)
    if after:
        _, key = paging.decode(after)
        found = found.where(models.Audit.id < key)
    rows = session.scalars(found.order_by(models.Audit.id.desc()).limit(_PAGE + 1)).all()
    return paging.page(rows, _PAGE, lambda row: (row.at, row.id))


def export(session: Session, viewer: visibility.Viewer, wanted: Wanted) -> str:
    """Return the lines as CSV, the newest first and 50,000 at most."""
    rows = session.execute(
        query(viewer, wanted)
        .add_columns(models.User.login)
        .outerjoin(models.User, models.User.id == models.Audit.user_id)
        .order_by(models.Audit.id.desc())
        .limit(_MOST_EXPORTED)
    )
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("at", "login", "action", "object", "detail", "address"))
    for row, login in rows:
        of = f"{row.object_type} {row.object_id}".strip()
        values = (
            row.at.isoformat(),
            login or "",
            row.action,
            of,
            in_words(row.detail),
            row.address,
        )
        writer.writerow(_harmless(values))
    return out.getvalue()


def in_words(detail: Mapping[str, Any]) -> str:
    """Tell a detail in one line: `name: before -> after`."""
    return "; ".join(_told(detail))


def _told(detail: Mapping[str, Any]) -> Iterator[str]:
    for name, value in detail.items():
        if isinstance(value, list) and len(value) == 2:
            yield f"{name}: {value[0]} -> {value[1]}"
        else:
            yield f"{name}: {value}"


def _harmless(cells: Iterable[str]) -> list[str]:
    """Let no cell begin as a formula, which a spreadsheet would calculate."""
    return [f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell for cell in cells]


def _refuse(_mapper: Mapper[Any], _connection: Any, _row: models.Audit) -> None:
    raise errors.Forbidden("a line of the audit is never changed or removed")


event.listen(models.Audit, "before_update", _refuse)
event.listen(models.Audit, "before_delete", _refuse)
