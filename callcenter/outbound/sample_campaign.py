"""The sample's campaign: people to call about a better plan, with a script in three languages, and two who call them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import visibility
from callcenter.outbound import campaigns

NAME = "מבצע סתיו: שדרוג מסלול"
SCRIPTS = {
    "he": "שלום {name}, כאן {agent} מ-{company}. יש לנו הצעה לשדרוג המסלול שלך, ללא שינוי במחיר בשלושת החודשים הראשונים.\n\n"
    "אם יש עניין: לעבור על תנאי המסלול, לאשר כתובת דואר אלקטרוני ולשלוח הצעה.\n"
    "אם לא נוח לדבר: לקבוע שעה לחזרה.",
    "en": "Hello {name}, this is {agent} of {company}. We can move you to a better plan, at the same price for the first three months.\n\n"
    "If they are interested: go through the plan's terms, confirm the email address and send the offer.\n"
    "If it is a bad time: agree on a time to call back.",
    "ru": "Здравствуйте, {name}! Это {agent}, {company}. Предлагаем перейти на лучший тариф: первые три месяца цена прежняя.\n\n"
    "Если интересно: рассказать условия, уточнить адрес почты и отправить предложение.\n"
    "Если неудобно говорить: договориться о времени звонка.",
}
LEADS = 150
CALLBACK_MINUTES = 6


def load(
    session: Session, *, agents: Sequence[str], manager: str, now: datetime, seed: int = 1
) -> models.Campaign:
    """Make a running campaign of the sample's customers; these agents (sign-in names) work on it, the first has a callback."""
    ids = {row.login: row.id for row in session.scalars(select(models.User))}
    boss = visibility.viewer(session, ids[manager])
    team = select(models.Membership.team_id).where(models.Membership.user_id == ids[agents[0]])
    values = {"name": NAME, "scripts": SCRIPTS, "team_id": session.scalar(team.limit(1))}
    campaign = campaigns.create(session, boss, values, now=now)
    session.add_all(_leads(session, campaign, random.Random(seed), now))
    session.flush()
    campaigns.move(session, boss, campaign.id, "running", now=now)
    for login in agents:
        agent = visibility.viewer(session, ids[login])
        campaigns.join(session, agent, campaign.id, now=now)
    _callback(session, campaign, ids[agents[0]], now + timedelta(minutes=CALLBACK_MINUTES))
    return campaign


def _leads(
    session: Session, campaign: models.Campaign, chance: random.Random, now: datetime
) -> list[models.Lead]:
    one = (
        select(models.PartyPhone.party_id, func.min(models.PartyPhone.phone_id).label("phone_id"))
        .group_by(models.PartyPhone.party_id)
        .subquery()
    )
    asked = (
        select(models.Party.id, models.Party.display, one.c.phone_id)
        .join(one, one.c.party_id == models.Party.id)
        .order_by(models.Party.id)
    )
    people = {phone_id: (party_id, name) for party_id, name, phone_id in session.execute(asked)}
    chosen = chance.sample(sorted(people), min(LEADS, len(people)))
    return [
        models.Lead(
            campaign_id=campaign.id,
            party_id=people[phone_id][0],
            phone_id=phone_id,
            name=people[phone_id][1],
            next_at=now - timedelta(minutes=1),
            created_at=now,
        )
        for phone_id in chosen
    ]


def _callback(session: Session, campaign: models.Campaign, owner_id: int, due: datetime) -> None:
    lead = models.Lead
    asked = select(lead).where(lead.campaign_id == campaign.id).order_by(lead.id.desc()).limit(1)
    found = session.scalars(asked).one()
    found.state, found.callback_user_id, found.next_at = "callback", owner_id, due
    found.attempts, found.last_result, found.reached = 1, "answered", True
