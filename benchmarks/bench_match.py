"""The matcher on 1,000,000 numbers (10,000,000 with BENCH_FULL=1), beside an ORM session a look-up, in the same run.

The rows are made once and kept in .cache/bench. Look-ups are 90 % hits, spread over the whole table, normalising included.
Targets: p99 at most 100 us on SQLite and 500 us on PostgreSQL, at 10,000,000 numbers.
"""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from callcenter import db, migrations, models
from callcenter.crm import lookup, phones
from tests import servers

CACHE = Path(".cache/bench")
LOOKUPS = 10_000
BASELINE_LOOKUPS = 3_000
LOT = 100_000
STEP, PRIME = 61_803_399, 99_999_989  # i * STEP % PRIME takes every value once
AT = "2026-01-01 00:00:00.000000"

PARTY = "id, kind, display, given, family, search_key, status, language, city, email, vip, alert, marketing, do_not_record, facts, created_at, updated_at, version"  # fmt: skip
PHONE = "id, e164, digits_reversed, region, line_type, quality, do_not_call"
LINK = 'id, party_id, phone_id, label, "primary", shared, raw'


def national(i: int) -> str:
    """Return the i-th number: nine digits, each once, scattered as real ones are."""
    return f"5{i * STEP % PRIME:08d}"


def rows(count: int) -> Iterator[tuple[int, str]]:
    """Return (id, national number), ids from 1."""
    return ((i, national(i)) for i in range(1, count + 1))


def build_sqlite(count: int) -> Path:
    """Return the file with `count` customers, made when it is not there yet."""
    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / f"match-{count}.db"
    done = path.with_suffix(".done")
    if done.exists():
        return path
    for old in CACHE.glob(f"{path.name}*"):
        old.unlink()
    database = db.Database(f"sqlite:///{path}")
    migrations.upgrade(database)
    database.close()
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA synchronous=OFF")
    indexes = drop_indexes(raw)
    made = rows(count)
    for _ in range(0, count, LOT):
        lot = [next(made) for _ in range(min(LOT, count))]
        raw.executemany(f"INSERT INTO party ({PARTY}) VALUES ({marks(18)})", map(party, lot))  # noqa: S608
        raw.executemany(f"INSERT INTO phone ({PHONE}) VALUES ({marks(7)})", map(phone, lot))  # noqa: S608
        raw.executemany(f"INSERT INTO party_phone ({LINK}) VALUES ({marks(7)})", map(link, lot))  # noqa: S608
        raw.commit()
    for statement in indexes:
        raw.execute(statement)
    raw.execute("ANALYZE")
    raw.commit()
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    done.touch()
    return path


def drop_indexes(raw: sqlite3.Connection) -> list[str]:
    """Drop the indexes that would slow the loading; return how to make them again."""
    found = raw.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN ('party', 'phone', 'party_phone')"
    ).fetchall()
    for name, _ in found:
        raw.execute(f'DROP INDEX "{name}"')
    return [sql for _, sql in found]


def marks(count: int) -> str:
    """Return as many question marks."""
    return ", ".join("?" * count)


def party(row: tuple[int, str]) -> tuple[Any, ...]:
    """Return a row of `party`."""
    i = row[0]
    name = f"Customer {i}"
    return (i, "person", name, "", "", name.lower(), "customer", "he", "", "", False, "", "unknown", False, "{}", AT, AT, 1)  # fmt: skip


def phone(row: tuple[int, str]) -> tuple[Any, ...]:
    """Return a row of `phone`."""
    i, digits = row
    return (i, f"+972{digits}", digits[::-1], "IL", "mobile", "ok", False)


def link(row: tuple[int, str]) -> tuple[Any, ...]:
    """Return a row of `party_phone`."""
    i, digits = row
    return (i, i, i, "", True, False, "0" + digits)


def fill_postgres(database: db.Database, count: int) -> None:
    """COPY the same rows."""
    connection = database.engine.raw_connection()
    driver: Any = connection.driver_connection
    keys = [
        "ALTER TABLE party_phone DROP CONSTRAINT fk_party_phone_party_id_party",
        "ALTER TABLE party_phone DROP CONSTRAINT fk_party_phone_phone_id_phone",
    ]
    with driver.cursor() as cursor:
        for statement in keys:
            cursor.execute(statement)
        for table, columns, make in (
            ("party", PARTY, party), ("phone", PHONE, phone), ("party_phone", LINK, link),
        ):  # fmt: skip
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows(count):
                    copy.write_row(make(row))
        driver.commit()
        driver.autocommit = True
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")  # else what was loaded is written while look-ups are timed
        driver.autocommit = False
    connection.close()


def asked(count: int) -> list[str]:
    """Return what to look up: nine of ten are there, in the spellings that trunks send."""
    chance = random.Random(7)
    spell: tuple[Callable[[str], str], ...] = (
        lambda n: "0" + n,
        lambda n: "+972" + n,
        lambda n: "972" + n,
        lambda n: f"0{n[:2]}-{n[2:]}",
    )
    found = []
    for _ in range(LOOKUPS):
        digits = national(chance.randint(1, count))
        if chance.random() < 0.1:
            digits = f"7{chance.randint(20_000_000, 29_999_999)}"
        found.append(chance.choice(spell)(digits))
    return found


def measure(label: str, ask: Callable[[str], Any], texts: list[str]) -> float:
    """Print p50 and p99, warm, and the processor's share of p99; return p99 in microseconds.

    On a machine that others use, the clock's p99 tells of them; the processor's own time tells of us.
    """
    for raw in texts:
        ask(raw)
    took, worked = [], []
    for raw in texts:
        start, cpu = time.perf_counter_ns(), time.thread_time_ns()
        ask(raw)
        worked.append(time.thread_time_ns() - cpu)
        took.append(time.perf_counter_ns() - start)
    took.sort()
    worked.sort()
    p50, p99 = took[len(took) // 2] / 1000, took[len(took) * 99 // 100] / 1000
    cpu99 = worked[len(worked) * 99 // 100] / 1000
    rate = 1e9 * len(took) / sum(took)
    print(
        f"  {label:<26} p50 {p50:8.1f} us  p99 {p99:8.1f} us  (processor p99 {cpu99:8.1f} us)  {rate:8,.0f}/s"
    )
    return p99


def baseline(database: db.Database) -> Callable[[str], Any]:
    """Return the straightforward way: parse, open a session, ask the ORM."""

    def ask(raw: str) -> Any:
        number = phones.classify(raw, "IL")
        with database.session() as session:
            return session.scalars(
                select(models.PartyPhone)
                .join(models.Phone)
                .where(models.Phone.e164 == number.e164)
                .options(joinedload(models.PartyPhone.party), joinedload(models.PartyPhone.phone))
            ).all()

    return ask


def compare(database: db.Database, name: str, count: int, target: float) -> bool:
    """Measure the product beside the baseline on one database; say whether it is fast enough."""
    migrations.upgrade(database)  # the file may be older than the schema
    texts = asked(count)
    found = lookup.Lookup(database)
    found.refresh()
    hits = sum(found.match(raw).party_id is not None for raw in texts)
    print(f"{name}, {count:,} numbers, {hits * 100 // len(texts)} % hits")
    p99 = measure("Lookup.match", found.match, texts)
    base = measure("an ORM session a look-up", baseline(database), texts[:BASELINE_LOOKUPS])
    print(
        f"  p99 {base / p99:.1f} times better; target {target:.0f} us: {'met' if p99 <= target else 'MISSED'}"
    )
    found.close()
    return p99 <= target


def main() -> bool:
    """Run the benchmark; return whether the targets were reached."""
    count = 10_000_000 if os.environ.get("BENCH_FULL") else 1_000_000
    database = db.Database(f"sqlite:///{build_sqlite(count)}")
    good = compare(database, "SQLite", count, 100)
    database.close()
    if servers.postgres_programs() is None:
        print("PostgreSQL: not installed, not measured")
        return good
    with servers.running_postgres() as server:
        database = db.Database(f"{server}/postgres")
        migrations.upgrade(database)
        fill_postgres(database, count)
        good &= compare(database, "PostgreSQL", count, 500)
        database.close()
    return good


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
