"""Our rows and figures against Asterisk's queue_log and CDR, call by call and added up.

Where the two do not count alike, the difference has a category, and each category says in words why (EXPLANATIONS); what
fits no category is `unexplained`.
"""

from __future__ import annotations

import collections
import csv
import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from callcenter import db, models
from callcenter.crm import visibility
from callcenter.reports import conditions, queries

PHONES = ("1001", "1002", "1003")
BOSS = visibility.Viewer(0, "admin")
# queue_log and CDR know whole seconds, and begin them at other events than AMI's.
CLOSE_SECONDS = 1.1
EXPLANATIONS = {
    "second_queue": "the caller was passed to a second queue: queue_log counts an entry in each, we count one offered call in the queue that answered",
    "rang_again": "the same phone rang several times in one call: queue_log has a line for each ring, we count the call once",
    "gave_up_ringing": "the caller gave up while the phone rang: we call that missed, queue_log has no line for it",
    "answer_before_agent": "CDR's billsec of a queue call begins with the exchange's own Answer(), so the wait is part of it",
}

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


def compare(queue_log_file: Path, cdr_file: Path, database: db.Database) -> Verdict:
    """Hold rows and figures of ours against queue_log and CDR."""
    verdict, records = Verdict(), cdr(cdr_file)
    linked = {record["uniqueid"]: record["linkedid"] for record in records}
    logged = queue_log(queue_log_file, linked)
    with database.session() as session:
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
    # A call at the edge of the time in which we were away is told in the exchange's whole seconds, so perhaps before `first`.
    first -= timedelta(seconds=2)
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
