"""The sample's campaign: it runs, its agents are on it, and the next lead can be had."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from callcenter import db, models
from callcenter.crm import sample, visibility
from callcenter.outbound import campaigns, sample_campaign


def test_its_agents_have_a_next_lead_at_once_and_the_first_a_callback_soon(
    database: db.Database,
) -> None:
    now = db.utcnow()
    with database.session() as session:
        sample.load_sample(session, now=now, customers=120, password="demo demo demo")
        made = sample_campaign.load(session, agents=("dana", "avi"), manager="yael", now=now)
        assert made.state == "running" and set(made.scripts) == {"he", "en", "ru"}
        offered = [outcome.code for outcome in campaigns.outcomes(session, made)]
        assert len(offered) < 10 and {"sale", "callback", "do_not_call"} < set(
            offered
        )  # a digit each
        users = {row.login: row.id for row in session.scalars(select(models.User))}
        for login in ("dana", "avi"):
            assert campaigns.joined(session, visibility.viewer(session, users[login])) is made
        assert campaigns.joined(session, visibility.viewer(session, users["michal"])) is None
        lead = models.Lead
        total = session.scalar(select(func.count()).select_from(lead))
        numbers = session.scalar(select(func.count(lead.phone_id.distinct())))
        assert total == numbers and total is not None and total > 100
        promised = session.scalars(select(lead).where(lead.state == "callback")).one()
        assert promised.callback_user_id == users["dana"]
        assert now < promised.next_at <= now + timedelta(minutes=10)
