"""What an agent does: calls before wrap-up, wrap-up before what was declared, and the intervals that tell of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from callcenter import db, models
from callcenter.crm import agents, writer
from tests import servers

READY, PAUSED, OFFLINE = agents.State.READY, agents.State.PAUSED, agents.State.OFFLINE
CALL, OTHER = ("main", "1.0"), ("main", "2.0")
T = 1_700_000_000.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[db.Database]:
    made = servers.migrated(tmp_path / "agents.db")
    with made.session() as session:
        session.add(
            models.User(login="dana", name="Dana", password_hash="-", created_at=db.utcnow())
        )
    yield made
    made.close()


@pytest.fixture
def log_writer(database: db.Database) -> Iterator[writer.Writer]:
    made = writer.Writer(database, linger_seconds=0.001)
    yield made
    made.close()


@pytest.fixture
def center(log_writer: writer.Writer) -> agents.Agents:
    made = agents.Agents(log_writer)
    made.declare(1, READY, "", T)
    return made


def intervals(
    database: db.Database, log_writer: writer.Writer
) -> list[tuple[str, float, float | None]]:
    log_writer.flush()
    with database.session() as session:
        rows = session.scalars(select(models.AgentState).order_by(models.AgentState.since))
        return [
            (r.state, r.since.timestamp() - T, r.until.timestamp() - T if r.until else None)
            for r in rows
        ]


def test_a_call_from_ring_to_ready_is_a_chain_of_intervals(
    center: agents.Agents, database: db.Database, log_writer: writer.Writer
) -> None:
    center.leg(1, CALL, "ringing", T + 10)
    center.leg(1, CALL, "talking", T + 15)
    center.begin_wrapup(1, CALL, T + 75, 30)
    center.leg(1, CALL, None, T + 75)
    center.end_wrapup(1, T + 90)
    assert intervals(database, log_writer) == [
        ("ready", 0, 10), ("ringing", 10, 15), ("talking", 15, 75), ("wrapup", 75, 90),
        ("ready", 90, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "legs,shown",
    [
        (["ringing"], "ringing"),
        (["dialing"], "ringing"),
        (["held"], "hold"),
        (["talking", "ringing"], "talking"),
        (["held", "ringing"], "hold"),
        (["talking", "held"], "consulting"),
        (["consulting"], "consulting"),
    ],
)
def test_the_loudest_call_is_what_is_shown(
    center: agents.Agents, legs: list[str], shown: str
) -> None:
    for call, leg in zip((CALL, OTHER), legs, strict=False):
        center.leg(1, call, leg, T + 1)
    assert center.get(1).state == shown


def test_what_is_declared_in_wrap_up_follows_it(center: agents.Agents) -> None:
    center.begin_wrapup(1, CALL, T + 1, 30)
    center.leg(1, CALL, None, T + 1)
    center.declare(1, PAUSED, "meal", T + 5)
    assert center.get(1).state is agents.State.WRAPUP
    center.end_wrapup(1, T + 31)
    assert (center.get(1).state, center.get(1).reason) == (PAUSED, "meal")


def test_who_goes_home_in_wrap_up_is_gone_at_once(center: agents.Agents) -> None:
    center.begin_wrapup(1, CALL, T + 1, 30)
    center.declare(1, OFFLINE, "", T + 5)
    assert center.get(1).state is OFFLINE


def test_no_queue_call_comes_from_the_answer_to_the_end_of_wrap_up(center: agents.Agents) -> None:
    agent = center.get(1)
    assert agent.wanted == (False, "")
    center.leg(1, CALL, "ringing", T + 1)
    assert agent.wanted == (False, "")  # it is this call that rings
    agent.keeps_queue_away = True
    center.leg(1, CALL, "talking", T + 2)
    assert agent.wanted == (True, "wrapup")
    center.begin_wrapup(1, CALL, T + 3, 30)
    center.leg(1, CALL, None, T + 3)
    assert agent.wanted == (True, "wrapup")
    center.end_wrapup(1, T + 33)
    assert agent.wanted == (False, "")


def test_times_never_run_backwards(
    center: agents.Agents, database: db.Database, log_writer: writer.Writer
) -> None:
    center.leg(1, CALL, "ringing", T + 10)
    center.leg(1, CALL, "talking", T + 9)
    told = intervals(database, log_writer)
    assert all(until is None or until >= since for _, since, until in told)


def test_what_was_declared_survives_a_restart(
    center: agents.Agents, database: db.Database, log_writer: writer.Writer
) -> None:
    center.declare(1, PAUSED, "meal", T + 5)
    center.leg(1, CALL, "talking", T + 10)
    log_writer.flush()
    after = agents.Agents(log_writer)
    after.restore(database.call(agents.last_declared, T + 100))
    assert (after.get(1).state, after.get(1).reason) == (PAUSED, "meal")
    told = intervals(database, log_writer)
    assert [row for row in told if row[2] is None] == [("paused", 100, None)]
    assert ("talking", 10, 100) in told
