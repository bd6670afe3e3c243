"""Figures by SQL: the measures of metrics.py summed inside the database, by day, hour, queue, campaign, agent or team.

Days and hours are summed in quarters of an hour and put together by the office's clock, so that no dialect has to know time
zones. Agents and teams are summed from a row for each call and agent; their total is asked for apart, since a call of two
agents is one call.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Float, Select, and_, case, func, literal, or_, select
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.crm import visibility
from callcenter.reports import conditions, metrics, periods

BY: Final = ("day", "hour", "queue", "agent", "team", "campaign")

Key = Hashable
_PART: Any = sa_orm.aliased(models.CallParticipant, name="seat_part")
_EARLIER: Any = sa_orm.aliased(models.AgentState, name="earlier_state")
_REACHING: Any = sa_orm.aliased(models.AgentState, name="reaching_state")
_LATEST: Any = sa_orm.aliased(models.CallParticipant, name="latest_part")
Tallies = dict[Key, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Table:
    """Measures by group, and of all together. A queue or campaign of `""` means none."""

    groups: Mapping[Key, metrics.Tally]
    total: metrics.Tally


@dataclass(frozen=True, slots=True)
class Report:
    """Who asks, for what, by which rules, and when."""

    viewer: visibility.Viewer
    wanted: conditions.Wanted
    rules: conditions.Rules
    now: datetime

    def table(self, session: sa_orm.Session, by: str) -> Table:
        """Compute the measures by one of BY."""
        groups = _sums(session, self, by)
        for key, time in _time(session, self, by).items():
            groups.setdefault(key, _nothing(self)).update(time)
        if self.wanted.sees_agents:
            return Table(groups, self.total(session))  # a call of two agents is one call
        total = _nothing(self) | metrics.add(groups.values())
        return Table(groups, {**total, **_whole_time(session, self, by)})

    def total(self, session: sa_orm.Session) -> metrics.Tally:
        """Compute the measures of everything together."""
        found = _sums(session, self, "").get("", _nothing(self))
        return found | _time(session, self, "").get("", {})


def _whole_time(session: sa_orm.Session, report: Report, by: str) -> metrics.Tally:
    """Give all agents' time where the groups of a table have none of it."""
    if by in ("day", "hour"):
        return {}
    return _time(session, report, "").get("", {})


def _nothing(report: Report) -> dict[str, float]:
    own = () if report.wanted.sees_agents else metrics.OWN
    return {code: 0.0 for code in (*metrics.SETS, *metrics.SUMS) if code not in own}


def _sums(session: sa_orm.Session, report: Report, by: str) -> Tallies:
    """Sum the measures of calls."""
    seats = _seats(report, by) if report.wanted.sees_agents else None
    key = _key(by, seats)
    measures = _measures(report, seats)
    query: Select[Any] = select(key.label("key"), *(m.label(code) for code, m in measures.items()))
    if seats is not None:
        query = query.select_from(seats).join(models.Call, models.Call.id == seats.c.call_id)
    else:
        query = query.where(*conditions.calls(report.viewer, report.wanted))
    named = _name(by, report.wanted)
    found: dict[Key, list[metrics.Tally]] = {}
    for row in session.execute(query.group_by("key")):
        values = {code: float(getattr(row, code) or 0.0) for code in measures}
        found.setdefault(named(row.key), []).append(values)
    return {at: _nothing(report) | metrics.add(tallies) for at, tallies in found.items()}


def _key(by: str, seats: Any) -> ColumnElement[Any]:
    call = models.Call
    keys: dict[str, Callable[[], ColumnElement[Any]]] = {
        "day": lambda: conditions.whole_epoch(conditions.moment()) // periods.SLOT_SECONDS,
        "hour": lambda: conditions.whole_epoch(conditions.moment()) // periods.SLOT_SECONDS,
        "queue": lambda: func.coalesce(call.queue, ""),
        "campaign": conditions.campaign,
        "agent": lambda: seats.c.who,
        "team": lambda: seats.c.who,
    }
    return keys[by]() if by else literal("")


def _name(by: str, wanted: conditions.Wanted) -> Callable[[Any], Key]:
    """Return what turns a key of SQL into that of a group."""
    zone = ZoneInfo(wanted.zone)
    if by == "day":
        return lambda slot: periods.day_of(slot * periods.SLOT_SECONDS, zone)
    if by == "hour":
        return lambda slot: periods.hour_of(slot * periods.SLOT_SECONDS, zone)
    return lambda key: key


def _seats(report: Report, by: str) -> Any:
    """Select what became of each call in the parts that are looked at: a row a call, or a call and agent or team."""
    call, part, member = models.Call, _PART, models.Membership
    begun = case((part.answered < call.answered, call.answered), else_=part.answered)
    seconds = conditions.seconds_between(begun, part.left)
    spoke = and_(part.answered.is_not(None), part.left.is_not(None), call.answered.is_not(None))
    who = {"agent": part.user_id, "team": member.team_id}.get(by, literal(0))
    query = select(
        call.id.label("call_id"),
        who.label("who"),
        func.max(case((part.rang.is_not(None), 1), else_=0)).label("rang"),
        func.max(case((part.outcome == "missed", 1), else_=0)).label("missed"),
        func.max(part.answered).label("answered"),
        func.sum(case((and_(spoke, seconds > 0), seconds), else_=0.0)).label("seconds"),
    ).join(part, part.call_id == call.id)
    if by == "team":
        query = query.join(member, member.user_id == part.user_id)
        if report.wanted.team_id is not None:
            query = query.where(member.team_id == report.wanted.team_id)
    return (
        query.where(
            *conditions.calls(report.viewer, report.wanted, joined=True),
            conditions.whose(report.viewer, report.wanted, part.user_id),
        )
        .group_by(call.id, "who")
        .subquery("seats")
    )


def _measures(report: Report, seats: Any) -> dict[str, ColumnElement[Any]]:
    call = models.Call
    if seats is None:
        own = conditions.own(conditions.a_part(report.viewer, report.wanted))
    else:
        own = conditions.Own(seats.c.rang == 1, seats.c.missed == 1, seats.c.answered.is_not(None))
    sets = conditions.sets(report.rules, own)
    lengths: dict[str, ColumnElement[Any]] = {
        "waited": func.coalesce(call.wait_seconds, 0.0),
        "talked": func.coalesce(call.talk_seconds, 0.0),
        "held": func.coalesce(call.hold_seconds, 0.0),
        "wrapped": func.coalesce(call.wrapup_seconds, 0.0),
    }
    if seats is not None:
        answers = select(func.max(_LATEST.answered)).where(_LATEST.call_id == call.id)
        last = answers.scalar_subquery()
        lengths["in_calls"] = seats.c.seconds
        lengths["own_wrapped"] = case(
            (seats.c.answered == last, lengths["wrapped"]), else_=literal(0.0, Float())
        )
    counts: dict[str, ColumnElement[Any]] = {
        code: func.sum(case((belongs, 1), else_=0))
        for code, belongs in sets.items()
        if seats is not None or code not in metrics.OWN
    }
    return counts | {
        code: func.sum(case((sets[metrics.SUMS[code][0]], length), else_=literal(0.0, Float())))
        for code, length in lengths.items()
    }


def _time(session: sa_orm.Session, report: Report, by: str) -> Tallies:
    """Sum agents' time; where calls are narrowed to a queue, campaign or direction there is none to tell."""
    if by in ("queue", "campaign") or not report.wanted.sees_time:
        return {}
    if by in ("day", "hour"):
        return _time_by_clock(session, report, by)
    state, member = models.AgentState, models.Membership
    who: Any = {"agent": state.user_id, "team": member.team_id}.get(by, literal(""))
    lasted = conditions.seconds_between(*clipped(report))
    sums = [func.sum(_within(kind, lasted)).label(code) for code, kind in _KINDS.items()]
    query = select(who.label("who"), *sums)
    if by == "team":
        query = query.join(member, member.user_id == state.user_id)
        if report.wanted.team_id is not None:
            query = query.where(member.team_id == report.wanted.team_id)
    rows = session.execute(query.where(*spans(report)).group_by("who"))
    return {row.who: {code: float(getattr(row, code)) for code in _KINDS} for row in rows}


# What each length of agents' time is made of; None: of every state but signed out.
_KINDS: Final[dict[str, frozenset[str] | None]] = {
    "busy": metrics.BUSY_STATES, "signed_in": None, "paused": frozenset({metrics.PAUSED}),
}  # fmt: skip


def _within(states: frozenset[str] | None, lasted: Any) -> Any:
    return lasted if states is None else case((models.AgentState.state.in_(states), lasted), else_=0.0)  # fmt: skip


def spans(report: Report) -> list[ColumnElement[bool]]:
    """Say which stretches are looked at: those that begin in the time, and each agent's last one before it."""
    state, wanted = models.AgentState, report.wanted
    until = func.coalesce(state.until, _at(report.now))
    begins = and_(state.since >= wanted.begin, state.since < wanted.end)
    # An agent's stretches follow each other, so that one alone can reach into the time; to look for it by its end would
    # be to read all that came later.
    latest, reaching = _EARLIER, _REACHING
    last = select(func.max(latest.since)).where(
        latest.user_id == models.User.id, latest.since < _at(wanted.begin)
    )
    into = select(reaching.id).join(
        models.User,
        and_(reaching.user_id == models.User.id, reaching.since == last.scalar_subquery()),
    )
    found = [
        state.state != "offline",
        or_(begins, state.id.in_(into)),
        until > _at(wanted.begin),
        until > state.since,
        visibility.visible(report.viewer, state),
        conditions.whose(report.viewer, wanted, state.user_id),
    ]
    if wanted.hour is not None:
        found.append(literal(False))  # an hour of many days has no one length
    return found


def _at(moment: datetime) -> ColumnElement[Any]:
    return literal(moment, models.UtcDateTime())


def clipped(report: Report) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Give when a stretch begins and ends within the time that is looked at."""
    state, begin, end = models.AgentState, _at(report.wanted.begin), _at(report.wanted.end)
    until = func.coalesce(state.until, _at(report.now))
    return (
        case((state.since < begin, begin), else_=state.since),
        case((until > end, end), else_=until),
    )


def _time_by_clock(session: sa_orm.Session, report: Report, by: str) -> Tallies:
    """Cut stretches where the office's clock comes to another hour or day, and add the pieces up.

    Those within one slot are summed by the database; the others, a few of many, are cut here.
    """
    state = models.AgentState
    begin, end = clipped(report)
    slot, until = (conditions.whole_epoch(t) // periods.SLOT_SECONDS for t in (begin, end))
    lasted = conditions.seconds_between(begin, end)
    sums = [func.sum(_within(kind, lasted)) for kind in _KINDS.values()]
    within = select(slot.label("slot"), *sums).where(*spans(report), slot == until).group_by("slot")
    slots = {row[0]: [float(length) for length in row[1:]] for row in session.execute(within)}
    across = select(state.state, begin, end).where(*spans(report), slot != until)
    for is_, since, left in session.execute(across):
        _cut(slots, is_, since.timestamp(), left.timestamp())
    named = _name(by, report.wanted)
    found: dict[Key, list[metrics.Tally]] = {}
    for key, lengths in slots.items():
        tally = dict(zip(_KINDS, lengths, strict=True))
        found.setdefault(named(key), []).append(tally)
    return {key: metrics.add(tallies) for key, tallies in found.items()}


def _cut(slots: dict[int, list[float]], state: str, begin: float, end: float) -> None:
    slot = int(begin // periods.SLOT_SECONDS)
    while begin < end:
        stop = min(end, (slot + 1) * periods.SLOT_SECONDS)
        sums = slots.setdefault(slot, [0.0] * len(_KINDS))
        for place, kind in enumerate(_KINDS.values()):
            sums[place] += stop - begin if kind is None or state in kind else 0.0
        begin, slot = stop, slot + 1
