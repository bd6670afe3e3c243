"""The fast way against the slow one: SQL's sums equal what the pure functions say of every row, for random days and filters."""

from __future__ import annotations

import dataclasses
import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.db import Database
from callcenter.reports import conditions, metrics, periods, queries
from tests.reports import slow
from tests.servers import on_both


def fill(session: Session, made: list[Any], states: list[Any]) -> None:
    for model in (models.CallParticipant, models.Call, models.AgentState):
        session.execute(delete(model))
    for n, (values, theirs) in enumerate(made):
        call = models.Call(pbx="main", linkedid=str(n), **values)
        call.participants = [models.CallParticipant(**part) for part in theirs]
        session.add(call)
    # An agent is in one state at a time: what is still open, or goes on, ends where the next begins.
    by_start = {(user, since): (state, until) for user, state, since, until in states}
    for (user, since), (state, until) in by_start.items():
        following = min((s for u, s in by_start if u == user and s > since), default=None)
        if following is not None:
            until = following if until is None else min(until, following)
        session.add(models.AgentState(user_id=user, state=state, since=since, until=until))


@pytest.fixture
def peopled(database: Database) -> Database:
    with database.session() as session:
        for n in (*slow.USERS, 9):
            session.add(
                models.User(
                    id=n,
                    login=f"u{n}",
                    name=f"U{n}",
                    password_hash="",
                    role="agent",
                    created_at=slow.NOW,
                )
            )
        for team in (1, 2):
            session.add(models.Team(id=team, name=f"T{team}"))
        session.flush()
        for user, teams in slow.TEAMS.items():
            for team in teams:
                session.add(models.Membership(user_id=user, team_id=team, leads=user == 1))
        session.add(
            models.QueueProfile(
                pbx="main", queue="support", labels={}, team_id=1, target_seconds=30
            )
        )
        for n, success in ((1, True), (2, False)):
            session.add(models.Outcome(id=n, code=f"o{n}", labels={}, success=success))
    return database


def near(found: metrics.Tally, expected: metrics.Tally, where: str) -> None:
    for code, value in expected.items():
        # SQLite reckons times in milliseconds.
        assert found[code] == pytest.approx(value, abs=0.02), (where, code)


@on_both()
@settings(
    max_examples=80, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    made=st.lists(slow.stories(), max_size=12), states=st.lists(slow.spans(), max_size=8), wanted=slow.asked(),
    viewer=st.sampled_from((slow.BOSS, slow.BOSS, slow.LEADER, slow.ALONE)), short=st.sampled_from((0.0, 7.5)), by=st.sampled_from(queries.BY),
)  # fmt: skip
def test_every_measure_equals_the_slow_computation_from_the_rows(
    peopled: Database, made: Any, states: Any, wanted: Any, viewer: Any, short: float, by: str
) -> None:
    if by in ("agent", "team"):
        wanted = dataclasses.replace(wanted, of_agents=True)
    report = queries.Report(viewer, wanted, conditions.Rules(short_seconds=short), slow.NOW)
    with peopled.session() as session:
        fill(session, made, states)
        session.flush()
        session.expire_all()
        calls = slow.read(session)
        rows = list(session.scalars(select(models.AgentState)))
        table = report.table(session, by)
        expected, time = slow.slow(report, calls, by), slow.slow_time(report, rows, by)
        assert set(table.groups) == set(expected) | set(time)
        for key in table.groups:
            near(table.groups[key], expected.get(key, {}) | time.get(key, {}), f"{by} {key}")
            assert set(metrics.OWN) <= set(table.groups[key]) or not wanted.sees_agents
        near(table.total, slow.slow(report, calls, "").get("", {}), "total")
        near(table.total, slow.slow_time(report, rows, "").get("", {}), "total time")
        _opened(session, report, calls, table)


def _opened(
    session: Session, report: queries.Report, calls: list[metrics.CallRow], table: queries.Table
) -> None:
    """Hold the calls behind each number against those which the pure sets hold."""
    own = conditions.own(conditions.a_part(report.viewer, report.wanted))
    of = conditions.sets(report.rules, own)
    for code in metrics.SETS:
        query = select(models.Call.id).where(
            *conditions.calls(report.viewer, report.wanted), of[code]
        )
        found = session.scalars(query).all()
        users = slow.watched_by(report.viewer, report.wanted)
        expected = set()
        for call in slow.wanted_calls(report, calls):
            theirs = tuple(p for p in call.parts if p.user_id in users)
            shown = theirs if report.wanted.sees_agents else call.parts
            if report.wanted.sees_agents and not theirs:
                continue
            if metrics.SETS[code](metrics.Seen(call, shown, report.rules.short_seconds)):
                expected.add(call.id)
        assert set(found) == expected, code
        if code in table.total:
            assert len(found) == table.total[code], code


@on_both()
def test_the_moment_of_a_call_has_an_index_of_its_expression(peopled: Database) -> None:
    with peopled.session() as session:
        query = select(models.Call.id).where(
            *conditions.calls(slow.BOSS, conditions.Wanted(slow.NOW, slow.NOW))
        )
        compiled = query.compile(peopled.engine, compile_kwargs={"literal_binds": False})
        if peopled.is_sqlite:
            text, values = f"EXPLAIN QUERY PLAN {compiled}", compiled.positiontup or []
            held = compiled.params
            plan = (
                session.connection()
                .exec_driver_sql(text, tuple(str(held[v]) for v in values))
                .all()
            )
            assert "ix_call_moment" in str(plan), plan
        else:
            names = (
                session.connection().exec_driver_sql("SELECT indexdef FROM pg_indexes").scalars()
            )
            assert any("COALESCE(queued, started)" in name for name in names)


WAITS = (None, 0.0, 7.4, 7.5, 7.6, 19.9, 20.0, 20.1, 29.9, 30.0, 30.1, 200.0)
RESULTS = (
    None,
    "answered",
    "abandoned",
    "no_answer",
    "voicemail",
    "dropped",
    "agent_no_answer",
    "lost",
)


def _crowd(chance: random.Random, count: int) -> list[Any]:
    """Make many calls in few days, with waits on and beside every limit, so that each slip of a condition meets some."""
    made = []
    for _ in range(count):
        begin = periods.midnight(chance.choice(slow.DAYS), slow.ZONE)
        at = begin + timedelta(seconds=chance.choice((0, chance.randrange(-36_000, 900_000) / 10)))

        def later(share: float, at: datetime = at) -> datetime | None:
            return (
                at + timedelta(seconds=chance.randrange(3000) / 10)
                if chance.random() < share
                else None
            )

        call = {
            "direction": chance.choice(("inbound", "outbound", "internal")), "started": at, "queued": later(0.6),
            "answered": later(0.5), "ended": later(0.85), "result": chance.choice(RESULTS),
            "queue": chance.choice((None, "support", "sales")),
            "variables": chance.choice(({}, {"CC_CAMPAIGN": "5"}, {"CC_CAMPAIGN": "fiber"})),
            "wait_seconds": chance.choice(WAITS), "talk_seconds": chance.choice((None, 61.5)),
            "hold_seconds": 3.5, "wrapup_seconds": chance.choice((None, 12.5)), "outcome_id": chance.choice((None, 1, 2)),
            "merged_into": "other" if chance.random() < 0.1 else None,
        }  # fmt: skip
        theirs = [
            {
                "interface": f"PJSIP/{n}", "extension": str(n), "user_id": chance.choice((None, *slow.USERS)),
                "rang": later(0.7), "answered": later(0.6), "left": later(0.9),
                "outcome": chance.choice((None, "missed", "answered", "rejected", "answered_elsewhere")),
            }
            for n in range(chance.randrange(4))
        ]  # fmt: skip
        made.append((call, theirs))
    return made


@on_both()
@pytest.mark.parametrize("short", [0.0, 7.5])
def test_a_crowd_of_calls_on_every_limit_is_counted_alike(peopled: Database, short: float) -> None:
    period = periods.Period(slow.DAYS[0], slow.DAYS[-1], slow.ZONE)
    plain = conditions.Wanted(period.begin, period.end, zone=slow.ZONE.key)
    asked = [
        plain,
        dataclasses.replace(plain, of_agents=True),
        dataclasses.replace(plain, hour=1, direction="outbound"),
    ]
    with peopled.session() as session:
        fill(session, _crowd(random.Random(7), 700), [])
        session.flush()
        session.expire_all()
        calls = slow.read(session)
        for wanted in asked:
            for viewer in (slow.BOSS, slow.LEADER, slow.ALONE):
                report = queries.Report(
                    viewer, wanted, conditions.Rules(short_seconds=short), slow.NOW
                )
                for by in queries.BY:
                    if by in ("agent", "team") and not wanted.of_agents:
                        continue
                    table, expected = report.table(session, by), slow.slow(report, calls, by)
                    assert set(table.groups) == set(expected)
                    for key, tally in expected.items():
                        near(table.groups[key], tally, f"{by} {key}")
                near(table.total, slow.slow(report, calls, "").get("", {}), "total")
                _opened(session, report, calls, table)
