"""Notices of what is due: each user's browsers show those that stand, and hear when that changes. Which there are say rows.

A look every few seconds asks for everybody who has a browser at once; who comes is looked after at once. Nothing is pushed
that a browser shows already, so a look costs two questions of the database and no frame.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter import db, errors
from callcenter.crm import phones, reminding
from screenpop import cards, server

log = structlog.get_logger(__name__)

LOOK_SECONDS = 10.0
Notices = list[dict[str, Any]]


class Reminders:
    """Keep every user's notices true."""

    def __init__(self, database: db.Database, region: str) -> None:
        self.server: server.Server | None = None
        self._database, self._region = database, region
        self._shown: dict[int, Notices] = {}
        self._looks: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self, to: server.Server) -> None:
        """Begin to look."""
        self.server = to
        to.presence.append(self._presence)
        self._task = asyncio.get_running_loop().create_task(self._look_on(), name="reminders")

    async def stop(self) -> None:
        """Leave off."""
        tasks = [*self._looks, *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def of(self, user_id: int) -> Notices:
        """Give the notices that stand for a user, as they were last seen."""
        return self._shown.get(user_id, [])

    async def look(self, users: Collection[int]) -> None:
        """Look for some users, and push where something changed."""
        if not users or self.server is None:
            return
        try:
            found = await self._database.run(reminding.look, users, db.utcnow())
        except (SQLAlchemyError, errors.CallCenterError) as error:
            log.warning("nobody reminded", problem=str(error)[:200])
            return
        for user_id in users:
            now = [self._notice(due) for due in found.get(user_id, ())]
            if now != self.of(user_id) and self.server.present(user_id):
                self._shown[user_id] = now
                self.server.push(user_id, "task.due", {"due": now})

    def _notice(self, due: reminding.Due) -> dict[str, Any]:
        item = due.item
        return {
            "id": due.id,
            "kind": item.kind,
            "source": item.source,
            "title": cards.clean(item.title),
            "name": cards.clean(item.name, cards.LONGEST_NAME),
            "number": phones.display(item.number, self._region) if item.number else "",
            "dial": item.number if item.source == "task" else "",
            "party_id": item.party_id,
            "path": item.path,
            "at": due.due_at.timestamp(),
        }

    def _presence(self, user_id: int, browsers: int) -> None:
        if browsers == 0:
            self._shown.pop(user_id, None)
        elif browsers == 1 and user_id not in self._shown:
            task = asyncio.get_running_loop().create_task(self.look([user_id]))
            self._looks.add(task)
            task.add_done_callback(self._looks.discard)

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self.server is not None:
                await self.look(self.server.users())
