"""What people want of the days after the pictures: tasks and callbacks, who must not be called, views, recordings that go."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.outbound import dnc
from tests.screens.clock import OFFICE

DUE_MINUTES = 16  # until the callback of which the agent is told
PROMISED = {
    "he": "החזר כספי על הנתב הישן", "en": "Refund for the old router", "ru": "Возврат денег за старый роутер",
}  # fmt: skip
LATE = {
    "he": "לוודא שהטכנאי הגיע", "en": "See that the technician came", "ru": "Узнать, приходил ли мастер",
}  # fmt: skip
ASKED = {
    "he": ("ביקשו במכתב", "ביקשו בטלפון, פעמיים", "בקשה דרך האתר"),
    "en": ("asked by letter", "asked by phone, twice", "asked on the website"),
    "ru": ("просьба в письме", "просьба по телефону, дважды", "просьба на сайте"),
}
VIEWS = {
    "he": (("שיחות ארוכות בתמיכה", "period=week&queue=support"), ("שלא נענו בבוקר", "period=today&result=missed")),
    "en": (("Long ones of support", "period=week&queue=support"), ("Missed this morning", "period=today&result=missed")),
    "ru": (("Длинные в поддержке", "period=week&queue=support"), ("Пропущенные утром", "period=today&result=missed")),
}  # fmt: skip


def fill(
    session: Session, *, now: datetime, language: str, people: dict[str, int]
) -> dict[str, str]:
    """Write them; return what addresses of screens name."""
    task = _promises(session, now, language, people)
    _never_called(session, now, language, people["yael"])
    _views(session, now, language, people["ronen"])
    _marked(session, now)
    lead = session.scalars(select(models.Lead.id).where(models.Lead.state == "callback")).first()
    return {"task": str(task), "lead": str(lead)}


def _promises(session: Session, now: datetime, language: str, people: dict[str, int]) -> int:
    """Let nothing of the sample be due while the desk is drawn, but for one callback of the agent."""
    near = now + timedelta(minutes=DUE_MINUTES + 30)
    day = now - timedelta(days=1)
    for task in session.scalars(
        select(models.Task).where(
            models.Task.done_at.is_(None), models.Task.due_at > day, models.Task.due_at < near
        )
    ):
        assert task.due_at is not None
        task.due_at += timedelta(hours=26)
    leads = select(models.Lead).where(models.Lead.state == "callback").order_by(models.Lead.id)
    for n, lead in enumerate(session.scalars(leads)):
        lead.next_at = near + timedelta(minutes=35 * n)
    whom = session.scalars(
        select(models.Party.id).where(models.Party.vip, models.Party.language == "he")
    ).first()
    late = (now.astimezone(OFFICE) - timedelta(days=2)).replace(hour=15, minute=30)
    rows = [
        models.Task(
            kind="callback", party_id=whom, assignee_id=people["michal"], title=PROMISED[language],
            due_at=now + timedelta(minutes=DUE_MINUTES), created_at=now - timedelta(days=2),
        ),
        models.Task(
            kind="task", party_id=whom, assignee_id=people["michal"], title=LATE[language],
            due_at=late, created_at=now - timedelta(days=3),
        ),
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    return rows[0].id


def _never_called(session: Session, now: datetime, language: str, by: int) -> None:
    for n, reason in enumerate(ASKED[language]):
        asked = now - timedelta(days=3 * n + 1, hours=n)
        dnc.add(session, f"+97252555{n}17{n}", now=asked, reason=reason, by=by)
    for n in range(3):
        checked = now - timedelta(days=9)
        dnc.add(session, f"+97254777{n}31{n}", now=checked, source=dnc.REGISTRY)


def _views(session: Session, now: datetime, language: str, owner: int) -> None:
    for n, (name, query) in enumerate(VIEWS[language]):
        session.add(
            models.SavedView(owner_id=owner, list="calls", name=name, query=query, shared=("team", "")[n], created_at=now)
        )  # fmt: skip


def _marked(session: Session, now: datetime) -> None:
    """Let the time of the oldest recordings be over."""
    oldest = select(models.Recording).order_by(models.Recording.started_at).limit(6)
    for n, recording in enumerate(session.scalars(oldest)):
        recording.delete_at = now + timedelta(days=7, minutes=-n)
        recording.bytes = 480_000
