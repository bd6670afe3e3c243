"""Notes saved as they are typed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callcenter import db, errors, models
from callcenter.crm import accounts, customers, notes
from tests import servers

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def ids(database: db.Database) -> tuple[int, int, int]:
    with database.session() as session:
        party = customers.create(session, "דנה", now=NOW)
        users = [
            accounts.create_user(session, login, login, password_hash="-", now=NOW).id
            for login in ("a", "b")
        ]
        call = models.Call(
            pbx="main", linkedid="1", direction="inbound", started=NOW, party_id=party.id
        )
        session.add(call)
        session.flush()
        return call.id, users[0], users[1]


@servers.on_both()
def test_each_keystrokes_save_counts_the_version(
    database: db.Database, ids: tuple[int, int, int]
) -> None:
    call, me, _ = ids
    assert database.call(notes.save, call, me, "ש", version=0, now=NOW).version == 1
    assert database.call(notes.save, call, me, "של", version=1, now=NOW).version == 2
    saved = database.call(notes.of_call, call, me)
    assert saved is not None and (saved.text, saved.version) == ("של", 2)


@servers.on_both()
def test_an_old_version_is_refused_with_the_present_text(
    database: db.Database, ids: tuple[int, int, int]
) -> None:
    call, me, _ = ids
    database.call(notes.save, call, me, "one", version=0, now=NOW)
    database.call(notes.save, call, me, "two", version=1, now=NOW)
    with pytest.raises(notes.StaleNote) as caught:
        database.call(notes.save, call, me, "mine", version=1, now=NOW)
    assert (caught.value.current.text, caught.value.current.version) == ("two", 2)
    assert isinstance(caught.value, errors.Conflict)


def test_the_same_text_again_is_no_conflict(
    database: db.Database, ids: tuple[int, int, int]
) -> None:
    call, me, _ = ids
    first = database.call(notes.save, call, me, "one", version=0, now=NOW)
    assert database.call(notes.save, call, me, "one", version=0, now=NOW) == first


def test_two_agents_of_a_call_have_a_note_each(
    database: db.Database, ids: tuple[int, int, int]
) -> None:
    call, me, other = ids
    database.call(notes.save, call, me, "mine", version=0, now=NOW)
    database.call(notes.save, call, other, "theirs", version=0, now=NOW)
    saved = database.call(notes.of_call, call, me)
    assert saved is not None and saved.text == "mine"


def test_a_note_follows_the_calls_customer(
    database: db.Database, ids: tuple[int, int, int]
) -> None:
    call, me, _ = ids
    saved = database.call(notes.save, call, me, "x", version=0, now=NOW)
    with database.session() as session:
        assert session.get_one(models.Note, saved.id).party_id is not None


def test_hostile_text_loses_its_control_characters_and_nothing_else() -> None:
    assert notes.tidy("a\x00b\r\nc\td\x1b[31m\x7f <b>") == "ab\nc\td[31m <b>"
    with pytest.raises(errors.Invalid):
        notes.tidy("x" * 20_001)


def test_a_note_of_no_call_is_not_found(database: db.Database, ids: tuple[int, int, int]) -> None:
    with pytest.raises(errors.NotFound):
        database.call(notes.save, 999, ids[1], "x", version=0, now=NOW)


def test_an_empty_note_about_a_customer_is_refused(
    database: db.Database, ids: tuple[int, int, int]
) -> None:
    with pytest.raises(errors.Invalid):
        database.call(notes.add, 1, ids[1], " \n", now=NOW)
