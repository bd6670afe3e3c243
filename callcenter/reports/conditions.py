"""The sets of metrics.py as conditions of SQL: one spelling for sums, for the list of calls behind a number, and for exports.

What metrics.Seen says of a row in Python is said here of `call` in SQL; tests/reports hold the two against each other.
A comparison with NULL is neither true nor false, and its denial neither: columns that may be empty are coalesced.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    and_,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy import orm as sa_orm
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from callcenter import models
from callcenter.crm import visibility
from callcenter.reports import periods

NONE = "-"  # asks for calls without a queue or without a campaign
HOUR = 3600


class seconds_between(GenericFunction[float]):
    """Give the seconds from one time to another."""

    type = Float()
    inherit_cache = True


@compiles(seconds_between, "sqlite")
def _between_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    begin, end = (compiler.process(c, **kw) for c in element.clauses)
    return f"((julianday({end}) - julianday({begin})) * 86400.0)"


@compiles(seconds_between, "postgresql")
def _between_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    begin, end = (compiler.process(c, **kw) for c in element.clauses)
    return f"CAST(extract(epoch FROM ({end} - {begin})) AS double precision)"


class whole_epoch(GenericFunction[int]):
    """Give a time in whole seconds since 1970, rounded down."""

    type = BigInteger()
    inherit_cache = True


@compiles(whole_epoch, "sqlite")
def _epoch_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    # Without the fraction, which strftime would round.
    return (
        f"CAST(strftime('%s', substr({compiler.process(element.clauses, **kw)}, 1, 19)) AS INTEGER)"
    )


@compiles(whole_epoch, "postgresql")
def _epoch_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"CAST(floor(extract(epoch FROM {compiler.process(element.clauses, **kw)})) AS bigint)"


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings decide: `[reports]`."""

    short_seconds: float = 0.0
    target_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls are looked at, and through whose part: times are aware, what is empty narrows nothing."""

    begin: datetime
    end: datetime
    queue: str = ""
    campaign: str = ""
    direction: str = ""
    agent_id: int | None = None
    team_id: int | None = None
    of_agents: bool = False  # count agents' own parts
    hour: int | None = None
    zone: str = "UTC"
    pbx: str = ""

    @property
    def sees_agents(self) -> bool:
        """Say whether calls are counted through agents' parts."""
        return self.of_agents or self.agent_id is not None or self.team_id is not None

    @property
    def sees_time(self) -> bool:
        """Say whether agents' time can be told: it belongs to no queue, campaign or direction."""
        return not (self.queue or self.campaign or self.direction)

    def within(self, begin: datetime, end: datetime) -> Wanted:
        """Ask the same of another time."""
        return replace(self, begin=begin, end=end)


def moment(call: Any = models.Call) -> ColumnElement[Any]:
    """Give the moment to which a call belongs; an index has this expression."""
    return func.coalesce(call.queued, call.started)


def campaign(call: Any = models.Call) -> ColumnElement[Any]:
    """Give the campaign of a call: what dialled it said so in a variable."""
    return func.coalesce(call.variables["CC_CAMPAIGN"].as_string(), "")


def whose(viewer: visibility.Viewer, wanted: Wanted, user_id: Any) -> ColumnElement[bool]:
    """Say whether a part, or a state, is of those who are looked at."""
    if not wanted.sees_agents:
        return true()
    found = [user_id.is_not(None), visibility.watches(viewer, user_id)]
    if wanted.agent_id is not None:
        found.append(user_id == wanted.agent_id)
    if wanted.team_id is not None:
        member = models.Membership
        found.append(user_id.in_(select(member.user_id).where(member.team_id == wanted.team_id)))
    return and_(*found)


def calls(
    viewer: visibility.Viewer, wanted: Wanted, call: Any = models.Call, *, joined: bool = False
) -> list[ColumnElement[bool]]:
    """Say which calls are looked at; `joined` to their parts already, these need not be asked for again."""
    at = moment(call)
    found = [
        at >= bindparam(None, wanted.begin, models.UtcDateTime()),
        at < bindparam(None, wanted.end, models.UtcDateTime()),
        call.merged_into.is_(None),
        visibility.visible(viewer, call),
    ]
    if wanted.pbx:
        found.append(call.pbx == wanted.pbx)
    if wanted.direction:
        found.append(call.direction == wanted.direction)
    if wanted.queue:
        empty = func.coalesce(call.queue, "") == ""
        found.append(empty if wanted.queue == NONE else call.queue == wanted.queue)
    if wanted.campaign:
        found.append(campaign(call) == ("" if wanted.campaign == NONE else wanted.campaign))
    if wanted.hour is not None:
        found.append(_at_hour(wanted, at))
    if wanted.sees_agents and not joined:
        found.append(a_part(viewer, wanted, call)(true()))
    return found


def _at_hour(wanted: Wanted, at: ColumnElement[Any]) -> ColumnElement[bool]:
    """Say whether the office's clock showed an hour: between two changes of the clock it is a sum."""
    ways = []
    for begin, end, ahead in periods.offsets(wanted.begin, wanted.end, ZoneInfo(wanted.zone)):
        hour = (whole_epoch(at) + ahead) // HOUR
        first, last = (bindparam(None, t, models.UtcDateTime()) for t in (begin, end))
        ways.append(and_(at >= first, at < last, hour % 24 == wanted.hour))
    return or_(false(), *ways)


Part = Callable[[ColumnElement[bool]], ColumnElement[bool]]


def a_part(viewer: visibility.Viewer, wanted: Wanted, call: Any = models.Call) -> Part:
    """Return `that(condition)`: one of the parts which are looked at is so. Conditions speak of `part()`."""
    mine = part()

    def that(condition: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(
            mine.call_id == call.id, whose(viewer, wanted, mine.user_id), condition
        )

    return that


_part = sa_orm.aliased(models.CallParticipant, name="own_part")


def part() -> Any:
    """Return the one alias of a call's parts in conditions."""
    return _part


@dataclass(frozen=True, slots=True)
class Own:
    """What the parts that are looked at did: conditions, however they are found."""

    rang: ColumnElement[bool]
    missed: ColumnElement[bool]
    answered: ColumnElement[bool]


def own(that: Part) -> Own:
    """Ask the parts themselves."""
    mine = part()
    return Own(
        rang=that(mine.rang.is_not(None)),
        missed=that(mine.outcome == "missed"),
        answered=that(mine.answered.is_not(None)),
    )


def target(rules: Rules, call: Any = models.Call) -> ColumnElement[Any]:
    """Give the target of the call's queue, in seconds."""
    profile = models.QueueProfile
    its = (
        select(profile.target_seconds)
        .where(profile.pbx == call.pbx, profile.queue == call.queue)
        .scalar_subquery()
    )
    return func.coalesce(its, rules.target_seconds)


def sets(rules: Rules, own: Own, call: Any = models.Call) -> dict[str, ColumnElement[bool]]:
    """Give the condition of every set of metrics.SETS."""
    over, talked = call.ended.is_not(None), call.answered.is_not(None)
    result = func.coalesce(call.result, "")
    queued = and_(call.queued.is_not(None), call.direction != "outbound")
    gave_up = and_(queued, over, ~talked, result == "abandoned")
    short: ColumnElement[bool] = false()
    if rules.short_seconds > 0:
        waited = func.coalesce(call.wait_seconds, rules.short_seconds)
        short = and_(gave_up, waited < rules.short_seconds)
    answered = and_(queued, over, talked)
    counted = or_(answered, and_(gave_up, ~short))
    attempt = and_(call.direction == "outbound", over, result != "agent_no_answer")
    won = select(models.Outcome.id).where(models.Outcome.success)
    success = func.coalesce(call.outcome_id.in_(won), false())
    rings = or_(call.direction != "outbound", call.queued.is_not(None))
    taken = and_(over, talked, own.answered)
    return {
        "offered": queued,
        "answered": answered,
        "abandoned": and_(gave_up, ~short),
        "short": short,
        "unanswered": and_(queued, over, ~talked, result != "abandoned"),
        "running": and_(queued, ~over),
        "over": and_(queued, over, ~short),
        "counted": counted,
        "in_time": and_(counted, call.wait_seconds <= target(rules, call)),
        "handled": and_(over, talked),
        "attempts": attempt,
        "contacts": and_(attempt, talked),
        "successes": and_(attempt, talked, success),
        "dropped": and_(attempt, result == "dropped"),
        "rang": and_(rings, own.rang),
        "missed": and_(rings, own.missed),
        "taken": taken,
        "dialled": and_(attempt, own.answered),
        "reached": and_(attempt, taken),
        "sold": and_(attempt, taken, success),
    }
