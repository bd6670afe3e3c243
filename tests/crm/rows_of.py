"""One call as telephony tells it, and our row of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import calllog
from callcenter.telephony import facts

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
NOBODY = {
    "party_id": None, "match_state": "none", "match_reasons": [], "name_snapshot": "", "far_e164": None,
}  # fmt: skip


def when(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOON + seconds, UTC)


def record(id_: str = "1764072000.0", **changes: Any) -> facts.CallRecord:
    agent = facts.Participant("PJSIP/1001", "1001", NOON + 1, NOON + 5, NOON + 30, facts.Outcome.ANSWERED)  # fmt: skip
    made = facts.CallRecord(
        id=id_, direction=facts.Direction.INBOUND, from_="0501234567", from_name="Dana", to="", did=None,
        queue="support", started=NOON, queued=NOON, ringing=NOON + 1, answered=NOON + 5, ended=NOON + 30,
        result=facts.Result.ANSWERED, talk_seconds=25.0, participants=(agent,),
    )  # fmt: skip
    return replace(made, **changes)


def write(session: Session, of: facts.CallRecord, **changes: Any) -> models.Call:
    row = models.Call(**calllog.values_of("main", of), **NOBODY)
    for part in of.participants:
        row.participants.append(models.CallParticipant(**calllog.seat_of(part)))
    for name, value in changes.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    return row
