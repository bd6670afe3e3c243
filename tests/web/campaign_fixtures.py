"""A campaign in the sample data, for the pages: leads in every state, an import with bad rows, a lead on an agent's desk."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import customers
from callcenter.db import utcnow

SCRIPT = {
    "he": "שלום {name}, כאן {agent} מ{company}.\n\nראיתי שהסיב הגיע לרחוב שלך. כמה אנשים בבית משתמשים באינטרנט בערב?",
    "en": "Hello {name}, this is {agent} of {company}.\n\nFibre has come to your street. How many people use the internet in the evening?",
    "ru": "Здравствуйте, {name}, это {agent}, {company}.\n\nВ ваш дом пришло оптоволокно. Сколько человек пользуются интернетом вечером?",
}
NAMES = ("מוחמד ח׳ורי", "נועה בן־שושן", "Ирина Соколова", "John Abrams", "דוד אזולאי", "שירה כץ")


def add(session: Session, login: str) -> int:
    """Make a running campaign that the agent has joined, with a lead on their desk; return its id."""
    user = session.scalars(select(models.User).where(models.User.login == login)).one()
    now = utcnow()
    campaign = models.Campaign(
        name="קמפיין סיבים, צפון", state="running", created_at=now, scripts=SCRIPT, max_attempts=6,
        retry={"busy": 15, "offer_sent": 2880}, hours={"fri": "09:00-12:00"}, caller_id="037000100",
        outcomes=["sale", "callback", "not_interested", "offer_sent", "no_answer", "voicemail", "not_in_service", "do_not_call"],
    )  # fmt: skip
    draft = models.Campaign(name="Spring offer", state="draft", created_at=now)
    session.add_all([campaign, draft])
    session.flush()
    batch = models.ImportBatch(
        campaign_id=campaign.id, file_name="לידים נובמבר.csv", path="none", state="done", encoding="windows-1255",
        header=["שם", "טלפון"], mapping={"0": "name", "1": "phone"}, position=42, total=42, added=38, matched=4, bad=4,
        created_at=now, finished_at=now,
    )  # fmt: skip
    session.add(batch)
    session.flush()
    for row, reason in enumerate(
        ("no_number", "not_a_number", "damaged_number", "already_in_campaign"), 3
    ):
        session.add(
            models.ImportRow(batch_id=batch.id, row=row, cells=["דנה", "5.41E+08"], reason=reason)
        )
    for i, name in enumerate(NAMES * 4):
        party = customers.create(session, name, now=now, numbers=[f"05399{i:05}"], status="lead")
        phone_id = customers.numbers(session, party.id)[0].phone_id
        state = ("open", "open", "done", "callback")[i % 4]
        lead = models.Lead(
            campaign_id=campaign.id, party_id=party.id, phone_id=phone_id, name=name, state=state, created_at=now,
            reason="success" if i % 8 == 2 else "final" if state == "done" else "", next_at=now - timedelta(minutes=i),
            reached=state != "open", attempts=int(state != "open"), batch_id=batch.id, row=i + 50,
            callback_user_id=user.id if state == "callback" else None,
            facts={"ספק נוכחי": "צפון תקשורת", "מהירות": "100 Mb/s"},
        )  # fmt: skip
        session.add(lead)
    session.flush()
    _tries(session, campaign.id, user.id)
    session.add(models.CampaignSeat(user_id=user.id, campaign_id=campaign.id, since=now))
    return int(campaign.id)


def _tries(session: Session, campaign_id: int, user_id: int) -> None:
    """Lease the first lead to the agent, with two earlier attempts."""
    now = utcnow()
    lead = session.scalars(
        select(models.Lead).where(
            models.Lead.campaign_id == campaign_id, models.Lead.state == "open"
        )
    ).first()
    assert lead is not None
    lead.leased_by_id, lead.lease_until, lead.attempts = user_id, now + timedelta(hours=1), 2
    phone = session.get_one(models.Phone, lead.phone_id)
    outcome = session.scalars(
        select(models.Outcome.id).where(models.Outcome.code == "callback")
    ).first()
    for i, (result, said) in enumerate((("no_answer", None), ("answered", outcome))):
        at = now - timedelta(days=3 - i, hours=2)
        session.add(
            models.DialAttempt(
                id=f"past-{i}", pbx="main", user_id=user_id, number=phone.e164, e164=phone.e164, requested_at=at,
                state="placed", purpose="marketing", lead_id=lead.id, result=result, outcome_id=said, settled_at=at,
            )
        )  # fmt: skip
