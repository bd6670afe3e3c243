"""The live side of campaigns: settles leads as their calls end, tells owners of callbacks that are due, and sweeps.

Whether a browser is there changes nothing: the facts and the wrap-up's end settle, and what a dead process left behind is
found by the sweep. Each settling is one transaction that only the first one makes (settling.py).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter import db, errors, settings
from callcenter.crm import agents, desk, dialing, live
from callcenter.outbound import settling

log = structlog.get_logger(__name__)


class Following:
    """Follow the calls of campaigns."""

    def __init__(
        self,
        config: settings.Campaigns,
        database: db.Database,
        *,
        dialer: dialing.Dialer,
        agents_: agents.Agents,
        desk_: desk.Desk,
    ) -> None:
        self._config, self._database = config, database
        self._dialer, self._agents, self._desk = dialer, agents_, desk_
        self._tasks: set[asyncio.Task[Any]] = set()
        self._wrapping: set[live.Key] = set()  # leads' calls that ended and are being written up
        self._sweeper: asyncio.Task[None] | None = None
        dialer.ended.append(self._ended)

    def start(self) -> None:
        """Begin to sweep."""
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep_on(), name="campaigns")

    async def stop(self) -> None:
        """Settle what has ended, and end."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        if self._tasks:
            await asyncio.wait(self._tasks)

    def wrapped_up(self, user_id: int, call: live.Key, outcome_id: int | None) -> None:
        """Settle a lead's call whose wrap-up is over, however it ended, and let its desk look again."""
        if call in self._wrapping or self._dialer.waits_for(call):
            self._wrapping.discard(call)
            self._run(self._settle(user_id, call[1], "answered", outcome_id))

    def _ended(self, dial: live.Dial, call: live.Key, result: str) -> None:
        """Settle a call that ended, unless its agent is still writing what came of it."""
        if dial.lead_id is None:
            return
        wrapup = self._agents.get(dial.user_id).wrapup
        if wrapup is not None and wrapup.call == call:
            self._wrapping.add(call)
        else:
            self._run(self._settle(dial.user_id, call[1], result, None))

    def _run(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _settle(
        self, user_id: int, attempt_id: str, result: str, outcome_id: int | None
    ) -> None:
        try:
            await self._database.run(
                settling.settle, attempt_id, result=result, outcome_id=outcome_id, now=db.utcnow()
            )
        except (SQLAlchemyError, errors.CallCenterError) as error:
            log.warning("not settled, the sweep will", attempt=attempt_id, problem=str(error)[:200])
            return
        self._desk.lead_changed(user_id)

    async def sweep(self) -> None:
        """Settle what nobody settled, and show a desk whose promise to call back is due what is next."""
        now = db.utcnow()
        for pbx, id_, result, outcome_id, user_id in await self._database.run(
            settling.unsettled, now
        ):
            wrapup = self._agents.get(user_id).wrapup
            if self._dialer.waits_for((pbx, id_)) or (wrapup and wrapup.call == (pbx, id_)):
                continue
            await self._settle(user_id, id_, result, outcome_id)
        present = [
            agent.user_id for agent in self._agents.all() if agent.state is not agents.State.OFFLINE
        ]
        for user_id, _lead in await self._database.run(settling.due_callbacks, present, now):
            self._desk.lead_changed(user_id)

    async def _sweep_on(self) -> None:
        while True:
            try:
                await self.sweep()
            except (SQLAlchemyError, errors.CallCenterError) as error:
                log.warning("campaigns not swept", problem=str(error)[:200])
            await asyncio.sleep(self._config.sweep_seconds)
