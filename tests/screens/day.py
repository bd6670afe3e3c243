"""What happened in the sample's center before the pictures: its exchange's records, its recordings, who is on shift, a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pyotp
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import accounts, sample
from tests.screens import words
from tests.screens.clock import OFFICE
from tests.web import campaign_fixtures, site

PASSWORD = site.PASSWORD
CUSTOMERS = 600
TOLD_SECONDS = 30.0
WORD = "חשבונית"  # that is looked for in the recordings
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
    call_id, party_id = _recordings(session, folder, now)
    _records(session, folder, now)
    _shifts(session, now)
    campaign = campaign_fixtures.add(session, SELLER)
    accounts.assign_extension(session, _id(session, ADMIN), "1009", now=now)
    session.execute(update(models.QueueProfile).values(wrapup_seconds=60))  # time to draw it
    session.execute(update(models.User).values(language=language))
    leased = models.Lead.leased_by_id.is_not(None)
    held = select(models.Phone.e164).join(models.Lead, models.Lead.phone_id == models.Phone.id)
    batch = session.scalars(select(models.ImportBatch.id)).one()
    return {
        **_callers(session),
        "call": str(call_id), "customer": str(party_id), "user": str(_id(session, AGENT)), "campaign": str(campaign),
        "lead_number": session.scalars(held.where(leased)).one(), "word": WORD, "search": SEARCH,
        "batch": str(batch), "yesterday": _yesterday(now).date().isoformat(),
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


def _yesterday(now: datetime) -> datetime:
    return (now.astimezone(OFFICE) - timedelta(days=1)).replace(hour=0, minute=0, second=0)


def _recordings(session: Session, folder: Path, now: datetime) -> tuple[int, int]:
    """Give the newest answered calls recordings and transcripts; return one of the agent's, and its customer."""
    peaks = site.sound(folder / "recordings" / "sample.wav", TOLD_SECONDS)
    call, part = models.Call, models.CallParticipant
    answered = (
        select(call)
        .where(call.result == "answered", call.party_id.is_not(None), call.outcome_id.is_not(None))
        .order_by(call.started.desc())
        .limit(14)
    )
    mine = answered.where(
        call.direction == "inbound",
        call.id.in_(
            select(part.call_id)
            .join(models.User, models.User.id == part.user_id)
            .where(models.User.login == AGENT, part.answered.is_not(None))
        ),
    ).limit(3)
    own = session.scalars(mine).all()
    others = [each for each in session.scalars(answered).all() if each not in own]
    for n, each in enumerate([*own, *others]):
        told = words.TALKS[0] if n == 0 else words.TALKS[n % len(words.TALKS)]
        _recording(session, each, peaks, told, n)
    assert own[0].party_id is not None
    return own[0].id, own[0].party_id


def _recording(
    session: Session, call: models.Call, peaks: dict[str, list[int]], told: words.Talk, n: int
) -> None:
    file = f"{call.linkedid}.wav"
    ended = call.started + timedelta(seconds=TOLD_SECONDS)
    recording = models.Recording(
        call_id=call.id, pbx=call.pbx, linkedid=call.linkedid, file=file, state="done", language=told.language,
        stored={"stereo": "sample.wav"}, sha256={}, peaks=peaks, seconds=TOLD_SECONDS, started_at=call.started, ended_at=ended,
    )  # fmt: skip
    session.add(recording)
    session.flush()
    transcript = models.Transcript(
        recording_id=recording.id, engine="faster-whisper", model="large-v3", language=told.language,
        confidence=0.94 - n * 0.01, work_seconds=41.0, created_at=ended,
    )  # fmt: skip
    for side, begin, end, text in told.said:
        spoken = text.split()
        step = (end - begin) / len(spoken)
        timed = [
            {"w": word, "t0": begin + i * step, "t1": begin + (i + 1) * step, "c": 0.4 if i == 3 else 0.95}
            for i, word in enumerate(spoken)
        ]  # fmt: skip
        transcript.segments.append(
            models.Segment(side=side, t0=begin, t1=end, text=text, words=timed)
        )
    session.add(transcript)


def _records(session: Session, folder: Path, now: datetime) -> None:
    """Write the exchange's own records of yesterday; three calls of it were made good after an outage."""
    call = models.Call
    begin = _yesterday(now)
    rows = session.scalars(
        select(call)
        .where(call.started >= begin, call.started < begin + timedelta(days=1))
        .order_by(call.started)
    ).all()
    lines = [_cdr(each, n) for n, each in enumerate(rows)]
    (folder / "Master.csv").write_text("".join(lines), encoding="utf-8")
    missed: Sequence[models.Call] = rows[len(rows) // 2 :][:3]
    for each in missed:
        each.source = "reconciled"
    assert missed[-1].ended is not None
    session.add(
        models.Outage(pbx="main", began=missed[0].started - timedelta(seconds=20), ended=missed[-1].ended, reason="link")
    )  # fmt: skip
    session.add(
        models.ReconcileMark(pbx="main", since=now - timedelta(days=60), read_until=now, seen_at=now, problem="")
    )  # fmt: skip


def _cdr(call: models.Call, n: int) -> str:
    assert call.ended is not None

    def said(at: datetime | None) -> str:
        return f'"{at.astimezone(OFFICE):%Y-%m-%d %H:%M:%S}"' if at else '""'

    answered = call.answered is not None
    long = (call.ended - call.started).seconds
    talk = (call.ended - call.answered).seconds if call.answered else 0
    inbound = call.direction == "inbound"
    far, near = f"PJSIP/trunk-{n:08x}", f"PJSIP/{call.participants[0].extension}-{n:08x}"
    first, second = (far, near) if inbound else (near, far)
    app = '"Queue","support,tk"' if inbound else '"Dial","PJSIP/trunk"'
    return (
        f'"","{call.from_raw}","{call.to_raw}","calls","{call.from_raw}","{first}","{second}",{app},'
        f"{said(call.started)},{said(call.answered)},{said(call.ended)},{long},{talk},"
        f'"{"ANSWERED" if answered else "NO ANSWER"}","DOCUMENTATION","{call.linkedid}","","","{call.linkedid}",{n}\n'
    )


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
        session.add(models.AgentState(user_id=user.id, state="ready", since=today, until=since))
        session.add(models.AgentState(user_id=user.id, state=state, reason=reason, since=since))
