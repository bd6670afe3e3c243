"""One person's day: their own figures beside their team's, the pauses by reason, and what they did when.

The figures are those of figures.AGENTS, computed as everywhere. The team's mean is the one number about others that an agent
is told: of the agents of the teams that they are in, as many as were signed in or had calls; of two it would tell the other's number,
so it takes FEWEST. Of a count and a length it is each one's share, of a quotient that of all their calls and time together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import visibility
from callcenter.reports import conditions, figures, metrics, queries

FEWEST: Final = 3
SHOWN: Final = (
    "taken", "dialled", "own_missed", "in_calls", "own_aht", "own_wrapup", "own_conversion", "signed_in", "paused",
    "own_occupancy",
)  # fmt: skip
# On a page about one person nothing need say that it is the agent's.
NAMES: Final = {
    "own_missed": "Missed", "own_aht": "Average handle time (AHT)", "own_conversion": "Conversion",
    "own_occupancy": "Occupancy",
}  # fmt: skip
# Who counts a team's mean; nothing but the mean leaves this module.
_EVERYBODY: Final = visibility.Viewer(0, "manager")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in one state, cut at the ends of the day; the present one has reached `end` so far."""

    state: str
    reason: str
    begin: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Give how long it lasted."""
        return (self.end - self.begin).total_seconds()


@dataclass(frozen=True, slots=True)
class Team:
    """What the team did: how many worked, and the mean of each figure; empty where too few worked."""

    size: int
    means: Mapping[str, float | None]


def own(
    session: Session, viewer: visibility.Viewer, wanted: conditions.Wanted, rules: conditions.Rules, now: datetime
) -> metrics.Tally:  # fmt: skip
    """Compute the measures of the one agent that `wanted` names, as far as the viewer may see them."""
    return queries.Report(viewer, wanted, rules, now).total(session)


def team(
    session: Session, user_id: int, wanted: conditions.Wanted, rules: conditions.Rules, now: datetime
) -> Team:  # fmt: skip
    """Compute the mean of the teams that a user is in."""
    member, user = models.Membership, models.User
    agents = set(session.scalars(select(user.id).where(user.role == "agent")))
    found: dict[object, metrics.Tally] = {}
    for team_id in session.scalars(select(member.team_id).where(member.user_id == user_id)):
        of = replace(wanted, agent_id=None, team_id=team_id, of_agents=True)
        found |= queries.Report(_EVERYBODY, of, rules, now).table(session, "agent").groups
    worked = [t for key, t in found.items() if key in agents and _worked(t)]
    return Team(len(worked), mean(worked))


def _worked(tally: metrics.Tally) -> bool:
    return any(tally.get(code) for code in ("signed_in", "rang", "taken", "dialled"))


def mean(tallies: list[metrics.Tally]) -> dict[str, float | None]:
    """Return the mean of each figure; nothing where there are too few to hide one behind the others."""
    if len(tallies) < FEWEST:
        return {}
    whole = metrics.add(tallies)
    found: dict[str, float | None] = {}
    for code in SHOWN:
        figure = figures.BY_CODE[code]
        value = figure.value(whole)
        found[code] = value if figure.bottom or value is None else value / len(tallies)
    return found


def stretches(
    session: Session, viewer: visibility.Viewer, wanted: conditions.Wanted, rules: conditions.Rules, now: datetime
) -> list[Stretch]:  # fmt: skip
    """Return what the agent that `wanted` names did, in order; what the viewer may not see is not there."""
    report, state = queries.Report(viewer, wanted, rules, now), models.AgentState
    begin, end = queries.clipped(report)
    # Empty when somebody looks at the very moment of a change.
    rows = session.execute(
        select(state.state, state.reason, begin, end)
        .where(*queries.spans(report))
        .order_by(state.since)
    )
    return [Stretch(*row) for row in rows if row[3] > row[2]]


def pauses(found: list[Stretch]) -> dict[str, float]:
    """Sum the pauses by reason, the longest first."""
    sums: dict[str, float] = {}
    for each in found:
        if each.state == metrics.PAUSED:
            sums[each.reason] = sums.get(each.reason, 0.0) + each.seconds
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


def calls(
    session: Session, viewer: visibility.Viewer, wanted: conditions.Wanted, *, most: int
) -> tuple[list[models.Call], int]:
    """Return the last calls in which the agent's phone took part, and how many there are."""
    call = models.Call
    of = conditions.calls(viewer, wanted)
    rows = session.scalars(
        select(call).where(*of).order_by(call.started.desc(), call.id.desc()).limit(most)
    )
    count = session.scalar(select(func.count()).select_from(call).where(*of))
    return list(rows), count or 0
