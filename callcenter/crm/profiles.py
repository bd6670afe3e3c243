"""How a queue of the exchange is called, greeted and measured here, and our own numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import audit, choices, phones, stamps

LONGEST_GREETING = 300
WORDS = ("labels", "greetings")
_COLUMNS = (*WORDS, "language", "team_id", "wrapup_seconds", "target_seconds")


def find(session: Session, pbx: str, queue: str) -> models.QueueProfile | None:
    """Return the profile of a queue, locked until the end of the transaction."""
    row = models.QueueProfile
    return session.scalar(select(row).where(row.pbx == pbx, row.queue == queue).with_for_update())


def blank(pbx: str, queue: str) -> models.QueueProfile:
    """Return what holds for a queue that nobody described."""
    return models.QueueProfile(
        pbx=pbx, queue=queue, labels={}, greetings={}, language="", team_id=None, wrapup_seconds=30,
        target_seconds=20,
    )  # fmt: skip


def stamp(row: models.QueueProfile) -> str:
    """Return the state of all that the form changes."""
    return stamps.of(*_values(row).values())


def change(
    session: Session,
    by: audit.By,
    of: tuple[str, str],
    *,
    values: Mapping[str, Any],
    seen: str,
    words_only: bool = False,
) -> models.QueueProfile:
    """Describe the queue `of` (exchange, name); with `words_only` how it is called and greeted alone."""
    row = find(session, *of)
    made = row is None
    row = row or blank(*of)
    stamps.check(stamp(row), seen)
    before = _values(row)
    row.labels = choices.labels(values)
    row.greetings = _greetings(values)
    if not words_only:
        _measure(session, row, values)
    if made:
        session.add(row)
    changed = audit.changes(before, _values(row))
    audit.note(session, by, "queue_changed", ("queue", f"{of[0]}/{of[1]}"), changed)
    session.flush()
    return row


def describe_new(session: Session, by: audit.By, pbx: str, queues: Iterable[str]) -> list[str]:
    """Give each queue that nobody described yet its own name as a label; return those."""
    made = []
    for queue in queues:
        if find(session, pbx, queue) is None:
            row = blank(pbx, queue)
            row.labels = {"en": queue[: choices.LONGEST_LABEL]}
            session.add(row)
            made.append(queue)
            audit.note(
                session, by, "queue_changed", ("queue", f"{pbx}/{queue}"), {"described": True}
            )
    session.flush()
    return made


def _measure(session: Session, row: models.QueueProfile, values: Mapping[str, Any]) -> None:
    language, team = str(values.get("language", "")), str(values.get("team", ""))
    if language not in ("", *choices.LANGUAGES):
        raise errors.Invalid("language", f"is one of {', '.join(choices.LANGUAGES)}")
    if team and (not team.isdecimal() or session.get(models.Team, int(team)) is None):
        raise errors.Invalid("team", "no such team")
    row.language, row.team_id = language, int(team) if team else None
    row.wrapup_seconds = choices.whole(values, "wrapup_seconds", most=3600, needed=True) or 0
    row.target_seconds = (
        choices.whole(values, "target_seconds", least=1, most=3600, needed=True) or 1
    )


def _greetings(values: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for code in choices.LANGUAGES:
        text = str(values.get(f"greeting_{code}", "")).strip()
        if len(text) > LONGEST_GREETING:
            raise errors.Invalid(f"greeting_{code}", "too_long")
        if text:
            found[code] = text
    return found


def _values(row: models.QueueProfile) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _COLUMNS}


def own_numbers(session: Session) -> Sequence[models.OwnNumber]:
    """Return our own lines."""
    return session.scalars(select(models.OwnNumber).order_by(models.OwnNumber.e164)).all()


def add_number(session: Session, by: audit.By, text: str, label: str, *, region: str) -> str:
    """Take a number for one of our own lines; return it as E.164."""
    e164, _ = phones.parse(text, region)
    if e164 is None:
        raise errors.Invalid("number", "not a phone number")
    if session.scalar(select(models.OwnNumber.id).where(models.OwnNumber.e164 == e164)):
        raise errors.Invalid("number", "taken")
    session.add(models.OwnNumber(e164=e164, label=label.strip()[:100]))
    audit.note(session, by, "number_added", ("number", e164))
    return e164


def remove_number(session: Session, by: audit.By, key: int) -> models.OwnNumber:
    """Take a number for one of our own no more; return what it was, to be put back."""
    row = session.get(models.OwnNumber, key)
    if row is None:
        raise errors.NotFound("no such number")
    session.delete(row)
    audit.note(session, by, "number_removed", ("number", row.e164), {"label": row.label})
    return row
