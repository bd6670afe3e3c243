"""Sixty days of the sample's calls: who rang, who answered, what came of it, and what is still open."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import phones, sample_cast, sample_customers, sample_work
from callcenter.crm import sample_words as w


@dataclass(slots=True)
class _Story:
    """A call with its participants and note, before it has a row."""

    call: sample_cast.Values
    party: sample_customers.Made | None
    parts: list[sample_cast.Values]
    note: str = ""


def load(
    session: Session,
    chance: random.Random,
    count: int,
    *,
    now: datetime,
    pbx: str,
    parties: Sequence[sample_customers.Made],
    people: Sequence[sample_cast.Person],
    outcomes: dict[str, int],
) -> int:
    """Make and write `count` calls up to `now`, with notes, tasks and cases; return how many."""
    holders = Counter(number for one in parties for number in one.numbers)
    shared = frozenset(number for number, count in holders.items() if count > 1)
    cast = sample_cast.Cast(pbx, parties, people, outcomes, shared)
    # A fifth of the customers make most of the calls, as anywhere; the first customer's page is never empty.
    regulars = [parties[0], *chance.sample(list(parties), max(1, len(parties) // 5))]
    stories = [
        _story(chance, cast, regulars, sample_cast.moment(chance, now), serial)
        for serial in range(count)
    ]
    stories.sort(key=lambda story: story.call["started"])
    _write(session, stories)
    agents = [p.id for p in people if p.role == "agent"]
    sample_work.load(session, chance, regulars, agents, now)
    return count


def _story(
    chance: random.Random,
    cast: sample_cast.Cast,
    regulars: Sequence[sample_customers.Made],
    at: datetime,
    serial: int,
) -> _Story:
    party = chance.choice(regulars if chance.random() < 0.6 else cast.parties)
    inbound = chance.random() < 0.72
    call: sample_cast.Values = {
        "pbx": cast.pbx,
        "linkedid": f"{at.timestamp():.0f}.{serial}",
        "direction": "inbound" if inbound else "outbound",
        "started": at,
        "from_name": "",
        "source": "live",
        "transfers": [],
        "variables": {},
        "hold_seconds": 0.0,
        **dict.fromkeys(
            ("did", "queue", "queued", "ringing", "far_end_answered", "answered", "wait_seconds",
             "ring_seconds", "talk_seconds", "wrapup_seconds", "outcome_id", "outcome_at")
        ),
    }  # fmt: skip
    number, known = sample_cast.far_end(chance, party, inbound)
    call |= sample_cast.match(cast, party if known else None, number)
    shown = phones.display(number) if number else ""
    digits = "".join(c for c in shown if c.isdigit())
    story = _Story(call, party if known else None, [])
    if inbound:
        _inbound(chance, cast, story, digits)
    else:
        _outbound(chance, cast, story, digits)
    return story


def _inbound(chance: random.Random, cast: sample_cast.Cast, story: _Story, digits: str) -> None:
    queue = chance.choices([entry[0] for entry in w.QUEUES], (5, 3, 2))[0]
    did = next(entry[6] for entry in w.QUEUES if entry[0] == queue)
    call, at = story.call, story.call["started"]
    wait = min(300.0, chance.expovariate(1 / 22) + 2)
    call |= {"from_raw": digits or "anonymous", "to_raw": did, "did": did, "queue": queue}
    call |= {"queued": at, "wait_seconds": round(wait, 1)}
    ringing = at + timedelta(seconds=max(1.0, wait - chance.uniform(2, 9)))
    agents = chance.sample(cast.answering(queue), 2)
    if chance.random() < 0.11:
        ended = at + timedelta(seconds=wait)
        call |= {"ringing": ringing, "ended": ended, "result": "abandoned", "hangup_by": "caller"}
        call |= {"hangup_cause": 16, "ring_seconds": round((ended - ringing).total_seconds(), 1)}
        story.parts.append(sample_cast.part(agents[0], ringing, None, ended, "missed"))
        return
    if chance.random() < 0.12:
        story.parts.append(
            sample_cast.part(agents[1], ringing - timedelta(seconds=14), None, ringing, "missed")
        )
    _talk(chance, cast, story, agents[0], ringing, at + timedelta(seconds=wait))


def _outbound(chance: random.Random, cast: sample_cast.Cast, story: _Story, digits: str) -> None:
    call, at = story.call, story.call["started"]
    agent = chance.choice([p for p in cast.people if p.role == "agent"])
    call |= {"from_raw": agent.extension, "to_raw": digits}
    ringing, ring = at + timedelta(seconds=2), chance.uniform(4, 25)
    if chance.random() < 0.35:
        result = chance.choices(("no_answer", "busy", "failed"), (7, 2, 1))[0]
        ended = ringing + timedelta(seconds=ring)
        call |= {"ringing": ringing, "ended": ended, "result": result, "hangup_by": "system"}
        call |= {
            "hangup_cause": {"busy": 17, "failed": 1}.get(result, 19),
            "ring_seconds": round(ring, 1),
        }
        story.parts.append(sample_cast.part(agent, at, at, ended, "answered"))
        return
    answered = ringing + timedelta(seconds=ring)
    call["far_end_answered"] = answered
    _talk(chance, cast, story, agent, ringing, answered)


def _talk(
    chance: random.Random,
    cast: sample_cast.Cast,
    story: _Story,
    agent: sample_cast.Person,
    ringing: datetime,
    answered: datetime,
) -> None:
    """Let them talk: end, outcome, perhaps a note and a transfer."""
    call = story.call
    talk = min(2400.0, chance.lognormvariate(5.0, 0.7))
    ended = answered + timedelta(seconds=round(talk, 1))
    code = chance.choices([o[0] for o in w.OUTCOMES], (30, 12, 9, 6, 8, 16, 4, 3, 3, 4))[0]
    call |= {
        "ringing": ringing,
        "answered": answered,
        "ended": ended,
        "result": "answered",
        "ring_seconds": round((answered - ringing).total_seconds(), 1),
        "talk_seconds": round(talk, 1),
        "wrapup_seconds": round(chance.uniform(4, 45), 1),
        "hangup_by": chance.choices(("caller", "agent"), (6, 4))[0],
        "hangup_cause": 16,
        "outcome_id": cast.outcomes[code] if chance.random() < 0.93 else None,
    }
    call["outcome_at"] = ended + timedelta(seconds=10) if call["outcome_id"] else None
    story.parts.append(sample_cast.part(agent, ringing, answered, ended, "answered"))
    if talk > 120 and chance.random() < 0.06:
        _pass_on(chance, cast, story, agent, answered + timedelta(seconds=talk / 2), ended)
    if chance.random() < 0.55:
        story.note = chance.choice(w.NOTES[story.party.language if story.party else "he"])


def _pass_on(
    chance: random.Random,
    cast: sample_cast.Cast,
    story: _Story,
    agent: sample_cast.Person,
    at: datetime,
    ended: datetime,
) -> None:
    other = chance.choice([p for p in cast.people if p.id != agent.id and p.role == "agent"])
    if any(part["interface"] == f"PJSIP/{other.extension}" for part in story.parts):
        return
    story.parts[-1] |= {"left": at, "outcome": "transferred"}
    story.parts.append(sample_cast.part(other, at - timedelta(seconds=6), at, ended, "answered"))
    kind = chance.choice(("blind", "attended"))
    story.call["transfers"] = [
        {"kind": kind, "by": agent.extension, "to": other.extension, "at": at.timestamp()}
    ]


def _write(session: Session, stories: Sequence[_Story]) -> None:
    call, note = models.Call, models.Note
    ids = (
        session.connection()
        .scalars(
            insert(call).returning(call.id, sort_by_parameter_order=True), [s.call for s in stories]
        )
        .all()
    )
    parts: list[sample_cast.Values] = []
    notes: list[sample_cast.Values] = []
    newest: dict[int, datetime] = {}
    for key, story in zip(ids, stories, strict=True):
        parts += [{"call_id": key, **part} for part in story.parts]
        party_id = story.call["party_id"]
        if party_id is not None:
            newest[party_id] = story.call["started"]
        if story.note:
            at = story.call["ended"]
            notes.append(
                {"call_id": key, "party_id": party_id, "author_id": story.parts[-1]["user_id"],
                 "text": story.note, "version": 1, "created_at": at, "updated_at": at}
            )  # fmt: skip
    session.connection().execute(insert(models.CallParticipant), parts)
    session.connection().execute(insert(note), notes)
    session.connection().execute(
        update(models.Party)
        .where(models.Party.id == bindparam("key"))
        .values(last_contact_at=bindparam("at"), updated_at=bindparam("at")),
        [{"key": key, "at": at} for key, at in newest.items()],
    )
