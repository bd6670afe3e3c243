"""Calls of every kind on a real Asterisk with `callcenter serve` beside it; then our figures against Asterisk's own records.

Whatever really happened on the line, queue_log and CDR must tell the same as our rows. Where they do not count alike, the
difference has a category that says why (comparison.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from callcenter import db, migrations, models
from callcenter.crm import accounts
from callcenter.demo import parties, ports, run
from callcenter.demo.exchange import Timing
from callcenter.demo.sipcall import Call
from tests.pbx import comparison
from tests.pbx import stage as stages

PHONES = comparison.PHONES
TIMING = Timing(ring_seconds=4, member_seconds=2, queue_seconds=7)
SUPPORT, SALES, DIRECT = stages.SUPPORT, stages.SALES, stages.DIRECT
KINDS = (
    "answered", "agent hangs up", "abandoned", "second phone", "nobody", "direct", "out answered", "out busy", "passed on",
    "direct unanswered", "gives up at once", "answered",
)  # fmt: skip


class Phone(parties.Phone):
    """A desk phone that does with each caller what the plan says, ring after ring."""

    def __init__(self, *args: Any, plan: dict[str, list[parties.Behaviour]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.plan = plan

    def behaviour_for(self, call: Call) -> parties.Behaviour:
        """Look the caller up; the last behaviour stays."""
        number = re.search(r"sip:(\+?\d+)@", call.caller)
        told = self.plan.get(number[1] if number else "", [])
        return told.pop(0) if len(told) > 1 else told[0] if told else parties.RINGS_ON


@dataclasses.dataclass(slots=True)
class Played:
    """An exchange, our database beside it, and what the phones do with whom."""

    stage: stages.Stage
    database: db.Database
    plan: dict[str, list[parties.Behaviour]]

    def compare(self) -> comparison.Verdict:
        """Hold our rows and figures against Asterisk's records."""
        exchange = self.stage.exchange
        return comparison.compare(exchange.queue_log, exchange.cdr, self.database)

    async def settle(self) -> None:
        """Wait until the exchange is idle and every call of its CDR is a finished row of ours."""
        await self.stage.idle()

        def written() -> bool:
            expected = {row["linkedid"] for row in comparison.cdr(self.stage.exchange.cdr)}
            with self.database.session() as session:
                call = models.Call
                over = select(call.linkedid).where(call.ended.is_not(None))
                return bool(expected) and expected <= set(session.scalars(over))

        await self.stage.until(written, seconds=60)


@contextlib.asynccontextmanager
async def playing(folder: Path) -> AsyncIterator[Played]:
    """Set everything up: Asterisk, phones that behave, and `callcenter serve` with agents who are ready."""
    folder.mkdir(parents=True, exist_ok=True)
    plan: dict[str, list[parties.Behaviour]] = {}
    async with contextlib.AsyncExitStack() as stack:
        stage = await stack.enter_async_context(
            stages.set_up(folder / "pbx", phones=(), timing=TIMING)
        )
        for number in PHONES:
            phone = Phone(stage.exchange, number, plan=plan)
            stage.phones[number] = phone
            await phone.start()
            await stage.reachable(number)
        url = f"sqlite:///{folder}/callcenter.db"
        database = db.Database(url)
        stack.callback(database.close)
        _people(database)
        port, log = ports.tcp(), folder / "serve.log"
        settings = run.write_settings(folder, stage.exchange, port)  # type: ignore[arg-type]
        with settings.open("a", encoding="utf-8") as file:
            file.write("\n[calls]\nwrapup_seconds = 0\n")
        process = await stack.enter_async_context(run.product(settings, log))
        await run.until_it_answers(port, process, log)
        await _joined(stage)
        yield Played(stage, database, plan)


def _people(database: db.Database) -> None:
    migrations.upgrade(database)
    with database.session() as session:
        for number in PHONES:
            user = accounts.create_user(
                session, f"a{number}", f"Agent {number}", password="a long enough password", now=db.utcnow()
            )  # fmt: skip
            accounts.assign_extension(session, user.id, number, now=db.utcnow())
        session.flush()
        run.begin_shift(session, PHONES)


async def _joined(stage: stages.Stage) -> None:
    """Wait until the product has told the exchange that the agents are there: the members are not paused."""

    async def ready() -> bool:
        said = await stage.manager.listing("QueueStatus", complete="QueueStatusComplete")
        members = [e for e in said if e.get("Event") == "QueueMember" and e["Queue"] == "support"]
        return bool(members) and all(e["Paused"] == "0" for e in members)

    async with asyncio.timeout(60):
        while not await ready():
            await asyncio.sleep(0.1)


async def play(played: Played, count: int, *, at_once: int = 2) -> None:
    """Play calls of all kinds, some at a time."""
    todo = iter(range(count))

    async def one_after_another() -> None:
        for n in todo:
            await asyncio.wait_for(_one(played, n, KINDS[n % len(KINDS)]), 60)

    await asyncio.gather(*(one_after_another() for _ in range(at_once)))


async def _one(played: Played, n: int, kind: str) -> None:
    stage, number = played.stage, f"05{20000000 + n}"
    answers = parties.Behaviour(answer_after=0.4 + n % 3 * 0.3)
    plan = {
        "agent hangs up": [parties.Behaviour(answer_after=0.5, hang_up_after=1.5)],
        "second phone": [parties.RINGS_ON, answers],
        "abandoned": [parties.RINGS_ON], "nobody": [parties.RINGS_ON], "direct unanswered": [parties.RINGS_ON],
    }  # fmt: skip
    played.plan[number] = plan.get(kind, [answers])
    if kind.startswith("out"):
        behaviour = parties.BUSY if kind == "out busy" else parties.Behaviour(answer_after=0.6)
        stage.trunk.plan[number] = behaviour
        call = await stage.phones[PHONES[n % 2]].dial(number)
        await _stays(call, 2.5)
        return
    did = DIRECT if kind.startswith("direct") else SUPPORT
    call = await stage.trunk.call(did, number=number, name=f"Caller {n}")
    stays = {
        "abandoned": 1.2,
        "gives up at once": 0.3,
        "nobody": 30.0,
        "second phone": 6.5,
        "agent hangs up": 30.0,
    }
    if kind == "passed on":
        await _pass_on(stage, call, number)
    await _stays(call, stays.get(kind, 3.5))


async def _stays(call: Call, seconds: float) -> None:
    """Let somebody be on the line for a time, or until the line is gone."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(call.ended.wait(), seconds)
    if not call.ended.is_set():
        await call.hang_up()


async def _pass_on(stage: stages.Stage, call: Call, number: str) -> None:
    """Pass the caller to another queue while they talk, as an agent does from the screen."""
    events = stage.manager.events

    def agent() -> str:
        return next((e["DestChannel"] for e in events if e.get("Event") == "AgentConnect" and e.get("CallerIDNum") == number), "")  # fmt: skip

    with contextlib.suppress(TimeoutError):
        await stage.until(lambda: bool(agent()) or call.ended.is_set(), seconds=20)
    if agent() and not call.ended.is_set():
        await stage.talk(0.8)
        await stage.manager.send("BlindTransfer", Channel=agent(), Context="from-agents", Exten="sales")  # fmt: skip
        await stage.talk(2.0)
