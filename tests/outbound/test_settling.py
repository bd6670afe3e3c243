"""A call moves its lead on once: whoever settles first, and whoever is gone."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import db, errors, models
from callcenter.crm import visibility
from callcenter.outbound import dnc, leads, settling
from tests.outbound import list_of
from tests.outbound.list_of import CONFIG, NOW
from tests.servers import on_both


def outcome(session: Session, code: str) -> int:
    return session.scalars(select(models.Outcome.id).where(models.Outcome.code == code)).one()


@on_both()
def test_a_call_is_settled_exactly_once(database: db.Database) -> None:
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        only = list_of.lead(session, list_of.campaign(session), 1)
        list_of.attempt(session, only, user)
        sale = outcome(session, "sale")
    first: list[bool] = []
    start = threading.Barrier(6)

    def settle(outcome_id: int | None) -> None:
        start.wait()
        first.append(
            database.call(
                settling.settle, "cc-1", result="answered", outcome_id=outcome_id, now=NOW
            )
        )

    threads = [threading.Thread(target=settle, args=(sale if i % 2 else None,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(first) == [False] * 5 + [True]
    with database.session() as session:
        lead = session.scalars(select(models.Lead)).one()
        made = session.get_one(models.DialAttempt, "cc-1")
        assert lead.attempts == 1 and lead.attempt_id is None and lead.leased_by_id is None
        assert (lead.reason == "success") is (made.outcome_id == sale)


def test_no_answer_comes_back_after_the_campaigns_minutes(database: db.Database) -> None:
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        of = list_of.campaign(session, retry={"no_answer": 7})
        only = list_of.lead(session, of, 1)
        list_of.attempt(session, only, user)
        assert settling.settle(session, "cc-1", result="no_answer", now=NOW)
        assert (only.state, only.next_at) == ("open", NOW + timedelta(minutes=7))
        assert (only.attempts, only.last_result, only.reached) == (1, "no_answer", False)


def test_when_the_agents_own_phone_did_not_answer_the_lead_stays_and_no_try_is_counted(
    database: db.Database,
) -> None:
    until = NOW + timedelta(seconds=90)
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        of = list_of.campaign(session)
        only = list_of.lead(session, of, 1, lease_until=until)
        list_of.lead(session, of, 2)
        list_of.attempt(session, only, user)
        settling.settle(session, "cc-1", result="agent_no_answer", now=NOW)
        assert (only.state, only.attempts) == ("open", 0)
        assert (only.leased_by_id, only.lease_until) == (user, until)
        held = leads.current(session, user, NOW)
        assert held is not None and held.id == only.id
        assert leads.current(session, user, until) is None  # whoever went away keeps it no longer


def test_a_promise_outlives_a_call_that_the_agents_own_phone_did_not_take(
    database: db.Database,
) -> None:
    due = NOW - timedelta(minutes=1)
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        only = list_of.lead(session, list_of.campaign(session), 1, state="callback", next_at=due,
                            callback_user_id=user)  # fmt: skip
        list_of.attempt(session, only, user)
        settling.settle(session, "cc-1", result="phone_unreachable", now=NOW)
        assert (only.state, only.callback_user_id, only.next_at) == ("callback", user, due)


def concluded(session: Session, user: int, code: str, at: object = None) -> None:
    session.add(models.Call(pbx="main", linkedid="cc-1", direction="outbound", started=NOW))
    session.flush()
    settling.conclude(
        session, "main", "cc-1", visibility.viewer(session, user), outcome_id=outcome(session, code),
        callback_at=at, now=NOW,  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_callback_comes_back_to_who_promised_it_when_it_is_due(database: db.Database) -> None:
    due = NOW + timedelta(hours=1)
    with database.session() as session:
        user, other = list_of.people(session, "user", "other")
        of = list_of.campaign(session)
        only = list_of.lead(session, of, 1)
        list_of.attempt(session, only, user)
        concluded(session, user, "callback", due)
        assert (only.state, only.next_at, only.callback_user_id) == ("callback", due, user)
        assert session.scalars(select(models.Task)).all() == []  # the lead itself is the reminder
        assert settling.due_callbacks(session, [user, other], NOW) == []
        assert settling.due_callbacks(session, [user, other], due) == [(user, only.id)]
        assert settling.due_callbacks(session, [user, other], due) == []  # told once
        assert leads.lease(session, other, of.id, config=CONFIG.campaigns, now=due) is None
        assert leads.lease(session, user, of.id, config=CONFIG.campaigns, now=due) is only


def test_a_callback_into_the_past_is_refused_and_changes_nothing(database: db.Database) -> None:
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        only = list_of.lead(session, list_of.campaign(session), 1)
        list_of.attempt(session, only, user)
        with pytest.raises(errors.Invalid, match="callback_at"):
            concluded(session, user, "callback", NOW - timedelta(minutes=1))
        assert only.state == "calling"


def test_who_asks_not_to_be_called_is_on_the_list_at_once(database: db.Database) -> None:
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        of = list_of.campaign(session)
        only = list_of.lead(session, of, 1)
        list_of.attempt(session, only, user)
        concluded(session, user, "do_not_call")
        entry = dnc.find(session, leads.number(session, only), NOW)
        assert entry is not None and entry.added_by_id == user
        assert (only.state, only.reason) == ("done", "do_not_call")


def test_an_outcome_that_was_archived_meanwhile_is_refused_by_name(database: db.Database) -> None:
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        only = list_of.lead(session, list_of.campaign(session), 1)
        list_of.attempt(session, only, user)
        session.get_one(models.Outcome, outcome(session, "sale")).active = False
        session.flush()
        with pytest.raises(errors.Invalid, match="outcome_id"):
            concluded(session, user, "sale")
        assert only.state == "calling"  # and the wrap-up goes on: another outcome can be said


@on_both()
def test_the_sweep_finds_what_a_dead_process_left_also_of_a_user_who_is_gone(
    database: db.Database,
) -> None:
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        of = list_of.campaign(session)
        ended, running, never = (list_of.lead(session, of, i) for i in (1, 2, 3))
        list_of.attempt(session, ended, user, "cc-ended")
        list_of.attempt(session, running, user, "cc-running")
        list_of.attempt(session, never, user, "cc-never", state="placing")
        call = {"pbx": "main", "direction": "outbound", "started": NOW}
        session.add(models.Call(linkedid="cc-ended", ended=NOW, result="busy", **call))
        session.add(models.Call(linkedid="cc-running", **call))
        session.get_one(models.User, user).active = False
        session.flush()
        assert settling.unsettled(session, NOW + timedelta(seconds=10)) == []
        later = NOW + timedelta(minutes=5)
        found = settling.unsettled(session, later)
        assert sorted(row[1:3] for row in found) == [("cc-ended", "busy"), ("cc-never", "not_placed")]  # fmt: skip
        for _, id_, result, said, _user in found:
            assert settling.settle(session, id_, result=result, outcome_id=said, now=later)
        assert (ended.state, ended.attempts) == ("open", 1)
        assert (never.state, never.attempts) == ("open", 0)
        assert running.state == "calling"
        assert settling.unsettled(session, later) == []
