"""What people choose from, in an order that an administrator or a manager gives: outcomes of a call, and reasons of a pause.

Neither is deleted: an archived one is offered no more, and stays readable on every call and interval that has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import audit, stamps

LANGUAGES = ("he", "en", "ru")
LONGEST_LABEL = 60
LONGEST_PAUSE_MINUTES = 480

C = TypeVar("C", models.Outcome, models.PauseReason)
# Of each kind: its name in the audit, and the columns that a form changes beside the labels.
_KINDS: Mapping[type[models.Base], tuple[str, tuple[str, ...]]] = {
    models.Outcome: ("outcome", ("digit", "success", "callback")),
    models.PauseReason: ("reason", ("allowed_minutes",)),
}


def every(session: Session, model: type[C]) -> Sequence[C]:
    """Return all of a kind, those that are offered first, in their order."""
    return session.scalars(
        select(model).order_by(model.active.desc(), model.position, model.id)
    ).all()


def get(session: Session, model: type[C], key: int) -> C:
    """Return one, locked until the end of the transaction; raise NotFound."""
    row = session.get(model, key, with_for_update=True)
    if row is None:
        raise errors.NotFound("no such choice")
    return row


def stamp(row: models.Outcome | models.PauseReason) -> str:
    """Return the state of all that the form changes."""
    return stamps.of(*_values(row).values())


def create(session: Session, by: audit.By, model: type[C], values: Mapping[str, Any]) -> C:
    """Make one, at the end of the order."""
    kind, _ = _KINDS[model]
    checked = _checked(session, model, None, values)
    last = session.scalar(select(func.max(model.position)))
    row = model(
        code=_free_code(session, model, checked["labels"]),
        position=0 if last is None else last + 1,
        **checked,
    )
    session.add(row)
    session.flush()
    audit.note(session, by, f"{kind}_created", (kind, row.id), _values(row))
    return row


def change(
    session: Session,
    by: audit.By,
    model: type[C],
    key: int,
    *,
    values: Mapping[str, Any],
    seen: str,
) -> C:
    """Change one; raise Conflict when `seen` is not its present state."""
    kind, _ = _KINDS[model]
    row = get(session, model, key)
    stamps.check(stamp(row), seen)
    before = _values(row)
    for name, value in _checked(session, model, key, values).items():
        setattr(row, name, value)
    if changed := audit.changes(before, _values(row)):
        audit.note(session, by, f"{kind}_changed", (kind, key), changed)
    return row


def archive(
    session: Session, by: audit.By, model: type[C], key: int, *, archived: bool = True
) -> None:
    """Offer one no more, or again; one that comes back gives up a digit that another has by now."""
    kind, _ = _KINDS[model]
    row = get(session, model, key)
    row.active = not archived
    if isinstance(row, models.Outcome) and not archived and _digit_taken(session, row.digit, key):
        row.digit = None
    audit.note(session, by, f"{kind}_{'archived' if archived else 'restored'}", (kind, key))


def order(session: Session, by: audit.By, model: type[C], keys: Sequence[int]) -> None:
    """Put those that are offered into an order; raise Conflict when they are not the ones that are offered now."""
    kind, _ = _KINDS[model]
    rows = {row.id: row for row in every(session, model) if row.active}
    if sorted(rows) != sorted(keys):
        raise errors.Conflict("the list changed meanwhile")
    for position, key in enumerate(keys):
        rows[key].position = position
    audit.note(session, by, f"{kind}s_ordered", (kind, ""), {"order": [rows[k].code for k in keys]})


def _values(row: Any) -> dict[str, Any]:
    _, columns = _KINDS[type(row)]
    labels = {f"label_{code}": row.labels.get(code, "") for code in LANGUAGES}
    return {**labels, **{name: getattr(row, name) for name in columns}}


def _checked(
    session: Session, model: type[Any], key: int | None, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the columns of what was typed; raise Invalid naming the field."""
    found: dict[str, Any] = {"labels": labels(values)}
    if model is models.PauseReason:
        found["allowed_minutes"] = whole(values, "allowed_minutes", most=LONGEST_PAUSE_MINUTES)
        return found
    found["digit"] = whole(values, "digit", most=9)
    if _digit_taken(session, found["digit"], key):
        raise errors.Invalid("digit", "taken")
    return {
        **found,
        "success": bool(values.get("success")),
        "callback": bool(values.get("callback")),
    }


def labels(values: Mapping[str, Any], prefix: str = "label_") -> dict[str, str]:
    """Return the labels by language; one at least, none too long."""
    found = {}
    for code in LANGUAGES:
        text = " ".join(str(values.get(f"{prefix}{code}", "")).split())
        if len(text) > LONGEST_LABEL:
            raise errors.Invalid(f"{prefix}{code}", "too_long")
        if text:
            found[code] = text
    if not found:
        raise errors.Invalid(f"{prefix}{LANGUAGES[0]}", "missing")
    return found


def whole(
    values: Mapping[str, Any], name: str, *, least: int = 0, most: int, needed: bool = False
) -> int | None:
    """Return a whole number within bounds, None for an empty field that may be empty."""
    text = str(values.get(name, "")).strip()
    if not text and not needed:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text) or not least <= int(text) <= most:
        raise errors.Invalid(name, f"number {least} {most}")
    return int(text)


def _digit_taken(session: Session, digit: int | None, key: int | None) -> bool:
    if digit is None:
        return False
    row = models.Outcome
    query = select(row.id).where(row.digit == digit, row.active, row.id != (key or 0))
    return session.scalar(query.limit(1)) is not None


def _free_code(session: Session, model: type[Any], texts: Mapping[str, str]) -> str:
    """Make a code that is nobody's: from the English label, else from its number."""
    stem = re.sub(r"[^a-z0-9]+", "_", texts.get("en", "").lower()).strip("_")[:30] or "choice"
    taken = set(session.scalars(select(model.code)))
    return next(
        c for n in range(1, 10_000) if (c := stem if n == 1 else f"{stem}_{n}") not in taken
    )
