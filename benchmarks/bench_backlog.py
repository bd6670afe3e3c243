"""Whether a backlog of 10,000 recordings is felt by those who take calls: the pop's delay with a worker at it, and without.

The product at 100 calls a second on SQLite with 1,000,000 customers (bench_pipeline.py), in alternation: alone, and while a
worker of the product, a process of its own, transcribes a backlog in the same database with Vosk. What it must reach:
p99 within 20 % of what it is alone. ROUNDS of BENCH_SECONDS (8) each; the median of the rounds counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from benchmarks import bench_match, bench_pipeline
from callcenter import db, models, settings
from recordings import audio, worker
from tests.recordings import sounds

BACKLOG = int(os.environ.get("BENCH_BACKLOG", "10000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
RATE = 100
MOST = 1.2
FLOOR_MS = 1.0  # differences below are the clock's and the network's


def fill(database: db.Database, store: Path) -> None:
    """Write a backlog of stored recordings that share one file of speech."""
    spoken = sounds.prompt("demo-congrats")
    (store / "speech.wav").write_bytes(audio.encode(spoken))
    began = db.utcnow() - timedelta(days=1)
    rows = [
        {
            "pbx": "main", "linkedid": f"backlog-{i}", "file": f"backlog-{i}.wav", "state": "stored", "reason": "",
            "heard": "customer", "language": "", "stored": {"mixed": "speech.wav"}, "sha256": {}, "peaks": {},
            "seconds": spoken.seconds, "started_at": began, "ended_at": began, "tries": 0,
        }
        for i in range(BACKLOG)
    ]  # fmt: skip
    with database.session() as session:
        session.execute(insert(models.Recording), rows)


def left(database: db.Database) -> int:
    """Count what is not transcribed yet."""
    with database.session() as session:
        waiting = models.Recording.state.in_(("stored", "transcribing"))
        return session.scalar(select(func.count()).where(waiting)) or 0


@contextlib.contextmanager
def working(told: settings.Settings, database: db.Database) -> Iterator[None]:
    """Run a worker, from the moment at which it has heard its first recording."""
    before = left(database)
    child = worker.spawn(told)
    try:
        for _ in range(1200):
            if left(database) < before:
                break
            time.sleep(0.1)
        yield
    finally:
        child.stop()


async def measure(url: str, cookies: list[str], name: str) -> bench_pipeline.Figures:
    """Play calls at the product and print what came of it."""
    figures = await bench_pipeline.run(name, "pipeline_product", url, cookies, RATE)
    print(figures.tell(), flush=True)
    return figures


def main() -> bool:
    """Print the figures; return whether the backlog is not felt."""
    bench_match.CACHE.mkdir(parents=True, exist_ok=True)
    alone: list[float] = []
    beside: list[float] = []
    lost = 0
    with (
        tempfile.TemporaryDirectory(dir=bench_match.CACHE) as folder,
        bench_pipeline.sqlite_copy(Path(folder)) as url,
    ):
        store = Path(folder) / "store"
        store.mkdir()
        told = settings.Settings(
            database=settings.DatabaseSettings(url=url),
            pbx=(settings.Pbx(recordings=folder),),
            recordings=settings.Recordings(folder=str(store)),
            speech=settings.Speech(models={"ko": str(sounds.model_folder())}, language="ko"),
            log=settings.Log(level="error"),
        )
        cookies = bench_pipeline.prepared(url)
        database = db.Database(url)
        fill(database, store)
        for number in range(ROUNDS):
            figures = asyncio.run(measure(url, cookies, f"alone {number + 1}"))
            alone.append(figures.played.percentile(0.99))
            lost += figures.played.lost
            with working(told, database):
                before = left(database)
                figures = asyncio.run(measure(url, cookies, f"with the backlog {number + 1}"))
                heard = before - left(database)
            beside.append(figures.played.percentile(0.99))
            lost += figures.played.lost
            print(f"    the worker heard {heard} recordings meanwhile, {left(database)} are left")
        database.close()
    ratio = max(statistics.median(beside), FLOOR_MS) / max(statistics.median(alone), FLOOR_MS)
    print(f"p99 alone {statistics.median(alone):.2f} ms, with the backlog {statistics.median(beside):.2f} ms, ratio {ratio:.2f}")  # fmt: skip
    if ratio > MOST or lost:
        print(f"    MISSED: ratio <= {MOST} and no pop lost ({lost})")
    return ratio <= MOST and not lost
