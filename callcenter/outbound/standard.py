"""The outcomes that campaigns begin with: made with the first one, and the administrator's own from then on."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.outbound import recycling

LANGUAGES = ("he", "en", "ru")
# code, success, callback, effect, labels
OUTCOMES = (
    ("sale", True, False, "", ("מכירה", "Sale", "Продажа")),
    ("callback", False, True, "", ("בקשה לחזרה", "Callback requested", "Просьба перезвонить")),
    ("offer_sent", False, False, "", ("נשלחה הצעה", "Offer sent", "Отправлено предложение")),
    ("not_interested", False, False, "", ("אין עניין", "Not interested", "Нет интереса")),
    ("no_answer", False, False, "", ("אין מענה", "No answer", "Нет ответа")),
    ("voicemail", False, False, "", ("תא קולי", "Voicemail", "Голосовая почта")),
    ("not_in_service", False, False, recycling.BAD_NUMBER,
     ("המספר מנותק", "Number not in service", "Номер не обслуживается")),
    ("do_not_call", False, False, recycling.DO_NOT_CALL,
     ("בקשה לא להתקשר", "Asked not to be called", "Просьба не звонить")),
)  # fmt: skip


def codes(session: Session) -> list[str]:
    """Return the codes of those that are in use, in the order in which they are offered."""
    outcome = models.Outcome
    mine = outcome.active, outcome.code.in_([code for code, *_ in OUTCOMES])
    return list(session.scalars(select(outcome.code).where(*mine).order_by(outcome.position, outcome.id)))  # fmt: skip


def make_outcomes(session: Session) -> dict[str, int]:
    """Make those whose code is not there yet, for campaigns alone; return the ids of the new ones by code."""
    outcome = models.Outcome
    known = set(session.scalars(select(outcome.code)))
    last = session.scalar(select(func.max(outcome.position))) or 0
    rows = [
        outcome(
            code=code, success=success, callback=callback, effect=effect, scope="campaign",
            labels=dict(zip(LANGUAGES, labels, strict=True)), position=last + place,
        )
        for place, (code, success, callback, effect, labels) in enumerate(OUTCOMES, 1)
        if code not in known
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    return {row.code: row.id for row in rows}
