"""Some hundred rows of a list into the database at once: known customers are matched, new ones made, nobody twice.

All imports write one after another (an advisory lock on PostgreSQL, the one writer of SQLite): what one has made the next one
sees, so two lists with the same people at the same moment make them once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import names, phones
from callcenter.outbound import columns

LEASE = timedelta(seconds=30)
LOCK = 7_317_001  # of all imports, on PostgreSQL


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of some rows."""

    added: int = 0
    matched: int = 0
    bad: int = 0


@dataclass(slots=True)
class _Chunk:
    """Rows on their way: those that can be called, and those that cannot, with what the database knows of them."""

    people: dict[int, columns.Person] = field(default_factory=dict)
    bad: dict[int, columns.Bad] = field(default_factory=dict)
    phone_ids: dict[str, int] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    owners: dict[str, int] = field(default_factory=dict)

    def refuse(self, row: int, code: str, detail: str = "") -> None:
        del self.people[row]
        self.bad[row] = columns.Bad(code, detail)

    def numbers(self) -> dict[str, phones.Number]:
        return {n.e164: n for person in self.people.values() for n in person.numbers if n.e164}


def hold(session: Session, batch_id: int, now: datetime) -> models.ImportBatch:
    """Renew a batch's lease and wait for the other imports' chunks; that write takes SQLite's only writer lock."""
    batch = models.ImportBatch
    session.execute(
        update(batch)
        .where(batch.id == batch_id)
        .values(lease_until=now + LEASE)
        .execution_options(synchronize_session=False)
    )
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    return session.get_one(batch, batch_id, populate_existing=True)


def write(
    session: Session,
    batch: models.ImportBatch,
    campaign: models.Campaign,
    rows: Sequence[tuple[int, list[str]]],
    *,
    region: str,
    now: datetime,
) -> Counts:
    """Take rows, (number, cells) each, into a campaign; those that cannot be are kept with the reason."""
    mapping = {int(column): name for column, name in batch.mapping.items()}
    chunk = _Chunk()
    for row, cells in rows:
        read = columns.read(cells, mapping, batch.header, region)
        if isinstance(read, columns.Bad):
            chunk.bad[row] = read
        else:
            chunk.people[row] = read
    _known(session, chunk)
    _refuse_doubles(session, batch, chunk)
    matched = _leads(session, batch, campaign, chunk, region=region, now=now)
    cells_of = dict(rows)
    if chunk.bad:
        session.execute(
            insert(models.ImportRow),
            [
                {"batch_id": batch.id, "row": row, "cells": cells_of[row], "reason": bad.code, "detail": bad.detail}
                for row, bad in sorted(chunk.bad.items())
            ],
        )  # fmt: skip
    return Counts(len(chunk.people), matched, len(chunk.bad))


def _known(session: Session, chunk: _Chunk) -> None:
    """Read what the database has of these numbers: our own lines, whose they are, who may not be called."""
    wanted = list(chunk.numbers())
    phone, link, party, entry = models.Phone, models.PartyPhone, models.Party, models.DncEntry
    own = set(_in(session, select(models.OwnNumber.e164), models.OwnNumber.e164, wanted))
    for row, person in list(chunk.people.items()):
        if mine := [n.e164 for n in person.numbers if n.e164 in own]:
            chunk.refuse(row, "own_number", str(mine[0]))
    for id_, e164, blocked in session.execute(
        select(phone.id, phone.e164, phone.do_not_call).where(phone.e164.in_(wanted))
    ):
        chunk.phone_ids[e164] = id_
        if blocked:
            chunk.blocked.add(e164)
    owners = session.execute(
        select(phone.e164, func.coalesce(party.merged_into_id, party.id))
        .join(link, link.phone_id == phone.id)
        .join(party, party.id == link.party_id)
        .where(phone.e164.in_(wanted))
        .order_by(link.primary, link.id.desc())
    )
    chunk.owners = {e164: owner for e164, owner in owners}
    chunk.blocked |= set(_in(session, select(entry.e164), entry.e164, wanted))


def _in(session: Session, query: Any, column: Any, values: Iterable[str]) -> list[str]:
    return list(session.scalars(query.where(column.in_(list(values)))))


def _refuse_doubles(session: Session, batch: models.ImportBatch, chunk: _Chunk) -> None:
    """Refuse rows whose number or customer is in the campaign already, or stands in an earlier row."""
    lead, phone = models.Lead, models.Phone
    wanted, parties = list(chunk.numbers()), set(chunk.owners.values())
    there = session.execute(
        select(phone.e164, lead.party_id, lead.batch_id, lead.row)
        .join(phone, phone.id == lead.phone_id)
        .where(
            lead.campaign_id == batch.campaign_id,
            or_(phone.e164.in_(wanted), lead.party_id.in_(parties)),
        )
    ).all()
    by_number = {e164: (batch_id, row) for e164, _, batch_id, row in there}
    by_party = {party_id: (batch_id, row) for _, party_id, batch_id, row in there}
    seen: dict[str | int, int] = {}
    for row, person in sorted(chunk.people.items()):
        numbers = [n.e164 for n in person.numbers if n.e164]
        owners = [chunk.owners[e164] for e164 in numbers if e164 in chunk.owners]
        keys: list[str | int] = [*numbers, *owners]
        earlier = next((seen[key] for key in keys if key in seen), None)
        known = next((by_number[e] for e in numbers if e in by_number), None) or next(
            (by_party[o] for o in owners if o in by_party), None
        )
        if earlier is None and known is not None and known[0] == batch.id:
            earlier = known[1]
        if earlier is not None:
            chunk.refuse(row, "duplicate_in_file", str(earlier))
        elif known is not None:
            chunk.refuse(row, "already_in_campaign", numbers[0])
        else:
            seen |= dict.fromkeys(keys, row)


def _leads(
    session: Session, batch: models.ImportBatch, campaign: models.Campaign, chunk: _Chunk, *, region: str,
    now: datetime,
) -> int:  # fmt: skip
    """Write phones, customers and leads of the rows that are left; return how many customers were known."""
    if not chunk.people:
        return 0
    _make_phones(session, chunk)
    rows = sorted(chunk.people.items())
    owner = {row: next((chunk.owners[n.e164] for n in person.numbers if n.e164 in chunk.owners), None) for row, person in rows}  # fmt: skip
    new = [(row, person) for row, person in rows if owner[row] is None]
    made = dict(
        zip([row for row, _ in new], _make_parties(session, campaign, new, chunk, now), strict=True)
    )
    session.execute(
        insert(models.Lead),
        [
            {
                "campaign_id": campaign.id, "party_id": owner[row] or made[row],
                "phone_id": chunk.phone_ids[str(person.numbers[0].e164)], "name": person.name,
                "facts": dict(person.facts or {}), "priority": person.priority, "next_at": now, "created_at": now,
                "batch_id": batch.id, "row": row, "made_party": owner[row] is None,
                **(_CLOSED if person.numbers[0].e164 in chunk.blocked else _OPEN),
            }
            for row, person in rows
        ],
    )  # fmt: skip
    return len(rows) - len(new)


_OPEN = {"state": "open", "reason": ""}
_CLOSED = {"state": "done", "reason": "do_not_call"}


def _make_phones(session: Session, chunk: _Chunk) -> None:
    missing = {e164: n for e164, n in chunk.numbers().items() if e164 not in chunk.phone_ids}
    if not missing:
        return
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(
        make(models.Phone).on_conflict_do_nothing(index_elements=["e164"]),
        [
            {"e164": e164, "digits_reversed": n.digits_reversed, "region": n.region, "line_type": n.line_type,
             "quality": "ok" if n.valid else "unverified"}
            for e164, n in missing.items()
        ],
    )  # fmt: skip
    phone = models.Phone
    found = session.execute(select(phone.e164, phone.id).where(phone.e164.in_(missing)))
    chunk.phone_ids |= {e164: id_ for e164, id_ in found}


def _make_parties(
    session: Session, campaign: models.Campaign, people: Sequence[tuple[int, columns.Person]], chunk: _Chunk,
    now: datetime,
) -> list[int]:  # fmt: skip
    """Make customers of status lead with their names and numbers; return their ids in order."""
    if not people:
        return []
    keys = [names.fold(f"{p.name} {p.given} {p.family}") for _, p in people]
    values = [
        {"display": p.name, "given": p.given, "family": p.family, "search_key": key[:400], "status": "lead",
         "language": p.language, "city": p.city, "email": p.email, "team_id": campaign.team_id, "created_at": now,
         "updated_at": now}
        for (_, p), key in zip(people, keys, strict=True)
    ]  # fmt: skip
    ids = _insert_parties(session, values)
    words = [
        {"word": word, "party_id": id_}
        for id_, key in zip(ids, keys, strict=True)
        for word in names.words(key)
    ]
    if words:
        session.execute(insert(models.PartyName), words)
    links = [
        {"party_id": id_, "phone_id": chunk.phone_ids[str(n.e164)], "primary": place == 0, "raw": n.raw[:60]}
        for id_, (_, p) in zip(ids, people, strict=True)
        for place, n in enumerate(p.numbers)
    ]  # fmt: skip
    session.execute(insert(models.PartyPhone), links)
    return ids


def _insert_parties(session: Session, values: list[dict[str, Any]]) -> list[int]:
    """Insert customers by few statements; return their ids in order."""
    party = models.Party
    if session.get_bind().dialect.name == "postgresql":
        made = insert(party).returning(party.id, sort_by_parameter_order=True)
        return list(session.scalars(made, values))
    # SQLite tells ids in no order, so it would be asked row by row; but its one writer is us, and may choose them.
    first = (session.scalar(select(func.max(party.id))) or 0) + 1
    ids = list(range(first, first + len(values)))
    session.execute(
        insert(party), [{"id": id_, **row} for id_, row in zip(ids, values, strict=True)]
    )
    return ids
