"""Imports of leads: a file becomes a batch, the batch runs in chunks, and all of it can be taken back.

Each chunk is one transaction that moves `position` with the rows it wrote: a process that dies between two chunks loses
nothing, and whoever goes on skips exactly what is done. A batch is worked on by one process at a time, by its lease.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from callcenter import db, errors, models, settings
from callcenter.crm import visibility
from callcenter.outbound import campaigns, chunks, columns, tables, undoing

ROWS = 500
PREVIEW = 8


@dataclass(frozen=True, slots=True)
class Look:
    """What a file seems to be, before anything is written."""

    form: tables.Form
    header: tuple[str, ...]
    has_header: bool
    mapping: Mapping[int, str]
    rows: tuple[list[str], ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """What an import would do, as far as the file alone tells."""

    rows: int
    good: int
    bad: tuple[tuple[int, list[str], columns.Bad], ...]
    bad_count: int


def look(path: Path, region: str) -> Look:
    """Look at a file's first rows; raise NotATable where it is none."""
    form = tables.recognise(path)
    first = tables.first_rows(path, form, PREVIEW + 1)
    if not first:
        raise tables.NotATable("has no rows", "empty")
    has_header = columns.is_header(first[0], region)
    width = max(len(row) for row in first)
    head = (first[0] + [""] * width)[:width] if has_header else [str(i + 1) for i in range(width)]
    mapping = columns.guess(head) if has_header else columns.by_content(first[0], region)
    return Look(form, tuple(head), has_header, mapping, tuple(first[1:] if has_header else first[:PREVIEW]))  # fmt: skip


def named(header: tuple[str, ...], text: str) -> dict[int, str]:
    """Read `name=Full name,phone=Mobile` (field=heading or number of the column); raise Invalid naming what is wrong."""
    found: dict[int, str] = {}
    for part in text.split(","):
        name, _, heading = (piece.strip() for piece in part.partition("="))
        if name not in columns.FIELDS:
            raise errors.Invalid("map", f"{name!r} is none of {', '.join(columns.FIELDS)}")
        wanted = [i for i, h in enumerate(header) if h.strip().lower() == heading.lower()]
        if heading.isdecimal() and not wanted and 0 < int(heading) <= len(header):
            wanted = [int(heading) - 1]
        if not wanted:
            raise errors.Invalid("map", f"no column {heading!r}; there are: {', '.join(header)}")
        found[wanted[0]] = name
    return found


def check_mapping(mapping: Mapping[int, str]) -> dict[str, str]:
    """Return a mapping as it is kept; raise Invalid where nothing is the number, or a field stands twice."""
    used = [name for name in mapping.values() if name in columns.FIELDS and name != columns.PHONE]
    if columns.PHONE not in mapping.values():
        raise errors.Invalid("mapping", "no column holds the telephone number")
    if doubled := {name for name in used if used.count(name) > 1}:
        raise errors.Invalid("mapping", f"{sorted(doubled)[0]} stands for two columns")
    allowed = {*columns.FIELDS, columns.FACT, columns.NOTHING}
    return {str(column): name for column, name in mapping.items() if name in allowed and name}


def trial(
    path: Path, seen: Look, mapping: Mapping[int, str], region: str, *, most: int = 20
) -> Trial:
    """Read the whole file and write nothing."""
    count, bad_count = 0, 0
    bad: list[tuple[int, list[str], columns.Bad]] = []
    for count, cells in enumerate(_data(path, seen.form, seen.has_header), 1):
        found = columns.read(cells, mapping, seen.header, region)
        if isinstance(found, columns.Bad):
            bad_count += 1
            if len(bad) < most:
                bad.append((count, cells, found))
    return Trial(count, count - bad_count, tuple(bad), bad_count)


def create(
    session: Session, campaign_id: int, *, name: str, path: str, seen: Look, by: int | None, now: datetime
) -> models.ImportBatch:  # fmt: skip
    """Make a batch of a file that lies in the folder, to be mapped and started."""
    batch = models.ImportBatch(
        campaign_id=campaign_id,
        file_name="".join(c for c in name if c.isprintable())[-200:],
        path=path,
        encoding=seen.form.encoding or seen.form.kind,
        header=list(seen.header),
        has_header=seen.has_header,
        mapping={str(column): name for column, name in seen.mapping.items()},
        created_at=now,
        created_by_id=by,
    )
    session.add(batch)
    session.flush()
    return batch


def start(
    session: Session, viewer: visibility.Viewer, batch_id: int, mapping: Mapping[int, str]
) -> None:  # fmt: skip
    """Let a mapped batch run; once."""
    kept = check_mapping(mapping)
    batch = theirs(session, viewer, batch_id)
    batch_ = models.ImportBatch
    moved = session.execute(
        update(batch_)
        .where(batch_.id == batch.id, batch_.state == "mapping")
        .values(state="waiting", mapping=kept)
        .execution_options(synchronize_session=False)
    )
    if not getattr(moved, "rowcount", 0):
        raise errors.Conflict("this import was started before")


def undo(session: Session, viewer: visibility.Viewer, batch_id: int) -> None:
    """Let a whole batch be taken back."""
    batch = theirs(session, viewer, batch_id)
    if batch.state not in ("done", "failed"):
        raise errors.Conflict("only an import that has ended can be undone")
    batch.state = "undoing"


def theirs(session: Session, viewer: visibility.Viewer, batch_id: int) -> models.ImportBatch:
    """Return a batch of a campaign that the viewer may change."""
    batch = visibility.get(session, viewer, models.ImportBatch, batch_id)
    campaigns.managed(session, viewer, batch.campaign_id)
    return batch


def waiting(session: Session, now: datetime) -> list[int]:
    """Find the batches that nobody works on, the oldest first."""
    batch = models.ImportBatch
    return list(
        session.scalars(
            select(batch.id)
            .where(
                batch.state.in_(("waiting", "running", "undoing")),
                or_(batch.lease_until.is_(None), batch.lease_until < now),
            )
            .order_by(batch.id)
        )
    )


def run(
    database: db.Database,
    config: settings.Settings,
    batch_id: int,
    *,
    told: Callable[[models.ImportBatch], None] = lambda _: None,
) -> str:
    """Work a batch off from where it stands; return its state. What somebody else works on is left to them."""
    now = db.utcnow()
    batch = database.call(_claim, batch_id, now)
    if batch is None:
        return ""
    if batch.state == "undoing":
        while (batch := database.call(undoing.chunk, batch_id)).state == "undoing":
            told(batch)
        return batch.state
    try:
        form = tables.recognise(Path(config.campaigns.folder) / batch.path)
        rows = _data(Path(config.campaigns.folder) / batch.path, form, batch.has_header)
        numbered = itertools.islice(enumerate(rows, 1), batch.position, None)
        while batch.state == "running":
            some = list(itertools.islice(numbered, ROWS))
            batch = database.call(_chunk, batch_id, some, config.site.region)
            told(batch)
    except (tables.NotATable, OSError) as error:
        batch = database.call(_fail, batch_id, str(error))
    return batch.state


def bad_rows(session: Session, batch: models.ImportBatch) -> Iterator[list[str]]:
    """Yield the headings and every row that was not taken, as it stood, with the reason's code behind it."""
    yield [*batch.header, "reason", "detail", "row"]
    row, last = models.ImportRow, 0
    while True:
        some = session.scalars(
            select(row)
            .where(row.batch_id == batch.id, row.row > last)
            .order_by(row.row)
            .limit(2000)
        ).all()
        if not some:
            return
        for one in some:
            padded = one.cells + [""] * (len(batch.header) - len(one.cells))
            yield [*padded[: len(batch.header)], one.reason, one.detail, str(one.row)]
        last = some[-1].row
        session.expunge_all()


def _data(path: Path, form: tables.Form, has_header: bool) -> Iterator[list[str]]:
    return itertools.islice(tables.rows(path, form), 1 if has_header else 0, None)


def _claim(session: Session, batch_id: int, now: datetime) -> models.ImportBatch | None:
    """Take a batch's lease;None when another process works on it."""
    batch = models.ImportBatch
    free = or_(batch.lease_until.is_(None), batch.lease_until < now)
    taken = session.execute(
        update(batch)
        .where(batch.id == batch_id, batch.state.in_(("waiting", "running", "undoing")), free)
        .values(lease_until=now + chunks.LEASE)
        .execution_options(synchronize_session=False)
    )
    if not getattr(taken, "rowcount", 0):
        return None
    found = session.get_one(batch, batch_id, populate_existing=True)
    if found.state == "waiting":
        found.state = "running"
    return found


def _chunk(
    session: Session, batch_id: int, rows: list[tuple[int, list[str]]], region: str
) -> models.ImportBatch:
    now = db.utcnow()
    batch = chunks.hold(session, batch_id, now)
    # Another process has been here while this one slept longer than its lease: its rows count.
    fresh = [(row, cells) for row, cells in rows if row > batch.position]
    if fresh:
        campaign = session.get_one(models.Campaign, batch.campaign_id)
        counts = chunks.write(session, batch, campaign, fresh, region=region, now=now)
        batch.added += counts.added
        batch.matched += counts.matched
        batch.bad += counts.bad
        batch.position = fresh[-1][0]
    if len(rows) < ROWS:
        batch.state, batch.total, batch.finished_at, batch.lease_until = (
            "done",
            batch.position,
            now,
            None,
        )
    session.flush()
    return batch


def _fail(session: Session, batch_id: int, problem: str) -> models.ImportBatch:
    batch = session.get_one(models.ImportBatch, batch_id)
    batch.state, batch.problem, batch.lease_until = "failed", problem[:300], None
    batch.finished_at = db.utcnow()
    return batch
