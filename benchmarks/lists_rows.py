"""The rows of bench_lists.py: 1,000,000 calls of a year with their people, made once a day and kept in .cache/bench."""

from __future__ import annotations

import json
import random
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from callcenter import db, migrations
from callcenter.crm import sample

CALLS = 1_000_000
CUSTOMERS = 3_000
DAYS = 365
CAMPAIGN, SMALL_CAMPAIGN = (
    "7",
    "8",
)  # the one has a tenth of the outgoing calls, the other a handful
CACHE = Path(".cache/bench")
PASSWORD = "a sample password"
# The day on which the kept file was made: "today" is counted from it.
CALL = (
    "id, pbx, linkedid, direction, from_raw, from_name, to_raw, far_e164, queue, started, queued, ringing, answered, ended,"
    " wait_seconds, talk_seconds, hold_seconds, wrapup_seconds, result, transfers, variables, party_id, match_state,"
    " match_reasons, name_snapshot, outcome_id, source"
)
PART = "call_id, interface, extension, user_id, rang, answered, left, outcome"
STATE = "user_id, state, reason, since, until"


def build() -> Path:
    """Return the file, made when there is none of today."""
    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / f"lists-{CALLS}-{datetime.now(UTC):%Y%m%d}.db"
    if path.with_suffix(".done").exists():
        return path
    for old in CACHE.glob("lists-*"):
        old.unlink()
    database = db.Database(f"sqlite:///{path}")
    migrations.upgrade(database)
    database.call(
        sample.load_sample, now=db.utcnow(), customers=CUSTOMERS, seed=1, password=PASSWORD
    )
    database.close()
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA synchronous=OFF")
    for table in ("note", "call_participant", "call"):
        raw.execute(f"DELETE FROM {table}")  # noqa: S608
    named = raw.execute(
        "SELECT name, sql FROM sqlite_master WHERE type='index' AND sql IS NOT NULL"
        " AND tbl_name IN ('call', 'call_participant', 'agent_state')"
    ).fetchall()
    for name, _ in named:
        raw.execute(f'DROP INDEX "{name}"')
    _fill(raw)
    for _, sql in named:
        raw.execute(sql)
    raw.execute("ANALYZE")
    raw.commit()
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    path.with_suffix(".done").touch()
    return path


def _fill(raw: sqlite3.Connection) -> None:
    users = [row[0] for row in raw.execute("SELECT id FROM user WHERE role='agent'")]
    extensions = dict(raw.execute("SELECT user_id, extension FROM extension_assignment"))
    parties = raw.execute(
        "SELECT l.party_id, p.e164 FROM party_phone l JOIN phone p ON p.id = l.phone_id"
    ).fetchall()
    chance = random.Random(1)
    now = datetime.now(UTC)
    calls: list[Any] = []
    parts: list[Any] = []
    states: list[Any] = []
    for i in range(1, CALLS + 1):
        at = now - timedelta(days=DAYS * (CALLS - i) / CALLS)
        call, theirs, theirs_states = _story(i, at, chance, users, extensions, parties)
        calls.append(call)
        parts += theirs
        states += theirs_states
        if len(calls) == 50_000:
            _insert(raw, calls, parts, states)
            calls, parts, states = [], [], []
    _insert(raw, calls, parts, states)
    raw.execute(
        "INSERT INTO recording (call_id, pbx, linkedid, file, state, reason, heard, language, stored, sha256, peaks, started_at, tries)"
        " SELECT id, pbx, linkedid, linkedid || '.wav', 'done', '', 'customer', 'he', '{}', '{}', '{}', started, 0 FROM call"
        " WHERE answered IS NOT NULL AND id % 3 = 0"
    )
    # Somebody who came yesterday, a team of theirs, and the campaigns that a list offers.
    raw.execute("INSERT INTO team (id, name) VALUES (901, 'bench, of few calls')")
    raw.execute(
        "INSERT INTO membership (team_id, user_id, leads) SELECT 901, id, 0 FROM user WHERE role = 'manager'"
    )
    for key in (CAMPAIGN, SMALL_CAMPAIGN):
        raw.execute(
            "INSERT INTO campaign (id, name, state, scripts, caller_id, hours, max_attempts, retry, outcomes, created_at, version)"
            " VALUES (?, ?, 'running', '{}', '', '{}', 6, '{}', '[]', '2026-01-01', 1)",
            (key, f"bench {key}"),
        )
    raw.commit()


def _insert(raw: sqlite3.Connection, calls: list[Any], parts: list[Any], states: list[Any]) -> None:
    for table, columns, rows in (
        ("call", CALL, calls), ("call_participant", PART, parts), ("agent_state", STATE, states),
    ):  # fmt: skip
        marks = ", ".join("?" * (columns.count(",") + 1))
        raw.executemany(f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608
    raw.commit()


def _story(
    i: int, at: datetime, chance: random.Random, users: list[int], extensions: dict[int, str], parties: list[Any]
) -> tuple[Any, list[Any], list[Any]]:  # fmt: skip
    # A tenth of the calls are with one in a thousand of the customers: somebody's page is long.
    party, number = chance.choice(parties[:3] if chance.random() < 0.02 else parties)
    inbound, answered = chance.random() < 0.7, chance.random() < 0.85
    wait, talk = chance.expovariate(1 / 20), chance.lognormvariate(5.0, 0.7)
    queue = chance.choice(("support", "support", "sales", "service")) if inbound else None
    began = at + timedelta(seconds=wait)
    ended = began + timedelta(seconds=talk if answered else 0)
    first, second = chance.sample(users, 2)
    result = "answered" if answered else "abandoned" if inbound else "no_answer"
    call = (
        i, "main", f"b{i}", "inbound" if inbound else "outbound", number, "", "0", number, queue, _t(at),
        _t(at) if inbound else None, _t(at), _t(began) if answered else None, _t(ended), wait if inbound else None,
        talk if answered else None, 0.0, 20.0 if answered else None, result, "[]", _variables(i, inbound), party, "strong", "[]", "",
        chance.randrange(1, 9) if answered else None, "live",
    )  # fmt: skip
    parts = [_part(i, first, extensions, at, began if answered else None, ended, answered)]
    if chance.random() < 0.15:
        parts.append(_part(i, second, extensions, at, None, began, False))
    states = [(first, "talking", "", _t(began), _t(ended)), (first, "wrapup", "", _t(ended), _t(ended + timedelta(seconds=20)))]  # fmt: skip
    states.append((first, "ready", "", _t(ended + timedelta(seconds=20)), _t(ended + timedelta(seconds=60))))  # fmt: skip
    return call, parts, states if answered else []


def _variables(i: int, inbound: bool) -> str:
    if inbound or i % 10:
        return "{}"
    return json.dumps({"CC_CAMPAIGN": SMALL_CAMPAIGN if i % 100_000 == 0 else CAMPAIGN})


def _part(
    call: int, user: int, extensions: dict[int, str], rang: datetime, answered: datetime | None, left: datetime, took: bool
) -> tuple[Any, ...]:  # fmt: skip
    number = extensions.get(user, str(user))
    said = "answered" if took else "missed"
    return (call, f"PJSIP/{number}", number, user, _t(rang), answered and _t(answered), _t(left), said)  # fmt: skip


def _t(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")
