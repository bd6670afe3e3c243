"""What is due is told once for each time that is promised, to whoever is there, and stands until it is dealt with."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from callcenter import db, errors, models
from callcenter.crm import reminding
from tests import servers
from tests.crm import test_tasks
from tests.crm.test_tasks import NOW, at


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@servers.on_both()
def test_what_is_due_in_five_minutes_is_told_and_nothing_else(database: db.Database) -> None:
    with database.session() as session:
        of = test_tasks.crew(session)
        soon = test_tasks.task(session, of, "michal", NOW + minutes(5))
        late = test_tasks.task(session, of, "michal", at(-23))
        promised = test_tasks.lead(session, of, "michal", NOW + minutes(1))
        for due, values in ((NOW + minutes(6), {}), (at(-25), {}), (None, {}), (NOW, {"done_at": NOW})):  # fmt: skip
            test_tasks.task(session, of, "michal", due, **values)
        test_tasks.task(session, of, "olga", NOW)
        found = reminding.look(session, [of.michal], NOW)
        told = [(due.item.source, due.item.id) for due in found[of.michal]]
        assert told == [("task", late), ("lead", promised), ("task", soon)]
        assert set(found) == {of.michal}, "who is away is told when they come"
        assert set(reminding.look(session, [of.michal, of.olga], NOW)) == {of.michal, of.olga}
        assert reminding.look(session, [], NOW) == {}


@servers.on_both()
def test_a_notice_is_written_once_and_stands_until_it_is_dealt_with(database: db.Database) -> None:
    with database.session() as session:
        of = test_tasks.crew(session)
        key = test_tasks.task(session, of, "michal", NOW)
        (first,) = reminding.look(session, [of.michal], NOW)[of.michal]
        (second,) = reminding.look(session, [of.michal], NOW + minutes(9))[of.michal]
        assert first.id == second.id
        assert session.scalar(select(func.count()).select_from(models.Reminder)) == 1
        reminding.snooze(session, of.michal, first.id, NOW)
        assert reminding.look(session, [of.michal], NOW + minutes(9)) == {}
        (again,) = reminding.look(session, [of.michal], NOW + minutes(10))[of.michal]
        assert again.id == first.id and again.due_at == NOW, "what was promised is not changed"
        with pytest.raises(errors.NotFound):
            reminding.deal(session, of.olga, first.id, NOW)
        reminding.deal(session, of.michal, first.id, NOW)
        assert reminding.look(session, [of.michal], NOW + minutes(30)) == {}
        session.get_one(models.Task, key).due_at = NOW + minutes(40)
        (moved,) = reminding.look(session, [of.michal], NOW + minutes(36))[of.michal]
        assert moved.id != first.id, "another promise is told anew"


@servers.on_both()
def test_what_is_handed_over_is_told_to_whose_it_is_now(database: db.Database) -> None:
    with database.session() as session:
        of = test_tasks.crew(session)
        key = test_tasks.task(session, of, "michal", NOW)
        assert of.michal in reminding.look(session, [of.michal], NOW)
        session.get_one(models.Task, key).assignee_id = of.olga
        assert set(reminding.look(session, [of.michal, of.olga], NOW)) == {of.olga}


@servers.on_both()
def test_a_closed_account_keeps_nobody_else_from_being_told(database: db.Database) -> None:
    with database.session() as session:
        of = test_tasks.crew(session)
        for who in ("michal", "olga"):
            test_tasks.task(session, of, who, NOW)
        session.get_one(models.User, of.michal).active = False
        session.flush()
        assert set(reminding.look(session, [of.michal, of.olga], NOW)) == {of.olga}


@servers.on_both()
def test_two_processes_that_tell_at_once_write_one_notice(database: db.Database) -> None:
    with database.session() as session:
        of = test_tasks.crew(session)
        key = test_tasks.task(session, of, "michal", NOW)
    keys = {(of.michal, "task", key, NOW)}
    for _ in range(2):
        database.call(reminding._tell, keys, NOW)
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(models.Reminder)) == 1


@servers.on_both()
def test_a_callback_whose_campaign_is_paused_is_not_told(database: db.Database) -> None:
    with database.session() as session:
        of = test_tasks.crew(session)
        key = test_tasks.lead(session, of, "michal", NOW)
        campaign = session.get_one(models.Campaign, of.campaign)
        campaign.state = "paused"
        session.flush()
        assert reminding.look(session, [of.michal], NOW) == {}
        campaign.state = "running"
        session.flush()
        assert reminding.look(session, [of.michal], NOW)[of.michal][0].item.id == key
        reminding.deal_with(session, of.michal, "lead", key, NOW)
        assert reminding.look(session, [of.michal], NOW) == {}
