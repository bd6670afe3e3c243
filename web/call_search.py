"""Calls by what a list is narrowed to: period, direction, result, queue, agent, name or number; newest first.

Everything is a condition on the indexes that the table has; the page's end is a place (crm/paging.py), not a count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import phonenumbers
from sqlalchemy import ColumnElement, exists, func, or_, select, tuple_, union_all
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import paging, phones, search, visibility
from callcenter.reports import conditions
from callcenter.settings import Settings
from web import figure_asks

PAGE = 50
PERIODS = {"today": 0, "week": 6, "month": 29, "all": None}
DEFAULT_PERIOD = "week"
DIRECTIONS = ("inbound", "outbound", "internal")
RESULTS = (
    "answered",
    "abandoned",
    "no_answer",
    "busy",
    "failed",
    "cancelled",
    "agent_no_answer",
    "dropped",
)
NAMES = ("q", "period", "direction", "result", "queue", "agent", "outcome", *figure_asks.BEHIND)
FEWEST_DIGITS = 3
WHOLE_NUMBER = 7  # digits from which a number is somebody's, and no extension or beginning
FEW = 100  # customers whom a search may mean and still be looked up one by one


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of calls is narrowed to; what is empty narrows nothing."""

    since: datetime | None = None
    direction: str = ""
    result: str = ""
    queue: str = ""
    agent_id: int | None = None
    outcome_id: int | None = None
    text: str = ""
    region: str = "IL"
    set_code: str = ""  # of metrics.SETS: the calls behind a figure's number
    behind: conditions.Wanted | None = None
    rules: conditions.Rules = conditions.Rules()


def chosen(query: Mapping[str, str]) -> dict[str, str]:
    """Return the filters of an address, without what cannot be."""
    values = {name: query.get(name, "")[:100].strip() for name in NAMES}
    allowed = {"period": PERIODS, "direction": DIRECTIONS, "result": RESULTS}
    for name, possible in allowed.items():
        if values[name] not in possible:
            values[name] = ""
    for name in ("agent", "outcome"):
        values[name] = row_id(values[name])
    values["period"] = values["period"] or DEFAULT_PERIOD
    return values


def row_id(text: str) -> str:
    """Return what may be the id of a row, else nothing."""
    return text if text.isascii() and text.isdigit() and len(text) < 10 else ""


def since(period: str, midnight: Callable[[], datetime]) -> datetime | None:
    """Return when a period began; None where it has no beginning. Days begin at the office's midnight."""
    days = PERIODS.get(period)
    return None if days is None else midnight() - timedelta(days=days)


def wanted(
    values: Mapping[str, str], midnight: Callable[[], datetime], settings: Settings
) -> Wanted:
    """Turn the filters of an address into conditions; days begin at the office's midnight."""
    behind = figure_asks.calls_behind(values, settings.site.timezone)
    if behind is not None:
        return Wanted(
            result=values["result"],
            outcome_id=int(values["outcome"]) if values["outcome"] else None,
            text=values["q"],
            region=settings.site.region,
            set_code=values["set"],
            behind=behind,
            rules=figure_asks.rules(settings),
        )
    return Wanted(
        since=since(values["period"], midnight),
        direction=values["direction"],
        result=values["result"],
        queue=values["queue"],
        agent_id=int(values["agent"]) if values["agent"] else None,
        outcome_id=int(values["outcome"]) if values["outcome"] else None,
        text=values["q"],
        region=settings.site.region,
    )


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
            visibility.visible(viewer, call),
            *_conditions(session, viewer, wanted),
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
    for column, value in (
        (call.direction, wanted.direction),
        (call.result, wanted.result),
        (call.queue, wanted.queue),
    ):
        if value:
            found.append(column == value)
    if wanted.outcome_id is not None:
        found.append(call.outcome_id == wanted.outcome_id)
    if wanted.agent_id is not None:
        part = sa_orm.aliased(models.CallParticipant)
        found.append(exists().where(part.call_id == call.id, part.user_id == wanted.agent_id))
    if wanted.text:
        found.append(_meant(session, wanted.text, wanted.region))
    return found


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
