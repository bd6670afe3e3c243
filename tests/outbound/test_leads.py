"""Leads are handed out one at a time: in order, never to two, and given back by themselves."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import db, errors, models
from callcenter.crm import visibility
from callcenter.outbound import campaigns, dnc, leads
from tests.outbound import list_of
from tests.outbound.list_of import CONFIG, NOW
from tests.servers import on_both


def take(session: Session, user_id: int, of: models.Campaign, after: timedelta = timedelta()) -> leads.Given:  # fmt: skip
    viewer = visibility.viewer(session, user_id)
    return leads.next_lead(session, viewer, of, config=CONFIG, now=NOW + after)


@on_both()
def test_no_two_agents_ever_get_the_same_lead(database: db.Database) -> None:
    agents, count = 8, 60
    with database.session() as session:
        users = list_of.people(session, *(f"agent{i}" for i in range(agents)))
        of = list_of.campaign(session)
        for i in range(count):
            list_of.lead(session, of, i, priority=i % 3)
    taken: list[tuple[int, int]] = []
    start = threading.Barrier(agents)

    def work(user: int) -> None:
        start.wait()
        while True:
            with database.session() as session:
                found = leads.lease(session, user, of.id, config=CONFIG.campaigns, now=NOW)
                if found is None:
                    return
                taken.append((found.id, user))

    threads = [threading.Thread(target=work, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == count
    assert len({lead_id for lead_id, _ in taken}) == count
    with database.session() as session:
        held = dict(session.execute(select(models.Lead.id, models.Lead.leased_by_id)).all())
        assert held == dict(taken)


@on_both()
def test_callbacks_come_first_then_priority_then_who_waits_longest(database: db.Database) -> None:
    with database.session() as session:
        mine, other = list_of.people(session, "mine", "other")
        of = list_of.campaign(session)
        minutes = timedelta(minutes=1)
        usual = list_of.lead(session, of, 1, next_at=NOW - 9 * minutes)
        older = list_of.lead(session, of, 2, next_at=NOW - 60 * minutes)
        urgent = list_of.lead(session, of, 3, priority=5)
        list_of.lead(session, of, 4, next_at=NOW + minutes)  # not yet
        callback = list_of.lead(session, of, 5, state="callback", callback_user_id=mine)
        theirs = list_of.lead(session, of, 6, state="callback", callback_user_id=other)
        late = list_of.lead(session, of, 7, state="callback", callback_user_id=other, next_at=NOW - 31 * minutes)  # fmt: skip
        got = []
        while (found := leads.lease(session, mine, of.id, config=CONFIG.campaigns, now=NOW)) is not None:  # fmt: skip
            got.append(found.id)
        assert got == [callback.id, late.id, urgent.id, older.id, usual.id]
        assert leads.lease(session, other, of.id, config=CONFIG.campaigns, now=NOW) is theirs


@on_both()
def test_a_callback_of_somebody_who_is_gone_goes_to_the_team(database: db.Database) -> None:
    with database.session() as session:
        mine, gone = list_of.people(session, "mine", "gone")
        of = list_of.campaign(session)
        waiting = list_of.lead(session, of, 1, state="callback", callback_user_id=gone)
        assert leads.lease(session, mine, of.id, config=CONFIG.campaigns, now=NOW) is None
        session.get_one(models.User, gone).active = False
        session.flush()
        assert leads.lease(session, mine, of.id, config=CONFIG.campaigns, now=NOW) is waiting


def test_a_lease_ends_by_itself_and_lasts_while_it_is_renewed(database: db.Database) -> None:
    lease = timedelta(seconds=CONFIG.campaigns.lease_seconds)
    with database.session() as session:
        one, two = list_of.people(session, "one", "two")
        of = list_of.campaign(session)
        only = list_of.lead(session, of, 1)
        assert take(session, one, of).lead is only
        assert take(session, one, of).lead is only  # a second tab
        assert take(session, two, of).lead is None
        at = NOW + lease - timedelta(seconds=1)
        assert leads.renew(session, one, only.id, seconds=CONFIG.campaigns.lease_seconds, now=at)
        session.expire_all()
        assert take(session, two, of, lease + timedelta(seconds=1)).lead is None
        assert take(session, two, of, 2 * lease).lead is only  # the first browser crashed
        assert not leads.renew(session, one, only.id, seconds=99, now=NOW + 2 * lease)
        with pytest.raises(errors.Conflict):
            leads.own(session, one, only.id, NOW + 2 * lease)


def test_what_may_not_be_called_is_never_shown(database: db.Database) -> None:
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        of = list_of.campaign(session)
        listed = list_of.lead(session, of, 1, priority=9)
        asked = list_of.lead(session, of, 2, priority=8)
        good = list_of.lead(session, of, 3)
        phone = session.get_one(models.Phone, listed.phone_id)
        session.add(models.DncEntry(e164=phone.e164, added_at=NOW))
        session.get_one(models.Party, asked.party_id).marketing = "blocked"
        session.flush()
        given = take(session, user, of)
        assert given.lead is good and given.verdict is not None and given.verdict.allowed
        assert (listed.state, listed.reason) == ("done", "do_not_call")
        assert (asked.state, asked.reason) == ("done", "do_not_call")


def test_outside_of_the_hours_every_lead_waits_for_their_beginning(database: db.Database) -> None:
    night = timedelta(hours=10)  # nine in the evening in Jerusalem
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        of = list_of.campaign(session)
        only = list_of.lead(session, of, 1)
        given = take(session, user, of, night)
        assert (given.lead, given.why, given.waiting) == (None, "none_now", 1)
        assert given.next_at == NOW.replace(day=26, hour=7)  # nine in the morning
        assert only.leased_by_id is None and only.state == "open"


def test_a_number_of_new_york_waits_for_its_own_morning(database: db.Database) -> None:
    rules = CONFIG.model_copy(update={"compliance": CONFIG.compliance.model_copy(update={"abroad": "always"})})  # fmt: skip
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        of = list_of.campaign(session)
        only = list_of.lead(session, of, 1)
        session.get_one(models.Phone, only.phone_id).e164 = "+12125550100"
        session.flush()
        viewer = visibility.viewer(session, user)
        assert leads.next_lead(session, viewer, of, config=rules, now=NOW).lead is None
        assert only.next_at == NOW.replace(hour=14)  # nine in New York


def test_a_skip_keeps_its_reason_and_gives_the_lead_back_later(database: db.Database) -> None:
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        of = list_of.campaign(session)
        only = list_of.lead(session, of, 1)
        assert take(session, user, of).lead is only
        with pytest.raises(errors.Invalid, match="reason"):
            leads.skip(session, user, only.id, "no mood", now=NOW)
        leads.skip(session, user, only.id, "bad_time", now=NOW)
        assert take(session, user, of).lead is None
        assert take(session, user, of, timedelta(minutes=61)).lead is only
        kept = session.scalars(select(models.Audit).where(models.Audit.action == "lead_skip")).one()
        assert kept.detail == {"reason": "bad_time"}


def test_a_campaign_that_is_paused_gives_nothing(database: db.Database) -> None:
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        of = list_of.campaign(session, state="paused")
        list_of.lead(session, of, 1)
        assert take(session, user, of).why == "not_running"


def test_progress_counts_leads_and_what_came_of_them(database: db.Database) -> None:
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        of = list_of.campaign(session)
        list_of.lead(session, of, 1)
        list_of.lead(session, of, 2, state="callback", callback_user_id=user)
        won = list_of.lead(session, of, 3)
        list_of.attempt(session, won, user)
        won.state, won.reason, won.reached = "done", "success", True
        session.flush()
        counted = campaigns.progress(session, [of.id], NOW)[of.id]
        assert counted == campaigns.Progress(leads=3, left=2, done=1, reached=1, won=1, callbacks=1, due=1,
                                             attempts=1, last_hour=1)  # fmt: skip


def test_a_number_that_is_put_on_the_list_leaves_every_campaign_at_once(
    database: db.Database,
) -> None:
    with database.session() as session:
        list_of.people(session, "user")
        of = list_of.campaign(session)
        only = list_of.lead(session, of, 1)
        e164 = leads.number(session, only)
        dnc.add(session, e164, now=NOW, reason="by letter")
        session.expire_all()
        assert (only.state, only.reason) == ("done", "do_not_call")
        with pytest.raises(errors.Invalid, match="why"):
            dnc.remove(session, e164, now=NOW, reason=" ")
        dnc.remove(session, e164, now=NOW, reason="asked for a call")
        assert dnc.find(session, e164, NOW) is None


@on_both()
def test_a_lead_is_put_into_a_call_once_however_often_the_key_is_pressed(
    database: db.Database,
) -> None:
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        of = list_of.campaign(session)
        lead_id = list_of.lead(
            session, of, 1, leased_by_id=user, lease_until=NOW.replace(day=26)
        ).id
    told: list[str] = []
    start = threading.Barrier(5)

    def press(id_: str) -> None:
        start.wait()
        try:
            with database.session() as session:
                leads.begin(session, leads.own(session, user, lead_id, NOW), user, id_)
            told.append(id_)
        except errors.Conflict:
            told.append("")

    threads = [threading.Thread(target=press, args=(f"cc-{i}",)) for i in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told)[:4] == [""] * 4 and sorted(told)[4].startswith("cc-")
    with database.session() as session:
        lead = session.get_one(models.Lead, lead_id)
        assert (lead.attempts, lead.attempt_id) == (1, max(told))


def test_a_promise_is_kept_also_by_who_works_on_another_campaign_now(
    database: db.Database,
) -> None:
    with database.session() as session:
        user, other = list_of.people(session, "user", "other")
        of = list_of.campaign(session)
        now_on = models.Campaign(name="אחר", state="running", created_at=NOW)
        session.add(now_on)
        session.flush()
        promised = list_of.lead(session, of, 1, state="callback", callback_user_id=user)
        list_of.lead(session, now_on, 2)
        assert take(session, other, now_on).lead is not promised
        given = take(session, user, now_on)
        assert given.lead is promised and given.verdict is not None and given.verdict.allowed
