"""Every queue's day so far, by the definitions of the reports; read once for all who look at the floor.

Nobody's rule of visibility is asked here: whoever shows a queue's numbers shows those of queues whose calls are all open to the reader.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import visibility
from callcenter.reports import conditions, figures, metrics, queries

SHOWN: Final = ("offered", "answered", "abandoned", "service_level", "asa")
_EVERYBODY: Final = visibility.Viewer(0, "manager")

Key = tuple[str, str]  # (pbx, queue)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a queue, or several, had: the measures, and the longest wait of those who were answered or gave up."""

    tally: metrics.Tally
    longest: float | None

    def told(self) -> dict[str, float | None]:
        """Give the figures that are shown, and `longest`."""
        found = {code: figures.BY_CODE[code].value(self.tally) for code in SHOWN}
        return {**found, "longest": self.longest}


def read(
    session: Session, wanted: conditions.Wanted, rules: conditions.Rules, now: datetime, exchanges: Collection[str],
) -> dict[Key, Numbers]:  # fmt: skip
    """Compute the numbers of every queue; where there are several exchanges, of each apart."""
    found: dict[Key, Numbers] = {}
    for pbx in exchanges:
        of = replace(wanted, pbx=pbx if len(exchanges) > 1 else "")
        report = queries.Report(_EVERYBODY, of, rules, now)
        waits = longest_waits(session, report)
        for queue, tally in report.table(session, "queue").groups.items():
            if queue and tally["offered"]:
                found[pbx, str(queue)] = Numbers(tally, waits.get(str(queue)))
    return found


def longest_waits(session: Session, report: queries.Report) -> dict[str, float]:
    """Return the longest wait in each queue, as metrics.longest says it of rows."""
    call = models.Call
    own = conditions.own(conditions.a_part(report.viewer, report.wanted))
    counted = conditions.sets(report.rules, own)["counted"]
    rows = session.execute(
        select(call.queue, func.max(call.wait_seconds))
        .where(*conditions.calls(report.viewer, report.wanted), counted)
        .group_by(call.queue)
    )
    return {queue: float(wait) for queue, wait in rows if queue and wait is not None}


def together(several: Mapping[Key, Numbers]) -> Numbers:
    """Add the numbers of some queues up."""
    waits = [each.longest for each in several.values() if each.longest is not None]
    nothing = dict.fromkeys((*metrics.SETS, *metrics.SUMS), 0.0)
    tally = metrics.add([nothing, *(each.tally for each in several.values())])
    return Numbers(tally, max(waits, default=None))
