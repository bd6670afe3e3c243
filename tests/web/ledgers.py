"""A day for the ledger's page: an exchange's CDR of yesterday, of which the log has all calls but one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import orm as sa_orm

from callcenter import models

LIVE, RECONCILED, MISSING = 9, 3, 1


def noon() -> datetime:
    """Give yesterday's noon."""
    today = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return today - timedelta(days=1)


def day() -> str:
    """Give the day that is told of."""
    return noon().date().isoformat()


def write_cdr(path: Path) -> list[str]:
    """Write a Master.csv and return the calls' Linkedids, in order."""
    lines, ids = [], []
    for n in range(LIVE + RECONCILED + MISSING):
        start = noon() + timedelta(minutes=n)
        ids.append(f"{int(start.timestamp())}.{n}")
        times = ",".join(f'"{start + timedelta(seconds=s):%Y-%m-%d %H:%M:%S}"' for s in (0, 5, 95))
        lines.append(
            f'"","05012345{n:02}","support","queues","""Caller {n}"" <05012345{n:02}>","PJSIP/trunk-{n:08x}",'
            f'"PJSIP/1001-{n:08x}","Queue","support,tk",{times},95,90,"ANSWERED","DOCUMENTATION","{ids[n]}","","","{ids[n]}",{n}\n'
        )
    path.write_text("".join(lines), encoding="utf-8")
    return ids


def fill(session: sa_orm.Session, folder: Path) -> None:
    """Write the CDR, and the rows and the outage that go with it."""
    for n, linkedid in enumerate(write_cdr(folder / "Master.csv")[: LIVE + RECONCILED]):
        start = noon() + timedelta(minutes=n)
        session.add(
            models.Call(
                pbx="main", linkedid=linkedid, direction="inbound", from_raw=f"05012345{n:02}", queue="support",
                started=start, queued=start, answered=start + timedelta(seconds=5), ended=start + timedelta(seconds=95),
                result="answered", talk_seconds=90.0, source="live" if n < LIVE else "reconciled",
            )
        )  # fmt: skip
    gone = noon() + timedelta(minutes=LIVE, seconds=10)
    session.add(
        models.Outage(pbx="main", began=gone, ended=gone + timedelta(minutes=3), reason="link")
    )
    longer = gone - timedelta(days=30)
    session.add(
        models.ReconcileMark(pbx="main", since=longer, read_until=gone, seen_at=gone, problem="")
    )
