"""A running application with sample data, for tests and for pictures: real HTTP on a free port of loopback."""

from __future__ import annotations

import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from aiohttp import web
from sqlalchemy import orm as sa_orm
from sqlalchemy import select

from callcenter import models
from callcenter.crm import sample
from callcenter.db import Database, utcnow
from callcenter.outbound import gate, hours
from callcenter.settings import Settings
from tests.web import ledgers
from web.app import create_app

PASSWORD = "a sample password"
SAID = (
    ("agent", 0.6, 4.1, "תמיכה טכנית, מיכל. שלום, תודה על ההמתנה."),
    ("customer", 4.6, 9.8, "שלום. זה כבר היום השלישי שהאינטרנט מתנתק, ואף אחד לא חזר אליי."),
    ("agent", 10.3, 15.2, "אני מצטערת על כך. בודקים את הקו עכשיו, רגע בבקשה."),
    ("customer", 16.0, 21.5, "בסדר. The router shows a red light, если это поможет."),
    ("agent", 22.0, 28.4, "זה עוזר. אפשר לתאם טכנאי למחר בין תשע לאחת עשרה?"),
)


@dataclass(frozen=True, slots=True)
class Site:
    """Where it runs and what is in it."""

    url: str
    app: web.Application
    database: Database
    folder: Path
    call_id: int  # a call with a recording that is transcribed
    party_id: int  # its customer

    @property
    def user_id(self) -> int:
        """Return an agent's id."""
        with self.database.session() as session:
            user = models.User
            found = session.scalar(select(user.id).where(user.role == "agent").order_by(user.id))
        assert found is not None
        return found

    @property
    def task_id(self) -> int:
        """Return an open task."""
        with self.database.session() as session:
            task = models.Task
            found = session.scalar(select(task.id).where(task.done_at.is_(None)).order_by(task.id))
        assert found is not None
        return found

    @property
    def dialled_id(self) -> int:
        """Return a call that was dialled by a click."""
        with self.database.session() as session:
            call, attempt = models.Call, models.DialAttempt
            found = session.scalar(select(call.id).join(attempt, attempt.id == call.linkedid))
        assert found is not None
        return found

    @property
    def busy_day(self) -> str:
        """Return the day of the recorded call, which has states of its agents too."""
        with self.database.session() as session:
            return session.get_one(models.Call, self.call_id).started.date().isoformat()

    def login_of(self, role: str) -> str:
        """Return a sign-in of this role who reads Hebrew, and took part in the recorded call where that is possible."""
        with self.database.session() as session:
            user = models.User
            part = models.CallParticipant
            took_part = select(part.user_id).where(part.call_id == self.call_id)
            found = session.scalar(
                select(user.login)
                .where(user.role == role)
                .order_by(user.language != "he", user.id.not_in(took_part), user.id)
            )
        assert found is not None
        return found


def settings(folder: Path, **changes: object) -> Settings:
    """Return settings that touch nothing outside of the folder."""
    return Settings.model_validate(
        {
            "site": {"name": "צפון תקשורת", "language": "he"},
            "database": {"url": f"sqlite:///{folder / 'site.db'}"},
            "recordings": {"folder": str(folder / "recordings"), "workers": 0},
            "pbx": [{"name": "main", "cdr": str(folder / "Master.csv")}],
            "campaigns": {"folder": str(folder / "imports")},
            **changes,
        }
    )


def sound(path: Path, seconds: float) -> dict[str, list[int]]:
    """Write a stereo file in which the sides take turns, and return its peaks."""
    rate, count = 8000, 300
    t = np.arange(int(rate * seconds)) / rate
    sides = {}
    for side, tone in (("agent", 220.0), ("customer", 330.0)):
        on = np.zeros_like(t)
        for who, start, end, _ in SAID:
            if who == side:
                on[(t >= start) & (t < end)] = 1.0
        sides[side] = (
            np.sin(2 * np.pi * tone * t) * on * (0.35 + 0.25 * np.sin(2 * np.pi * 2.7 * t))
        )
    stereo = np.stack([sides["agent"], sides["customer"]], axis=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, rate, 0, "NONE", "not compressed"))
        file.writeframes((stereo * 32767).astype("<i2").tobytes())
    return {
        side: [int(100 * float(np.abs(part).max())) for part in np.array_split(samples, count)]
        for side, samples in sides.items()
    }


def add_recording(session: sa_orm.Session, folder: Path) -> tuple[int, int]:
    """Give one sample call a recording with a transcript; return the call and its customer."""
    call = session.scalars(
        select(models.Call)
        .join(models.CallParticipant)
        .join(models.User, models.User.id == models.CallParticipant.user_id)
        .where(
            # who reads this site; the last call of a day may be anybody's
            models.User.language == "he",
            models.User.role == "agent",
            models.Call.result == "answered",
            models.Call.direction == "inbound",
            models.Call.party_id.is_not(None),
            models.Call.outcome_id.is_not(None),
            models.CallParticipant.answered.is_not(None),
        )
        .order_by(models.Call.started.desc())
    ).first()
    assert call is not None and call.party_id is not None
    seconds = 30.0
    peaks = sound(folder / "recordings" / "sample.wav", seconds)
    recording = models.Recording(
        call_id=call.id,
        pbx=call.pbx,
        linkedid=call.linkedid,
        file="sample.wav",
        state="done",
        stored={"stereo": "sample.wav"},
        sha256={},
        peaks=peaks,
        seconds=seconds,
        started_at=call.started,
        ended_at=call.started + timedelta(seconds=seconds),
    )
    session.add(recording)
    session.flush()
    transcript = models.Transcript(
        recording_id=recording.id,
        engine="vosk",
        model="sample",
        language="he",
        confidence=0.94,
        created_at=utcnow(),
    )
    for side, start, end, text in SAID:
        words = text.split()
        step = (end - start) / len(words)
        transcript.segments.append(
            models.Segment(
                side=side,
                t0=start,
                t1=end,
                text=text,
                words=[
                    {
                        "w": word,
                        "t0": start + i * step,
                        "t1": start + (i + 1) * step,
                        "c": 0.4 if i == 3 else 0.95,
                    }
                    for i, word in enumerate(words)
                ],
            )
        )
    session.add(transcript)
    return call.id, call.party_id


def add_attempts(session: sa_orm.Session, folder: Path, party_id: int) -> None:
    """Let a call have been dialled by a click, and another to the customer have been refused."""
    call = session.scalars(
        select(models.Call)
        .where(models.Call.direction == "outbound", models.Call.party_id.is_not(None))
        .order_by(models.Call.started.desc())
    ).first()
    user = session.scalars(select(models.User.id).where(models.User.role == "agent")).first()
    link = models.PartyPhone
    number = session.scalar(select(models.Phone.e164).join(link).where(link.party_id == party_id))
    assert call is not None and user is not None and number is not None
    for id_, to, e164, purpose in (
        (call.linkedid, call.party_id, call.far_e164 or number, "service"),
        ("attempt.refused", party_id, number, "marketing"),
    ):
        closed = {"compliance": {"hours": dict.fromkeys(hours.DAYS, "")}}
        verdict = gate.ask(session, e164, config=settings(folder, **closed), purpose=purpose, now=utcnow(), party_id=to)  # fmt: skip
        session.add(
            models.DialAttempt(
                id=id_, pbx="main", user_id=user, party_id=to, number=e164, e164=e164, requested_at=utcnow(),
                state="placed" if verdict.allowed else "refused", purpose=purpose, receipt=verdict.receipt(),
            )
        )  # fmt: skip


def add_states(session: sa_orm.Session, call_id: int) -> None:
    """Give the agents of a call a day of states around it, as they end in each other."""
    call = session.get_one(models.Call, call_id)
    for part in call.participants:
        at = call.started - timedelta(hours=3)
        for n in range(24):
            for state, reason, minutes in (("ready", "", 6), ("ringing", "", 0.5), ("talking", "", 5 + n % 4), ("wrapup", "", 1.5), *((("paused", "break", 10),) if n % 6 == 5 else ())):  # fmt: skip
                until = at + timedelta(minutes=minutes)
                if part.user_id is not None and until < utcnow():
                    session.add(models.AgentState(user_id=part.user_id, state=state, reason=reason, since=at, until=until))  # fmt: skip
                at = until


def fill(database: Database, folder: Path, *, customers: int) -> tuple[int, int]:
    """Make the tables and the sample data."""
    models.Base.metadata.create_all(database.engine)
    with database.session() as session:
        sample.load_sample(session, customers=customers, now=utcnow(), password=PASSWORD)
        ledgers.fill(session, folder)
        call_id, party_id = add_recording(session, folder)
        add_attempts(session, folder, party_id)
        add_states(session, call_id)
        return call_id, party_id


@asynccontextmanager
async def running(folder: Path, *, customers: int = 120) -> AsyncIterator[Site]:
    """Run the application over sample data until the block ends."""
    config = settings(folder)
    database = Database(config.database.url)
    call_id, party_id = fill(database, folder, customers=customers)
    app = create_app(config, database)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        place = web.TCPSite(runner, "127.0.0.1", 0)
        await place.start()
        port = runner.addresses[0][1]
        yield Site(f"http://127.0.0.1:{port}", app, database, folder, call_id, party_id)
    finally:
        await runner.cleanup()
        database.close()
