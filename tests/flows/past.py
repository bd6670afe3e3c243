"""What happened before the day begins: two days of calls, and one recording with its transcript."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import orm, select

from callcenter import models
from callcenter.crm import customers
from callcenter.db import utcnow
from tests.web import site

SAID = "אחרי שדרוג הקו האינטרנט מתנתק"


def fill(session: orm.Session, folder: Path, *, login: str, calls: int = 130) -> int:
    """Give an agent's queue its calls of the last hours; return the one that was recorded."""
    now, agent = (
        utcnow(),
        session.scalars(select(models.User).where(models.User.login == login)).one(),
    )
    party = customers.create(session, "מוחמד ח׳ורי", now=now, numbers=["0502223344"])
    outcome = session.scalars(select(models.Outcome).order_by(models.Outcome.id)).first()
    assert outcome is not None
    for i in range(calls):
        started = now - timedelta(minutes=20 * (i + 1))
        missed = i % 5 == 4
        made = models.Call(
            pbx="main", linkedid=f"past.{i}", direction="outbound" if i % 10 == 3 else "inbound", queue="support",
            far_e164="+972502223344", from_raw="0502223344", to_raw="+97237000100", match_state="strong",
            started=started, queued=started, answered=None if missed else started + timedelta(seconds=20),
            ended=started + timedelta(seconds=200), result="abandoned" if missed else "answered", wait_seconds=20.0,
            talk_seconds=None if missed else 180.0, party_id=party.id, name_snapshot=party.display,
            outcome_id=None if missed else outcome.id, source="live",
        )  # fmt: skip
        session.add(made)
        session.flush()
        session.add(
            models.CallParticipant(
                call_id=made.id, interface="PJSIP/1001", extension="1001", user_id=agent.id, rang=started,
                answered=None if missed else started, outcome="missed" if missed else "answered",
            )
        )  # fmt: skip
    call_id, _ = site.add_recording(session, folder)
    return call_id
