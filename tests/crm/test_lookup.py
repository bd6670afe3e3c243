"""The hot path's question, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from callcenter import db, errors, models
from callcenter.crm import accounts, customers, linking, lookup
from callcenter.demo import ports
from tests import servers

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
EPOCH = NOW.timestamp()


@pytest.fixture
def found(database: db.Database):
    made = lookup.Lookup(database)
    yield made
    made.close()


def add(database: db.Database, name: str, *numbers: str, **values: object) -> int:
    return database.call(customers.create, name, now=NOW, numbers=numbers, **values).id


@servers.on_both()
def test_a_customer_is_found_by_each_of_their_numbers(
    database: db.Database, found: lookup.Lookup
) -> None:
    dana = add(database, "דנה לוי", "054-123-4567", "03-6123456", vip=True, city="חיפה")
    for raw in ("0541234567", "+97236123456", "972541234567"):
        match = found.match(raw, now=EPOCH)
        assert (match.state, match.party_id, match.name) == ("strong", dana, "דנה לוי")
    row = match.candidates[0].row
    assert (row.vip, row.city, row.primary, row.do_not_call) == (True, "חיפה", True, False)


@servers.on_both()
def test_a_customer_added_while_we_hold_the_connection_is_found(
    database: db.Database, found: lookup.Lookup
) -> None:
    assert found.match("0541234567").state == "none"
    add(database, "דנה", "0541234567")
    assert found.match("0541234567").state == "strong"


@servers.on_both()
def test_a_shared_number_is_ambiguous_until_somebody_chooses_and_then_only_on_that_line(
    database: db.Database, found: lookup.Lookup
) -> None:
    dana, avi = add(database, "דנה לוי", "036123456"), add(database, "אבי לוי", "036123456")
    assert found.match("036123456", did="100").state == "ambiguous"
    with database.session() as session:
        user = accounts.create_user(session, "michal", "מיכל", password="12345678", now=NOW)
        call = models.Call(
            pbx="main", linkedid="1.1", direction="inbound", started=NOW, did="100", far_e164="+97236123456"
        )  # fmt: skip
        session.add(call)
        session.flush()
        party = session.get_one(models.Party, avi)
        linking.choose(session, call, party, user_id=user.id, now=NOW)
    match = found.match("036123456", did="100", now=EPOCH)
    assert (match.state, match.party_id) == ("chosen", avi)
    assert found.match("036123456", did="200").state == "ambiguous"
    assert found.match("036123456", did="100", clicked_party_id=dana).party_id == dana


@servers.on_both()
def test_an_open_case_ranks_a_candidate_first(database: db.Database, found: lookup.Lookup) -> None:
    add(database, "דנה לוי", "036123456")
    avi = add(database, "אבי לוי", "036123456")
    with database.session() as session:
        session.add(models.Case(number="1", party_id=avi, title="תקלה", opened_at=NOW))
    match = found.match("036123456", now=EPOCH)
    assert match.candidates[0].party_id == avi
    assert "open_case" in match.candidates[0].reasons


@servers.on_both()
def test_the_same_last_digits_are_a_hint_within_the_country(
    database: db.Database, found: lookup.Lookup
) -> None:
    dana = add(database, "דנה", "054-123-4567")
    add(database, "Jane", "+44 20 4123 4567")
    assert found.match("054-123-4568").state == "none"
    match = found.match("04-123-4567")
    assert (match.state, match.party_id) == ("weak", None)
    assert [c.party_id for c in match.candidates] == [dana]
    assert match.candidates[0].reasons[0] == "last_digits:8"


def test_fewer_digits_than_the_setting_are_no_hint(database: db.Database) -> None:
    add(database, "דנה", "054-123-4567")
    strict = lookup.Lookup(database, match_digits=9)
    assert strict.match("04-123-4567").state == "none"
    strict.close()


def test_a_clicked_customer_without_the_number_is_found(
    database: db.Database, found: lookup.Lookup
) -> None:
    dana = add(database, "דנה")
    match = found.match("0541234567", clicked_party_id=dana)
    assert (match.state, match.party_id, match.reasons[0]) == ("strong", dana, "clicked")
    assert found.match("0541234567", clicked_party_id=999).state == "none"


def test_a_merged_customer_is_not_offered(database: db.Database, found: lookup.Lookup) -> None:
    dana, twin = add(database, "דנה", "0541234567"), add(database, "דנה", "0541234567")
    with database.session() as session:
        session.get_one(models.Party, twin).merged_into_id = dana
    assert found.match("0541234567").party_id == dana


def test_our_own_lines_and_extensions_are_never_customers(database: db.Database) -> None:
    with database.session() as session:
        session.add(models.OwnNumber(e164="+97237000100"))
        user = accounts.create_user(session, "michal", "מיכל", password="12345678", now=NOW)
        accounts.assign_extension(session, user.id, "1001", now=NOW)
    made = lookup.Lookup(database, ignore=["^059"])
    made.refresh()
    assert made.match("03-7000100").reasons == ("own_number",)
    assert made.match("1001").state == "internal"
    assert made.match("0591234567").reasons == ("ignored",)
    made.close()


def test_a_switchboard_of_hundreds_still_remembers_the_one(
    database: db.Database, found: lookup.Lookup
) -> None:
    everybody = [add(database, f"אדם {i}", "036123456") for i in range(60)]
    with database.session() as session:
        session.add(models.NumberChoice(e164="+97236123456", did="", party_id=everybody[-1], chosen_at=NOW))  # fmt: skip
    match = found.match("036123456")
    assert (match.state, match.party_id) == ("chosen", everybody[-1])
    assert len(match.candidates) == 5


def test_the_last_contact_makes_a_candidate_recent(
    database: db.Database, found: lookup.Lookup
) -> None:
    dana = add(database, "דנה", "0541234567")
    with database.session() as session:
        session.get_one(models.Party, dana).last_contact_at = NOW - timedelta(days=2)
    match = found.match("0541234567", now=EPOCH)
    assert "recent" in match.reasons
    assert match.candidates[0].row.last_contact == EPOCH - 2 * 86400


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_connection_that_the_server_cut_is_opened_anew(
    database: db.Database, found: lookup.Lookup
) -> None:
    dana = add(database, "דנה", "0541234567")
    assert found.match("0541234567").party_id == dana
    with database.session() as session:
        cut = session.scalar(
            text(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert cut
    assert found.match("0541234567").party_id == dana


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_questions_are_planned_once_by_the_indexes_though_the_tables_are_still_small(
    database: db.Database, found: lookup.Lookup
) -> None:
    dana = add(database, "דנה", "0541234567")
    assert found.match("0541234567").party_id == dana
    for i in range(20):
        assert found.match(f"05076543{i:02}").state == "none"
    ask = "SELECT name, generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE %s"
    for column, parameters, times in (
        ("e164 =", "'1'", 21),
        ("digits_reversed >=", "'1', '2'", 20),
    ):
        ((name, once, anew),) = found._rows(ask, (f"%phone.{column}%",))
        assert (once, anew) == (times, 0)
        plan = "\n".join(r[0] for r in found._rows(f'EXPLAIN EXECUTE "{name}"({parameters})', ()))
        assert plan.count("Index Scan") == 3 and "Seq Scan" not in plan, plan


def test_a_database_that_cannot_be_asked_is_one_clear_error(tmp_path) -> None:
    made = lookup.Lookup(db.Database(f"sqlite:///{tmp_path / 'empty.db'}"))
    with pytest.raises(errors.CallCenterError, match="cannot be asked"):
        made.match("0541234567")
    made.close()


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_server_that_is_away_fails_at_once_the_second_time(database: db.Database) -> None:
    away = db.Database(str(database.url.set(port=ports.tcp())))
    made = lookup.Lookup(away)
    with pytest.raises(errors.CallCenterError, match="cannot be reached"):
        made.match("0541234567")
    with pytest.raises(errors.CallCenterError, match="cannot be reached"):
        made.match("0541234567")
    made.close()
    away.close()
