"""The do-not-call lists: our own, and what was read from the state's registry. A number is enough: nobody need know whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import phones

OWN, REGISTRY = "own", "registry"
SOURCES = (OWN, REGISTRY)
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Read:
    """How a file of numbers went in."""

    added: int
    known: int
    bad: tuple[tuple[int, str], ...]  # line, text


def e164_of(text: str, region: str) -> str:
    """Return a number's one spelling; raise Invalid for what is no number of the outside."""
    number = phones.classify(text, region)
    if number.kind != phones.EXTERNAL or number.e164 is None:
        raise errors.Invalid("number", f"{text[:40]!r} is not a telephone number")
    return number.e164


def find(session: Session, e164: str, now: datetime) -> models.DncEntry | None:
    """Return the entry that forbids a number now, the registry's before ours."""
    entry = models.DncEntry
    return session.scalar(
        select(entry)
        .where(entry.e164 == e164, or_(entry.until.is_(None), entry.until > now))
        .order_by(entry.source.desc())
        .limit(1)
    )


def listed(session: Session, numbers: Iterable[str], now: datetime) -> dict[str, models.DncEntry]:
    """Return which of some numbers are on a list now."""
    entry = models.DncEntry
    rows = session.scalars(
        select(entry)
        .where(entry.e164.in_(list(numbers)), or_(entry.until.is_(None), entry.until > now))
        .order_by(entry.source)
    )
    return {row.e164: row for row in rows}


def add(
    session: Session,
    e164: str,
    *,
    now: datetime,
    source: str = OWN,
    reason: str = "",
    by: int | None = None,
    until: datetime | None = None,
) -> models.DncEntry:
    """Put a number on a list, and close its leads at once; one that is there already keeps its first date."""
    entry = models.DncEntry
    if source not in SOURCES:
        raise errors.Invalid("source", f"is one of {', '.join(SOURCES)}")
    _insert(session, [_row(e164, now=now, source=source, reason=reason, by=by, until=until)])
    found = session.scalars(select(entry).where(entry.e164 == e164, entry.source == source)).one()
    if found.until is not None:  # it ran out, or would: the newer wish is the longer one
        found.until = until
    _close_leads(session, [e164])
    _audit(session, "dnc_add", e164, by, now, reason)
    return found


def remove(
    session: Session, e164: str, *, now: datetime, reason: str, by: int | None = None
) -> None:
    """Take a number off our own list; the registry's entries go with the registry alone."""
    if not reason.strip():
        raise errors.Invalid("reason", "must say why the number may be called again")
    entry = models.DncEntry
    gone = session.execute(delete(entry).where(entry.e164 == e164, entry.source == OWN))
    phone = session.scalar(select(models.Phone).where(models.Phone.e164 == e164))
    blocked = phone is not None and phone.do_not_call
    if phone is not None:
        phone.do_not_call = False
    if not getattr(gone, "rowcount", 0) and not blocked:
        raise errors.NotFound(f"{e164} is not on our list")
    _audit(session, "dnc_remove", e164, by, now, reason)


def read(
    session: Session, lines: Iterable[str], *, region: str, source: str, now: datetime,
    by: int | None = None,
) -> Read:  # fmt: skip
    """Put many numbers on a list, one a line; what is no number is told back with its line."""
    if source not in SOURCES:
        raise errors.Invalid("source", f"is one of {', '.join(SOURCES)}")
    bad: list[tuple[int, str]] = []
    added, known = 0, 0
    waiting: list[str] = []

    def flush() -> None:
        nonlocal added, known
        numbers = list(dict.fromkeys(waiting))
        rows = [_row(e164, now=now, source=source, by=by) for e164 in numbers]
        made = _insert(session, rows) if rows else 0
        added, known = added + made, known + len(waiting) - made
        _close_leads(session, numbers)
        waiting.clear()

    for place, line in enumerate(lines, 1):
        text = line.strip().strip("\ufeff\"';,")
        if not text:
            continue
        try:
            waiting.append(e164_of(text, region))
        except errors.Invalid:
            bad.append((place, text[:80]))
        if len(waiting) >= CHUNK:
            flush()
    flush()
    return Read(added, known, tuple(bad))


def _insert(session: Session, rows: list[dict[str, object]]) -> int:
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = make(models.DncEntry).on_conflict_do_nothing(index_elements=["e164", "source"])
    numbers = session.scalars(statement.returning(models.DncEntry.id), rows)
    return len(numbers.all())


def _row(
    e164: str, *, now: datetime, source: str, reason: str = "", by: int | None = None,
    until: datetime | None = None,
) -> dict[str, object]:  # fmt: skip
    return {
        "e164": e164, "source": source, "reason": " ".join(reason.split())[:200], "added_by_id": by,
        "added_at": now, "until": until,
    }  # fmt: skip


def _close_leads(session: Session, numbers: Sequence[str]) -> None:
    """End what waits for these numbers; a call that goes on is settled by its own end."""
    phone, lead = models.Phone, models.Lead
    session.execute(
        update(lead)
        .where(
            lead.phone_id.in_(select(phone.id).where(phone.e164.in_(numbers))),
            lead.state.in_(("open", "callback")),
        )
        .values(state="done", reason="do_not_call", leased_by_id=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def _audit(
    session: Session, action: str, e164: str, by: int | None, now: datetime, reason: str
) -> None:
    session.add(
        models.Audit(
            at=now, user_id=by, action=action, object_type="number", object_id=e164, detail={"reason": reason[:200]}
        )
    )  # fmt: skip
