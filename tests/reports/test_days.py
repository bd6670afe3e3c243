"""One person's day: what they did is cut at its ends, and the team's mean hides who is behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from callcenter import db, models
from callcenter.crm import visibility
from callcenter.reports import conditions, days, metrics
from tests.servers import on_both

BEGIN = datetime(2026, 3, 1, 22, tzinfo=UTC)
END = BEGIN + timedelta(days=1)
NOW = BEGIN + timedelta(hours=12)
RULES = conditions.Rules()


def at(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


def wanted(user: int) -> conditions.Wanted:
    return conditions.Wanted(BEGIN, END, agent_id=user)


def people(session: Session, count: int) -> None:
    session.add(models.Team(id=1, name="support"))
    session.add(models.Team(id=2, name="other"))
    for n in range(1, count + 2):
        session.add(models.User(id=n, login=f"u{n}", name=f"U{n}", password_hash="", role="agent", created_at=NOW))  # fmt: skip
        session.flush()
        session.add(models.Membership(user_id=n, team_id=1 if n <= count else 2))


def state(session: Session, user: int, state: str, since: float, until: float | None, reason: str = "") -> None:  # fmt: skip
    session.add(
        models.AgentState(
            user_id=user, state=state, reason=reason, since=at(since), until=None if until is None else at(until)
        )
    )  # fmt: skip


def call(session: Session, key: int, user: int, hours: float, seconds: float) -> None:
    begun = at(hours)
    row = models.Call(
        pbx="main", linkedid=str(key), direction="inbound", queue="support", started=begun, queued=begun, answered=begun,
        ended=begun + timedelta(seconds=seconds), result="answered", talk_seconds=seconds, wait_seconds=1.0, variables={},
    )  # fmt: skip
    row.participants = [
        models.CallParticipant(
            interface=f"PJSIP/{user}", extension=str(user), user_id=user, rang=begun, answered=begun, outcome="answered",
            left=begun + timedelta(seconds=seconds),
        )
    ]  # fmt: skip
    session.add(row)


@on_both()
def test_what_was_done_is_cut_at_the_ends_of_the_day_and_goes_on_until_now(
    database: db.Database,
) -> None:
    with database.session() as session:
        people(session, 1)
        state(session, 1, "ready", -2, 1)
        state(session, 1, "paused", 1, 2, "lunch")
        state(session, 1, "offline", 2, 9)
        state(session, 1, "paused", 9, 9.5, "meeting")
        state(session, 1, "paused", 9.5, 10, "lunch")
        state(session, 1, "talking", 10, None)
        state(session, 2, "ready", 0, 5)
        session.flush()
        viewer = visibility.Viewer(1, "agent", frozenset({1}))
        done = days.stretches(session, viewer, wanted(1), RULES, NOW)
        assert [(s.state, s.begin, s.end) for s in done] == [
            ("ready", BEGIN, at(1)), ("paused", at(1), at(2)), ("paused", at(9), at(9.5)), ("paused", at(9.5), at(10)),
            ("talking", at(10), NOW),
        ]  # fmt: skip
        assert days.pauses(done) == {"lunch": 5400.0, "meeting": 1800.0}
        tally = days.own(session, viewer, wanted(1), RULES, NOW)
        assert tally["paused"] == pytest.approx(7200) and tally["busy"] == pytest.approx(7200)
        assert tally["signed_in"] == pytest.approx(sum(s.seconds for s in done))
        assert days.stretches(session, viewer, wanted(2), RULES, NOW) == [], "another's are closed"


@on_both()
def test_the_teams_mean_is_of_those_who_worked_and_takes_three(database: db.Database) -> None:
    with database.session() as session:
        people(session, 4)
        for user, talks in ((1, (60.0,)), (2, (120.0, 240.0))):
            state(session, user, "talking", 1, 2)
            for n, seconds in enumerate(talks):
                call(session, user * 10 + n, user, 1, seconds)
        call(session, 99, 5, 1, 9_000.0)  # of another team
        session.flush()
        assert days.team(session, 1, wanted(1), RULES, NOW) == days.Team(2, {})
        state(session, 3, "ready", 1, 3)
        session.flush()
        team = days.team(session, 1, wanted(1), RULES, NOW)
        assert team.size == 3
        assert team.means["taken"] == pytest.approx(1.0)
        assert team.means["in_calls"] == pytest.approx(140.0)
        assert team.means["own_aht"] == pytest.approx(140.0), "of all calls together"
        assert team.means["own_occupancy"] == pytest.approx(0.5)
        assert team.means["signed_in"] == pytest.approx(4800.0)
        assert team.means["own_conversion"] is None
        session.get_one(models.User, 3).role = "supervisor"
        session.flush()
        assert days.team(session, 1, wanted(1), RULES, NOW).size == 2


def test_a_mean_of_two_is_no_mean() -> None:
    tally = {code: 1.0 for code in (*metrics.SETS, *metrics.SUMS, *metrics.SPANS)}
    assert days.mean([tally, tally]) == {}
    assert set(days.mean([tally] * 3)) == set(days.SHOWN)
