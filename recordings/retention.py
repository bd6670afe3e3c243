"""Recordings whose time is over: marked, left for seven days in which they can be taken back, then deleted.

Rules
1. Nothing goes unless somebody set a number of days (recordings/periods.py); a plan that was changed withdraws its marks.
2. What is on legal hold, or was taken back, is neither marked nor deleted; both are asked again by the statement that deletes.
3. The row stays and says since when its sound is gone. Files go before the row is committed: who dies between the two deletes
   again what is gone already, and no sound outlives its row.
4. What still waits for its transcript has its time yet; it goes once it is done, or cannot be.
5. One worker sweeps, once an hour; the row of the policy says when.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

import structlog
from sqlalchemy import ColumnElement, CursorResult, String, and_, cast, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from callcenter import models
from callcenter.crm import audit
from callcenter.db import Database
from callcenter.reports import conditions
from callcenter.settings import Settings
from recordings import jobs, periods, rulebook, store

log = structlog.get_logger(__name__)

EVERY = timedelta(hours=1)
SKEW = timedelta(minutes=1)
STEP = 500
OVER = ("done", "no_model", "failed", "empty")  # states that nobody works on any more
DELETED = "deleted"
NOBODY = audit.By(None)

Row = models.Recording


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    withdrawn: int = 0
    marked: int = 0
    deleted: periods.Sum = periods.Sum()
    failed: int = 0


def plan(session: Session) -> periods.Plan:
    """Return how long what is kept now."""
    policy, rule = rulebook.policy(session), models.RetentionRule
    told = tuple(
        periods.Period(row.scope, row.pbx, row.value, row.keep_days)
        for row in session.scalars(select(rule).order_by(rule.id))
    )
    return periods.Plan(policy.keep_days, told, policy.keep_transcripts)


def held(recording: Any = Row) -> ColumnElement[bool]:
    """Say whether a recording's call is on legal hold, also one that was merged into another since."""
    hold, call = models.LegalHold, aliased(models.Call)
    same = and_(
        call.pbx == recording.pbx,
        or_(call.linkedid == recording.linkedid, call.merged_into == recording.linkedid),
    )
    found = select(hold.call_id).join(call, call.id == hold.call_id)
    return found.where(or_(hold.call_id == recording.call_id, same)).exists()


def _sound() -> ColumnElement[bool]:
    """Say whether a recording has a file of ours."""
    return cast(Row.stored, String) != "{}"


def _read(session: Session, *asked: ColumnElement[bool], after: int) -> list[periods.Kept]:
    """Read some recordings, in order of their ids, with what their time depends on."""
    call = models.Call
    rows = session.execute(
        select(
            Row.id, Row.started_at, Row.pbx, Row.seconds, Row.bytes, call.queue,
            conditions.campaign(call).label("campaign"),
        )
        .outerjoin(call, call.id == Row.call_id)
        .where(*asked, Row.id > after)
        .order_by(Row.id)
        .limit(STEP)
    )  # fmt: skip
    return [
        periods.Kept(
            row.id, row.started_at, row.pbx, row.queue or "", row.campaign or "", row.seconds or 0.0,
            row.bytes or 0,
        )
        for row in rows
    ]  # fmt: skip


def _over(
    session: Session, of: periods.Plan, now: datetime, after: int
) -> tuple[list[periods.Kept], int]:
    """Read a step of the recordings whose time is over and that nobody holds, and the id to go on after; 0 at the end."""
    if of.shortest is None:
        return [], 0
    old = Row.started_at < now - timedelta(days=of.shortest)
    found = _read(session, Row.state.in_(OVER), old, ~Row.kept, ~held(), _sound(), after=after)
    over = [kept for kept in found if periods.is_over(of, kept, now)]
    return over, found[-1].id if found else 0


def trial(
    session: Session, of: periods.Plan, now: datetime, zone: tzinfo
) -> dict[date, periods.Sum]:  # fmt: skip
    """Say what would go by a plan, by day; nothing is written."""
    whole: list[periods.Kept] = []
    found, after = _over(session, of, now, 0)
    while after:
        whole += found
        found, after = _over(session, of, now, after)
    return periods.by_day(whole, zone)


def begin(session: Session, now: datetime) -> bool:
    """Take the turn to sweep; False where another had it within the hour."""
    row = models.RecordingPolicy
    ahead = row.swept_at > now + SKEW  # of a clock that was set back since
    turn = or_(row.swept_at.is_(None), row.swept_at <= now - EVERY, ahead)
    return (
        _changed(session, update(row).where(row.id == rulebook.ONLY, turn).values(swept_at=now)) > 0
    )


def _changed(session: Session, statement: Any) -> int:
    result = session.execute(statement.execution_options(synchronize_session=False))
    return result.rowcount if isinstance(result, CursorResult) else 0


def sweep(
    database: Database, settings: Settings, now: datetime, *, ending: Callable[[], bool] = lambda: False
) -> Swept | None:  # fmt: skip
    """Mark and delete what is over at `now`; None where it is not our turn. `ending` says to leave the rest for the next."""
    if not database.call(begin, now):
        return None
    of = database.call(plan)
    withdrawn, marked = (_stepwise(database, step, of, now) for step in (withdraw, mark))
    deleted, failed, after = periods.Sum(), 0, 0
    while (due := database.call(_due, now, after)) and not ending():
        after = due[-1]
        gone = [each for each in (_delete(database, settings, key, of, now) for key in due) if each]
        sums = periods.total(periods.Sum(1, k.seconds, k.bytes) for k in gone if k.id)
        deleted = deleted.plus(sums.seconds, sums.bytes, sums.count)
        failed += sum(not kept.id for kept in gone)
        if sums.count:
            database.call(_told, [kept for kept in gone if kept.id], sums)
    swept = Swept(withdrawn, marked, deleted, failed)
    if swept != Swept():
        log.info("retention", withdrawn=withdrawn, marked=marked, deleted=deleted.count, failed=failed)  # fmt: skip
    return swept


Step = Callable[[Session, periods.Plan, datetime, int], tuple[int, int]]


def _stepwise(database: Database, step: Step, of: periods.Plan, now: datetime) -> int:
    """Do something in small transactions, so that nobody who takes calls waits for it; return how many it changed."""
    count, after = database.call(step, of, now, 0)
    while after:
        more, after = database.call(step, of, now, after)
        count += more
    return count


def withdraw(session: Session, of: periods.Plan, now: datetime, after: int) -> tuple[int, int]:
    """Take the marks off a step of what a changed plan, a hold or a clock that was set keeps longer after all."""
    found = _read(session, Row.delete_at.is_not(None), after=after)
    if not found:
        return 0, 0
    ids = [kept.id for kept in found if not periods.is_over(of, kept, now)]
    longer = or_(Row.id.in_(ids), Row.kept, held())
    some = update(Row).where(Row.id.in_([kept.id for kept in found]), longer)
    return _changed(session, some.values(delete_at=None)), found[-1].id


def mark(session: Session, of: periods.Plan, now: datetime, after: int) -> tuple[int, int]:
    """Mark a step of what is over: it goes when the grace is over."""
    found, after = _over(session, of, now, after)
    fresh = update(Row).where(Row.id.in_([k.id for k in found]), Row.delete_at.is_(None))
    return _changed(session, fresh.values(delete_at=now + periods.GRACE)), after


def _due(session: Session, now: datetime, after: int) -> list[int]:
    query = select(Row.id).where(Row.delete_at <= now, Row.id > after)
    return list(session.scalars(query.order_by(Row.id).limit(STEP)))


def _delete(
    database: Database, settings: Settings, key: int, of: periods.Plan, now: datetime
) -> periods.Kept | None:
    """Delete one; a file that cannot be removed leaves its row as it was, told by an id of 0."""
    try:
        return database.call(delete, settings, key, of, now)
    except OSError as problem:
        log.error("sound not deleted", recording=key, problem=str(problem)[:200])
        return periods.Kept(0, now)


def _told(session: Session, gone: Sequence[periods.Kept], sums: periods.Sum) -> None:
    days = [kept.started_at.date().isoformat() for kept in gone]
    audit.note(session, NOBODY, "recordings_deleted", ("recording", ""), {
        "count": sums.count, "seconds": round(sums.seconds), "bytes": sums.bytes, "from": min(days), "until": max(days),
    })  # fmt: skip


def delete(
    session: Session, settings: Settings, recording_id: int, of: periods.Plan, now: datetime
) -> periods.Kept | None:
    """Delete a recording's sound, and its transcript where the plan says so; None where something kept it."""
    free = Row.delete_at <= now, Row.state.in_(OVER), ~Row.kept, ~held()
    taken = update(Row).where(Row.id == recording_id, *free).values(
        state=DELETED, deleted_at=now, delete_at=None, lease_until=None
    )  # fmt: skip
    if not _changed(session, taken):
        return None
    row = session.get_one(models.Recording, recording_id, populate_existing=True)
    gone = periods.Kept(row.id, row.started_at, seconds=row.seconds or 0.0, bytes=row.bytes or 0)
    if not of.transcripts:
        jobs.forget_transcript(session, row.id)
    store.erase(settings, row)
    row.stored, row.peaks, row.bytes, row.reason = {}, {}, 0, ""
    return gone


@dataclass(frozen=True, slots=True)
class State:
    """How far retention is: what is marked, and when the first of it goes."""

    swept_at: datetime | None
    marked: periods.Sum
    first_at: datetime | None

    @property
    def next_at(self) -> datetime | None:
        """Return when the next sweep is due."""
        return self.swept_at + EVERY if self.swept_at else None


def state(session: Session) -> State:
    """Read how far retention is."""
    count, seconds, size, first = session.execute(
        select(func.count(), func.sum(Row.seconds), func.sum(Row.bytes), func.min(Row.delete_at)).where(
            Row.delete_at.is_not(None)
        )
    ).one()  # fmt: skip
    marked = periods.Sum(count, float(seconds or 0.0), int(size or 0))
    return State(rulebook.policy(session).swept_at, marked, first)
