"""The do-not-call lists: our own, and what was read from the state's registry. A number is enough: nobody need know whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import phones

OWN, REGISTRY = "own", "registry"
SOURCES = (OWN, REGISTRY)
CHUNK = 500
NOT_A_NUMBER, SHORT, SEVERAL = "not_a_number", "short", "several"


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that cannot go onto a list; `problem` is not_a_number, short (an extension or a service) or several."""

    line: int
    text: str
    problem: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What stands in some lines: the numbers, each once and in their order, and the lines that hold none."""

    numbers: tuple[str, ...]
    bad: tuple[Bad, ...]
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class Read:
    """How a file of numbers went in."""

    added: int
    known: int
    bad: tuple[Bad, ...]


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


def find_own(session: Session, e164: str) -> models.DncEntry | None:
    """Return a number's entry of our own list, also one that has run out."""
    entry = models.DncEntry
    return session.scalar(select(entry).where(entry.e164 == e164, entry.source == OWN))


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
) -> int:
    """Take a number off our own list, and return the audit's line by which it is put back.

    The registry's entries go with the registry alone.
    """
    if not reason.strip():
        raise errors.Invalid("reason", "must say why the number may be called again")
    entry = models.DncEntry
    gone = session.execute(
        delete(entry)
        .where(entry.e164 == e164, entry.source == OWN)
        .returning(entry.reason, entry.added_by_id, entry.added_at, entry.until)
    ).one_or_none()
    phone = session.scalar(select(models.Phone).where(models.Phone.e164 == e164))
    blocked = phone is not None and phone.do_not_call
    if phone is not None:
        phone.do_not_call = False
    if gone is None and not blocked:
        raise errors.NotFound(f"{e164} is not on our list")
    detail: dict[str, Any] = {"marked": True} if blocked else {}
    if gone is not None:
        detail |= {
            "was": gone.reason,
            "asked_by": gone.added_by_id,
            "since": gone.added_at.isoformat(),
        }
        detail |= {"until": gone.until.isoformat()} if gone.until else {}
    return _audit(session, "dnc_remove", e164, by, now, reason, detail).id


def put_back(session: Session, line: int, *, now: datetime, by: int | None = None) -> str:
    """Put a number back as it was before it was taken off, by the audit's line of that; return it."""
    taken = session.get(models.Audit, line)
    if taken is None or taken.action != "dnc_remove":
        raise errors.NotFound("no number was taken off there")
    e164, was = taken.object_id, taken.detail
    if "since" in was:
        until = datetime.fromisoformat(was["until"]) if was.get("until") else None
        _insert(session, [_row(
            e164, now=datetime.fromisoformat(was["since"]), source=OWN, reason=was["was"],
            by=was["asked_by"], until=until,
        )])  # fmt: skip
    if was.get("marked"):
        marked = update(models.Phone).where(models.Phone.e164 == e164).values(do_not_call=True)
        session.execute(marked.execution_options(synchronize_session=False))
    _close_leads(session, [e164])
    _audit(session, "dnc_put_back", e164, by, now, "")
    return e164


def parse(lines: Iterable[tuple[int, str]], region: str) -> Parsed:
    """Read numbered lines, each with one number and words beside it perhaps, and write nothing."""
    numbers: dict[str, None] = {}
    bad: list[Bad] = []
    good = 0
    for place, line in lines:
        text = line.strip().strip("\ufeff\"';,").strip()
        if not text:
            continue
        # Of two numbers in a line nobody would see that the second was left out.
        parts = [part for part in phones.split(text) if any(c.isdigit() for c in part)]
        if len(parts) > 1:
            bad.append(Bad(place, text[:80], SEVERAL))
            continue
        try:
            numbers[e164_of(parts[0] if parts else text, region)] = None
            good += 1
        except errors.Invalid:
            short = phones.classify(text, region).kind == phones.SHORT
            bad.append(Bad(place, text[:80], SHORT if short else NOT_A_NUMBER))
    return Parsed(tuple(numbers), tuple(bad), good - len(numbers))


def add_many(
    session: Session, numbers: Sequence[str], *, now: datetime, source: str = OWN, reason: str = "",
    by: int | None = None,
) -> int:  # fmt: skip
    """Put many numbers on a list and close their leads; return how many were not on it before."""
    if source not in SOURCES:
        raise errors.Invalid("source", f"is one of {', '.join(SOURCES)}")
    added = 0
    for start in range(0, len(numbers), CHUNK):
        chunk = numbers[start : start + CHUNK]
        rows = [_row(e164, now=now, source=source, reason=reason, by=by) for e164 in chunk]
        added += _insert(session, rows)
        _close_leads(session, chunk)
    return added


def read(
    session: Session, lines: Iterable[str], *, region: str, source: str, now: datetime,
    by: int | None = None,
) -> Read:  # fmt: skip
    """Put many numbers on a list, one a line; what is no number is told back with its line."""
    parsed = parse(enumerate(lines, 1), region)
    added = add_many(session, parsed.numbers, now=now, source=source, by=by)
    return Read(added, len(parsed.numbers) + parsed.repeated - added, parsed.bad)


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
    session: Session, action: str, e164: str, by: int | None, now: datetime, reason: str,
    detail: Mapping[str, Any] | None = None,
) -> models.Audit:  # fmt: skip
    line = models.Audit(
        at=now, user_id=by, action=action, object_type="number", object_id=e164,
        detail={"reason": reason[:200], **(detail or {})},
    )  # fmt: skip
    session.add(line)
    session.flush()
    return line
