"""Tasks and promised callbacks: one list by time, and who may change what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import db, errors, models
from callcenter.crm import accounts, audit, customers, tasklist, tasks, visibility
from callcenter.outbound import leads, promises
from tests import servers

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
END = datetime(2026, 3, 1, 22, tzinfo=UTC)
DANA = "+972541234567"


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


@dataclass(frozen=True)
class Crew:
    """Two of a team, who leads it, and one of another."""

    michal: int
    olga: int
    boss: int
    stranger: int
    party: int
    hidden: int
    campaign: int
    phone: int

    def viewer(self, session: Session, name: str) -> visibility.Viewer:
        return visibility.viewer(session, getattr(self, name))


def crew(session: Session) -> Crew:
    ids = {}
    for name, role in (("michal", "agent"), ("olga", "agent"), ("boss", "supervisor"), ("stranger", "agent")):  # fmt: skip
        ids[name] = accounts.create_user(session, name, name.title(), password_hash="-", now=NOW, role=role).id  # fmt: skip
    for team, names in (("support", ("michal", "olga", "boss")), ("sales", ("stranger",))):
        made = models.Team(name=team)
        session.add(made)
        session.flush()
        for name in names:
            session.add(models.Membership(team_id=made.id, user_id=ids[name], leads=name == "boss"))
    dana = customers.create(session, "דנה", now=NOW, numbers=[DANA])
    hidden = customers.create(session, "Hidden", now=NOW, numbers=["+972527654321"])
    hidden.owner_id = ids["michal"]
    campaign = models.Campaign(name="Fibre", state="running", created_at=NOW)
    session.add(campaign)
    session.flush()
    phone = session.scalars(select(models.Phone.id).where(models.Phone.e164 == DANA)).one()
    return Crew(**ids, party=dana.id, hidden=hidden.id, campaign=campaign.id, phone=phone)


def task(session: Session, of: Crew, who: str | None, due: datetime | None, **values: object) -> int:  # fmt: skip
    row = models.Task(
        assignee_id=getattr(of, who) if who else None, due_at=due, created_at=NOW,
        **{"kind": "task", "party_id": of.party, "title": f"of {who}", **values},
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def lead(session: Session, of: Crew, who: str, due: datetime) -> int:
    row = models.Lead(
        campaign_id=of.campaign, party_id=of.party, phone_id=of.phone, name="דנה", state="callback",
        callback_user_id=getattr(of, who), next_at=due, created_at=NOW,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def wanted(**values: object) -> tasklist.Wanted:
    return tasklist.Wanted(NOW, END, **values)  # type: ignore[arg-type]


def by(of: Crew, name: str) -> audit.By:
    return audit.By(getattr(of, name), "192.0.2.1")


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
@servers.on_both()
def test_the_list_shows_each_item_once_by_time_and_what_has_none_last(
    database: db.Database, limit: int
) -> None:
    with database.session() as session:
        of = crew(session)
        expected = [("lead", lead(session, of, "michal", at(-1)))]
        expected += [("task", task(session, of, "michal", at(-1))) for _ in range(3)]
        expected.append(("task", task(session, of, "michal", at(2))))
        expected += [("task", task(session, of, "michal", None)) for _ in range(3)]
        task(session, of, "michal", at(1), done_at=NOW)
        task(session, of, "olga", at(1))
        viewer, seen, after = of.viewer(session, "michal"), [], ""
        while True:
            page = tasklist.page(session, viewer, wanted(), after=after, limit=limit)
            seen += [(item.source, item.id) for item in page.items]
            after = page.next
            if not after:
                break
        assert seen == expected


@servers.on_both()
def test_lanes_part_what_is_overdue_todays_and_later_without_a_rest(database: db.Database) -> None:
    with database.session() as session:
        of = crew(session)
        for due in (at(-30), at(-0.01), NOW, at(12.9), END, at(99), None):
            task(session, of, "michal", due)
        viewer = of.viewer(session, "michal")
        assert tasklist.counts(session, viewer, wanted()) == {"overdue": 2, "today": 2, "later": 3}
        for lane, count in (("overdue", 2), ("today", 2), ("later", 3)):
            items = tasklist.page(session, viewer, wanted(lane=lane)).items
            assert [item.lane for item in items] == [lane] * count


@servers.on_both()
def test_agents_see_their_own_leaders_their_teams_and_managers_all(database: db.Database) -> None:
    with database.session() as session:
        of = crew(session)
        for who in ("michal", "olga", "boss", "stranger", None):
            task(session, of, who, at(1))
        lead(session, of, "olga", at(1))

        def titles(viewer: visibility.Viewer, **values: object) -> list[str]:
            page = tasklist.page(session, viewer, wanted(**values))
            return sorted(item.title for item in page.items)

        assert titles(of.viewer(session, "michal")) == ["of michal"]
        theirs = ["Fibre", "of boss", "of michal", "of olga"]
        assert titles(of.viewer(session, "boss")) == theirs
        assert titles(of.viewer(session, "boss"), user_id=of.olga) == ["Fibre", "of olga"]
        assert titles(of.viewer(session, "boss"), user_id=of.stranger) == []
        everybody = visibility.Viewer(99, "manager")
        assert titles(everybody) == sorted([*theirs, "of None", "of stranger"])


@servers.on_both()
def test_a_customer_is_named_only_to_whoever_may_see_them(database: db.Database) -> None:
    with database.session() as session:
        of = crew(session)
        task(session, of, "olga", at(1), party_id=of.hidden)
        item = tasklist.page(session, of.viewer(session, "olga"), wanted()).items[0]
        assert (item.name, item.party_id, item.number) == ("", None, "")
        item = tasklist.page(session, of.viewer(session, "boss"), wanted()).items[0]
        assert (item.name, item.number) == ("Hidden", "+972527654321")


@servers.on_both()
def test_a_callback_dials_who_called_even_without_a_customer(database: db.Database) -> None:
    with database.session() as session:
        of = crew(session)
        call = models.Call(pbx="main", linkedid="1", direction="inbound", started=NOW, far_e164="+97231112222")  # fmt: skip
        session.add(call)
        session.flush()
        task(session, of, "michal", at(1), party_id=None, call_id=call.id, kind="callback")
        item = tasklist.page(session, of.viewer(session, "michal"), wanted()).items[0]
        assert item.number == "+97231112222"


@servers.on_both()
def test_a_task_is_done_once_taken_back_and_each_stands_in_the_audit(database: db.Database) -> None:
    with database.session() as session:
        of = crew(session)
        key, viewer = task(session, of, "michal", at(1)), of.viewer(session, "michal")
        assert tasks.done(session, by(of, "michal"), viewer, key, now=NOW)
        assert not tasks.done(session, by(of, "michal"), viewer, key, now=at(1))
        assert tasklist.page(session, viewer, wanted()).items == ()
        assert tasks.undone(session, by(of, "michal"), viewer, key)
        assert not tasks.undone(session, by(of, "michal"), viewer, key)
        said = session.scalars(select(models.Audit.action).order_by(models.Audit.id)).all()
        assert said == ["task_done", "task_undone"]
        assert len(tasklist.page(session, viewer, wanted()).items) == 1


@servers.on_both()
def test_a_task_moves_and_goes_to_a_colleague_who_may_see_its_customer(
    database: db.Database,
) -> None:
    with database.session() as session:
        of = crew(session)
        viewer, own = of.viewer(session, "michal"), by(of, "michal")
        key = task(session, of, "michal", at(1))
        row = tasks.get(session, viewer, key)
        seen = tasks.stamp(row)

        def change(due: datetime | None, to: int, seen: str = seen, key: int = key) -> None:
            tasks.change(session, own, viewer, key, due_at=due, assignee_id=to, seen=seen, now=NOW)

        with pytest.raises(errors.Invalid, match="due: past"):
            change(at(-1), of.michal)
        with pytest.raises(errors.Invalid, match="assignee: nobody"):
            change(at(1), of.stranger)
        change(at(5), of.olga)
        assert (row.due_at, row.assignee_id) == (at(5), of.olga)
        with pytest.raises(errors.Forbidden):
            tasks.get(session, viewer, key)  # it is Olga's now, though its customer is open
        said = session.scalars(select(models.Audit).order_by(models.Audit.id)).all()
        assert [line.action for line in said] == ["task_moved", "task_handed_over"]
        assert said[1].detail == {"assignee": [of.michal, of.olga]}
        secret = task(session, of, "michal", at(1), party_id=of.hidden)
        with pytest.raises(errors.Invalid, match="cannot_see"):
            change(at(1), of.olga, tasks.stamp(tasks.get(session, viewer, secret)), secret)


@servers.on_both()
def test_two_who_change_a_task_do_not_undo_each_other_unseen(database: db.Database) -> None:
    with database.session() as session:
        of = crew(session)
        key, boss = task(session, of, "michal", at(1)), of.viewer(session, "boss")
        seen = tasks.stamp(tasks.get(session, boss, key))
        tasks.change(session, by(of, "boss"), boss, key, due_at=at(2), assignee_id=None, seen=seen, now=NOW)  # fmt: skip
        with pytest.raises(errors.Conflict):
            tasks.change(session, by(of, "boss"), boss, key, due_at=at(3), assignee_id=None, seen=seen, now=NOW)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"title": " \x07\n "}, "title: missing"),
        ({"title": "x" * 301}, "title: too_long"),
        ({"due_at": at(-1)}, "due: past"),
        ({"kind": "callback", "due_at": None}, "due: missing"),
        ({"kind": "callback", "party_id": None}, "customer: missing"),
        ({"kind": "other"}, "kind"),
        ({"assignee_id": 999}, "assignee: nobody"),
    ],
)
@servers.on_both()
def test_a_task_that_cannot_be_is_refused_by_its_field(
    database: db.Database, change: dict[str, object], problem: str
) -> None:
    with database.session() as session:
        of = crew(session)
        values = {"kind": "task", "title": "Send a bill", "due_at": at(1), "assignee_id": of.michal, "party_id": of.party}  # fmt: skip
        viewer = of.viewer(session, "michal")
        made = tasks.make(session, by(of, "michal"), viewer, tasks.Draft(**values), now=NOW)  # type: ignore[arg-type]
        assert (made.title, made.assignee_id) == ("Send a bill", of.michal)
        with pytest.raises(errors.Invalid, match=problem):
            tasks.make(
                session, by(of, "michal"), viewer, tasks.Draft(**{**values, **change}), now=NOW
            )  # type: ignore[arg-type]


@servers.on_both()
def test_a_promised_callback_is_moved_handed_over_and_taken_to_the_desk_by_its_owner(
    database: db.Database,
) -> None:
    with database.session() as session:
        of = crew(session)
        key = lead(session, of, "michal", at(3))
        boss, olga = of.viewer(session, "boss"), of.viewer(session, "olga")
        with pytest.raises(errors.NotFound):
            promises.get(session, olga, key)
        row = promises.get(session, boss, key)
        promises.change(
            session, by(of, "boss"), boss, key, due_at=at(4), assignee_id=of.olga, seen=promises.stamp(row), now=NOW,
        )  # fmt: skip
        session.refresh(row)
        assert (row.next_at, row.callback_user_id) == (at(4), of.olga)
        with pytest.raises(errors.Forbidden):
            promises.take(session, boss, key, seconds=60, now=NOW)
        promises.take(session, olga, key, seconds=60, now=NOW)
        held = leads.current(session, of.olga, NOW)
        assert held is not None and held.id == key
        promises.take(session, olga, key, seconds=60, now=NOW)  # a second press changes nothing
        with pytest.raises(errors.Conflict):
            promises.change(
                session, by(of, "boss"), boss, key, due_at=at(5), assignee_id=None,
                seen=promises.stamp(promises.get(session, boss, key)), now=NOW,
            )  # fmt: skip
