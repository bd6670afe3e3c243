"""What happened in the sample's center before the pictures: its exchange's records, its recordings, who is on shift, a campaign."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pyotp
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import accounts, sample
from tests.screens import records, wishes
from tests.screens.clock import OFFICE
from tests.web import campaign_fixtures, site

PASSWORD = site.PASSWORD
CUSTOMERS = 600
WORD = "חשבונית"  # that is looked for in the recordings
DUE_MINUTES = wishes.DUE_MINUTES
SEARCH = "054"  # and among customers, numbers, pages and commands
# Who is what on the pictures; all but Lena are the sample's own people.
AGENT, SELLER, SUPERVISOR, MANAGER, ADMIN, CAREFUL = "michal", "dana", "ronen", "yael", "admin", "lena"  # fmt: skip
# login -> (declared state, reason, minutes ago)
SHIFT = {
    "michal": ("ready", "", 12), "nir": ("ready", "", 64), "olga": ("ready", "", 31), "dana": ("ready", "", 8),
    "avi": ("ready", "", 47), "david": ("paused", "lunch", 51), "tamar": ("paused", "meeting", 14),
    "ronen": ("ready", "", 140),
}  # fmt: skip


def fill(session: Session, folder: Path, *, now: datetime, language: str) -> dict[str, str]:
    """Fill an empty database; return what the addresses of screens name, by key."""
    sample.load_sample(session, customers=CUSTOMERS, now=now, password=PASSWORD)
    _careful(session, now)
    call_id, party_id = records.recordings(session, folder, AGENT)
    records.cdr(session, folder, now)
    records.audit(session, now)
    _shifts(session, now)
    campaign = campaign_fixtures.add(session, SELLER)
    open_ = dict.fromkeys(("sun", "mon", "tue", "wed", "thu"), "09:00-20:00")
    session.get_one(models.Campaign, campaign).hours = {**open_, "fri": "09:00-12:00"}
    accounts.assign_extension(session, _id(session, ADMIN), "1009", now=now)
    people = dict(session.execute(select(models.User.login, models.User.id)).all())
    wanted = wishes.fill(session, now=now, language=language, people=people)
    session.execute(update(models.QueueProfile).values(wrapup_seconds=60))  # time to draw it
    session.execute(update(models.User).values(language=language))
    leased = models.Lead.leased_by_id.is_not(None)
    held = select(models.Phone.e164).join(models.Lead, models.Lead.phone_id == models.Phone.id)
    batch = session.scalars(select(models.ImportBatch.id)).one()
    return {
        **_callers(session),
        **wanted,
        "call": str(call_id), "customer": str(party_id), "user": str(people[AGENT]), "campaign": str(campaign),
        "lead_number": session.scalars(held.where(leased)).one(), "word": WORD, "search": SEARCH,
        "batch": str(batch), "yesterday": records.yesterday(now).date().isoformat(),
    }  # fmt: skip


def _id(session: Session, login: str) -> int:
    return session.scalars(select(models.User.id).where(models.User.login == login)).one()


def _callers(session: Session) -> dict[str, str]:
    """Choose who calls: a known customer with an open case, a number of several customers, a new one, and some more."""
    link, case, phone = models.PartyPhone, models.Case, models.Phone
    holders = (
        select(link.phone_id, func.count().label("n"), func.min(link.party_id).label("party"))
        .group_by(link.phone_id)
        .subquery()
    )
    numbers = select(phone.e164).join(holders, holders.c.phone_id == phone.id)
    own = numbers.join(models.Party, models.Party.id == holders.c.party).where(
        holders.c.n == 1, models.Party.kind == "person", models.Party.language == "he"
    )
    opened = select(case.party_id).where(case.status != "closed")
    known = session.scalars(
        own.where(models.Party.id.in_(opened)).order_by(models.Party.alert == "", models.Party.id)
    ).first()
    others = session.scalars(own.order_by(models.Party.id.desc()).limit(6)).all()
    shared = session.scalars(numbers.where(holders.c.n > 1).order_by(phone.id)).first()
    assert known and shared
    told = {"known": known, "shared": shared, "new": "+972543038812", **{f"other{n}": e164 for n, e164 in enumerate(others)}}  # fmt: skip
    return {f"number_{who}": e164.replace("+972", "0") for who, e164 in told.items()}


def _careful(session: Session, now: datetime) -> None:
    """Make a manager who signs in with a second step."""
    made = accounts.create_user(
        session, CAREFUL, "לנה אורן", password=PASSWORD, now=now, role="manager", language="he"
    )
    made.totp_secret = pyotp.random_base32()


def _shifts(session: Session, now: datetime) -> None:
    """Let everybody have worked their days, and stand where they stand now."""
    people = session.scalars(select(models.User).where(models.User.login.in_(SHIFT))).all()
    today = now.astimezone(OFFICE).replace(hour=8, minute=0, second=0, microsecond=0)
    for user in people:
        for days in range(1, 60):
            begin = today - timedelta(days=days)
            if begin.weekday() not in (4, 5):
                session.add(models.AgentState(user_id=user.id, state="ready", since=begin, until=begin + timedelta(hours=9)))  # fmt: skip
        state, reason, minutes = SHIFT[user.login]
        since = now - timedelta(minutes=minutes)
        _today(session, user, today, since)
        session.add(models.AgentState(user_id=user.id, state=state, reason=reason, since=since))


def _today(session: Session, user: models.User, begin: datetime, until: datetime) -> None:
    """Let somebody have been ready since morning, but for their calls, what they wrote up, and a break."""
    call, part = models.Call, models.CallParticipant
    mine = (
        select(part.answered, part.left, call.wrapup_seconds)
        .join(call, call.id == part.call_id)
        .where(part.user_id == user.id, part.answered >= begin, part.left < until)
    )
    pause = begin + timedelta(hours=2, minutes=17)
    busy: list[tuple[datetime, datetime, str, str]] = [
        (pause, pause + timedelta(minutes=14), "paused", "break"),
    ]
    for answered, left, seconds in session.execute(mine):
        assert answered is not None and left is not None
        busy.append((answered, left, "talking", ""))
        busy.append((left, left + timedelta(seconds=seconds or 5), "wrapup", ""))
    at = begin
    for start, end, state, reason in sorted(busy):
        if start < at or end > until:
            continue
        if start > at:
            session.add(models.AgentState(user_id=user.id, state="ready", since=at, until=start))
        session.add(models.AgentState(user_id=user.id, state=state, reason=reason, since=start, until=end))  # fmt: skip
        at = end
    session.add(models.AgentState(user_id=user.id, state="ready", since=at, until=until))
