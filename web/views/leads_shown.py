"""A lead as its agent's desk shows it: whom to call, what to say, what was tried, what can be said of the call."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy import orm as sa_orm

from callcenter import models, settings
from callcenter.crm import phones, visibility
from callcenter.outbound import campaigns, gate, leads, tried
from web import auth, lookups

TRIES = 10
_VARIABLE = re.compile(r"\{([^{}\n]{1,60})\}")


def desk(
    session: sa_orm.Session,
    person: auth.Person,
    campaign: models.Campaign | None,
    given: leads.Given,
    *,
    config: settings.Settings,
    language: str,
    now: datetime,
) -> dict[str, Any]:
    """Give all that the desk shows of campaigns."""
    shown: dict[str, Any] = {
        "campaign": None, "lead": None, "why": given.why, "waiting": given.waiting,
        "next_at": given.next_at.timestamp() if given.next_at else None,
    }  # fmt: skip
    lead = given.lead
    if lead is not None:  # its own campaign, which may be another than the one joined meanwhile
        campaign = session.get_one(models.Campaign, lead.campaign_id)
    if campaign is None:
        return shown
    shown["campaign"] = {"id": campaign.id, "name": campaign.name, "state": campaign.state}
    shown["outcomes"] = _outcomes(session, campaign, language)
    shown["progress"] = _progress(session, person, campaign, config.site.timezone, now)
    if lead is not None:
        shown["lead"] = _lead(session, person, campaign, lead, config=config, language=language, now=now)  # fmt: skip
    return shown


def _lead(
    session: sa_orm.Session,
    person: auth.Person,
    campaign: models.Campaign,
    lead: models.Lead,
    *,
    config: settings.Settings,
    language: str,
    now: datetime,
) -> dict[str, Any]:
    e164 = leads.number(session, lead)
    party = session.get_one(models.Party, lead.party_id)
    open_ = visibility.may_see(session, person.viewer, models.Party, lead.party_id)
    named, text = _script(campaign, party.language, language)
    return {
        "id": lead.id,
        "name": lead.name,
        "number": {"e164": e164, "display": phones.display(e164, config.site.region)},
        "zones": [str(local.tzinfo) for local in gate.local_times(e164, config, now)],
        "party_id": lead.party_id if open_ else None,
        "facts": lead.facts,
        "script": {"language": named, "text": filled(text, person, lead, config.site.name)},
        "calling": lead.state == "calling",
        "call_id": lead.attempt_id,
        "callback": lead.state == "callback",
        "due_at": lead.next_at.timestamp() if lead.state == "callback" else None,
        "lease_until": lead.lease_until.timestamp() if lead.lease_until else None,
        "tries": lead.attempts,
        "most": campaign.max_attempts,
        "attempts": _attempts(session, lead, language),
    }


def filled(text: str, person: auth.Person, lead: models.Lead, site: str) -> str:
    """Put names into a script: {name}, {agent}, {company}, and the further columns of the list by their headings."""
    known = {**lead.facts, "name": lead.name, "agent": person.name, "company": site}
    return _VARIABLE.sub(lambda found: str(known.get(found[1].strip(), found[0])), text)


def _script(campaign: models.Campaign, theirs: str, mine: str) -> tuple[str, str]:
    """Choose the script in the customer's language, else in the agent's, else in any."""
    for language in (theirs, mine, *campaign.scripts):
        if text := campaign.scripts.get(language, ""):
            return language, text
    return mine, ""


def _attempts(session: sa_orm.Session, lead: models.Lead, language: str) -> list[dict[str, Any]]:
    attempt, user = models.DialAttempt, models.User
    rows = session.execute(
        select(attempt, user.name)
        .join(user, user.id == attempt.user_id)
        .where(attempt.lead_id == lead.id, tried.was_made(attempt), attempt.settled_at.is_not(None))
        .order_by(attempt.requested_at.desc())
        .limit(TRIES)
    ).all()
    labels = lookups.outcomes(session, language)
    return [
        {
            "at": row.requested_at.timestamp(),
            "agent": name,
            "result": row.result or "",
            "outcome": labels.get(row.outcome_id or 0, ""),
        }
        for row, name in rows
    ]  # fmt: skip


def _outcomes(
    session: sa_orm.Session, campaign: models.Campaign, language: str
) -> list[dict[str, Any]]:
    """Give the outcomes with a digit each: their order's, and 0 for the wish not to be called."""
    offered = campaigns.outcomes(session, campaign)
    digits = iter(range(1, 10))
    return [
        {
            "id": row.id,
            "label": lookups.label(row.labels, language, row.code),
            "digit": 0 if row.effect == "do_not_call" else next(digits, None),
            "callback": row.callback,
            "success": row.success,
            "effect": row.effect,
        }
        for row in offered
    ]


def _progress(
    session: sa_orm.Session,
    person: auth.Person,
    campaign: models.Campaign,
    zone: str,
    now: datetime,
) -> dict[str, int]:
    """Give what the agent did today, and how many wait."""
    attempt, lead, outcome = models.DialAttempt, models.Lead, models.Outcome
    midnight = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    tries, reached, won = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(case((attempt.result == "answered", 1), else_=0)), 0),
            func.coalesce(func.sum(case((outcome.success, 1), else_=0)), 0),
        )
        .outerjoin(outcome, outcome.id == attempt.outcome_id)
        .where(
            attempt.user_id == person.id, attempt.lead_id.is_not(None), tried.was_made(attempt),
            attempt.requested_at >= midnight,
        )
    ).one()  # fmt: skip
    left = session.scalar(
        select(func.count()).where(
            lead.campaign_id == campaign.id, lead.state.in_(("open", "callback"))
        )
    )
    return {"tries": tries, "reached": reached, "won": won, "left": left or 0}
