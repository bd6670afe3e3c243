"""What the database knows of calls, told as the tracker tells them: to go on with one, or to complete it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from callcenter import models
from callcenter.telephony import facts


@dataclass(frozen=True, slots=True)
class Past:
    """A call's row, as it was when it was read."""

    record: facts.CallRecord
    has_party: bool


def open_calls(session: Session) -> dict[tuple[str, str], Past]:
    """Read the calls that have not ended, by (pbx, Linkedid)."""
    call = models.Call
    rows = session.scalars(
        select(call)
        .where(call.ended.is_(None), call.merged_into.is_(None))
        .options(selectinload(call.participants))
    )
    return {(row.pbx, row.linkedid): Past(record_of(row), row.party_id is not None) for row in rows}


def record_of(row: models.Call) -> facts.CallRecord:
    """Tell a row as a record."""
    return facts.CallRecord(
        id=row.linkedid,
        direction=facts.Direction(row.direction),
        from_=row.from_raw,
        from_name=row.from_name,
        to=row.to_raw,
        did=row.did,
        queue=row.queue,
        started=row.started.timestamp(),
        variables=dict(row.variables),
        far_end_answered=_epoch(row.far_end_answered),
        result=facts.Result(row.result) if row.result else None,
        queued=_epoch(row.queued),
        ringing=_epoch(row.ringing),
        answered=_epoch(row.answered),
        ended=_epoch(row.ended),
        hold_seconds=row.hold_seconds,
        wait_seconds=row.wait_seconds,
        ring_seconds=row.ring_seconds,
        talk_seconds=row.talk_seconds,
        hangup_by=row.hangup_by,
        hangup_cause=row.hangup_cause,
        participants=tuple(_seat(part) for part in row.participants),
        transfers=tuple(
            facts.Transfer(t["kind"], t["by"], t["to"], t["at"]) for t in row.transfers
        ),
    )


def last_known(row: models.Call) -> datetime:
    """Give the last moment of which a row tells something."""
    known = [row.started, row.queued, row.ringing, row.answered, row.far_end_answered]
    for part in row.participants:
        known += [part.rang, part.answered, part.left]
    return max(at for at in known if at is not None)


def _seat(part: models.CallParticipant) -> facts.Participant:
    return facts.Participant(
        part.interface,
        part.extension,
        _epoch(part.rang),
        _epoch(part.answered),
        _epoch(part.left),
        facts.Outcome(part.outcome) if part.outcome else None,
    )


def _epoch(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
