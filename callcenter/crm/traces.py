"""Calls of which nothing tells but a recording: the exchange died, or its clock was set, while nobody listened.

Where an outage is over and the records have been read, whatever was recorded since it began is expected or has a call. A
file that has neither gets one: its row where there is one; else what the records say of it, where they say that it was before
we began to keep a log, and the file shows that the clock was wrong; else a call that is lost, of which only its time is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import pasts, reconciling
from callcenter.telephony import completing, facts, reconcile

# After the end of an outage, until its files are looked through: the records have been read by then.
PATIENCE_SECONDS = reconciling.GRACE_SECONDS


@dataclass(frozen=True, slots=True)
class Trace:
    """A recording that nobody expects: the Linkedid in its name, and when it was begun and last written (epoch seconds)."""

    linkedid: str
    began: float
    ended: float


Find = Callable[[str, float], Sequence[Trace]]  # of an exchange, since a time; on a thread


def ripe(outages: Mapping[int, completing.Away], done: set[int], *, now: float) -> dict[int, float]:
    """Give the outages whose files may be looked through, and when each began."""
    return {
        row_id: away.began
        for row_id, away in outages.items()
        if row_id not in done and away.ended and now - away.ended > PATIENCE_SECONDS
    }


def told(
    session: Session, look: reconciling.Look, traces: Sequence[Trace], older: Mapping[str, reconcile.Told]
) -> list[tuple[int, reconcile.Told]]:  # fmt: skip
    """Find or make the calls of these recordings; what still runs is left out. `older`: recorded as before our log's time."""
    found = []
    for trace in traces:
        if trace.linkedid in look.running:
            continue
        row = reconciling.row_of(session, look.pbx, (trace.linkedid,))
        if row is None:
            row = _made(session, look, trace, older.get(trace.linkedid))
        if row.ended is not None:
            record = replace(pasts.record_of(row), ended=max(trace.ended, row.ended.timestamp()))
            found.append((row.id, reconcile.Told(record, (trace.linkedid,))))
    return found


def _made(
    session: Session, look: reconciling.Look, trace: Trace, known: reconcile.Told | None
) -> models.Call:
    dials = reconciling.dials(session, [trace.linkedid])
    if known is not None:
        of = reconciling.row_of(session, look.pbx, known.linkedids)
        key = of.id if of else reconciling.make(session, look, known.record, dials)
        return session.get_one(models.Call, key)
    dial = dials.get(trace.linkedid)
    record = facts.CallRecord(
        id=trace.linkedid,
        direction=facts.Direction.OUTBOUND if dial else facts.Direction.INBOUND,
        from_="", from_name="", to=dial.number if dial else "", did=None, queue=None,
        started=trace.began, ended=trace.ended, result=facts.Result.LOST,
    )  # fmt: skip
    return session.get_one(models.Call, reconciling.make(session, look, record, dials))
