"""The sample's tasks and cases: most are done, some are due today, a few are late."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import sample_customers
from callcenter.crm import sample_words as w


def load(
    session: Session,
    chance: random.Random,
    parties: Sequence[sample_customers.Made],
    agents: Sequence[int],
    now: datetime,
) -> None:
    """Write tasks and cases for some of the customers; the first one has one of each open."""
    tasks = [_task(chance, parties[0], agents, now, done=False)]
    cases = [_case(chance, parties[0], agents, now, 0, closed=False)]
    for party in parties[1:]:
        if chance.random() < 0.3:
            tasks.append(_task(chance, party, agents, now, done=chance.random() < 0.6))
        if chance.random() < 0.35:
            closed = chance.random() < 0.7
            cases.append(_case(chance, party, agents, now, len(cases), closed=closed))
    session.connection().execute(insert(models.Task), tasks)
    session.connection().execute(insert(models.Case), cases)


def _task(
    chance: random.Random,
    party: sample_customers.Made,
    agents: Sequence[int],
    now: datetime,
    *,
    done: bool,
) -> dict[str, Any]:
    made = now - timedelta(hours=chance.uniform(1, 24 * 20))
    due = made + timedelta(hours=chance.uniform(2, 24 * 22))
    title = chance.choice(w.TASKS[party.language])
    return {
        "kind": "callback" if title == w.TASKS[party.language][-1] else "task",
        "party_id": party.id,
        "assignee_id": party.owner_id or chance.choice(agents),
        "title": title,
        "due_at": due,
        "done_at": min(now, made + timedelta(hours=chance.uniform(1, 48))) if done else None,
        "created_at": made,
    }


def _case(
    chance: random.Random,
    party: sample_customers.Made,
    agents: Sequence[int],
    now: datetime,
    serial: int,
    *,
    closed: bool,
) -> dict[str, Any]:
    opened = now - timedelta(hours=chance.uniform(3, 24 * 40))
    return {
        "number": str(10_001 + serial),
        "party_id": party.id,
        "title": chance.choice(w.CASES[party.language]),
        "status": "closed" if closed else chance.choice(("open", "in_progress", "waiting")),
        "owner_id": chance.choice(agents),
        "opened_at": opened,
        "due_at": opened + timedelta(days=chance.randint(2, 45)),
        "closed_at": min(now, opened + timedelta(days=chance.uniform(0.2, 12))) if closed else None,
    }
