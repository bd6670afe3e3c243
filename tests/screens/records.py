"""What was kept of the days before the pictures: recordings and what was said, the exchange's own records, the audit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from callcenter import models
from tests.screens import words
from tests.screens.clock import OFFICE
from tests.web import site

TOLD_SECONDS = 30.0
# minutes ago, who, what, of what, detail
DEEDS: tuple[tuple[int, str, str, str, dict[str, Any]], ...] = (
    (9, "ronen", "recording_play", "recording 1", {}),
    (10, "ronen", "transcript_open", "recording 1", {}),
    (33, "yael", "export", "figures", {"rows": 24}),
    (58, "admin", "outcome_changed", "outcome 5", {"digit": [None, 5]}),
    (61, "admin", "queue_changed", "queue support", {"wrapup_seconds": [30, 60], "target_seconds": [30, 20]}),
    (64, "admin", "sign_in", "user 10", {}),
    (141, "yael", "campaign_running", "campaign 1", {}),
    (143, "yael", "sign_in", "user 9", {}),
    (205, "ronen", "recording_play", "recording 2", {}),
    (322, "admin", "seat_taken", "user 7", {"extension": "1007"}),
    (326, "admin", "user_created", "user 7", {"role": "agent"}),
    (1490, "admin", "site_changed", "site", {"timezone": ["UTC", "Asia/Jerusalem"]}),
)  # fmt: skip


def yesterday(now: datetime) -> datetime:
    """Give the midnight at which yesterday began."""
    return (now.astimezone(OFFICE) - timedelta(days=1)).replace(hour=0, minute=0, second=0)


def recordings(session: Session, folder: Path, login: str) -> tuple[int, int]:
    """Give the newest answered calls recordings and transcripts; return one of somebody's, and its customer."""
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
            .where(models.User.login == login, part.answered.is_not(None))
        ),
    ).limit(3)
    own = session.scalars(mine).all()
    others = [each for each in session.scalars(answered).all() if each not in own]
    for n, each in enumerate([*own, *others]):
        told = words.TALKS[0] if n == 0 else words.TALKS[n % len(words.TALKS)]
        _recording(session, each, peaks, told, n)
    _older(session, {each.id for each in (*own, *others)})
    assert own[0].party_id is not None
    return own[0].id, own[0].party_id


def _older(session: Session, told: set[int]) -> None:
    """Let most of the other answered calls have been recorded as well."""
    call = models.Call
    rows = session.execute(
        select(call.id, call.pbx, call.linkedid, call.started).where(call.result == "answered")
    ).all()
    kept = [
        {"call_id": key, "pbx": pbx, "linkedid": linkedid, "file": f"{linkedid}.wav", "state": "done",
         "stored": {"stereo": "sample.wav"}, "seconds": TOLD_SECONDS, "started_at": started}
        for key, pbx, linkedid, started in rows
        if key not in told and key % 20
    ]  # fmt: skip
    session.execute(insert(models.Recording), kept)


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


def cdr(session: Session, folder: Path, now: datetime) -> None:
    """Write the exchange's own records of yesterday; three calls of it were made good after an outage."""
    call = models.Call
    begin = yesterday(now)
    rows = session.scalars(
        select(call)
        .where(call.started >= begin, call.started < begin + timedelta(days=1))
        .order_by(call.started)
    ).all()
    lines = [_cdr_line(each, n) for n, each in enumerate(rows)]
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


def _cdr_line(call: models.Call, n: int) -> str:
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


def audit(session: Session, now: datetime) -> None:
    """Let people have done what is written down of them."""
    ids = dict(session.execute(select(models.User.login, models.User.id)).all())
    for minutes, login, action, of, detail in reversed(DEEDS):
        kind, _, key = of.partition(" ")
        session.add(
            models.Audit(
                at=now - timedelta(minutes=minutes), user_id=ids[login], action=action, object_type=kind,
                object_id=key, detail=detail, address="192.0.2.17",
            )
        )  # fmt: skip
