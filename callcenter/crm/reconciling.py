"""A call that Asterisk wrote down against our row of it: captured, completed, made, or waited for.

    no row                         made from the records
    not ended, or lost from sight  completed
    touched by an outage           completed where the records know better
    else                           captured: what was seen live is not touched

What people said of a call (who it was, what came of it, notes, wrap-up) is never touched. A row that was made or completed
says so: `source` is `reconciled`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from callcenter import models
from callcenter.crm import calllog, pasts
from callcenter.telephony import completing, facts, reconcile

GRACE_SECONDS = 15.0  # after its end, until a call without a row is one that was not seen
SETTLED_SECONDS = 2.0
AHEAD_SECONDS = 60.0  # what clocks of two machines differ by without having been set
LOST_SECONDS = 86_400.0  # how old a lost call may be for its recording to be looked for
CHUNK = 400

# (number, line, epoch seconds, party that was clicked) -> the columns of the match
Identify = Callable[[str, str | None, float, int | None], Mapping[str, Any]]


@dataclass(slots=True)
class Settled:
    """What became of the calls that were looked at."""

    captured: int = 0
    reconciled: list[tuple[int, reconcile.Told]] = field(default_factory=list)  # by the row's id
    touched: list[tuple[int, reconcile.Told]] = field(
        default_factory=list
    )  # captured, in spite of an outage
    waiting: list[reconcile.Told] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Seats:
    """Who sat at which phone when; a hot desk never rewrites the past."""

    rows: tuple[tuple[str, str, str, int, float, float], ...]

    @classmethod
    def read(cls, session: Session) -> Seats:
        """Read all assignments that there ever were."""
        a = models.ExtensionAssignment
        rows = session.execute(
            select(a.pbx, a.extension, a.interface, a.user_id, a.since, a.until).order_by(a.id)
        )
        return cls(tuple((*r[:4], r[4].timestamp(), r[5].timestamp() if r[5] else float("inf")) for r in rows))  # fmt: skip

    def user(self, pbx: str, part: facts.Participant, at: float) -> int | None:
        """Give who had a phone at a time."""
        for where, extension, interface, user_id, since, until in self.rows:
            mine = interface == part.interface or extension == part.extension
            if mine and where in ("", pbx) and since <= at < until:
                return user_id
        return None


def is_fresh(ended: float, seconds: float, *, now: float) -> bool:
    """Say whether a call ended so lately; one that ends in the future was written before a clock was set back."""
    return -AHEAD_SECONDS < now - ended < seconds


@dataclass(frozen=True, slots=True)
class Look:
    """All that a look at the records of one exchange depends on; `now` in epoch seconds."""

    pbx: str
    now: float
    running: frozenset[str]  # Linkedids of the tracker: not ours to write
    away: Sequence[completing.Away]
    identify: Identify
    seats: Seats


def settle(session: Session, look: Look, told: Sequence[reconcile.Told]) -> Settled:
    """Compare calls with their rows, and write what is missing."""
    settled = Settled()
    rows = dict(_rows(session, look.pbx, [i for each in told for i in each.linkedids]))
    asked_for = dials(session, [i for each in told for i in each.linkedids])
    for each in told:
        lately = is_fresh(each.ended, SETTLED_SECONDS, now=look.now)
        if lately or not look.running.isdisjoint(each.linkedids):
            settled.waiting.append(each)
            continue
        row = row_of(session, look.pbx, each.linkedids, rows)
        record = _named(each.record, asked_for)
        away = [a for a in look.away if a.touches(each.started, each.ended) or _touches(a, row)]
        if row is None and not away and is_fresh(each.ended, GRACE_SECONDS, now=look.now):
            settled.waiting.append(each)
        elif row is None:
            settled.reconciled.append((make(session, look, record, asked_for), each))
        elif _complete(session, look, row, record, away):
            settled.reconciled.append((row.id, each))
        else:
            settled.captured += 1
            if away:
                settled.touched.append((row.id, each))
    return settled


def _touches(away: completing.Away, row: models.Call | None) -> bool:
    """Say whether a call began while we were away by our own clock: a snapshot tells how long ago it was, not when."""
    return row is not None and away.touches(row.started.timestamp(), row.started.timestamp())


def _rows(
    session: Session, pbx: str, linkedids: Sequence[str]
) -> Iterator[tuple[str, models.Call]]:
    call = models.Call
    for start in range(0, len(linkedids), CHUNK):
        some = [i[:150] for i in linkedids[start : start + CHUNK]]
        asked = (
            select(call)
            .where(call.pbx == pbx, call.linkedid.in_(some))
            .options(selectinload(call.participants))
        )
        for row in session.scalars(asked):
            yield row.linkedid, row


def dials(session: Session, linkedids: Sequence[str]) -> dict[str, models.DialAttempt]:
    """Read what users asked to dial, by the Linkedid that was chosen for it."""
    attempt = models.DialAttempt
    chosen = [i for i in linkedids if len(i) <= 64]
    found: dict[str, models.DialAttempt] = {}
    for start in range(0, len(chosen), CHUNK):
        asked = select(attempt).where(attempt.id.in_(chosen[start : start + CHUNK]))
        found |= {row.id: row for row in session.scalars(asked)}
    return found


def row_of(
    session: Session,
    pbx: str,
    linkedids: Sequence[str],
    rows: Mapping[str, models.Call] | None = None,
) -> models.Call | None:
    """Find the row of a call, or of the one that absorbed it; `rows` are those that were read already."""
    rows = dict(_rows(session, pbx, linkedids)) if rows is None else rows
    found = [rows[i[:150]] for i in linkedids if i[:150] in rows]
    row = next((row for row in found if row.merged_into is None), None) or next(iter(found), None)
    for _ in range(5):
        if row is None or not row.merged_into:
            break
        other = dict(_rows(session, pbx, [row.merged_into])).get(row.merged_into)
        if other is None:
            break
        row = other
    return row


def _named(record: facts.CallRecord, dials: Mapping[str, models.DialAttempt]) -> facts.CallRecord:
    """Say whom we dialled, where somebody asked for the call."""
    dial = dials.get(record.id)
    return record if dial is None else replace(record, to=dial.number)


def make(
    session: Session,
    look: Look,
    record: facts.CallRecord,
    dials: Mapping[str, models.DialAttempt],
) -> int:
    """Write a call that was not seen, and return its row's id."""
    dial = dials.get(record.id)
    far = record.from_ if record.direction is facts.Direction.INBOUND else record.to
    match = look.identify(far, record.did, record.started, dial.party_id if dial else None)
    row = models.Call(**calllog.values_of(look.pbx, record), **match, source="reconciled")
    session.add(row)
    session.flush()
    for part in record.participants:
        _add(session, look, row, part)
    return row.id


def _add(session: Session, look: Look, row: models.Call, part: facts.Participant) -> None:
    at = part.rang or part.answered or row.started.timestamp()
    user = look.seats.user(look.pbx, part, at)
    session.add(models.CallParticipant(call_id=row.id, user_id=user, **calllog.seat_of(part)))


def _complete(
    session: Session,
    look: Look,
    row: models.Call,
    told: facts.CallRecord,
    away: Sequence[completing.Away],
) -> bool:
    """Write what the records know better; say whether anything was."""
    seen = pasts.record_of(row)
    if row.merged_into is not None:
        return False
    is_whole = seen.ended is not None and seen.result is not facts.Result.LOST
    if is_whole and not away:
        return False
    merged = completing.completed(seen, told, away)
    if not completing.differs(seen, merged):
        return False
    write(session, look, row, merged)
    row.source = "reconciled"
    return True


def write(session: Session, look: Look, row: models.Call, record: facts.CallRecord) -> None:
    """Write a record over a row, and over its participants."""
    values = calllog.values_of(look.pbx, replace(record, id=row.linkedid))
    for name, value in values.items():
        setattr(row, name, value)
    known = {part.interface: part for part in row.participants}
    for part in record.participants:
        columns = calllog.seat_of(part)
        there = known.get(columns["interface"])
        if there is None:
            _add(session, look, row, part)
            continue
        for name, value in columns.items():
            setattr(there, name, value)
    session.flush()


def close_orphans(session: Session, look: Look) -> int:
    """End the rows that no tracker follows and no record tells the end of: lost, with the best known end.

    One that began in the future was written before a clock was set back, and is no newer than the others.
    """
    call = models.Call
    lately = datetime.fromtimestamp(look.now - SETTLED_SECONDS, UTC)
    ahead = datetime.fromtimestamp(look.now + AHEAD_SECONDS, UTC)
    asked = (
        select(call)
        .where(call.pbx == look.pbx, call.ended.is_(None), call.merged_into.is_(None))
        .where(or_(call.started < lately, call.started > ahead))
        .options(selectinload(call.participants))
    )
    closed = 0
    for row in session.scalars(asked).all():
        if row.linkedid not in look.running:
            row.ended = last_seen(row, look.away)
            row.result = facts.Result.LOST.value
            closed += 1
    return closed


def lost_lately(session: Session, look: Look, known: set[int]) -> list[tuple[int, reconcile.Told]]:
    """Tell the lost calls that are not known yet, as if the exchange had: it may have died with their recordings."""
    call = models.Call
    asked = (
        select(call)
        .where(call.pbx == look.pbx, call.result == facts.Result.LOST.value)
        .where(call.started > datetime.fromtimestamp(look.now - LOST_SECONDS, UTC))
        .options(selectinload(call.participants))
    )
    rows = [row for row in session.scalars(asked) if row.id not in known and row.ended is not None]
    return [(row.id, reconcile.Told(pasts.record_of(row), (row.linkedid,))) for row in rows]


def date_lost(session: Session, look: Look) -> None:
    """A call that was lost in an outage ended no later than we know: not when we came back."""
    call = models.Call
    for away in look.away:
        if away.ended is None:
            continue
        begin, end = (datetime.fromtimestamp(at, UTC) for at in (away.began, away.ended + 5.0))
        asked = (
            select(call)
            .where(call.pbx == look.pbx, call.result == facts.Result.LOST.value)
            .where(call.started <= begin, call.ended > begin, call.ended <= end)
            .options(selectinload(call.participants))
        )
        for row in session.scalars(asked).all():
            row.ended = last_seen(row, [away])


def last_seen(row: models.Call, away: Sequence[completing.Away]) -> datetime:
    """Give the last moment at which a call is known to have lived: when we ceased to hear, or what its row tells."""
    known = pasts.last_known(row)
    ceased = [a.began for a in away if a.began >= row.started.timestamp()]
    return max(known, datetime.fromtimestamp(min(ceased), UTC)) if ceased else known
