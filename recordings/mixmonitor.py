"""Recording started by us, on an exchange whose dialplan we may not change: AMI's MixMonitor on the customer's channel.

Rules
1. It begins when two people hear each other and one of them is outside: between colleagues nothing is recorded.
2. On the customer's channel, which outlives transfers: r() is what comes from him, t() what the agents say to him.
3. At most once a call. The exchange itself is asked first: a channel that was ever recorded has MIXMONITOR_FILENAME, whoever
   began it, so neither a lost link nor our own restart begins a second one.
4. Only a call that the rules ask for (recordings/rules.py), read anew for each call. When it goes on to another queue it is asked
   about again: one that was not recorded may be now, and one that is ends, for good. While they cannot be read nothing begins.
5. A refusal is a row that says so. Its file is awaited like any other: AMI tells of it by the same events.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Coroutine
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter import errors
from callcenter.db import Database
from callcenter.settings import Pbx, Settings
from callcenter.telephony import control, facts, graph, switchboard
from recordings import expect, rulebook

log = structlog.get_logger(__name__)

Key = tuple[str, str]  # (pbx, Linkedid)
# Seconds before each attempt; only a link that is away is worth another.
ATTEMPTS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
LONGEST_ID = 80
OURS = (
    facts.CallAnswered,
    facts.ParticipantJoined,
    facts.FarEndAnswered,
    facts.CallTransferred,
)


class Recorder:
    """Follow the facts of exchanges with `record = "ami"` and begin recordings on them."""

    def __init__(
        self, board: switchboard.Switchboard, settings: Settings, expecter: expect.Expecter, database: Database
    ) -> None:  # fmt: skip
        self._board, self._expecter, self._database = board, expecter, database
        self._ours = {pbx.name: pbx for pbx in settings.pbx if pbx.record == "ami"}
        self._begun: set[Key] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def on_fact(self, pbx: str, fact: facts.Fact) -> None:
        """Take a fact; what is asked of the exchange is asked beside the stream of facts."""
        if pbx not in self._ours:
            return
        match fact:
            case facts.CallMerged() if (pbx, fact.absorbed) in self._begun:
                self._begun.add((pbx, fact.linkedid))
            case facts.RecordingStarted():
                self._begun.add((pbx, fact.linkedid))
            case facts.CallEnded() | facts.CallLost():
                self._begun.discard((pbx, fact.linkedid))
            case facts.CallQueued() if (pbx, fact.linkedid) in self._begun:
                self._do(self._end(pbx, fact.linkedid, fact.queue), fact.linkedid)
            case _ if isinstance(fact, OURS):
                self._consider(pbx, fact.linkedid)

    async def close(self) -> None:
        """Stop asking."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _consider(self, pbx: str, linkedid: str) -> None:
        call = self._board.record(pbx, linkedid)
        if call is None or call.answered is None or (pbx, call.id) in self._begun:
            return
        if self._customer(pbx, call.id) is None:
            return
        self._begun.add((pbx, call.id))
        self._do(self._begin(self._ours[pbx], call.id), call.id)

    def _do(self, work: Coroutine[Any, Any, None], linkedid: str) -> None:
        task = asyncio.create_task(work, name=f"record {linkedid}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _customer(self, pbx: str, linkedid: str) -> graph.Channel | None:
        """Find the channel of the outside line, the caller's before one that was dialled."""
        living = self._board.line(pbx).tracker.graph.channels.values()
        lines = [c for c in living if linkedid in c.call.ids and c.device.is_trunk and c.device.up]
        return next((c for c in lines if c.device is c.call.first), lines[0] if lines else None)

    async def _begin(self, pbx: Pbx, linkedid: str) -> None:
        link = self._board.line(pbx.name).link
        for wait in ATTEMPTS:
            await asyncio.sleep(wait)
            channel = self._customer(pbx.name, linkedid)
            if channel is None:
                return  # it is over
            name, file = channel.device.name, path(pbx, linkedid, channel.uniqueid)
            try:
                if not await self._wanted(pbx.name, linkedid):
                    self._begun.discard((pbx.name, linkedid))  # another queue may want it
                    return
                if known := await control.variable(link, name, "MIXMONITOR_FILENAME"):
                    log.info("recorded already", linkedid=linkedid, file=known)
                else:
                    await control.record(link, name, f"{file}.wav", options=options(file))
                return
            except (errors.LinkDown, errors.ActionTimeout, SQLAlchemyError) as problem:
                log.warning("recording not begun yet", linkedid=linkedid, reason=str(problem))
            except errors.ActionRefused as refusal:
                self._refused(pbx, linkedid, f"{file}.wav", refusal)
                return
        log.error("recording not begun: exchange or rules did not answer", linkedid=linkedid)
        self._begun.discard((pbx.name, linkedid))  # the call's next turn may find it back

    async def _end(self, pbx: str, linkedid: str, queue: str) -> None:
        """End what is recorded where the queue that a call goes on to is not to be."""
        channel = self._customer(pbx, linkedid)
        try:
            if channel is None or await self._wanted(pbx, linkedid, queue):
                return
            await control.stop_recording(self._board.line(pbx).link, channel.device.name)
        except (errors.TelephonyError, SQLAlchemyError) as problem:
            log.error("recording not ended", linkedid=linkedid, queue=queue, reason=str(problem))

    async def _wanted(self, pbx: str, linkedid: str, queue: str = "") -> bool:
        call = self._board.record(pbx, linkedid)
        if call is None:
            return False
        queue = queue or call.queue or ""
        verdict = await self._database.run(
            rulebook.decide, pbx=pbx, linkedid=call.id, direction=call.direction.value, queue=queue,
            campaign=call.variables.get("CC_CAMPAIGN", ""), party=call.variables.get("CC_PARTY", ""),
        )  # fmt: skip
        if not verdict.record:
            log.info("not recorded, by the rules", linkedid=linkedid, by=verdict.why)
        return verdict.record

    def _refused(self, pbx: Pbx, linkedid: str, file: str, refusal: errors.ActionRefused) -> None:
        if self._customer(pbx.name, linkedid) is None:
            return
        log.error("recording refused by the exchange", linkedid=linkedid, reason=str(refusal))
        self._expecter.refused(pbx.name, expect.Refused(linkedid, time.time(), file, str(refusal)))


def path(pbx: Pbx, linkedid: str, uniqueid: str) -> str:
    """Name a recording as the exchange sees it, without its ending; nothing in it comes from a caller."""
    folder = (pbx.recordings_remote or pbx.recordings).rstrip("/")
    ids = (UNSAFE.sub("_", each)[:LONGEST_ID] for each in (linkedid, uniqueid))
    return f"{folder}/{'_'.join(ids)}"


def options(file: str) -> str:
    """Write MixMonitor's options: only while bridged, silence where a side has none, the two directions apart."""
    return f"bSr({file}-customer.wav)t({file}-agent.wav)"
