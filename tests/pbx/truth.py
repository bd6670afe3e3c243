"""Calls of every kind on a real Asterisk with `callcenter serve` beside it; then our figures against Asterisk's own records.

Whatever really happened on the line, queue_log and CDR must tell the same as our rows. Where they do not count alike, the
difference has a category, and each category says in words why (EXPLANATIONS); what fits no category is `unexplained`.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import csv
import dataclasses
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from callcenter import db, migrations, models
from callcenter.crm import accounts, visibility
from callcenter.demo import parties, ports, run
from callcenter.demo.exchange import Timing
from callcenter.demo.sipcall import Call
from callcenter.reports import conditions, queries
from tests.pbx import stage as stages

PHONES = ("1001", "1002", "1003")
TIMING = Timing(ring_seconds=4, member_seconds=2, queue_seconds=7)
SUPPORT, SALES, DIRECT = stages.SUPPORT, stages.SALES, stages.DIRECT
BOSS = visibility.Viewer(0, "admin")
# queue_log and CDR know whole seconds, and begin them at other events than AMI's.
CLOSE_SECONDS = 2.0
KINDS = (
    "answered", "agent hangs up", "abandoned", "second phone", "nobody", "direct", "out answered", "out busy", "passed on",
    "direct unanswered", "gives up at once", "answered",
)  # fmt: skip
EXPLANATIONS = {
    "second_queue": "the caller was passed to a second queue: queue_log counts an entry in each, we count one offered call in the queue that answered",
    "rang_again": "the same phone rang several times in one call: queue_log has a line for each ring, we count the call once",
    "gave_up_ringing": "the caller gave up while the phone rang: we call that missed, queue_log has no line for it",
    "answer_before_agent": "CDR's billsec of a queue call begins with the exchange's own Answer(), so the wait is part of it",
}


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

    async def settle(self) -> None:
        """Wait until the exchange is idle and every call of its CDR is a finished row of ours."""
        await self.stage.idle()

        def written() -> bool:
            expected = {row["linkedid"] for row in cdr(self.stage.exchange.cdr)}
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
            await stage._reachable(number)
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


# ---- Asterisk's own records

CDR_COLUMNS = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer",
    "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield", "peeraccount", "linkedid", "sequence",
)  # fmt: skip


def cdr(path: Path) -> list[dict[str, str]]:
    """Read Master.csv."""
    if not path.exists():
        return []
    rows = csv.reader(path.read_text(encoding="utf-8", errors="replace").splitlines())
    return [dict(zip(CDR_COLUMNS, row, strict=False)) for row in rows if len(row) >= 20]


@dataclasses.dataclass(slots=True)
class Logged:
    """What queue_log says of one call in one queue."""

    call: str
    queue: str
    connected: str = ""
    hold: float | None = None
    talk: float | None = None
    abandoned: bool = False
    waited: float | None = None
    unanswered: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)


def queue_log(path: Path, linked: dict[str, str]) -> dict[tuple[str, str], Logged]:
    """Read queue_log: by (Linkedid, queue); it names channels by Uniqueid, and `linked` says whose they are."""
    found: dict[tuple[str, str], Logged] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        _, channel, queue, agent, event, *data = line.split("|")
        call = linked.get(channel, channel)
        if event == "ENTERQUEUE":
            found[call, queue] = Logged(call, queue)
        entry = found.get((call, queue))
        if entry is None:
            continue
        if event == "CONNECT":
            entry.connected, entry.hold = _extension(agent), float(data[0])
        elif event in ("COMPLETECALLER", "COMPLETEAGENT"):
            entry.talk = float(data[1])
        elif event == "ABANDON":
            entry.abandoned, entry.waited = True, float(data[2])
        elif event == "RINGNOANSWER":
            entry.unanswered[_extension(agent)] += 1
    return found


def _extension(agent: str) -> str:
    return agent.rpartition("/")[2]


# ---- held against ours


@dataclasses.dataclass(slots=True)
class Verdict:
    """What was compared, how often it was equal, and why it was not."""

    calls: int = 0
    compared: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    explained: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    unexplained: list[str] = dataclasses.field(default_factory=list)

    def equal(
        self, what: str, ours: float | str | None, theirs: float | str | None, about: str
    ) -> None:
        """Hold two values against each other; lengths may differ by what whole seconds leave open."""
        self.compared[what] += 1
        both = isinstance(ours, int | float) and isinstance(theirs, float)
        fits = abs(ours - theirs) <= CLOSE_SECONDS if both else ours == theirs  # type: ignore[operator]
        if not fits:
            self.unexplained.append(f"{what} of {about}: ours {ours!r}, Asterisk's {theirs!r}")

    def tell(self) -> Iterator[str]:
        """Yield lines for people."""
        yield f"{self.calls} calls; compared: {', '.join(f'{k} {v}' for k, v in sorted(self.compared.items()))}"
        for category, n in sorted(self.explained.items()):
            yield f"  differs in {n}: {EXPLANATIONS[category]}"
        for line in self.unexplained:
            yield f"  UNEXPLAINED {line}"


def compare(played: Played) -> Verdict:
    """Hold rows and figures of ours against queue_log and CDR."""
    exchange, verdict = played.stage.exchange, Verdict()
    records = cdr(exchange.cdr)
    linked = {record["uniqueid"]: record["linkedid"] for record in records}
    logged = queue_log(exchange.queue_log, linked)
    with played.database.session() as session:
        rows = session.scalars(select(models.Call).where(models.Call.merged_into.is_(None))).all()
        ours = {row.linkedid: row for row in rows}
        verdict.calls = len(ours)
        verdict.equal("calls of the CDR", ",".join(sorted(ours)), ",".join(sorted({r["linkedid"] for r in records})), "the day")  # fmt: skip
        by_call: dict[str, list[Logged]] = {}
        for entry in logged.values():
            by_call.setdefault(entry.call, []).append(entry)
        for call, entries in by_call.items():
            if call not in ours:
                verdict.unexplained.append(f"queue_log has a call {call} that we have not")
                continue
            _queue_call(verdict, ours[call], entries)
        for row in rows:
            _record(verdict, row, [r for r in records if r["linkedid"] == row.linkedid])
        _figures(verdict, session, list(by_call.values()), ours)
    return verdict


def _counting(entries: list[Logged]) -> Logged:
    """Choose the entry that is ours: the queue that answered first, else the last one."""
    return next((e for e in entries if e.connected), entries[-1])


def _queue_call(verdict: Verdict, row: models.Call, entries: list[Logged]) -> None:
    entry = _counting(entries)
    if len(entries) > 1:
        verdict.explained["second_queue"] += len(entries) - 1
    about = f"{row.linkedid} in {entry.queue}"
    verdict.equal("queue", row.queue, entry.queue, about)
    verdict.equal("answered", str(row.answered is not None), str(bool(entry.connected)), about)
    verdict.equal("abandoned", str(row.result == "abandoned"), str(entry.abandoned and not entry.connected), about)  # fmt: skip
    waited = entry.hold if entry.connected else entry.waited
    if waited is not None:
        verdict.equal("wait", row.wait_seconds, waited, about)
    if entry.talk is not None and len(entries) == 1 and not row.transfers:
        verdict.equal("talk", row.talk_seconds, entry.talk, about)
    missed = {p.extension for p in row.participants if p.outcome == "missed"}
    there = {phone for e in entries for phone in e.unanswered}
    verdict.explained["rang_again"] += sum(n - 1 for e in entries for n in e.unanswered.values())
    # Of a phone that rang in vain first and answered later we say that it answered.
    for phone in sorted(missed | there):
        took = any(p.extension == phone and p.answered for p in row.participants)
        if phone in missed and phone in there:
            verdict.compared["missed"] += 1
        elif phone in there and took:
            verdict.explained["rang_again"] += 1
        elif phone in missed and row.result == "abandoned":
            verdict.explained["gave_up_ringing"] += 1
        else:
            verdict.unexplained.append(f"missed of {about}: phone {phone}, ours {sorted(missed)}, Asterisk's {sorted(there)}")  # fmt: skip


def _record(verdict: Verdict, row: models.Call, legs: list[dict[str, str]]) -> None:
    """Hold a call against its call detail records."""
    reached = [leg for leg in legs if leg["disposition"] == "ANSWERED" and leg["dstchannel"]]
    if row.queued is None and row.result != "voicemail":
        verdict.equal("answered by CDR", str(row.answered is not None), str(bool(reached)), row.linkedid)  # fmt: skip
        if row.answered is not None and reached:
            verdict.equal("talk by CDR", row.talk_seconds, float(reached[0]["billsec"]), row.linkedid)  # fmt: skip
    elif row.queued is not None and row.answered is not None and reached:
        verdict.explained["answer_before_agent"] += 1
        begun = min(_time(leg["answer"]) for leg in legs if leg["answer"])
        lasted = (max(_time(leg["end"]) for leg in legs) - begun).total_seconds()
        both = (row.wait_seconds or 0.0) + (row.talk_seconds or 0.0) + row.hold_seconds
        if not row.transfers:
            verdict.equal("wait and talk by CDR", both, lasted, row.linkedid)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _figures(verdict: Verdict, session: Any, calls: list[list[Logged]], ours: dict[str, models.Call]) -> None:  # fmt: skip
    """Hold the figures by queue and agent against what queue_log's lines add up to."""
    first, last = session.execute(select(func.min(models.Call.started), func.max(models.Call.started))).one()  # fmt: skip
    after = last.replace(year=last.year + 1)
    report = queries.Report(BOSS, conditions.Wanted(first, after), conditions.Rules(), db.utcnow())
    table = report.table(session, "queue")
    counted = [_counting(entries) for entries in calls]
    for queue in sorted({entry.queue for entry in counted}):
        mine = [entry for entry in counted if entry.queue == queue]
        tally = table.groups.get(queue, dict.fromkeys(("offered", "answered", "abandoned"), 0.0))
        answered = [e for e in mine if e.connected]
        verdict.equal("offered by queue", int(tally["offered"]), len(mine), queue)
        verdict.equal("answered by queue", int(tally["answered"]), len(answered), queue)
        given_up = sum(e.abandoned and not e.connected for e in mine)
        verdict.equal("abandoned by queue", int(tally["abandoned"]), given_up, queue)
        if answered and tally["answered"]:
            theirs = sum(e.hold or 0.0 for e in answered) / len(answered)
            verdict.equal("ASA by queue", tally["waited"] / tally["answered"], theirs, queue)
    wanted = conditions.Wanted(first, after, of_agents=True)
    report = queries.Report(BOSS, wanted, conditions.Rules(), db.utcnow())
    agents = report.table(session, "agent").groups
    logins = {u.login: u.id for u in session.scalars(select(models.User))}
    for phone in PHONES:
        connected = {e.call for entries in calls for e in entries if e.connected == phone}
        alone = {c for c, row in ours.items() if row.queued is None and row.answered and any(p.extension == phone and p.answered for p in row.participants)}  # fmt: skip
        tally = agents.get(logins[f"a{phone}"], {"taken": 0.0})
        verdict.equal("taken by agent", int(tally["taken"]), len(connected | alone), phone)
