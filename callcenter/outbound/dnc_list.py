"""The do-not-call lists as people read them: newest first, searched by a number or a part of one, and written out whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Select, false, func, select
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import paging, phones
from callcenter.outbound import columns, imports, tables

PAGE = 50
FEWEST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asks for; empty fields ask for everything."""

    number: str = ""
    source: str = ""


def query(wanted: Wanted, region: str) -> Select[models.DncEntry]:
    """Return the entries that a reader asks for, in no order."""
    entry = models.DncEntry
    found = select(entry)
    if wanted.source:
        found = found.where(entry.source == wanted.source)
    if not wanted.number.strip():
        return found
    number = phones.classify(wanted.number, region)
    if number.e164 is not None and number.valid:  # else it may be the beginning of one
        return found.where(entry.e164 == number.e164)
    digits = re.sub("[^0-9]", "", wanted.number).lstrip("0")
    return found.where(entry.e164.contains(digits) if len(digits) >= FEWEST_DIGITS else false())


def read(
    session: Session, wanted: Wanted, region: str, *, after: str = "", most: int = PAGE
) -> paging.Page[models.DncEntry]:
    """Read a page of entries, the newest first."""
    found = query(wanted, region)
    if after:
        _, key = paging.decode(after)
        found = found.where(models.DncEntry.id < key)
    rows = session.scalars(found.order_by(models.DncEntry.id.desc()).limit(most + 1)).all()
    return paging.page(rows, most, lambda row: (row.added_at, row.id))


def counts(session: Session) -> Mapping[str, int]:
    """Count the entries of each list."""
    entry = models.DncEntry
    rows = session.execute(select(entry.source, func.count()).group_by(entry.source))
    return {source: count for source, count in rows}


def file_lines(path: Path, region: str, *, most: int) -> Iterator[tuple[int, str]]:
    """Yield a file's cells that should hold a number, with their row; raise NotATable, or Invalid for one of too many rows.

    The columns are those whose heading or whose first row says so, else the first one.
    """
    seen = imports.look(path, region)
    numbered = [at for at, field in seen.mapping.items() if field == columns.PHONE] or [0]
    headed = seen.has_header and not any(c.isdigit() for cell in seen.header for c in cell)
    for place, row in enumerate(tables.rows(path, seen.form), 1):
        if place > most:
            raise errors.Invalid("file", "has too many rows")
        if place == 1 and headed:
            continue
        cells = [row[at] for at in numbered if at < len(row) and row[at]]
        for cell in cells or [" ".join(row)[:80]]:
            for part in phones.split(cell) or [cell]:
                yield place, part
