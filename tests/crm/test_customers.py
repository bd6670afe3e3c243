"""Customers and their numbers, and calls that are linked late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import db, errors, models
from callcenter.crm import accounts, customers, linking, names
from tests import servers

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
E164 = "+972541234567"


def user(session: Session, login: str = "michal") -> models.User:
    found = session.scalar(select(models.User).where(models.User.login == login))
    return found or accounts.create_user(session, login, login, password_hash="-", now=NOW)


def call(
    session: Session, linkedid: str, number: str | None = E164, **values: object
) -> models.Call:
    made = models.Call(
        pbx="main", linkedid=linkedid, direction="inbound", started=NOW, far_e164=number, **values
    )
    session.add(made)
    session.flush()
    return made


@servers.on_both()
def test_a_customer_is_written_with_numbers_in_one_spelling(database: db.Database) -> None:
    with database.session() as session:
        party = customers.create(
            session, "  דנה   לוי ", now=NOW, numbers=["054-1234567 / 03-6123456", "+1 202 555 0123"], vip=True
        )  # fmt: skip
        links = customers.numbers(session, party.id)
        assert party.display == "דנה לוי"
        assert [link.phone.e164 for link in links] == [E164, "+97236123456", "+12025550123"]
        assert [link.primary for link in links] == [True, False, False]
        assert [link.phone.quality for link in links] == ["unverified", "ok", "ok"]
        assert [link.phone.digits_reversed for link in links][0] == "765432145"
        assert [(link.phone.region, link.phone.line_type) for link in links][1:] == [
            ("IL", "fixed"),
            ("US", "fixed"),
        ]


@pytest.mark.parametrize("raw", ["anonymous", "*2700", "100", "abc", "12345678901234567", ""])
def test_what_is_no_number_is_refused(database: db.Database, raw: str) -> None:
    with database.session() as session, pytest.raises(errors.Invalid, match="number"):
        customers.create(session, "דנה", now=NOW, numbers=[raw])


def test_our_own_number_is_nobodys(database: db.Database) -> None:
    with database.session() as session:
        session.add(models.OwnNumber(e164="+97237000100"))
        session.flush()
        with pytest.raises(errors.Invalid, match="our own"):
            customers.create(session, "דנה", now=NOW, numbers=["037000100"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display", ""), ("display", "  "), ("display", "x" * 201), ("language", "fr"),
        ("status", "friend"), ("kind", "cat"), ("marketing", "yes"), ("email", "x" * 201),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(database: db.Database, field: str, value: str) -> None:
    with database.session() as session:
        party = customers.create(session, "דנה", now=NOW)
        with pytest.raises(errors.Invalid) as caught:
            customers.edit(session, party, version=1, now=NOW, **{field: value})
        assert caught.value.field == field
        session.rollback()


def test_bidi_and_control_characters_leave_the_name(database: db.Database) -> None:
    with database.session() as session:
        party = customers.create(session, "\u202eדנה\x00\r\nלוי\u202c", now=NOW)
        assert party.display == "דנה לוי"


def test_an_edit_counts_the_version_and_an_old_one_is_a_conflict(database: db.Database) -> None:
    with database.session() as session:
        party = customers.create(session, "דנה לוי", now=NOW)
        later = NOW + timedelta(hours=1)
        customers.edit(session, party, version=1, now=later, display="דנה כהן", city="חיפה")
        assert (party.version, party.updated_at, party.search_key) == (
            2,
            later,
            names.fold("דנה כהן"),
        )
        words = set(session.scalars(select(models.PartyName.word)))
        assert words == {"דנה", "כהנ"}
        with pytest.raises(errors.Conflict):
            customers.edit(session, party, version=1, now=later, city="עכו")


@servers.on_both()
def test_two_people_who_edit_at_once_do_not_overwrite_each_other(database: db.Database) -> None:
    key = database.call(customers.create, "דנה", now=NOW).id
    with pytest.raises(errors.Conflict), database.session() as first:
        mine = first.get_one(models.Party, key)
        first.expunge(mine)  # read before the other's commit
        with database.session() as second:
            theirs = second.get_one(models.Party, key)
            customers.edit(second, theirs, version=1, now=NOW, city="חיפה")
        first.add(mine)
        customers.edit(first, mine, version=1, now=NOW, city="עכו")
    with database.session() as session:
        assert session.get_one(models.Party, key).city == "חיפה"


@servers.on_both()
def test_a_number_added_later_links_the_calls_that_nobody_had(database: db.Database) -> None:
    with database.session() as session:
        dana = customers.create(session, "דנה", now=NOW)
        other = customers.create(session, "אחר", now=NOW)
        free, hidden = call(session, "1"), call(session, "2", None)
        taken = call(session, "3", party_id=other.id, match_state="chosen")
        undecided = call(session, "4", match_state="ambiguous")
        note = models.Note(
            call_id=free.id, author_id=user(session).id, text="x", created_at=NOW, updated_at=NOW
        )
        session.add(note)
        session.flush()
        added = customers.add_number(session, dana, "054-1234567", now=NOW)
        session.expire_all()
        assert added.calls_linked == 1
        assert (free.party_id, free.match_state, free.match_reasons) == (
            dana.id,
            "chosen",
            ["number_added_later"],
        )
        assert (free.name_snapshot, note.party_id) == ("דנה", dana.id)
        assert (hidden.party_id, taken.party_id, undecided.party_id) == (None, other.id, None)
        assert dana.last_contact_at == NOW


def test_a_number_that_two_have_links_nothing_and_is_marked_shared(database: db.Database) -> None:
    with database.session() as session:
        customers.create(session, "דנה", now=NOW, numbers=[E164])
        stranger = call(session, "1")
        avi = customers.create(session, "אבי", now=NOW)
        assert customers.add_number(session, avi, E164, now=NOW).calls_linked == 0
        session.expire_all()
        assert stranger.party_id is None
        links = session.scalars(select(models.PartyPhone)).all()
        assert [link.shared for link in links] == [True, True]
        customers.remove_number(session, avi, links[0].phone_id, now=NOW)
        assert [link.shared for link in session.scalars(select(models.PartyPhone))] == [False]


def test_the_same_number_twice_is_one(database: db.Database) -> None:
    with database.session() as session:
        party = customers.create(session, "דנה", now=NOW, numbers=[E164, "0541234567"])
        assert len(customers.numbers(session, party.id)) == 1
        assert not customers.numbers(session, party.id)[0].shared


@servers.on_both()
def test_an_agents_choice_links_the_call_and_its_notes_and_is_remembered(
    database: db.Database,
) -> None:
    with database.session() as session:
        dana = customers.create(session, "דנה", now=NOW, numbers=[E164])
        avi = customers.create(session, "אבי", now=NOW, numbers=[E164])
        ringing = call(session, "1", did="100", match_state="ambiguous")
        me = user(session)
        note = models.Note(call_id=ringing.id, author_id=me.id, created_at=NOW, updated_at=NOW)
        session.add(note)
        linking.choose(session, ringing, avi, user_id=me.id, now=NOW)
        linking.choose(session, ringing, dana, user_id=me.id, now=NOW)  # changed their mind
        session.expire_all()
        assert (ringing.party_id, ringing.match_state, ringing.name_snapshot) == (
            dana.id,
            "chosen",
            "דנה",
        )
        assert note.party_id == dana.id
        choices = session.scalars(select(models.NumberChoice)).all()
        assert [(c.e164, c.did, c.party_id, c.chosen_by_id) for c in choices] == [
            (E164, "100", dana.id, me.id)
        ]
        assert dana.last_contact_at == NOW


@servers.on_both()
def test_an_unknown_caller_becomes_a_customer_with_the_number_and_the_past(
    database: db.Database,
) -> None:
    with database.session() as session:
        before, now = call(session, "1"), call(session, "2")
        me = user(session)
        party = linking.create_for_call(session, now, "דנה לוי", user_id=me.id, now=NOW)
        session.expire_all()
        assert (now.party_id, now.match_reasons) == (party.id, ["created_from_call"])
        assert (before.party_id, before.match_reasons) == (party.id, ["number_added_later"])
        assert [link.phone.e164 for link in customers.numbers(session, party.id)] == [E164]
        assert party.owner_id == me.id


def test_a_withheld_caller_becomes_a_customer_without_a_number(database: db.Database) -> None:
    with database.session() as session:
        hidden = call(session, "1", None)
        party = linking.create_for_call(session, hidden, "דנה", user_id=user(session).id, now=NOW)
        assert customers.numbers(session, party.id) == []
        assert hidden.party_id == party.id
