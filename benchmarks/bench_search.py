"""Words in transcripts and notes through the rule of visibility, beside LIKE in the same run; SQLite.

200,000 transcripts of 20..60 words, 1,000,000 with BENCH_FULL=1: half Hebrew, half English, frequencies by Zipf; notes of a tenth
of the calls. Targets: a rare word p95 <= 10 ms, the newest 20 of a common word <= 20 ms, two words <= 30 ms. The rows
are made once and kept in .cache/bench; a transcript is indexed by the product's own `fill`.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from sqlalchemy import exists, or_, select
from sqlalchemy import orm as sa_orm

from callcenter import db, migrations, models
from callcenter.crm import sample, visibility, wordindex, words
from recordings import search

COUNT = 1_000_000 if os.environ.get("BENCH_FULL") else 200_000
VOCABULARY = 30_000
DAYS = 365
ROUNDS = 60
LIKE_ROUNDS = 3
TARGETS_MS = {"rare": 10.0, "common": 20.0, "two": 30.0}
CACHE = Path(".cache/bench")
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
HEBREW, ENGLISH = "אבגדהוזחטיכלמנסעפצקרשת", "abcdefghijklmnopqrstuvwxyz"


def vocabulary() -> list[str]:
    """Return the words, the most frequent first, alternately of both languages."""
    chance = random.Random(1)
    made: dict[str, None] = {}
    while len(made) < VOCABULARY:
        letters = HEBREW if len(made) % 2 else ENGLISH
        made["".join(chance.choices(letters, k=chance.randrange(2 if len(made) < 100 else 4, 9)))] = None  # fmt: skip
    return list(made)


def build(path: Path) -> None:
    """Make the calls, recordings, transcripts and notes, and index them."""
    database = db.Database(f"sqlite:///{path}")
    migrations.upgrade(database)
    database.call(
        sample.load_sample, now=db.utcnow(), customers=200, seed=1, password="a sample password"
    )
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA synchronous=OFF")
    raw.execute("PRAGMA foreign_keys=ON")
    for name in ("note", "call_participant", "call"):
        raw.execute(f"DELETE FROM {name}")  # noqa: S608
    _fill(raw)
    raw.close()
    began = time.perf_counter()
    done = wordindex.fill(database.engine)
    took = time.perf_counter() - began
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    database.close()
    print(f"indexed {done:,} documents in {took:.0f} s, {done / took:,.0f} a second")
    path.with_suffix(".done").touch()


def _fill(raw: sqlite3.Connection) -> None:
    chance = random.Random(2)
    users = [row[0] for row in raw.execute("SELECT id FROM user WHERE role='agent'")]
    all_words = vocabulary()
    weights = list(accumulate(1 / (rank + 1) for rank in range(VOCABULARY)))
    for first in range(1, COUNT + 1, 10_000):
        calls, parts, recordings, transcripts, segments, notes = [], [], [], [], [], []
        for i in range(first, min(first + 10_000, COUNT + 1)):
            at = _t(BEGAN + timedelta(days=DAYS * i / COUNT))
            user, queue = chance.choice(users), chance.choice(("support", "sales", "service"))
            calls.append((i, "main", f"b{i}", "inbound", at, queue))
            parts.append((i, f"PJSIP/{user}", str(user), user, at, "answered"))
            recordings.append((i, i, "main", f"b{i}", f"b{i}.wav", at))
            transcripts.append((i, i, at))
            said = chance.choices(all_words, cum_weights=weights, k=chance.randrange(20, 61))
            for n in range(0, len(said), 8):
                side = "agent" if n % 16 else "customer"
                segments.append((i, side, n, n + 4, " ".join(said[n : n + 8])))
            if i % 10 == 0:
                notes.append((i, user, " ".join(chance.choices(all_words, cum_weights=weights, k=8)), at, at))  # fmt: skip
        _insert(raw, "call (id, pbx, linkedid, direction, started, queue, from_raw, from_name, to_raw, hold_seconds, transfers, variables, match_state, match_reasons, name_snapshot, source)",
                calls, "?, ?, ?, ?, ?, ?, '', '', '', 0, '[]', '{}', 'none', '[]', '', 'live'")  # fmt: skip
        _insert(raw, "call_participant (call_id, interface, extension, user_id, answered, outcome)", parts, "?, ?, ?, ?, ?, ?")  # fmt: skip
        _insert(raw, "recording (id, call_id, pbx, linkedid, file, started_at, state, reason, heard, language, stored, sha256, peaks, tries)",
                recordings, "?, ?, ?, ?, ?, ?, 'done', '', 'customer', 'he', '{}', '{}', '{}', 0")  # fmt: skip
        _insert(raw, "transcript (id, recording_id, created_at, engine, model, language)", transcripts, "?, ?, ?, 'e', 'm', 'he'")  # fmt: skip
        _insert(raw, "segment (transcript_id, side, t0, t1, text, words)", segments, "?, ?, ?, ?, ?, '[]'")  # fmt: skip
        _insert(raw, "note (call_id, author_id, text, created_at, updated_at, version)", notes, "?, ?, ?, ?, ?, 1")  # fmt: skip
        raw.commit()


def _insert(
    raw: sqlite3.Connection, into: str, rows: Sequence[tuple[object, ...]], marks: str
) -> None:
    raw.executemany(f"INSERT INTO {into} VALUES ({marks})", rows)  # noqa: S608


def _t(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def by_like(session: sa_orm.Session, viewer: visibility.Viewer, typed: str) -> int:
    """Find recordings without an index: the plain way."""
    recording, made, said, note = (
        models.Recording,
        models.Transcript,
        models.Segment,
        models.Note,
    )
    query = select(recording.id).where(visibility.visible(viewer, recording))
    for word in typed.split():
        spoken = exists().where(
            made.recording_id == recording.id,
            said.transcript_id == made.id,
            said.text.icontains(word, autoescape=True),
        )
        noted = exists().where(
            note.call_id == recording.call_id, note.text.icontains(word, autoescape=True)
        )
        query = query.where(or_(spoken, noted))
    newest = query.order_by(recording.started_at.desc(), recording.id.desc()).limit(21)
    return len(session.execute(newest).all())


def by_index(session: sa_orm.Session, viewer: visibility.Viewer, typed: str) -> int:
    """Find them as the product does, passages and marks included."""
    found = search.search(session, viewer, search.Wanted(words.parse(typed)))
    return len(found.hits)


Way = Callable[[sa_orm.Session, visibility.Viewer, str], int]


def measured(
    database: db.Database, viewer: visibility.Viewer, way: Way, typed: list[str]
) -> tuple[float, float, float]:
    """Return p50 and p95 in ms, and how many were found on average."""
    times, hits = [], 0
    with database.session() as session:
        for each in typed[:3]:
            way(session, viewer, each)
        for each in typed:
            began = time.perf_counter()
            hits += way(session, viewer, each)
            times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.95))], hits / len(typed)  # fmt: skip


def asked() -> dict[str, list[str]]:
    """Return queries by kind."""
    all_words, chance = vocabulary(), random.Random(3)
    long = [word for word in all_words if len(word) > 3]
    return {
        "rare": [f'"{word}"' if i % 2 else word for i, word in enumerate(chance.sample(long[20_000:], ROUNDS))],
        "common": [all_words[i % 20] for i in range(ROUNDS)],
        "two": [f"{all_words[i % 20]} {chance.choice(long[100:2000])}" for i in range(ROUNDS)],
        "two common": [f"{all_words[i % 10]} {all_words[10 + i % 10]}" for i in range(ROUNDS)],
        "beginning": [chance.choice(long[:2000])[:3] for _ in range(ROUNDS)],
        "phrase": [f'"{all_words[i % 20]} {all_words[(i + 7) % 20]}"' for i in range(ROUNDS)],
        "nothing": [f"qqqzzz{i}" for i in range(ROUNDS)],
    }  # fmt: skip


def main() -> bool:
    """Run it; False where a target is missed."""
    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / f"search-{COUNT}.db"
    if not path.with_suffix(".done").exists():
        path.unlink(missing_ok=True)
        build(path)
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; {COUNT:,} transcripts, {path.stat().st_size / 1e6:,.0f} MB")  # fmt: skip
    database = db.Database(f"sqlite:///{path}")
    with database.session() as session:
        ids = {role: session.scalars(select(models.User.id).where(models.User.role == role)).first() for role in ("manager", "supervisor", "agent")}  # fmt: skip
        viewers = {role: visibility.viewer(session, id_) for role, id_ in ids.items() if id_}
    reached = True
    for kind, typed in asked().items():
        for role, viewer in viewers.items():
            p50, p95, hits = measured(database, viewer, by_index, typed)
            like = list(dict.fromkeys(typed))[:LIKE_ROUNDS]
            plain, _, _ = measured(database, viewer, by_like, [each.strip('"') for each in like])
            target = TARGETS_MS.get(kind)
            missed = target is not None and p95 > target
            reached = reached and not missed
            verdict = "" if target is None else f"  target {target:.0f}: {'MISSED' if missed else 'reached'}"  # fmt: skip
            print(f"{kind:11} {role:10} p50 {p50:7.2f} ms  p95 {p95:7.2f} ms  {hits:4.1f} a page  LIKE p50 {plain:8.1f} ms{verdict}", flush=True)  # fmt: skip
    database.close()
    return reached
