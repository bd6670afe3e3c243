"""The live center: the parts between the switchboard and the screens, made and joined here.

Order of the subscribers is the order of the hot path: who is it (desk.meet), the row (calllog), the screens (desk.on_fact).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter import db, errors, settings
from callcenter.crm import (
    agents,
    calllog,
    consulting,
    desk,
    dialing,
    live,
    lookup,
    pasts,
    queueing,
    reconciler,
    resuming,
    seats,
    who,
    writer,
)
from callcenter.outbound import following
from callcenter.telephony import facts, link, switchboard

log = structlog.get_logger(__name__)

REFRESH_SECONDS = 10.0
EXTENSION_SECONDS = 30.0
SWITCH_SECONDS = 0.0005


class Center:
    """Everything that is live, by name; `start` reads what a restart needs and begins to listen."""

    def __init__(
        self, config: settings.Settings, database: db.Database, board: switchboard.Switchboard
    ) -> None:
        self.settings, self.database, self.board = config, database, board
        self.lookup = lookup.Lookup.of(database, config)  # first: where it fails, nothing was begun
        self.writer = writer.Writer(database)
        self.seats = seats.Seats(database)
        self.agents = agents.Agents(self.writer)
        self.log = calllog.CallLog(self.writer, records=board.record, user_of=self.seats.user_of)
        self.who = who.Who(self.lookup, self.log, board.record)
        self.queues = queueing.Queues(board, self.seats)
        self.desk = desk.Desk(
            seating=self.seats, agents_=self.agents, who_=self.who, wrapup_seconds=self._wrapup_seconds
        )  # fmt: skip
        self.dialer = dialing.Dialer(
            board=board, database=database, seating=self.seats, who_=self.who, to=self.writer,
            config=config,
        )  # fmt: skip
        self.dialer.failed.append(self._dial_failed)
        self.wrapped_up: list[
            Callable[[int, live.Key, int | None], None]
        ] = []  # user, call, outcome
        self.following = following.Following(
            config.campaigns, database, dialer=self.dialer, agents_=self.agents, desk_=self.desk
        )
        self.wrapped_up.append(self.following.wrapped_up)
        self.keeper = queueing.Keeper(board, self.seats, self.queues)
        self.agents.changed += [self._time_wrapup, self.keeper.look]
        board.subscribers += [
            self.desk.meet, self.log.on_fact, self._asked_by_keys, self.desk.on_fact, self.queues.on_fact,
            self.dialer.on_fact, self._on_fact,
        ]  # fmt: skip
        board.states.append(self._link_changed)
        self.reconciler = reconciler.Reconciler(config, database, board, flush=self.written)
        self._timers: dict[int, tuple[float, asyncio.TimerHandle]] = {}
        self._task: asyncio.Task[None] | None = None
        self._followed: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Read the seats, the queues and what the agents declared, then listen."""
        # Threads that read and write beside the loop give the interpreter back within a fraction of a pop's time.
        sys.setswitchinterval(SWITCH_SECONDS)
        # What exists now stays: a full collection that walks it all would delay a pop by a tenth of a second.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 100)
        await self._refresh()
        interrupted = await self.database.run(resuming.unfinished)
        declared = await self.database.run(agents.last_declared, time.time())
        resuming.resume(
            interrupted, at=time.time(), to=self.desk, doing=self.agents, log_=self.log,
            matcher=self.lookup, seconds_of=self._wrapup_seconds,
        )  # fmt: skip
        self.agents.restore(declared)
        self.log.remember(await self.database.run(pasts.open_calls))
        await self.reconciler.begin()
        self._task = asyncio.create_task(self._follow(), name="center")
        self.following.start()
        await self.board.start()
        self.reconciler.start()

    async def abandon(self) -> None:
        """Let go of what a start that failed has begun."""
        await asyncio.get_running_loop().run_in_executor(None, self.writer.close)
        self.lookup.close()

    async def stop(self) -> None:
        """Stop listening, and write what is not written."""
        await self.board.stop()
        await self.reconciler.stop()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for followed in list(self._followed):
            followed.cancel()
        await asyncio.gather(*self._followed, return_exceptions=True)
        await self.keeper.stop()
        await self.following.stop()
        for _, handle in self._timers.values():
            handle.cancel()
        self.log.write_stale()
        await asyncio.get_running_loop().run_in_executor(None, self.writer.close)
        self.lookup.close()

    async def refresh(self) -> None:
        """Read seats, queues and numbers again, because somebody changed them."""
        await self._refresh()

    async def written(self) -> None:
        """Wait until the rows say what is known now."""
        self.log.write_stale()
        await self.writer.flushed()

    def follow(self, what: Coroutine[Any, Any, None]) -> None:
        """Let something run beside the calls, until it ends or the center stops."""
        task = asyncio.create_task(what)
        self._followed.add(task)
        task.add_done_callback(self._followed.discard)

    def pbx_of(self, user_id: int) -> str:
        """Give the exchange at which a user sits; the first one where nothing says so."""
        seat = self.seats.seat(user_id)
        return (seat.pbx if seat else "") or next(iter(self.board.lines), "")

    def own_queues(self, user_id: int) -> set[str]:
        """Give the queues of a user's teams."""
        person, pbx = self.seats.person(user_id), self.pbx_of(user_id)
        teams = person.viewer.team_ids if person else frozenset[int]()
        return {
            profile.queue
            for profile in self.queues.profiles.values()
            if profile.pbx == pbx and profile.team_id in teams
        }

    def finish_wrapup(
        self,
        user_id: int,
        *,
        outcome_id: int | None = None,
        then: tuple[agents.State, str] | None = None,
        at: float | None = None,
    ) -> None:
        """End a wrap-up: by the agent, with an outcome, or by itself, without."""
        at = time.time() if at is None else at
        wrapup = self.agents.get(user_id).wrapup
        if wrapup is None:
            raise errors.NotFound("there is no wrap-up")
        pbx, linkedid = wrapup.call
        self.log.finish(pbx, linkedid, outcome_id=outcome_id, at=at, seconds=at - wrapup.since)
        self.agents.end_wrapup(user_id, at, then)
        for tell in self.wrapped_up:
            tell(user_id, wrapup.call, outcome_id)
        call = self.desk.calls.get(wrapup.call)
        if call is not None:
            self.desk.close_wrapup(user_id, call)

    def extend_wrapup(self, user_id: int, seconds: float = EXTENSION_SECONDS) -> float:
        """Give the agent more time; return the new end, epoch seconds."""
        agent = self.agents.get(user_id)
        if agent.wrapup is None:
            raise errors.NotFound("there is no wrap-up")
        agent.wrapup.until += seconds
        call = self.desk.calls.get(agent.wrapup.call)
        if call is not None and user_id in call.legs:
            leg = call.legs[user_id]
            leg.wrapup_until = agent.wrapup.until
            leg.wrapup_seconds = (leg.wrapup_seconds or 0.0) + seconds
            self.desk.refresh(call)
        self.agents.settle(agent, time.time())
        return agent.wrapup.until

    def _on_fact(self, pbx: str, fact: facts.Fact) -> None:
        if isinstance(fact, facts.PhoneChanged):
            user = self.seats.user_of(pbx, fact.interface, fact.extension)
            if user is not None:
                agent = self.agents.get(user)
                agent.reachable = fact.reachable
                self.agents.settle(agent, fact.at)
        elif isinstance(fact, facts.MemberChanged):
            user = self.seats.user_of(pbx, fact.interface, fact.extension)
            if user is not None:
                self.keeper.look(self.agents.get(user))

    def _asked_by_keys(self, pbx: str, fact: facts.Fact) -> None:
        """See that an agent asks a colleague by the phone's keys, before the colleague's card is made."""
        if not isinstance(fact, facts.CallRinging):
            return
        call = self.desk.calls.get((pbx, fact.linkedid))
        if call is None:
            return
        leg = call.asks(self.seats.user_of(pbx, fact.interface, fact.extension), fact.extension)
        if leg is not None:
            self.desk.consulting(call, leg)
            line = self.board.line(pbx)
            _, customer = consulting.sides(line, call, leg)
            if customer is not None:
                self.follow(consulting.follow(self.desk, line, call, leg, customer=customer.device.name))  # fmt: skip

    def _dial_failed(self, dial: live.Dial, call_id: str, code: str) -> None:
        self.desk.notice(dial.user_id, "warn", code, call_id)

    def _wrapup_seconds(self, pbx: str, queue: str | None) -> float:
        profile = self.queues.profile(pbx, queue)
        return profile.wrapup_seconds if profile else self.settings.calls.wrapup_seconds

    def _time_wrapup(self, agent: agents.Agent) -> None:
        """Let a wrap-up end by itself."""
        until = agent.wrapup.until if agent.wrapup else None
        known = self._timers.get(agent.user_id)
        if (known[0] if known else None) == until:
            return
        if known:
            known[1].cancel()
            del self._timers[agent.user_id]
        if until is not None:
            loop = asyncio.get_running_loop()
            handle = loop.call_later(
                max(0.0, until - time.time()), self._wrapup_over, agent.user_id
            )
            self._timers[agent.user_id] = until, handle

    def _wrapup_over(self, user_id: int) -> None:
        self._timers.pop(user_id, None)
        wrapup = self.agents.get(user_id).wrapup
        if wrapup is not None:
            self.finish_wrapup(user_id, at=wrapup.until)

    def _link_changed(self) -> None:
        for line in self.board.lines.values():
            if line.link.state.phase is link.Phase.UP:
                self.keeper.forget(self.agents.all())

    async def _refresh(self) -> None:
        self.queues.profiles = await self.database.run(queueing.read_profiles)
        await self.seats.refresh()
        self.lookup.refresh()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                await self._refresh()
            except (SQLAlchemyError, errors.CallCenterError) as error:
                log.warning("not refreshed", problem=str(error)[:200])
