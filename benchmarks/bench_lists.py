"""Call list, customer page and figures over 1,000,000 calls of a year, by HTTP against the application, SQLite.

Baseline of the same run: the list by OFFSET, and the same without an index. Target: p95 at most 100 ms for the list and the
customer page. Figures are told and have no target of their own. The rows are made once and kept in .cache/bench.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from callcenter import db, migrations, models
from callcenter.crm import sample
from callcenter.settings import Settings
from web.app import create_app

CALLS = 1_000_000
CUSTOMERS = 3_000
DAYS = 365
ROUNDS = 25
TARGET_MS = 100.0
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
        talk if answered else None, 0.0, 20.0 if answered else None, result, "[]", "{}", party, "strong", "[]", "",
        chance.randrange(1, 9) if answered else None, "live",
    )  # fmt: skip
    parts = [_part(i, first, extensions, at, began if answered else None, ended, answered)]
    if chance.random() < 0.15:
        parts.append(_part(i, second, extensions, at, None, began, False))
    states = [(first, "talking", "", _t(began), _t(ended)), (first, "wrapup", "", _t(ended), _t(ended + timedelta(seconds=20)))]  # fmt: skip
    states.append((first, "ready", "", _t(ended + timedelta(seconds=20)), _t(ended + timedelta(seconds=60))))  # fmt: skip
    return call, parts, states if answered else []


def _part(
    call: int, user: int, extensions: dict[int, str], rang: datetime, answered: datetime | None, left: datetime, took: bool
) -> tuple[Any, ...]:  # fmt: skip
    number = extensions.get(user, str(user))
    said = "answered" if took else "missed"
    return (call, f"PJSIP/{number}", number, user, _t(rang), answered and _t(answered), _t(left), said)  # fmt: skip


def _t(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def pages(raw: sqlite3.Connection) -> Iterator[tuple[str, str, str, bool]]:
    """Yield (who, what, address, is measured against the target)."""
    agent = raw.execute("SELECT id FROM user WHERE role='agent' LIMIT 1").fetchone()[0]
    busy, calls = raw.execute("SELECT party_id, count(*) FROM call GROUP BY 1 ORDER BY 2 DESC LIMIT 1").fetchone()  # fmt: skip
    usual = raw.execute("SELECT party_id FROM call WHERE id = ?", (CALLS // 2,)).fetchone()[0]
    number = raw.execute("SELECT far_e164 FROM call WHERE id = ?", (CALLS // 3,)).fetchone()[0]
    name = raw.execute("SELECT display FROM party WHERE id = ?", (usual,)).fetchone()[0]
    at, key = raw.execute("SELECT started, id FROM call WHERE id = ?", (CALLS // 2,)).fetchone()
    micros = int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() * 1_000_000)
    for who in ("manager", "supervisor", "agent"):
        yield who, "calls, 7 days", "/calls", True
        yield who, "calls, all", "/calls?period=all", True
        yield who, "calls, all, half way", f"/calls?period=all&after={micros}.{key}", True
        yield who, "abandoned, 30 days", "/calls?period=month&result=abandoned", True
        yield who, "queue, all", "/calls?period=all&queue=support", True
        yield who, "one agent, all", f"/calls?period=all&agent={agent}", True
        yield who, "busy result, all (none)", "/calls?period=all&result=busy", True
        yield who, "outcome, all", "/calls?period=all&outcome=3", True
        yield who, "by number, all", f"/calls?period=all&q={number.replace('+972', '0')}", True
        yield who, "by name, all", f"/calls?period=all&q={name}", True
        yield who, "customer", f"/customers/{usual}", True
        yield who, f"customer of {calls} calls", f"/customers/{busy}", True
    for by in ("hour", "agent", "queue"):
        yield "manager", f"figures, a day by {by}", f"/figures?period=yesterday&by={by}", False
    first = f"from={datetime.now(UTC) - timedelta(days=60):%Y-%m-%d}&to={datetime.now(UTC) - timedelta(days=31):%Y-%m-%d}"
    for who in ("manager", "supervisor"):
        for by in ("day", "agent", "queue"):
            yield who, f"figures, 30 days by {by}", f"/figures?period=custom&{first}&by={by}", False


async def measured(path: Path) -> list[tuple[str, str, float, float, bool]]:
    """Ask for every page some times; return (who, what, p50, p95 in milliseconds, against the target)."""
    settings = Settings.model_validate(
        {"database": {"url": f"sqlite:///{path}"}, "recordings": {"folder": str(CACHE), "workers": 0}}
    )  # fmt: skip
    database = db.Database(settings.database.url)
    with database.session() as session:
        logins = {role: session.query(models.User.login).filter_by(role=role).first()[0] for role in models.ROLES}  # type: ignore[index]  # fmt: skip
    runner = web.AppRunner(create_app(settings, database))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    raw = sqlite3.connect(path)
    found, browsers = [], {}
    for who, what, address, counts in [*pages(raw)]:
        if who not in browsers:
            browsers[who] = aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Origin": url})  # fmt: skip
            form = {"login": logins[who], "password": PASSWORD}
            async with browsers[who].post("/signin", data=form) as answer:
                assert answer.status == 200
        asked = [await _ask(browsers[who], address) for _ in range(ROUNDS if counts else 7)]
        times, used = (sorted(column) for column in zip(*asked, strict=True))
        found.append((who, what, times[len(times) // 2], times[int(len(times) * 0.95)], counts))
        print(f"{who:10} {what:32} p50 {found[-1][2]:7.1f} ms  p95 {found[-1][3]:7.1f} ms  processor p95 {used[int(len(used) * 0.95)]:7.1f} ms", flush=True)  # fmt: skip
    for browser in browsers.values():
        await browser.close()
    await runner.cleanup()
    raw.close()
    database.close()
    return found


async def _ask(browser: aiohttp.ClientSession, address: str) -> tuple[float, float]:
    """Return milliseconds on the clock, and of processor: the latter is what a machine busy with other things leaves true."""
    began, used = time.perf_counter(), time.process_time()
    async with browser.get(address) as answer:
        await answer.read()
        assert answer.status == 200, (address, answer.status)
    return (time.perf_counter() - began) * 1000, (time.process_time() - used) * 1000


def baseline(path: Path) -> None:
    """Tell what the straightforward list costs: by OFFSET, and without an index."""
    raw = sqlite3.connect(path)
    for name, sql in (
        ("baseline: OFFSET, half way", "SELECT * FROM call ORDER BY started DESC, id DESC LIMIT 50 OFFSET 500000"),
        ("baseline: no index", "SELECT * FROM call NOT INDEXED ORDER BY started DESC LIMIT 50"),
        ("baseline: count of pages", "SELECT count(*) FROM call WHERE merged_into IS NULL"),
    ):  # fmt: skip
        times = []
        for _ in range(5):
            began = time.perf_counter()
            raw.execute(sql).fetchall()
            times.append((time.perf_counter() - began) * 1000)
        print(f"{'':10} {name:32} p50 {sorted(times)[2]:7.1f} ms  (the statement alone)")
    raw.close()


def main() -> bool:
    """Run it; False where a page is slower than its target."""
    began = time.perf_counter()
    path = build()
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"{CALLS:,} calls ready in {time.perf_counter() - began:.0f} s")
    baseline(path)
    found = asyncio.run(measured(path))
    slow = [(who, what) for who, what, _, p95, counts in found if counts and p95 > TARGET_MS]
    worst = max(p95 for *_, p95, counts in found if counts)
    print(f"worst p95 of lists and customers {worst:.1f} ms, target {TARGET_MS:.0f} ms: {'reached' if not slow else f'MISSED by {slow}'}")  # fmt: skip
    return not slow
