"""Asterisk's own records, told as calls: held against what somebody told who listened to the same calls."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callcenter.telephony import facts, folding, history, journals, roles

HISTORIES = sorted((Path(__file__).parents[1] / "history").glob("*.json"))
SECOND = 1.01  # the records know whole seconds, cut off
TIMES = ("started", "queued", "ringing", "answered", "far_end_answered", "ended")

# What Asterisk's records do not tell of these plays.
NOT_TOLD: dict[str, set[str]] = {
    # A CDR of a call that we asked for has the agent's answer, and not the customer's.
    "click_to_dial_answered": {"answered", "far_end_answered"},
    "click_to_dial_invalid_number": {"result"},  # NO ANSWER, says Dial of any cause
    "click_to_dial_refused": {"result"},
    "dialled_by_hand_busy": {"ringing"},  # a phone that is busy at once never rings
    "internal_busy": {"ringing", "people"},
    "campaign_dropped": {"ringing"},  # whether the customer's phone rang
    "campaign_not_answered": {"ringing"},
    "campaign_not_answered_greedy_dialplan": {"ringing"},
    "queue_no_answer_then_next_member": {"queued"},
    "hung_up_by_ami": {"hangup_by"},  # the queue takes whoever is left for the caller
    "conference_of_three": {"hangup_by", "people"},  # a room's people come in by themselves
    "parking_ami": {"people"},
    "pickup": {"people"},
    "redirect_transfer_ami": {"people"},
    "click_to_dial_agent_rejects": {"people"},  # BUSY, of a refusal
    "queue_agent_rejects_then_next_member": {"people"},
}


def epoch(text: str) -> float | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() if text else None


def legs_of(lines: list[str]) -> list[history.Leg]:
    found = []
    for line in lines:
        fields = journals.cdr_fields(line)
        columns = history.columns(fields)
        assert columns is not None
        leg = history.leg(dict(zip(columns.names, fields, strict=True)), epoch)
        assert leg is not None
        found.append(leg)
    return found


def folded(told: dict[str, Any]) -> list[facts.CallRecord]:
    known = roles.Roles(("PJSIP/trunk-*",), ("PJSIP/10??-*",))
    lines = [line for text in told["queue_log"] if (line := history.queue_line(text)) is not None]
    records = []
    for group in history.calls(legs_of(told["cdr"])).values():
        ids = {leg.uniqueid for leg in group}
        record = folding.fold(group, [line for line in lines if line.callid in ids], known)
        if record is not None:
            records.append(record)
    return sorted(records, key=lambda record: record.started)


def people(told: Any) -> dict[str, tuple[str, bool]]:
    return {
        p["interface"]: (str(p["outcome"]), p["answered"] is not None)
        for p in told
        if p["rang"] is not None or p["answered"] is not None
    }


def as_people(record: facts.CallRecord) -> dict[str, tuple[str, bool]]:
    return {
        p.interface: (str(p.outcome), p.answered is not None)
        for p in record.participants
        if not p.began
    }


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_what_is_written_down_says_what_was_heard(path: Path) -> None:
    told = json.loads(path.read_text())
    heard, records = sorted(told["heard"], key=lambda call: call["id"]), folded(told)
    records.sort(key=lambda record: record.id)
    assert [r.id for r in records] == [h["id"] for h in heard]
    wrong = []
    for record, live in zip(records, heard, strict=True):
        for name in ("direction", "result", "queue", "from_name"):
            ours = getattr(record, name)
            wrong += [name] if ours != live[name] else []
        wrong += ["from"] if record.from_ != live["from"] else []
        for name in TIMES:
            ours, theirs = getattr(record, name), live[name]
            same = ours is theirs is None or (None not in (ours, theirs) and abs(ours - theirs) < SECOND)  # fmt: skip
            wrong += [] if same else [name]
        if record.hangup_by is not None and record.hangup_by != live["hangup_by"]:
            wrong.append("hangup_by")
        if as_people(record) != people(live["participants"]):
            wrong.append("people")
    assert set(wrong) <= NOT_TOLD.get(path.stem, set()), (records, heard)


def test_a_second_is_not_more_than_a_second_for_agents_either() -> None:
    for path in HISTORIES:
        told = json.loads(path.read_text())
        if "people" in NOT_TOLD.get(path.stem, ()) or path.stem.startswith("attended"):
            continue
        heard = {call["id"]: call for call in told["heard"]}
        for record in folded(told):
            live = heard[record.id]
            seen = {p["interface"]: p for p in live["participants"]}
            for part in record.participants:
                if part.answered is not None and not part.began and record.direction != "outbound":
                    assert abs(part.answered - seen[part.interface]["answered"]) < SECOND, path.stem


CALL = '"","0501234567","support","queues","""Dana"" <0501234567>","PJSIP/trunk-1","PJSIP/1001-2","Queue","support,tk"'
SPAN = '"2026-11-25 18:54:55","2026-11-25 18:54:55","2026-11-25 18:54:57",2,2,"ANSWERED","DOCUMENTATION"'


@pytest.mark.parametrize(
    "tail,uniqueid,linkedid",
    [
        (',"1795632895.1","","","1795632895.0",0', "1795632895.1", "1795632895.0"),
        (',"","1795632895.0",0', "1795632895.0", "1795632895.0"),
        (',"1795632895.1",""', "1795632895.1", "1795632895.1"),
        (',"1795632895.1"', "1795632895.1", "1795632895.1"),
        (',"pbx-1795632895.1","","1795632895.0",0', "pbx-1795632895.1", "1795632895.0"),
    ],
)
def test_the_columns_are_known_by_their_number(tail: str, uniqueid: str, linkedid: str) -> None:
    (leg,) = legs_of([f"{CALL},{SPAN}{tail}"])
    assert (leg.uniqueid, leg.linkedid, leg.name) == (uniqueid, linkedid, "Dana")


def test_a_line_that_names_no_call_is_passed_over() -> None:
    fields = journals.cdr_fields(f"{CALL},{SPAN}")
    columns = history.columns(fields)
    assert columns is not None and not columns.has_uniqueid
    assert history.leg(dict(zip(columns.names, fields, strict=True)), epoch) is None


@pytest.mark.parametrize("line", ["", "|||||", "x|1.0|q|a|CONNECT|1", "1795632895|NONE|NONE|NONE|QUEUESTART|"])  # fmt: skip
def test_a_queue_line_of_no_call_is_none(line: str) -> None:
    assert history.queue_line(line) is None
