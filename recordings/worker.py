"""The worker: a process of low priority that fetches and transcribes, one recording at a time.

`callcenter worker` runs it by itself; `spawn` starts it as a child that ends with its parent, whatever ends the parent: the
child reads its settings from its standard input and leaves when that closes. A child that dies is started again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import redis
import structlog
from sqlalchemy.exc import DBAPIError

from callcenter import logs
from callcenter.db import Database, utcnow
from callcenter.settings import Settings
from recordings import jobs, retention, steps

log = structlog.get_logger(__name__)

NICENESS = 10
FIRST, LATER = 10, 0  # priorities: a file to fetch is never behind hours of speech
STOP_SECONDS = 5.0
LONGEST_RESTART_SECONDS = 30.0
PREFIX = "CALLCENTER_"
FORESEEN = (DBAPIError, OSError, sqlite3.Error, redis.RedisError)  # of the rows, and of the queue


class Worker:
    """Take hints and sweep: `run` until `stop`, or call `advance` and `sweep` oneself."""

    def __init__(
        self, settings: Settings, database: Database, *, patience: steps.Patience | None = None
    ) -> None:
        self.settings, self.database = settings, database
        self.steps = steps.Steps(settings, database, again=self._hint, patience=patience)
        self._queue = jobs.connect(settings)
        self._task = jobs.declare(self._queue, self.advance)
        self._ending = threading.Event()
        self._working: steps.Keeper | None = None

    def advance(self, recording_id: int) -> None:
        """Do the next step of a recording; whatever happens, the next recording has its turn."""
        try:
            if keeper := self.steps.claim(recording_id):
                with keeper, self._noting(keeper):
                    self._step(keeper)
        except jobs.LeaseLost:
            log.info("another worker has it", recording=recording_id)
        except FORESEEN as error:  # the database went away meanwhile; the lease runs out, and the sweep comes back to it
            log.warning("recording put off", recording=recording_id, problem=str(error)[:200])
        except Exception:
            log.exception("recording put off", recording=recording_id)

    def _step(self, keeper: steps.Keeper) -> None:
        try:
            self.steps.step(keeper)
        except (
            jobs.LeaseLost,
            DBAPIError,
        ):  # a database that went away is no fault of the recording
            raise
        except Exception as problem:
            self.steps.stumbled(keeper, problem)

    def sweep(self) -> int:
        """Hint again at all that is due; return how much that was."""
        ready = self.steps.engines.available()
        self.database.call(jobs.wake_waiting, ready)
        self.database.call(jobs.link_calls, utcnow())
        if self._queue.pending_count() >= jobs.BATCH:
            return 0
        found = self.database.call(jobs.due, utcnow())
        for recording_id, state in found:
            self._task(recording_id, priority=FIRST if state in jobs.WAITING else LATER)
        return len(found)

    def run(self) -> None:
        """Work until a signal says to stop; SIGTERM gives the recording at hand free and goes."""
        sweeper = threading.Thread(target=self._sweep_on, name="sweep", daemon=True)
        sweeper.start()
        consumer = self._queue.create_consumer(workers=1, periodic=False, max_delay=1.0)
        try:
            consumer.run()
        finally:
            self._ending.set()
            self.release()

    def release(self) -> None:
        """Give the recording at hand free, so that the next worker need not wait for its lease."""
        if keeper := self._working:
            with contextlib.suppress(jobs.LeaseLost):
                self.database.call(jobs.release, keeper.end())

    def close(self) -> None:
        """Close the queue."""
        self._ending.set()
        self.steps.close()
        jobs.close(self._queue)

    def _hint(self, recording_id: int, seconds: float) -> None:
        try:
            if seconds > 0:
                self._task.schedule((recording_id,), delay=seconds, priority=FIRST)
            else:
                self._task(recording_id, priority=LATER)
        except FORESEEN as error:  # the queue's own disk may be the full one
            problem = str(error)[:200]
            log.info("no hint given, the sweep will find it", recording=recording_id, error=problem)

    @contextlib.contextmanager
    def _noting(self, keeper: steps.Keeper) -> Iterator[None]:
        self._working = keeper
        try:
            yield
        finally:
            self._working = None

    def _sweep_on(self) -> None:
        while not self._ending.is_set():
            try:
                self.sweep()
                retention.sweep(self.database, self.settings, utcnow(), ending=self._ending.is_set)
            except FORESEEN as error:  # locked, away or full: nothing that a traceback would tell
                log.warning("the sweep failed, the next one may do", problem=str(error)[:200])
            except Exception:
                log.exception("the sweep failed, the next one may do")
            self._ending.wait(self.settings.recordings.sweep_seconds)


def run(settings: Settings, *, patience: steps.Patience | None = None) -> None:
    """Be a worker until a signal comes."""
    # Until the queue's consumer takes the signals, there is nothing at hand that would have to be given free.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    logs.configure(settings, FORESEEN)
    if settings.speech.stand_back:
        _give_way()
    database = Database(settings.database.url)
    worker = _opened(lambda: Worker(settings, database, patience=patience))
    log.info("worker ready", pid=os.getpid())
    worker.run()
    # A thread may still be deep inside the speech engine, where taking the interpreter apart would crash it.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _opened(make: Callable[[], Worker]) -> Worker:
    """Open the queue, and wait for it where its disk is full, its folder away or Redis down."""
    wait = 0.5
    while True:
        try:
            return make()
        except FORESEEN as error:
            wait = min(wait * 2, LONGEST_RESTART_SECONDS)
            log.warning("the queue of recordings cannot be opened yet", problem=str(error)[:200], again=wait)  # fmt: skip
            time.sleep(wait)


def _give_way() -> None:
    """Stand behind everybody who takes calls."""
    os.nice(NICENESS)
    # A session of its own is a scheduling group of its own on Linux, whose weight a process's niceness does not change:
    # without this a nice worker would take as much as all the rest of us together.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS))


class Child:
    """A worker process of ours: `pid`, `alive`, `stop()`. It is started again when it dies."""

    def __init__(self, settings: Settings) -> None:
        self._settings = (
            settings.model_dump_json().encode()
        )  # with secrets masked; a worker needs none but
        self._url = settings.database.url  # the database's address, which is in there
        self._ending = threading.Event()
        self._starting = threading.Lock()
        self._process = self._start()
        self._watcher = threading.Thread(target=self._watch, name="workers", daemon=True)
        self._watcher.start()

    @property
    def pid(self) -> int:
        """The process that works now."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Say whether it runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it: politely, then not."""
        with self._starting:
            self._ending.set()
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._watcher.join()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()

    def _start(self) -> subprocess.Popen[bytes]:
        # What the parent was told by its environment is in the settings; it must not be mixed in a second time.
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(PREFIX)
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "recordings.worker"],
            stdin=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        if process.stdin:
            process.stdin.write(self._settings + b"\n")
            process.stdin.flush()
        return process

    def _watch(self) -> None:
        wait = 1.0
        while True:
            code = self._process.wait()
            if self._ending.wait(wait):
                return
            log.error("a worker died, starting another", status=code)
            wait = min(wait * 2, LONGEST_RESTART_SECONDS)
            with self._starting:
                if self._ending.is_set():
                    return
                self._hang_up()
                self._process = self._start()


def spawn(settings: Settings) -> Child:
    """Start a worker as a child process."""
    return Child(settings)


def _leave_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    told = Settings.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_leave_with_parent, name="parent", daemon=True).start()
    run(told)
