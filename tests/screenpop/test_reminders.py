"""Notices of what is due reach their owner's browsers, and nobody else's; they outlive a restart and wait for who is away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from callcenter import db, models
from callcenter.crm import reminding
from tests.screenpop import stand as stands
from tests.telephony import peer


def _task(database: db.Database, user: int, minutes: float) -> int:
    with database.session() as session:
        party = session.scalars(select(models.Party.id)).first()
        row = models.Task(
            kind="callback", assignee_id=user, party_id=party, title="Invoice", created_at=db.utcnow(),
            due_at=db.utcnow() + timedelta(minutes=minutes),
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


@pytest.fixture
def database(tmp_path: Path) -> db.Database:
    made = stands.new_database(tmp_path)
    with made.session() as session:
        stands.people(session, db.utcnow())
        stands.customer(session, "Dana Levi", stands.DANA, db.utcnow())
    return made


@pytest.fixture
async def stand(database: db.Database) -> AsyncIterator[stands.Stand]:
    async with stands.standing(database) as standing:
        yield standing


def _user(stand: stands.Stand, extension: str) -> int:
    found = stand.center.seats.user_of("main", f"PJSIP/{extension}", extension)
    assert found is not None
    return found


async def test_who_comes_is_told_what_is_due_with_name_number_and_time(
    stand: stands.Stand,
) -> None:
    me, other = _user(stand, "1001"), _user(stand, "1002")
    key = _task(stand.database, me, -30)
    mine, theirs = await stand.browser(me), await stand.browser(other)
    told = await mine.next("task.due")
    (notice,) = told["due"]
    assert (notice["name"], notice["number"], notice["title"]) == ("Dana Levi", "050-123-4567", "Invoice")  # fmt: skip
    assert notice["path"] == f"/tasks/{key}" and notice["dial"] == "+972501234567"
    await stand.floor.reminders.look(stand.floor.server.users())
    assert theirs.of("task.due") == [] and len(mine.of("task.due")) == 1, "what is known is not told again"  # fmt: skip


async def test_a_task_that_comes_due_is_pushed_and_goes_when_it_is_done(
    stand: stands.Stand,
) -> None:
    me = _user(stand, "1001")
    mine, second = await stand.browser(me), await stand.browser(me, session="t")
    key = _task(stand.database, me, 4)
    await stand.floor.reminders.look([me])
    for browser in (mine, second):
        assert (await browser.next("task.due"))["due"][0]["path"] == f"/tasks/{key}"
    assert (await mine.hello())["due"][0]["path"] == f"/tasks/{key}", "a page that is loaded anew"
    with stand.database.session() as session:
        session.execute(update(models.Task).values(done_at=db.utcnow()))
    await stand.floor.reminders.look([me])
    assert (await second.next("task.due", 2))["due"] == []


async def test_a_notice_outlives_a_restart_and_is_written_once(database: db.Database) -> None:
    async with stands.standing(database) as stand:
        me = _user(stand, "1001")
        _task(database, me, 1)
        browser = await stand.browser(me)
        first = (await browser.next("task.due"))["due"]
    async with stands.standing(database, exchange=peer.Peer()) as stand:
        browser = await stand.browser(me)
        assert (await browser.next("task.due"))["due"] == first
        with database.session() as session:
            assert session.scalar(select(func.count()).select_from(models.Reminder)) == 1
        await database.run(reminding.deal, me, first[0]["id"], db.utcnow())
    async with stands.standing(database, exchange=peer.Peer()) as stand:
        browser = await stand.browser(me)
        await stand.floor.reminders.look([me])
        assert browser.of("task.due") == [] and (await browser.hello())["due"] == []
