"""The call log: each call's row and its participants' rows follow the facts, idempotently by (pbx, Linkedid).

The row always says what the tracker's record says: a fact of consequence makes it stale, and a moment later the whole row
is written again; rows of one moment melt into one write (writer.py). The moment keeps the rows out of the pop's way, and
several calls' rows made in one go cost less than each alone. What telephony does not know is written apart and never
overwritten by it: who the party is, the agent's outcome, wrap-up. So a fact that comes twice, or late, changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Executable, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from callcenter import models
from callcenter.crm import pasts, writer
from callcenter.telephony import completing, facts

Records = Callable[[str, str], facts.CallRecord | None]
UserOf = Callable[[str, str, str], int | None]
Key = tuple[str, str]

GATHER_SECONDS = 0.05

# What is written when a row is first made, and later only by `link`.
_MATCH_COLUMNS = ("party_id", "match_state", "match_reasons", "name_snapshot", "far_e164")
_SILENT = (facts.VariableSet, facts.RecordingStarted, facts.RecordingStopped)

_calls: Any = models.Call.__table__
_participants: Any = models.CallParticipant.__table__


def when(at: float | None) -> datetime | None:
    """Give epoch seconds as an aware time."""
    return None if at is None else datetime.fromtimestamp(at, UTC)


def text(value: str | None, length: int) -> str:
    """Cut a text from the wire to its column, without the characters that a database refuses."""
    return "" if not value else value.replace("\x00", "")[:length]


def _upsert(dialect: str, table: Any) -> Any:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def _call_upsert(dialect: str) -> Executable:
    columns = [c.name for c in _calls.columns if c.name in _ROW_COLUMNS]
    statement = _upsert(dialect, _calls).values({name: bindparam(name) for name in columns})
    later = [name for name in columns if name not in ("pbx", "linkedid", *_MATCH_COLUMNS)]
    changed = {name: statement.excluded[name] for name in later}
    result: Executable = statement.on_conflict_do_update(
        index_elements=["pbx", "linkedid"], set_=changed
    )
    return result


def _participant_upsert(dialect: str) -> Executable:
    call = (
        select(_calls.c.id)
        .where(_calls.c.pbx == bindparam("of_pbx"), _calls.c.linkedid == bindparam("of_linkedid"))
        .scalar_subquery()
    )
    names = ("interface", "extension", "user_id", "rang", "answered", "left", "outcome")
    statement = _upsert(dialect, _participants).values(
        {"call_id": call, **{name: bindparam(name) for name in names}}
    )
    later = ("rang", "answered", "left", "outcome")
    result: Executable = statement.on_conflict_do_update(
        index_elements=["call_id", "interface"],
        set_={name: statement.excluded[name] for name in later},
    )
    return result


def _change(*names: str) -> Callable[[str], Executable]:
    def statement(_dialect: str) -> Executable:
        return (
            update(_calls)
            .where(
                _calls.c.pbx == bindparam("of_pbx"), _calls.c.linkedid == bindparam("of_linkedid")
            )
            .values({name: bindparam(f"new_{name}") for name in names})
        )

    return statement


_ROW_COLUMNS = {c.name for c in _calls.columns} - {
    "id", "outcome_id", "outcome_at", "wrapup_seconds", "merged_into", "source",
}  # fmt: skip
CALL = writer.Kind("call", 0, _call_upsert)
PARTICIPANT = writer.Kind("participant", 1, _participant_upsert)
MATCH = writer.Kind("match", 2, _change(*_MATCH_COLUMNS))
MERGED = writer.Kind("merged", 3, _change("merged_into", "ended", "result"))
WRAPUP = writer.Kind("wrapup", 4, _change("outcome_id", "outcome_at", "wrapup_seconds"))
WRAPUP_TIME = writer.Kind("wrapup time", 4, _change("wrapup_seconds"))


def values_of(pbx: str, record: facts.CallRecord) -> writer.Values:
    """Give a call's columns as its record tells them, without those of the match."""
    return {
        "pbx": pbx,
        "linkedid": text(record.id, 150),
        "direction": record.direction.value,
        "from_raw": text(record.from_, 80),
        "from_name": text(record.from_name, 120),
        "to_raw": text(record.to, 80),
        "did": text(record.did, 80) or None,
        "queue": text(record.queue, 80) or None,
        "started": when(record.started),
        "queued": when(record.queued),
        "ringing": when(record.ringing),
        "far_end_answered": when(record.far_end_answered),
        "answered": when(record.answered),
        "ended": when(record.ended),
        "wait_seconds": record.wait_seconds,
        "ring_seconds": record.ring_seconds,
        "talk_seconds": record.talk_seconds,
        "hold_seconds": record.hold_seconds,
        "result": record.result and record.result.value,
        "hangup_by": record.hangup_by,
        "hangup_cause": record.hangup_cause,
        "transfers": [
            {"kind": t.kind, "by": t.by, "to": t.to, "at": t.at} for t in record.transfers
        ],
        "variables": {text(k, 80): text(v, 200) for k, v in record.variables.items()},
    }


def seat_of(part: facts.Participant) -> writer.Values:
    """Give a participant's columns, but for the call and the user."""
    return {
        "interface": text(part.interface, 120),
        "extension": text(part.extension, 80),
        "rang": when(part.rang),
        "answered": when(part.answered),
        "left": when(part.left),
        "outcome": part.outcome and part.outcome.value,
    }


class CallLog:
    """Write calls as facts come; a subscriber of the switchboard, never waiting for the database."""

    def __init__(self, to: writer.Writer, *, records: Records, user_of: UserOf) -> None:
        """Take `records(pbx, linkedid)` from the switchboard and `user_of(pbx, interface, extension)` from the seats."""
        self._writer = to
        self._records = records
        self._user_of = user_of
        self._match: dict[Key, Mapping[str, Any]] = {}
        self._written: set[Key] = set()
        self._users: dict[Key, dict[str, int | None]] = {}
        # Calls whose row is older than their record: the last record where the call is over, else the tracker knows.
        self._stale: dict[Key, facts.CallRecord | None] = {}
        self._past: dict[Key, pasts.Past] = {}  # calls that ran when we stopped, until they end

    def remember(self, found: Mapping[Key, pasts.Past]) -> None:
        """Take what the rows say of calls that had not ended when we stopped: a tracker that meets one again in its
        middle knows less of it."""
        self._past.update(found)

    def write_stale(self) -> None:
        """Hand the rows over that facts have changed since the last time: once for all facts of one moment."""
        stale, self._stale = self._stale, {}
        for key, last in stale.items():
            record = last or self._records(*key)
            if record is not None:
                self._write(key[0], record)
            if last is not None:
                self._forget(key)

    def on_fact(self, pbx: str, fact: facts.Fact) -> None:
        """Write what this fact changed."""
        match fact:
            case facts.CallEnded() | facts.CallLost():
                record = fact.record
                if record.ended is None:
                    # When a lost call really ended nobody knows; no row may look as if it still went on.
                    record = replace(record, ended=fact.at)
                self._refresh(pbx, fact.linkedid, record)
            case facts.CallMerged():
                self._stale.pop((pbx, fact.absorbed), None)
                self._absorb(pbx, fact)
                self._refresh(pbx, fact.linkedid)
            case (
                facts.MemberChanged()
                | facts.PhoneChanged()
                | facts.QueueChanged()
                | facts.ListenerChanged()
            ):
                pass
            case facts.CallStarted():
                self._stale.pop((pbx, fact.linkedid), None)  # a call that was lost is met again
                self._refresh(pbx, fact.linkedid)
            case _ if not isinstance(fact, _SILENT):
                self._refresh(pbx, fact.linkedid)

    def link(self, pbx: str, linkedid: str, values: Mapping[str, Any]) -> None:
        """Say who the party is: party_id, match_state, match_reasons, name_snapshot, far_e164."""
        key = (pbx, linkedid)
        past = self._past.get(key)
        if past is not None and past.has_party:
            return  # a person may have said who it is
        self._match[key] = values
        if key in self._written:
            new = {f"new_{name}": values[name] for name in _MATCH_COLUMNS}
            self._writer.put(MATCH, key, {"of_pbx": pbx, "of_linkedid": linkedid, **new})

    def finish(
        self, pbx: str, linkedid: str, *, outcome_id: int | None, at: float, seconds: float
    ) -> None:
        """Write what the agent said came of the call, and how long the wrap-up took."""
        self.write_stale()  # there must be a row to change
        values = {"of_pbx": pbx, "of_linkedid": linkedid, "new_wrapup_seconds": round(seconds, 3)}
        if outcome_id is None:  # it may have been said before, by somebody else
            self._writer.put(WRAPUP_TIME, (pbx, linkedid), values)
            return
        said = {"new_outcome_id": outcome_id, "new_outcome_at": when(at)}
        self._writer.put(WRAPUP, (pbx, linkedid), {**values, **said})

    def _refresh(self, pbx: str, linkedid: str, last: facts.CallRecord | None = None) -> None:
        if not self._stale:
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self.write_stale)
        if last is not None or (pbx, linkedid) not in self._stale:
            self._stale[pbx, linkedid] = last

    def _write(self, pbx: str, record: facts.CallRecord) -> None:
        key = (pbx, record.id)
        if key in self._past:
            record = completing.resumed(self._past[key].record, record)
        self._written.add(key)
        match = self._match.get(key) or _NOBODY
        self._writer.put(CALL, key, {**values_of(pbx, record), **match})
        users = self._users.setdefault(key, {})
        for p in record.participants:
            if p.interface not in users:
                users[p.interface] = self._user_of(pbx, p.interface, p.extension)
            self._writer.put(
                PARTICIPANT,
                (pbx, record.id, p.interface),
                {
                    "of_pbx": pbx,
                    "of_linkedid": text(record.id, 150),
                    "user_id": users[p.interface],
                    **seat_of(p),
                },
            )

    def _absorb(self, pbx: str, fact: facts.CallMerged) -> None:
        key = (pbx, fact.absorbed)
        if key in self._written:
            self._writer.put(
                MERGED,
                key,
                {
                    "of_pbx": pbx,
                    "of_linkedid": fact.absorbed,
                    "new_merged_into": fact.linkedid,
                    "new_ended": when(fact.at),
                    "new_result": None,
                },
            )
        users = self._users.pop(key, None)
        if users:
            known = self._users.setdefault((pbx, fact.linkedid), {})
            for interface, user in users.items():
                known.setdefault(interface, user)
        self._forget(key)

    def _forget(self, key: Key) -> None:
        self._match.pop(key, None)
        self._users.pop(key, None)
        self._written.discard(key)
        self._past.pop(key, None)


_NOBODY: Mapping[str, Any] = {
    "party_id": None,
    "match_state": "none",
    "match_reasons": [],
    "name_snapshot": "",
    "far_e164": None,
}
