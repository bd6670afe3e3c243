"""Finding customers by name and number, page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from callcenter import db, errors, models
from callcenter.crm import customers, paging, search, visibility
from tests import servers

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
MANAGER = visibility.Viewer(1, "manager")

PEOPLE = {
    "דנה לוי־אברמוביץ׳": ["054-123-4567"],
    "אבי כהן": ["03-6123456"],
    "Ольга Ёлкина": ["+1 202 555 0123"],
    "Sarah Cohen-Levi": [],
    "מוסך האחים דהן": ["03-6123400"],
}


def fill(database: db.Database) -> None:
    with database.session() as session:
        for i, (name, numbers) in enumerate(PEOPLE.items()):
            customers.create(session, name, now=NOW + timedelta(minutes=i), numbers=numbers)


def find(database: db.Database, text: str) -> set[str]:
    with database.session() as session:
        return {
            party.display.split()[0] for party in search.customers(session, MANAGER, text).items
        }


@servers.on_both()
def test_customers_are_found_by_what_people_type(database: db.Database) -> None:
    fill(database)
    cases = {
        "דנה": {"דנה"}, "לוי": {"דנה"}, "אברמוביץ": {"דנה"}, "לוי דנה": {"דנה"}, "דהן": {"מוסך"}, "כהן": {"אבי"},
        "כֹּהֵן": {"אבי"}, "fvi": {"אבי"}, "елкин": {"Ольга"}, "ёлк": {"Ольга"}, "jkmuf": {"Ольга"},
        "coh": {"Sarah"}, "COHEN lev": {"Sarah"}, "ב": set(), "דנה כהן": set(), "%": set(), "_": set(), "'": set(),
        "0541": {"דנה"}, "054-123": {"דנה"}, "+97254": {"דנה"}, "4567": {"דנה"}, "036123": {"אבי", "מוסך"},
        "03-61234": {"אבי", "מוסך"}, "972541234567": {"דנה"}, "00972541234567": {"דנה"}, "123456": {"אבי"},
        "+1202": {"Ольга"}, "555 0123": {"Ольга"}, "9999": set(),
    }  # fmt: skip
    for typed, found in cases.items():
        assert find(database, typed) == found, typed


@servers.on_both()
def test_pages_show_every_customer_once_the_last_changed_first(database: db.Database) -> None:
    with database.session() as session:
        for i in range(11):
            customers.create(session, f"לקוח {i}", now=NOW + timedelta(seconds=i // 2))
    seen, after = [], ""
    with database.session() as session:
        while True:
            page = search.customers(session, MANAGER, "לקוח", after=after, limit=4)
            seen += [party.id for party in page.items]
            after = page.next
            if not after:
                break
    assert seen == list(range(11, 0, -1))


def test_a_search_shows_only_what_the_viewer_may_see(database: db.Database) -> None:
    with database.session() as session:
        customers.create(session, "דנה שלי", now=NOW)
        customers.create(session, "דנה שלהם", now=NOW).team_id = None
    with database.session() as session:
        team = models.Team(name="sales")
        session.add(team)
        session.flush()
        hidden = session.get_one(models.Party, 2)
        hidden.team_id = team.id
    agent = visibility.Viewer(7, "agent")
    with database.session() as session:
        found = search.customers(session, agent, "דנה").items
        assert [party.display for party in found] == ["דנה שלי"]
        assert search.customers(session, agent, "שלהם").items == ()


def test_filters_narrow_the_list(database: db.Database) -> None:
    with database.session() as session:
        customers.create(session, "א", now=NOW, vip=True)
        customers.create(session, "ב", now=NOW, status="lead")
        vip = search.customers(session, MANAGER, narrowed=search.Filter(vip=True)).items
        leads = search.customers(session, MANAGER, narrowed=search.Filter(status="lead")).items
        assert ([p.display for p in vip], [p.display for p in leads]) == (["א"], ["ב"])


@pytest.mark.parametrize(
    "text", ["x", "1", "1.x", "..", "9" * 70, "99999999999999999999.1", "'; --"]
)
def test_a_place_that_we_did_not_give_out_is_refused(text: str) -> None:
    with pytest.raises(errors.Invalid):
        paging.decode(text)


def test_a_place_comes_back_to_the_microsecond() -> None:
    at = datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=UTC)
    assert paging.decode_kind(paging.encode(at, 7, "note")) == (at, 7, "note")


def test_a_word_that_everybody_has_finds_the_same_as_a_rare_one(
    database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    typed = ("כהן", "לוי דנה", "דהן", "coh lev", "fvi", "דנה כהן")
    rare = [find(database, text) for text in typed]
    monkeypatch.setattr(search, "COMMON", 1)
    assert [find(database, text) for text in typed] == rare
    with database.session() as session:
        for text, wanted in zip(typed, rare, strict=True):
            condition = search.matches(text)
            names = session.scalars(select(models.Party.display).where(condition))
            assert {name.split()[0] for name in names} == wanted
