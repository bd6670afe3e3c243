"""People, teams, choices and queues as an administrator keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from callcenter import db, errors, models
from callcenter.crm import accounts, audit, choices, profiles, staff, visibility
from tests.servers import on_both

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
PASSWORD = "correct horse battery"
ADMIN = audit.By(1, "192.0.2.1")


def _values(**change: Any) -> dict[str, Any]:
    return {"name": "Dana", "role": "agent", "language": "he", **change}


def _two(session: Any) -> tuple[models.User, models.User]:
    """Make an administrator, who is user 1, and an agent."""
    admin = accounts.create_user(session, "admin", "A", password=PASSWORD, role="admin", now=NOW)
    return admin, staff.create(
        session, ADMIN, login="dana", password=PASSWORD, values=_values(), teams=staff.Teams(),
        now=NOW,
    )  # fmt: skip


def _actions(session: Any) -> list[str]:
    return list(session.scalars(select(models.Audit.action).order_by(models.Audit.id)))


@on_both()
def test_closing_signs_out_frees_the_telephone_and_keeps_the_past(database: db.Database) -> None:
    with database.session() as session:
        _, dana = _two(session)
        staff.seat(
            session, ADMIN, dana.id, extension="1001", pbx="main", interface="PJSIP/1001", now=NOW
        )
        session.add(
            models.WebSession(
                key_hash="k" * 64, user_id=dana.id, created_at=NOW, seen_at=NOW,
                expires_at=NOW + timedelta(days=1),
            )
        )  # fmt: skip
        session.flush()
        later = NOW + timedelta(hours=1)
        assert staff.close(session, ADMIN, dana.id, now=later) == ["k" * 64]
        assert not dana.active
        assert session.scalars(select(models.WebSession)).all() == []
        (seat,) = staff.seats_of(session, dana.id)
        assert seat.until == later
        with pytest.raises(errors.Invalid):
            staff.seat(session, ADMIN, dana.id, extension="1002", pbx="", interface="", now=later)
        staff.reopen(session, ADMIN, dana.id)
        assert visibility.viewer(session, dana.id).role == "agent"
        assert _actions(session) == ["user_created", "seat_taken", "user_closed", "user_reopened"]


def test_somebody_always_remains_who_can_administer(database: db.Database) -> None:
    with database.session() as session:
        admin, dana = _two(session)
        seen = staff.stamp(session, admin)
        values = _values(name="A", role="manager")
        with pytest.raises(errors.Invalid, match="last_admin"):
            staff.change(session, ADMIN, admin.id, values=values, teams=staff.Teams(), seen=seen)
        with pytest.raises(errors.Forbidden):
            staff.close(session, ADMIN, admin.id, now=NOW)
        with pytest.raises(errors.Invalid, match="last_admin"):
            staff.close(session, audit.By(dana.id), admin.id, now=NOW)


@on_both()
def test_two_who_change_one_person_do_not_undo_each_other_unseen(database: db.Database) -> None:
    with database.session() as session:
        _, dana = _two(session)
        team = staff.name_team(session, ADMIN, None, " Support  team ")
        assert team.name == "Support team"
        seen = staff.stamp(session, dana)
        teams = staff.Teams(frozenset({team.id}), frozenset({team.id}))
        values = _values(role="supervisor")
        staff.change(session, ADMIN, dana.id, values=values, teams=teams, seen=seen)
        assert visibility.viewer(session, dana.id).led_team_ids == {team.id}
        with pytest.raises(errors.Conflict):
            staff.change(session, ADMIN, dana.id, values=_values(), teams=teams, seen=seen)
        row = session.scalars(
            select(models.Audit).where(models.Audit.action == "role_changed")
        ).one()
        assert row.detail["role"] == ["agent", "supervisor"]
        with pytest.raises(errors.Invalid, match="in_use"):
            staff.delete_team(session, ADMIN, team.id)
        staff.change(
            session, ADMIN, dana.id, values=_values(), teams=staff.Teams(),
            seen=staff.stamp(session, dana),
        )  # fmt: skip
        assert staff.delete_team(session, ADMIN, team.id) == "Support team"


def test_a_reset_signs_out_and_says_so_without_the_password(database: db.Database) -> None:
    with database.session() as session:
        _, dana = _two(session)
        with pytest.raises(errors.Invalid):
            staff.reset_password(session, ADMIN, dana.id, "12345678")
        staff.reset_password(session, ADMIN, dana.id, "another long sentence")
        assert accounts.sign_in(session, "dana", "another long sentence")
        told = repr([row.detail for row in session.scalars(select(models.Audit))])
        assert "another long" not in told and "argon2" not in told


def _outcome(session: Any, en: str, digit: str = "") -> models.Outcome:
    values = {"label_en": en, "digit": digit}
    return choices.create(session, ADMIN, models.Outcome, values)


@on_both()
def test_an_outcome_is_archived_and_comes_back_without_a_digit_that_is_taken(
    database: db.Database,
) -> None:
    with database.session() as session:
        _two(session)
        first = _outcome(session, "Sale", "1")
        with pytest.raises(errors.Invalid, match="taken"):
            _outcome(session, "Other", "1")
        choices.archive(session, ADMIN, models.Outcome, first.id)
        second = _outcome(session, "Sale", "1")
        assert (first.code, second.code) == ("sale", "sale_2")
        choices.archive(session, ADMIN, models.Outcome, first.id, archived=False)
        assert (first.active, first.digit, second.digit) == (True, None, 1)


def test_an_order_is_of_those_that_are_offered_now(database: db.Database) -> None:
    with database.session() as session:
        _two(session)
        a, b, c = (_outcome(session, name) for name in "abc")
        choices.order(session, ADMIN, models.Outcome, [c.id, a.id, b.id])
        assert [row.code for row in choices.every(session, models.Outcome)] == ["c", "a", "b"]
        choices.archive(session, ADMIN, models.Outcome, a.id)
        for wrong in ([c.id, a.id, b.id], [c.id], [c.id, c.id]):
            with pytest.raises(errors.Conflict):
                choices.order(session, ADMIN, models.Outcome, wrong)


@pytest.mark.parametrize(
    "values,field",
    [
        ({}, "label_he"),
        ({"label_ru": "x" * 61}, "label_ru"),
        ({"label_en": "Lunch", "allowed_minutes": "-1"}, "allowed_minutes"),
        ({"label_en": "Lunch", "allowed_minutes": "1.5"}, "allowed_minutes"),
        ({"label_en": "Lunch", "allowed_minutes": "481"}, "allowed_minutes"),
        ({"label_en": "Lunch", "allowed_minutes": "٣"}, "allowed_minutes"),
    ],
)
def test_a_wrong_choice_names_its_field(
    values: dict[str, str], field: str, database: db.Database
) -> None:
    with database.session() as session, pytest.raises(errors.Invalid) as caught:
        choices.create(session, ADMIN, models.PauseReason, values)
    assert caught.value.field == field


def test_a_manager_changes_the_words_of_a_queue_alone(database: db.Database) -> None:
    of = ("main", "support")
    typed = {
        "label_he": "תמיכה",
        "greeting_he": "שלום",
        "wrapup_seconds": "5",
        "target_seconds": "9",
    }
    with database.session() as session:
        _two(session)
        seen = profiles.stamp(profiles.blank(*of))
        row = profiles.change(session, ADMIN, of, values=typed, seen=seen, words_only=True)
        assert (row.labels, row.wrapup_seconds) == ({"he": "תמיכה"}, 30)
        seen = profiles.stamp(row)
        row = profiles.change(session, ADMIN, of, values=typed, seen=seen)
        assert (row.wrapup_seconds, row.target_seconds) == (5, 9)
        with pytest.raises(errors.Conflict):
            profiles.change(session, ADMIN, of, values=typed, seen=seen)
        assert profiles.describe_new(session, ADMIN, "main", ["support", "sales"]) == ["sales"]


def test_an_own_number_is_added_once_and_can_be_put_back(database: db.Database) -> None:
    with database.session() as session:
        _two(session)
        assert (
            profiles.add_number(session, ADMIN, "03-700-0100", "x", region="IL") == "+97237000100"
        )
        for wrong in ("03-700-0100", "nonsense"):
            with pytest.raises(errors.Invalid):
                profiles.add_number(session, ADMIN, wrong, "", region="IL")
        (row,) = profiles.own_numbers(session)
        gone = profiles.remove_number(session, ADMIN, row.id)
        profiles.add_number(session, ADMIN, gone.e164, gone.label, region="IL")
        assert [row.label for row in profiles.own_numbers(session)] == ["x"]
