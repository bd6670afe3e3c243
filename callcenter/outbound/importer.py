"""The process that imports: it works off every batch that waits, one after another, and ends.

It is a process of its own and of low priority, so that two hundred thousand rows delay no card. Whoever starts it tells it the
settings on its standard input; when that closes, it ends between two chunks, or in one, which then never was.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter import db, logs, settings
from callcenter.outbound import imports

log = structlog.get_logger(__name__)

NICENESS = 10
LOOK_SECONDS = 15.0
PREFIX = "CALLCENTER_"


class Importer:
    """Run the process whenever there is something to import: at a hint, and at a look every few seconds."""

    def __init__(self, config: settings.Settings, database: db.Database) -> None:
        self._config, self._database = config, database
        self._hinted = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="importer")

    def hint(self) -> None:
        """Say that something waits."""
        self._hinted.set()

    async def stop(self) -> None:
        """End the process and the looking."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            await process.wait()

    async def _run(self) -> None:
        while True:
            try:
                if await self._database.run(imports.waiting, db.utcnow()):
                    await self._work()
            except (SQLAlchemyError, OSError) as error:
                log.warning("imports wait", problem=str(error)[:200])
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._hinted.wait()
            self._hinted.clear()

    async def _work(self) -> None:
        # What the parent was told by its environment is in the settings; it must not be mixed in a second time.
        environment = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "callcenter.outbound.importer", stdin=asyncio.subprocess.PIPE, env=environment,
            start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(self._config.model_dump_json().encode() + b"\n")
        code = await process.wait()
        process.stdin.close()
        if code:
            log.error("the importer ended early, it goes on at the next look", status=code)


def work(config: settings.Settings) -> None:
    """Import whatever waits."""
    with db.Database(config.database.url) as database:
        while found := database.call(imports.waiting, db.utcnow()):
            for batch_id in found:
                state = imports.run(database, config, batch_id)
                log.info("imported", batch=batch_id, state=state)


def _leave_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    told = settings.Settings.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_leave_with_parent, name="parent", daemon=True).start()
    logs.configure(told)
    os.nice(NICENESS)
    work(told)
