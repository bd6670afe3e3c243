"""The gate before every dial: reads what is known of a number, asks `compliance`, and gives the verdict with its receipt."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone as number_zones
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter import errors, models, settings
from callcenter.crm import phones
from callcenter.outbound import compliance, dnc, hours, tried

NO_ZONE = "Etc/Unknown"
RECENT = timedelta(days=30)


class Refused(errors.CallCenterError):
    """Say that a call may not be made, by the verdict that says why."""

    code = "dial_refused"

    def __init__(self, verdict: compliance.Verdict) -> None:
        super().__init__(", ".join(reason.code for reason in verdict.reasons))
        self.verdict = verdict


def rules(config: settings.Settings, campaign: models.Campaign | None = None) -> compliance.Rules:
    """Return what the site asks for, and the campaign where it is one's call."""
    asked = config.compliance
    week = hours.week(asked.hours, asked.holidays)
    return compliance.Rules(
        week=hours.narrowed(week, campaign.hours) if campaign else week,
        region=config.site.region,
        abroad=asked.abroad,
        premium=asked.premium,
        blocked_prefixes=asked.blocked_prefixes,
        per_day=asked.attempts_per_day,
        per_week=asked.attempts_per_week,
        max_attempts=campaign.max_attempts if campaign else None,
    )


@lru_cache(maxsize=16384)
def zones(e164: str, home: str) -> tuple[str, ...]:
    """Return the time zones in which a number may be; the office's own where nothing says so."""
    found = number_zones.time_zones_for_number(phonenumbers.parse(e164))
    return tuple(zone for zone in found if zone != NO_ZONE) or (home,)


def local_times(e164: str | None, config: settings.Settings, now: datetime) -> tuple[datetime, ...]:
    """Return the present where a number is."""
    names = zones(e164, config.site.timezone) if e164 else ()
    return tuple(now.astimezone(ZoneInfo(name)) for name in names or (config.site.timezone,))


def purpose(session: Session, party_id: int | None, now: datetime) -> str:
    """Say what a click at a customer's number is for: a lead who did not call us lately is sold to, the others are served."""
    party = session.get(models.Party, party_id) if party_id is not None else None
    if party is None or party.status not in ("lead", "prospect"):
        return compliance.SERVICE
    call = models.Call
    called = session.scalar(
        select(call.id)
        .where(call.party_id == party.id, call.direction == "inbound", call.started > now - RECENT)
        .limit(1)
    )
    return compliance.SERVICE if called else compliance.MARKETING


def ask(
    session: Session,
    text: str,
    *,
    config: settings.Settings,
    purpose: str,
    now: datetime,
    party_id: int | None = None,
    lead: models.Lead | None = None,
    campaign: models.Campaign | None = None,
) -> compliance.Verdict:
    """Judge a call to a number as it would be dialled now."""
    number = phones.classify(text, config.site.region)
    local = local_times(number.e164, config, now)
    phone = _phone(session, number.e164)
    entry = dnc.find(session, number.e164, now) if number.e164 else None
    party = session.get(models.Party, party_id) if party_id is not None else None
    midnight = local[0].replace(hour=0, minute=0, second=0, microsecond=0)
    question = compliance.Question(
        purpose=purpose,
        kind=number.kind,
        e164=number.e164,
        local=local,
        region=number.region,
        line_type=number.line_type,
        listed=compliance.Listed(entry.source, entry.added_at.date().isoformat(), entry.reason)
        if entry
        else None,
        phone_blocked=phone is not None and phone.do_not_call,
        phone_bad=phone is not None and phone.quality == "bad",
        wish=party.marketing if party else "unknown",
        today=tries(session, number.e164, midnight),
        week=tries(session, number.e164, now - timedelta(days=7)),
        attempts=lead.attempts if lead else 0,
    )
    return compliance.judge(question, rules(config, campaign))


def tries(session: Session, e164: str | None, since: datetime) -> int:
    """Count the marketing calls that a number had since then, in any campaign."""
    attempt = models.DialAttempt
    if e164 is None:
        return 0
    counted = select(func.count()).where(
        attempt.e164 == e164,
        attempt.requested_at >= since,
        attempt.purpose == compliance.MARKETING,
        tried.was_made(attempt),
    )
    return session.scalar(counted) or 0


def _phone(session: Session, e164: str | None) -> models.Phone | None:
    if e164 is None:
        return None
    return session.scalar(select(models.Phone).where(models.Phone.e164 == e164))
