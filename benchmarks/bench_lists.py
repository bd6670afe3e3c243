"""Call list, customer page and figures over 1,000,000 calls of a year, by HTTP against the application, SQLite.

Baseline of the same run: the list by OFFSET, and the same without an index. Target: p95 at most 100 ms for the list and the
customer page. Figures are told and have no target of their own. The rows are those of lists_rows.py.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from aiohttp import web

from benchmarks.lists_rows import CACHE, CALLS, CAMPAIGN, PASSWORD, SMALL_CAMPAIGN, build
from callcenter import db, models
from callcenter.settings import Settings
from web.app import create_app

ROUNDS = 25
TARGET_MS = 100.0


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
        yield who, "missed, all", "/calls?period=all&result=missed", True
        yield who, "not called back, 7 days", "/calls?unreached=1", True
        yield who, "not called back, all", "/calls?period=all&unreached=1", True
        yield (
            who,
            "not called back, half way",
            f"/calls?period=all&unreached=1&after={micros}.{key}",
            True,
        )
        yield who, "without outcome, all (none)", "/calls?period=all&outcome=none", True
        yield who, "half an hour and longer, all", "/calls?period=all&length=30", True
        yield (
            who,
            "ten minutes, half way",
            f"/calls?period=all&length=10&after={micros}.{key}",
            True,
        )
        yield who, "short, all", "/calls?period=all&length=short", True
        yield who, "campaign, all", f"/calls?period=all&campaign={CAMPAIGN}", True
        yield (
            who,
            "campaign of ten calls, all",
            f"/calls?period=all&campaign={SMALL_CAMPAIGN}",
            True,
        )
        yield who, "team, all", "/calls?period=all&team=1", True
        yield who, "team of no calls, all", "/calls?period=all&team=901", True
        yield who, "mine, all", "/calls?period=all&agent=me", True
        yield who, "with a recording, all", "/calls?period=all&recorded=1", True
        yield (
            who,
            "a day of one's own",
            f"/calls?period=custom&from={datetime.now(UTC) - timedelta(days=200):%Y-%m-%d}&to={datetime.now(UTC) - timedelta(days=199):%Y-%m-%d}",
            True,
        )
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
