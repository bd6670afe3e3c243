"""Lists into campaigns: matched, not doubled, bad rows told, gone on after a crash, taken back whole; two at once."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from callcenter import db, errors, models, settings
from callcenter.crm import customers, visibility
from callcenter.outbound import imports, tables
from tests.outbound import list_of
from tests.outbound.list_of import NOW
from tests.servers import on_both

HEADER = "שם,טלפון,הערה\n"


class Place:
    """A database with a campaign, and a folder of lists."""

    def __init__(self, database: db.Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.config = settings.Settings.model_validate({"campaigns": {"folder": str(folder)}})
        with database.session() as session:
            self.campaign_id = list_of.campaign(session).id

    def batch(self, text: str, name: str = "list.csv") -> int:
        """Put a list into the folder and let it wait."""
        (self.folder / name).write_text(text, encoding="utf-8")
        seen = imports.look(self.folder / name, "IL")
        with self.database.session() as session:
            made = imports.create(session, self.campaign_id, name=name, path=name, seen=seen, by=None, now=NOW)  # fmt: skip
            made.state = "waiting"
            return made.id

    def run(self, batch_id: int, **options: Any) -> str:
        return imports.run(self.database, self.config, batch_id, **options)

    def got(self, batch_id: int) -> models.ImportBatch:
        with self.database.session() as session:
            return session.get_one(models.ImportBatch, batch_id)

    def count(self, model: Any) -> int:
        with self.database.session() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def reasons(self, batch_id: int) -> list[tuple[int, str]]:
        with self.database.session() as session:
            row = models.ImportRow
            rows = session.execute(select(row.row, row.reason).where(row.batch_id == batch_id).order_by(row.row))  # fmt: skip
            return [(number, reason) for number, reason in rows]


@pytest.fixture
def place(database: db.Database, tmp_path: Path) -> Place:
    return Place(database, tmp_path)


def numbers(count: int, seed: int = 1) -> list[str]:
    return [f"054{n:07}" for n in random.Random(seed).sample(range(10**7), count)]


@on_both()
def test_rows_become_leads_and_bad_ones_come_back_with_their_reason(place: Place) -> None:
    with place.database.session() as session:
        known = customers.create(session, "דנה המוכרת", now=NOW, numbers=["0541111111"])
        session.add(models.OwnNumber(e164="+97237000100"))
        session.add(models.DncEntry(e164="+972548888888", added_at=NOW))
    made = place.batch(
        HEADER + "דנה,0541111111,a\nיוסי,0542222222 / 03-5555555,b\nבלי,,c\nמילים,לברר,d\nשוב,054-222-2222,e\n"
        "משרד,037000100,f\nגיליון,5.41E+08,g\nאחר,035555555,h\nחסום,0548888888,i\n"
    )  # fmt: skip
    assert place.run(made) == "done"
    got = place.got(made)
    assert (got.added, got.matched, got.bad, got.total) == (3, 1, 6, 9)
    assert place.reasons(made) == [
        (3, "no_number"), (4, "not_a_number"), (5, "duplicate_in_file"), (6, "own_number"), (7, "damaged_number"),
        (8, "duplicate_in_file"),
    ]  # fmt: skip
    with place.database.session() as session:
        leads = session.scalars(select(models.Lead).order_by(models.Lead.row)).all()
        assert [(lead.row, lead.state) for lead in leads] == [(1, "open"), (2, "open"), (9, "done")]
        assert leads[0].party_id == known.id and not leads[0].made_party
        assert leads[0].name == "דנה" and leads[0].facts == {"הערה": "a"}
        assert session.get_one(models.Party, known.id).display == "דנה המוכרת"
        made_party = session.get_one(models.Party, leads[1].party_id)
        assert made_party.status == "lead"
        assert len(customers.numbers(session, made_party.id)) == 2


def test_the_file_of_bad_rows_has_their_columns_and_can_be_sent_again(place: Place) -> None:
    made = place.batch(HEADER + "=cmd|x,12,הערה\nטוב,0541234567,x\n")
    place.run(made)
    with place.database.session() as session:
        batch = session.get_one(models.ImportBatch, made)
        text = "".join(tables.write_csv(imports.bad_rows(session, batch)))
    assert text == "\ufeffשם,טלפון,הערה,reason,detail,row\r\n'=cmd|x,12,הערה,not_a_number,12,1\r\n"


def test_a_second_import_of_the_same_list_adds_nobody(place: Place) -> None:
    text = HEADER + "".join(f"x,{n},\n" for n in numbers(50))
    assert place.run(place.batch(text)) == "done"
    parties = place.count(models.Party)
    again = place.batch(text, "again.csv")
    assert place.run(again) == "done"
    assert place.got(again).added == 0
    assert {reason for _, reason in place.reasons(again)} == {"already_in_campaign"}
    assert place.count(models.Party) == parties == 50


@on_both()
def test_two_imports_at_once_make_nobody_twice(place: Place) -> None:
    shared = numbers(1200)
    first = place.batch(HEADER + "".join(f"a,{n},\n" for n in shared), "a.csv")
    second = place.batch(HEADER + "".join(f"b,{n},\n" for n in reversed(shared)), "b.csv")
    states: list[str] = []
    start = threading.Barrier(2)

    def work(batch: int) -> None:
        start.wait()
        states.append(place.run(batch))

    threads = [threading.Thread(target=work, args=(batch,)) for batch in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == ["done", "done"]
    assert place.got(first).added + place.got(second).added == 1200
    assert place.count(models.Party) == place.count(models.Phone) == place.count(models.Lead) == 1200  # fmt: skip


def test_an_import_that_died_goes_on_where_it_was(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = place.batch(HEADER + "".join(f"x,{n},\n" for n in numbers(1700)))

    class Died(BaseException):
        pass

    def die(batch: models.ImportBatch) -> None:
        if batch.position >= 1000:
            raise Died

    with pytest.raises(Died):
        place.run(made, told=die)
    assert (place.got(made).state, place.got(made).position, place.got(made).added) == ("running", 1000, 1000)  # fmt: skip
    assert place.run(made) == ""  # its lease is still held
    monkeypatch.setattr(db, "utcnow", lambda: NOW.replace(year=2030))
    assert place.database.call(imports.waiting, NOW.replace(year=2030)) == [made]
    assert place.run(made) == "done"
    assert place.got(made).added == place.count(models.Lead) == 1700


def test_a_file_that_breaks_off_in_the_middle_keeps_what_was_read(place: Place) -> None:
    good = "".join(f"x,{n},\n" for n in numbers(900))
    made = place.batch(HEADER + good + 'y,"0541234567\n' + "z,1,\n" * 60_000)
    assert place.run(made) == "failed"
    got = place.got(made)
    assert got.added == 500 and "quotation mark" in got.problem and "line" in got.problem


@on_both()
def test_a_whole_import_is_taken_back_but_not_what_was_called(place: Place) -> None:
    with place.database.session() as session:
        (user,) = list_of.people(session, "boss")
        session.get_one(models.User, user).role = "manager"
        kept = customers.create(session, "ותיקה", now=NOW, numbers=["0541111111"])
    made = place.batch(HEADER + "x,0541111111,\n" + "".join(f"x,{n},\n" for n in numbers(600)))
    place.run(made)
    with place.database.session() as session:
        called = session.scalars(select(models.Lead).where(models.Lead.row == 7)).one()
        list_of.attempt(session, called, user)
        imports.undo(session, visibility.viewer(session, user), made)
    assert place.run(made) == "undone"
    got = place.got(made)
    assert got.kept == 1 == place.count(models.Lead)
    with place.database.session() as session:
        left = set(session.scalars(select(models.Party.id)))
        assert left == {kept.id, called.party_id}
        with pytest.raises(errors.Conflict):
            imports.undo(session, visibility.viewer(session, user), made)


def test_a_mapping_without_a_number_or_with_a_field_twice_is_refused() -> None:
    for mapping in ({0: "name"}, {0: "phone", 1: "name", 2: "name"}):
        with pytest.raises(errors.Invalid, match="mapping"):
            imports.check_mapping(mapping)
    assert imports.check_mapping({0: "phone", 1: "phone", 2: "", 3: "fact"}) == {"0": "phone", "1": "phone", "3": "fact"}  # fmt: skip


def test_columns_can_be_named_by_heading_or_by_number() -> None:
    header = ("Full name", "Mobile", "x")
    assert imports.named(header, "name=full name, phone=2") == {0: "name", 1: "phone"}
    for wrong, said in (("nome=x", "'nome'"), ("phone=Telefon", "Full name, Mobile, x")):
        with pytest.raises(errors.Invalid, match=said):
            imports.named(header, wrong)


def test_no_chunk_asks_the_database_more_often_than_a_small_one(
    place: Place,
) -> None:
    asked: list[str] = []
    event.listen(place.database.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))

    def statements(count: int, seed: int) -> int:
        made = place.batch(
            HEADER + "".join(f"x,{n},\n" for n in numbers(count, seed)), f"{seed}.csv"
        )
        asked.clear()
        place.run(made)
        return len(asked)

    few, many = statements(10, 5), statements(450, 6)
    assert many <= few + 10
