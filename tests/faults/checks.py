"""What must be so after the faults: a list of what is not, empty when all is well. Each is asked until it is so, or time is up."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from callcenter import models
from tests.faults import exchange as exchanges
from tests.faults import product

SETTLED = {"done", "no_model", "failed", "missing", "empty"}
# What a fault may leave in the log is one line that says so; a traceback is a fault of ours.
_TRACEBACK = re.compile(r"^.*(?:Traceback \(most recent call last\)|Task exception was never|never awaited).*$", re.MULTILINE)  # fmt: skip


async def board(made: product.Installed, truth: exchanges.Exchange) -> list[str]:
    """Hold the live board against what the exchange itself would answer."""
    wrong = []
    running = {call.linkedid: call for call in truth.running()}
    figures = await made.metrics()
    told = figures.get('calls{pbx="main"}')
    if told != len(running):
        wrong.append(f"metrics tell {told} calls, {len(running)} run")
    if figures.get('line_state{pbx="main",state="up"}') != 1:
        wrong.append("metrics do not tell that the line is up")
    waiting = figures.get('queue_waiting{pbx="main",queue="support"}', 0)
    if waiting != len(truth.waiting):
        wrong.append(f"metrics tell {waiting} who wait, {len(truth.waiting)} do")
    for agent in exchanges.AGENTS[:4]:
        shown = {card["id"] for card in (await made.snapshot(f"a{agent}"))["calls"]}
        theirs = {id_ for id_, call in running.items() if call.agent == agent}
        if shown != theirs:
            wrong.append(f"the desk of {agent} shows {sorted(shown)}, not {sorted(theirs)}")
    queues = (await made.snapshot(product.BOSS))["queues"]
    if [q["waiting"] for q in queues if q["queue"] == "support"] != [len(truth.waiting)]:
        wrong.append(f"the supervisor's queues are {queues}, {len(truth.waiting)} wait")
    return wrong


def log(rows: list[models.Call], truth: exchanges.Exchange) -> list[str]:
    """Hold the call log against what really was."""
    wrong = []
    ids = Counter(row.linkedid for row in rows)
    wrong += [f"double: {id_}" for id_, count in ids.items() if count > 1]
    wrong += [f"invented: {id_}" for id_ in ids if id_ not in truth.calls]
    for id_, call in truth.calls.items():
        if id_ not in ids and call.ended is not None and not call.killed:
            wrong.append(f"lost: {id_}")
    for row in rows:
        call = truth.calls.get(row.linkedid)
        if call is None:
            continue
        if (row.ended is None) != (call.ended is None):
            wrong.append(f"stuck: {row.linkedid} ended {row.ended}, really {call.ended}")
        elif call.ended is not None and not call.killed and not call.stepped:
            wrong += _untrue(row, call)
    return wrong


def _untrue(row: models.Call, call: exchanges.Call) -> list[str]:
    wrong = []
    agents = {part.extension for part in row.participants if part.answered is not None}
    if agents != {call.agent} or row.result != "answered":
        wrong.append(f"untrue: {row.linkedid} was {row.result} by {sorted(agents)}, not answered by {call.agent}")  # fmt: skip
    assert call.ended is not None and call.answered is not None
    for name in ("started", "ended"):
        ours, theirs = getattr(row, name).timestamp(), getattr(call, name)
        if abs(ours - theirs) > 1.5:
            wrong.append(f"untrue: {row.linkedid} {name} {ours:.2f}, not {theirs:.2f}")
    number = row.to_raw if call.tape.is_click else row.from_raw
    if number != call.number:
        wrong.append(f"untrue: {row.linkedid} is of {number}, not {call.number}")
    return wrong


def names(rows: list[models.Call]) -> list[str]:
    """Find the names that were told in pieces."""
    told = {row.name_snapshot for row in rows if row.name_snapshot}
    return [f"name: {name!r}" for name in told if "\ufffd" in name]


def recordings(rows: dict[str, models.Recording], truth: exchanges.Exchange) -> list[str]:
    """Hold the recordings against the calls that were talked through to their end."""
    wrong = []
    for id_, call in truth.calls.items():
        row = rows.get(id_)
        if call.ended is None or call.killed:
            continue
        if row is None:
            wrong.append(f"recording lost: {id_}")
        elif not row.stored or row.call_id is None:
            wrong.append(f"recording not stored: {id_} is {row.state}, {row.reason}")
    for id_, row in rows.items():
        call = truth.calls.get(id_)
        over = call is None or call.ended is not None
        if over and row.state not in SETTLED:
            wrong.append(f"recording stuck: {id_} is {row.state}, {row.reason}")
        elif over and row.state in ("failed", "missing") and not row.reason:
            wrong.append(f"recording without a reason: {id_} is {row.state}")
    return wrong


def once(made: product.Installed, truth: exchanges.Exchange) -> list[str]:
    """See that no Originate came twice, and that none was of nobody's asking."""
    known = made.attempts()
    wrong = [f"originated twice: {id_}" for id_, count in truth.originated.items() if count > 1]
    wrong += [f"originated unasked: {id_}" for id_ in truth.originated if id_ not in known]
    return wrong


def day(told: dict[str, Any], truth: exchanges.Exchange, *, since: float) -> list[str]:
    """Hold the ledger's figures against the number of calls that the exchange wrote down."""
    # A clock that steps back puts calls before the moment of the installation: the ledger does not count those.
    over = [call for call in truth.calls.values() if call.ended is not None and not call.killed]
    written = sum(max(call.started, call.ended or 0.0) >= since for call in over)
    kept = told["captured"] + told["reconciled"]
    if told["problem"] or (told["total"], kept, told["missing"], told["running"]) != (written, written, 0, 0):  # fmt: skip
        few = {k: told[k] for k in ("total", "captured", "reconciled", "missing", "running", "problem")}  # fmt: skip
        return [f"ledger: {few}, not {written} of {written}"]
    return []


def tracebacks(said: str) -> list[str]:
    """Find the exceptions in what the product said."""
    found = []
    for match in _TRACEBACK.finditer(said):
        found.append("in the log: " + said[max(0, match.start() - 300) : match.end() + 1500])
    return found[:3]
