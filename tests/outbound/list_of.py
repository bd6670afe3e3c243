"""A campaign with leads, for tests: made in rows, without a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from callcenter import models, settings
from callcenter.crm import accounts, customers

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)  # a Wednesday, eleven in Jerusalem
CONFIG = settings.Settings()


def people(session: Session, *logins: str) -> list[int]:
    """Make agents; return their ids."""
    hashed = accounts.hash_password("a long enough password")
    return [
        accounts.create_user(session, login, login.title(), password_hash=hashed, now=NOW).id
        for login in logins
    ]


def campaign(session: Session, **change: Any) -> models.Campaign:
    """Make a campaign that runs, with the outcomes sale, callback and do_not_call."""
    made = models.Campaign(**{"name": "סיבים", "state": "running", "created_at": NOW, **change})
    for position, (code, success, callback, effect) in enumerate(
        (("sale", True, False, ""), ("callback", False, True, ""), ("do_not_call", False, False, "do_not_call"))
    ):  # fmt: skip
        session.add(
            models.Outcome(code=code, labels={"en": code}, success=success, callback=callback, effect=effect,
                           position=position)
        )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def lead(session: Session, of: models.Campaign, number: int, **change: Any) -> models.Lead:
    """Make a lead with a customer; `number` are the last digits of its telephone."""
    party = customers.create(
        session, f"לקוח {number}", now=NOW, numbers=[f"054{number:07}"], status="lead"
    )
    phone_id = customers.numbers(session, party.id)[0].phone_id
    values = {"next_at": NOW - timedelta(minutes=1), "created_at": NOW, **change}
    made = models.Lead(campaign_id=of.id, party_id=party.id, phone_id=phone_id, name=party.display, **values)  # fmt: skip
    session.add(made)
    session.flush()
    return made


def attempt(session: Session, of: models.Lead, user_id: int, id_: str = "cc-1", **change: Any) -> models.DialAttempt:  # fmt: skip
    """Put a lead into a call."""
    phone = session.get_one(models.Phone, of.phone_id)
    made = models.DialAttempt(
        **{"id": id_, "pbx": "main", "user_id": user_id, "party_id": of.party_id, "number": phone.e164, "e164": phone.e164,
           "requested_at": NOW, "state": "placed", "purpose": "marketing", "lead_id": of.id, **change}
    )  # fmt: skip
    session.add(made)
    of.state, of.attempt_id, of.attempts, of.leased_by_id = "calling", id_, of.attempts + 1, user_id
    session.flush()
    return made
