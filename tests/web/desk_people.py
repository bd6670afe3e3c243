"""Who works at the desk's stage and who calls it: an agent at 1001, customers with a past, outcomes and pause reasons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from callcenter import models
from callcenter.crm import accounts
from callcenter.db import utcnow

PASSWORD = "a long enough password"
CUSTOMERS = (
    ("דנה לוי־אברמוביץ׳", "+972524111171"), ("יוסי בן־שושן", "+972541234567"), ("Ирина Соколова", "+972527654321"),
    ("John Abrams", "+442079460000"), ("מוחמד ח׳ורי", "+972502223344"),
)  # fmt: skip
TASKS = (
    ("task", "בדיקת חיוב כפול, נובמבר", 1.0), ("callback", "החזר כספי", -0.5), ("callback", "תיאום טכנאי · ברוסית", 0.4),
    ("task", "Transfer the line to a new address", 0.6), ("task", "פתיחת פורטים בנתב", 0.8),
)  # fmt: skip
PAST = ((0.2, "inbound", "answered", 251.0), (0.5, "inbound", "answered", 184.0), (26, "inbound", "answered", 451.0),
        (30, "inbound", "abandoned", None), (300, "outbound", "answered", 304.0))  # fmt: skip
OUTCOMES = (
    ("solved", "נפתר", "Solved", "Решено", False),
    ("case_opened", "נפתחה פנייה", "Case opened", "Создано обращение", False),
    ("callback", "בקשה לחזרה", "Callback requested", "Просьба перезвонить", True),
    ("passed_on", "הטיפול הועבר לצוות אחר", "Passed to another team", "Передано другой команде", False),
    ("waiting", "בהמתנה ללקוח", "Waiting for customer", "Ожидание клиента", False),
    ("information", "נמסר מידע", "Information given", "Предоставлена информация", False),
    ("complaint", "תלונה", "Complaint", "Жалоба", False),
    ("wrong_number", "מספר שגוי", "Wrong number", "Неверный номер", False),
    ("disconnected", "השיחה התנתקה", "Call disconnected", "Обрыв связи", False),
    ("cancellation", "בקשת ביטול", "Cancellation request", "Запрос на отмену", False),
)  # fmt: skip
REASONS = (
    ("break", "הפסקה", "Break", "Перерыв", 15),
    ("lunch", "ארוחת צהריים", "Lunch", "Обед", 30),
    ("meeting", "ישיבה", "Meeting", "Совещание", None),
    ("back_office", "עבודה עורפית", "Back-office work", "Работа без звонков", None),
)


def staff(session: Any, language: str, theme: str = "light") -> int:
    """Make the agent at 1001, the outcomes and the reasons of a pause; return the agent's id."""
    user = accounts.create_user(
        session, "michal", "מיכל לב", password=PASSWORD, now=utcnow(), language=language
    )
    user.theme = theme
    accounts.assign_extension(session, user.id, "1001", now=utcnow())
    for i, (code, he, en, ru, callback) in enumerate(OUTCOMES):
        session.add(
            models.Outcome(
                code=code,
                labels={"he": he, "en": en, "ru": ru},
                digit=(i + 1) % 10,
                position=i,
                callback=callback,
            )  # fmt: skip
        )
    for i, (code, he, en, ru, minutes) in enumerate(REASONS):
        session.add(
            models.PauseReason(
                code=code,
                labels={"he": he, "en": en, "ru": ru},
                position=i,
                allowed_minutes=minutes,
            )  # fmt: skip
        )
    return int(user.id)


def customers(session: Any, agent: int) -> None:
    """Make customers with tasks, a case and past calls."""
    now = utcnow()
    for i, (name, e164) in enumerate(CUSTOMERS):
        party = models.Party(
            id=7 + i, display=name, search_key=name, city="חיפה", language="he", vip=i == 0,
            facts={"חבילה": "סיב 1000 + טלפון"}, created_at=now - timedelta(days=900), updated_at=now,
        )  # fmt: skip
        phone = models.Phone(e164=e164, digits_reversed=e164[:0:-1], region="IL")
        session.add_all([party, phone])
        session.flush()
        session.add(models.PartyPhone(party_id=party.id, phone_id=phone.id, primary=True))
    for i, (kind, title, hours) in enumerate(TASKS):
        session.add(
            models.Task(
                kind=kind,
                party_id=7 + i % len(CUSTOMERS),
                assignee_id=agent,
                title=title,
                due_at=now + timedelta(hours=hours),
                created_at=now,
            )  # fmt: skip
        )
    session.add(
        models.Case(
            number="4821",
            party_id=7,
            title="ניתוקים בקו סיבים",
            owner_id=agent,
            opened_at=now,
            due_at=now + timedelta(hours=2),
        )  # fmt: skip
    )
    for i, (hours, direction, result, talk) in enumerate(PAST):
        started = now - timedelta(hours=hours)
        call = models.Call(
            pbx="main", linkedid=f"past.{i}", direction=direction, far_e164=CUSTOMERS[0][1], queue="support",
            started=started, answered=started if talk else None, ended=started, talk_seconds=talk,
            result=result, party_id=7, name_snapshot=CUSTOMERS[0][0], wait_seconds=42.0,
        )  # fmt: skip
        session.add(call)
        session.flush()
        session.add(
            models.CallParticipant(
                call_id=call.id,
                interface="PJSIP/1001",
                extension="1001",
                user_id=agent,
                rang=started,
                answered=started if talk else None,
                outcome="answered" if talk else "missed",
            )  # fmt: skip
        )
