"""The day's ledger: every call that Asterisk wrote down, and what our log has of it.

    captured    seen live, and written as it happened
    reconciled  made or completed from Asterisk's own records, because it was not seen, or not whole
    missing     Asterisk has it and the log has not
    running     it has not ended, or ended a moment ago

A day begins and ends at the office's midnight. What was before we first listened to an exchange is not counted.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter import db, models, settings
from callcenter.crm import reconciling
from callcenter.telephony import completing, reconcile

CAPTURED, RECONCILED, MISSING, RUNNING = "captured", "reconciled", "missing", "running"
FRESH_SECONDS = 60.0
CHUNK = 400


@dataclass(frozen=True, slots=True)
class Entry:
    """One call of Asterisk's, and what we have of it; times are epoch seconds."""

    linkedid: str
    started: float
    ended: float
    direction: str
    from_: str
    to: str
    queue: str
    result: str
    state: str
    call_id: int | None = None
    outage: completing.Away | None = None  # why it was not seen: the first outage that touched it


@dataclass(frozen=True, slots=True)
class Day:
    """The ledger of one exchange and day; `problem` says why it cannot be told, or is empty."""

    pbx: str
    day: date
    problem: str = ""
    since: float | None = None  # when we first listened, where that was on this day
    entries: Sequence[Entry] = ()
    outages: Sequence[completing.Away] = ()
    only_ours: int = 0  # calls of our log that Asterisk's records do not have

    def count(self, state: str) -> int:
        """Count the calls in one state."""
        return sum(entry.state == state for entry in self.entries)

    @property
    def total(self) -> int:
        """Count Asterisk's finished calls."""
        return len(self.entries) - self.count(RUNNING)

    @property
    def kept(self) -> int:
        """Count those that our log has."""
        return self.count(CAPTURED) + self.count(RECONCILED)

    @property
    def not_live(self) -> list[Entry]:
        """List the calls that were not seen live."""
        return [entry for entry in self.entries if entry.state in (RECONCILED, MISSING)]

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON: times as epoch seconds."""
        counts = Counter(entry.state for entry in self.entries)
        return {
            "pbx": self.pbx,
            "day": self.day.isoformat(),
            "problem": self.problem,
            "total": self.total,
            **{state: counts[state] for state in (CAPTURED, RECONCILED, MISSING, RUNNING)},
            "only_ours": self.only_ours,
            "outages": [{"began": a.began, "ended": a.ended} for a in self.outages],
            "calls": [_as_dict(entry) for entry in self.not_live],
        }


def _as_dict(entry: Entry) -> dict[str, Any]:
    return {
        "linkedid": entry.linkedid, "started": entry.started, "ended": entry.ended, "direction": entry.direction,
        "from": entry.from_, "to": entry.to, "queue": entry.queue, "result": entry.result, "state": entry.state,
        "call_id": entry.call_id,
        "outage": entry.outage and {"began": entry.outage.began, "ended": entry.outage.ended},
    }  # fmt: skip


@dataclass(slots=True)
class _Rows:
    """Our rows of a day, by Linkedid."""

    found: dict[str, Any] = field(default_factory=dict)

    def of(self, linkedids: Sequence[str]) -> Any | None:
        """Find the row of a call, or of the one that absorbed it."""
        for linkedid in linkedids:
            row = self.found.get(linkedid[:150])
            for _ in range(5):
                if row is None or not row.merged_into:
                    break
                row = self.found.get(row.merged_into) or row
                if row.merged_into and row.merged_into not in self.found:
                    break
            if row is not None:
                return row
        return None


def bounds(day: date, zone: str) -> tuple[float, float]:
    """Give the first moment of a day at the office, and that of the next, epoch seconds."""
    office = ZoneInfo(zone)
    begin = datetime(day.year, day.month, day.day, tzinfo=office)
    after = day + timedelta(days=1)
    return begin.timestamp(), datetime(
        after.year, after.month, after.day, tzinfo=office
    ).timestamp()


def days(database: db.Database, config: settings.Settings, day: date) -> list[Day]:
    """Read the ledger of every exchange; it blocks while files are read."""
    return [read(database, config, pbx, day) for pbx in config.pbx]


def read(database: db.Database, config: settings.Settings, pbx: settings.Pbx, day: date) -> Day:
    """Read the ledger of one exchange."""
    begin, end = bounds(day, config.site.timezone)
    historian = reconcile.Historian(pbx, zone=config.site.timezone)
    if not historian.is_set:
        return Day(pbx.name, day, "pbx.cdr is not set: there is nothing to compare with")
    with database.session() as session:
        mark = session.get(models.ReconcileMark, pbx.name)
        if mark is None:
            return Day(pbx.name, day, "this exchange was never listened to")
        try:
            told = historian.between(begin, end)
        except OSError as error:
            return Day(pbx.name, day, f"{pbx.cdr}: {error.strerror or error}")
        since = mark.since.timestamp()
        told = [each for each in told if each.ended >= since - 1.0]  # whole seconds
        outages = _outages(session, pbx.name, begin, end)
        rows = _rows(session, pbx.name, told)
        entries = [_entry(each, rows.of(each.linkedids), outages) for each in told]
        ours = _ours(session, pbx.name, begin, end)
        known = {linkedid[:150] for each in told for linkedid in each.linkedids}
        only = sum(linkedid not in known for linkedid in ours)
        first = since if begin <= since < end else None
        return Day(pbx.name, day, "", first, entries, outages, only)


def _entry(told: reconcile.Told, row: Any | None, outages: Sequence[completing.Away]) -> Entry:
    record = told.record
    fresh = reconciling.is_fresh(told.ended, FRESH_SECONDS, now=time.time())
    if row is not None and row.ended is None:
        state = RUNNING
    elif row is None:
        state = RUNNING if fresh else MISSING
    elif row.source == "reconciled":
        state = RECONCILED
    else:
        state = CAPTURED
    outage = next((a for a in outages if a.touches(told.started, told.ended)), None)
    return Entry(
        told.record.id, told.started, told.ended, row.direction if row else record.direction.value,
        row.from_raw if row else record.from_, row.to_raw if row else record.to,
        (row.queue if row else record.queue) or "", row.result if row else str(record.result or ""), state,
        row.id if row else None, outage if state in (RECONCILED, MISSING) else None,
    )  # fmt: skip


def _rows(session: Session, pbx: str, told: Sequence[reconcile.Told]) -> _Rows:
    rows = _Rows()
    wanted = [linkedid[:150] for each in told for linkedid in each.linkedids]
    while wanted:
        for row in _read_rows(session, pbx, wanted):
            rows.found[row.linkedid] = row
        absorbers = {row.merged_into for row in rows.found.values() if row.merged_into}
        wanted = sorted(absorbers - rows.found.keys())[:CHUNK]
        if wanted and not any(_read_rows(session, pbx, wanted)):
            break
    return rows


def _read_rows(session: Session, pbx: str, linkedids: Sequence[str]) -> Iterator[Any]:
    c = models.Call
    columns = (c.id, c.linkedid, c.merged_into, c.ended, c.source, c.direction, c.from_raw, c.to_raw, c.queue, c.result)  # fmt: skip
    for start in range(0, len(linkedids), CHUNK):
        some = linkedids[start : start + CHUNK]
        yield from session.execute(select(*columns).where(c.pbx == pbx, c.linkedid.in_(some)))


def _ours(session: Session, pbx: str, begin: float, end: float) -> list[str]:
    call = models.Call
    first, last = (datetime.fromtimestamp(at, UTC) for at in (begin, end))
    mine = (call.pbx == pbx, call.started >= first, call.started < last, call.merged_into.is_(None))
    return list(session.scalars(select(call.linkedid).where(*mine, call.ended.is_not(None))))


def _outages(session: Session, pbx: str, begin: float, end: float) -> list[completing.Away]:
    outage = models.Outage
    first, last = (datetime.fromtimestamp(at, UTC) for at in (begin, end))
    lasts = func.coalesce(outage.ended, last) >= first
    asked = select(outage).where(outage.pbx == pbx, outage.began < last, lasts).order_by(outage.id)
    return [
        completing.Away(row.began.timestamp(), row.ended.timestamp() if row.ended else None)
        for row in session.scalars(asked)
    ]
