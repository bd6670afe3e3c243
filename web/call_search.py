"""Calls by what a list is narrowed to; newest first. What an address says of it is read in call_filters.py.

Everything is a condition on the indexes that the table has; the page's end is a place (crm/paging.py), not a count. What is rare
among all calls has a partial index, and its condition is spelled once, beside that index (models/calls.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import phonenumbers
from sqlalchemy import ColumnElement, exists, func, or_, select, tuple_, union_all
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import paging, phones, search, visibility
from callcenter.models import calls as spelled
from callcenter.reports import conditions

PAGE = 50
NONE = "none"
MISSED = (
    "missed"  # asked for like a result: an incoming call that nobody answered, however it ended
)
# Of a talk, in seconds: shorter than, or at least.
LENGTHS = {"short": 30, "3": 180, "10": spelled.LONG_SECONDS, "30": 1800}
FEWEST_DIGITS = 3
WHOLE_NUMBER = 7  # digits from which a number is somebody's, and no extension or beginning
FEW = 100  # customers whom a search may mean and still be looked up one by one
RARE = 2000  # calls that are fetched and sorted sooner than all calls are walked
UNSEEN = ("expected", "missing")  # a recording that is not there


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of calls is narrowed to; what is empty narrows nothing."""

    since: datetime | None = None
    until: datetime | None = None
    direction: str = ""
    result: str = ""  # of the call, or MISSED
    queue: str = ""
    agent_id: int | None = None
    team_id: int | None = None
    campaign: str = ""
    outcome: str = ""  # its id, or NONE: answered, and nobody said what came of it
    length: str = ""  # of LENGTHS
    recorded: bool = False
    unreached: bool = False  # missed, and nobody talked with that number since
    text: str = ""
    region: str = "IL"
    set_code: str = ""  # of metrics.SETS: the calls behind a figure's number
    behind: conditions.Wanted | None = None
    rules: conditions.Rules = conditions.Rules()


def calls(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    wanted: Wanted,
    *,
    after: str = "",
    most: int = PAGE,
) -> paging.Page[models.Call]:
    """Return a page of visible calls with their participants."""
    call = models.Call
    query = (
        select(call)
        .where(
            call.merged_into.is_(None),
            *_conditions(session, viewer, wanted),
            visibility.visible(viewer, call),  # asked last: it costs most, of the few that are left
        )
        .order_by(call.started.desc(), call.id.desc())
        .limit(most + 1)
        .options(sa_orm.selectinload(call.participants))
    )
    if after:
        query = query.where(tuple_(call.started, call.id) < paging.decode(after))
    return paging.page(session.scalars(query).all(), most, lambda row: (row.started, row.id))


def count(session: sa_orm.Session, viewer: visibility.Viewer, wanted: Wanted) -> int:
    """Count them all: for lists that a time bounds."""
    seen = visibility.visible(viewer, models.Call)
    query = select(func.count()).where(
        models.Call.merged_into.is_(None), seen, *_conditions(session, viewer, wanted)
    )
    return session.scalar(query) or 0


def _conditions(
    session: sa_orm.Session, viewer: visibility.Viewer, wanted: Wanted
) -> list[ColumnElement[bool]]:
    call = models.Call
    found: list[ColumnElement[bool]] = []
    if wanted.behind is not None:
        own = conditions.own(conditions.a_part(viewer, wanted.behind))
        found += conditions.calls(viewer, wanted.behind)
        found.append(conditions.sets(wanted.rules, own)[wanted.set_code])
    if wanted.since is not None:
        found.append(call.started >= wanted.since)
    if wanted.until is not None:
        found.append(call.started < wanted.until)
    missed = wanted.result == MISSED or wanted.unreached
    if wanted.direction and not (missed and wanted.direction == "inbound"):
        found.append(call.direction == wanted.direction)
    if wanted.queue:
        found.append(call.queue == wanted.queue)
    found += _came_of_it(wanted)
    found += _with_whom(session, viewer, wanted)
    if wanted.text:
        found.append(_meant(session, wanted.text, wanted.region))
    return found


def _came_of_it(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Say how calls ended, and what was said of them."""
    call = models.Call
    found: list[ColumnElement[bool]] = []
    if wanted.result == MISSED or wanted.unreached:
        found.append(spelled.missed(call))
    if wanted.unreached:
        found += _unreached()
    if wanted.result and wanted.result != MISSED:
        found.append(call.result == wanted.result)
    if wanted.outcome == NONE:
        found.append(spelled.unsaid(call))
    elif wanted.outcome:
        found.append(call.outcome_id == int(wanted.outcome))
    if wanted.length == "short":
        found.append(call.talk_seconds < LENGTHS["short"])
    elif wanted.length:
        least = LENGTHS[wanted.length]
        found.append(call.talk_seconds >= least)
        if least >= spelled.LONG_SECONDS:
            found.append(spelled.long(call))
    if wanted.campaign:
        code = spelled.campaign_code(call.variables)
        found.append(
            code.is_(None) if wanted.campaign == conditions.NONE else code == wanted.campaign
        )
    return found


def _unreached() -> list[ColumnElement[bool]]:
    """Say that nobody talked with the number since, whoever called whom."""
    call, later = models.Call, sa_orm.aliased(models.Call)
    talked = exists().where(
        later.far_e164 == call.far_e164,
        later.started > call.started,
        spelled.talked(later),
    )
    return [call.far_e164.is_not(None), ~talked]


def _with_whom(
    session: sa_orm.Session, viewer: visibility.Viewer, wanted: Wanted
) -> list[ColumnElement[bool]]:
    """Say who of us took part, and whether it can be heard."""
    found: list[ColumnElement[bool]] = []
    part, recording = sa_orm.aliased(models.CallParticipant), sa_orm.aliased(models.Recording)
    if wanted.agent_id is not None:
        found.append(_of(session, part.call_id, part.user_id == wanted.agent_id))
    if wanted.team_id is not None:
        member = models.Membership
        theirs = select(member.user_id).where(member.team_id == wanted.team_id)
        found.append(_of(session, part.call_id, part.user_id.in_(theirs)))
    if wanted.recorded:
        heard = visibility.visible(viewer, recording)
        found.append(_of(session, recording.call_id, recording.state.not_in(UNSEEN), heard))
    return found


def _of(session: sa_orm.Session, call_id: Any, *those: ColumnElement[bool]) -> ColumnElement[bool]:
    """Say that a call has such a row. Where there are few, they name the calls to look at; else each call is asked in turn."""
    few = session.execute(select(call_id).where(*those).limit(RARE + 1)).all()
    if len(few) <= RARE:
        rare: ColumnElement[bool] = models.Call.id.in_(select(call_id).where(*those))
        return rare
    return exists().where(call_id == models.Call.id, *those)


def _meant(session: sa_orm.Session, text: str, region: str) -> ColumnElement[bool]:
    """Say whether a call is with whom, or from the number, that was typed.

    Who and what is rare is looked up by its own index; what is common is met soon when calls are walked by time.
    """
    call = models.Call
    matching = select(models.Party.id).where(search.matches(text, region))
    parties = session.scalars(matching.limit(FEW + 1)).all()
    rare = len(parties) <= FEW
    ways: list[ColumnElement[bool]] = [call.party_id.in_(parties if rare else matching)]
    digits = "".join(c for c in phones.clean(text) if c.isdigit() or c == "+")
    if len(digits) >= FEWEST_DIGITS and not any(c.isalpha() for c in text):
        ways += [call.far_e164.between(s, s + ":") for s in _beginnings(digits, region)]
        rare = rare and len(digits) >= WHOLE_NUMBER
        if len(digits) < WHOLE_NUMBER:  # an extension; outside numbers are in far_e164
            ways += [call.from_raw == text, call.to_raw == text]
    if not rare:
        return or_(*ways)
    found = sa_orm.aliased(call)
    named = sa_orm.aliased(call)
    by_number = [found.far_e164.between(s, s + ":") for s in _beginnings(digits, region)] if len(ways) > 1 else []  # fmt: skip
    ids = [select(named.id).where(named.party_id.in_(parties))]
    ids += [select(found.id).where(way) for way in by_number]
    return call.id.in_(union_all(*ids))


def _beginnings(digits: str, region: str) -> list[str]:
    """Return the E.164 beginnings that typed digits may stand for."""
    if digits.startswith("+"):
        return [digits]
    code = phonenumbers.country_code_for_region(region)
    return [f"+{code}{digits.removeprefix('0')}", f"+{digits.removeprefix('00')}"]
