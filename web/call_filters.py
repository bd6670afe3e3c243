"""What an address asks of the list of calls: read, checked against what the viewer may ask for, and turned into conditions.

The address is the truth, whether it was typed, linked or kept as a view. What it has and the list does not know, or this viewer
may not ask for, is left out and named, so that the page can say so: nothing of an address is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import orm as sa_orm

from callcenter.crm import visibility
from callcenter.reports import conditions, periods
from callcenter.settings import Settings
from web import figure_asks, lookups
from web.call_search import LENGTHS, NONE, Wanted

PERIODS = {"today": 0, "week": 6, "month": 29, "all": None}
DEFAULT_PERIOD, CUSTOM = "week", "custom"
DIRECTIONS = ("inbound", "outbound", "internal")
RESULTS = (
    "missed", "answered", "abandoned", "no_answer", "busy", "failed", "cancelled", "agent_no_answer", "dropped",
)  # fmt: skip
ME = "me"  # whoever looks: so that a shared view is everybody's own
NAMES = (
    "q", "period", "from", "to", "direction", "result", "queue", "agent", "outcome", "length", "recorded", "unreached",
    *figure_asks.BEHIND,
)  # fmt: skip
# What stands in an address and is no filter.
BESIDE = frozenset({"after", "lang", "said", "view"})
LONGEST = 100
# Calls that nobody returned in a quarter of a year are no work any more, and to find them each missed call ever would be asked.
UNREACHED_DAYS = 90


@dataclass(frozen=True, slots=True)
class Options:
    """What a viewer may choose from, each by what stands in an address."""

    queues: Mapping[str, str]
    agents: Mapping[int, str]
    outcomes: Mapping[int, str]
    teams: Mapping[int, str]
    campaigns: Mapping[str, str]
    hears: bool


def options(session: sa_orm.Session, viewer: visibility.Viewer, language: str) -> Options:
    """Read what a viewer may choose from."""
    return Options(
        queues=lookups.queues(session, language),
        agents=lookups.colleagues(session, viewer),
        outcomes=lookups.outcomes(session, language),
        teams=lookups.teams(session, viewer),
        campaigns=lookups.campaigns(session, viewer),
        hears=viewer.role != "admin" or viewer.listens,
    )


def chosen(query: Mapping[str, str]) -> dict[str, str]:
    """Return the filters of an address, without what cannot be."""
    values = {name: plain(query.get(name, "")) for name in NAMES}
    values["q"] = typed(query.get("q", ""))
    allowed: Mapping[str, Collection[str]] = {
        "period": (*PERIODS, CUSTOM), "direction": DIRECTIONS, "result": RESULTS, "length": LENGTHS,
        "recorded": ("1",), "unreached": ("1",),
    }  # fmt: skip
    for name, possible in allowed.items():
        if values[name] not in possible:
            values[name] = ""
    for name, also in (("agent", ME), ("outcome", NONE), ("team", "")):
        values[name] = values[name] if values[name] == also else row_id(values[name])
    _days(values)
    values["period"] = values["period"] or DEFAULT_PERIOD
    return values


def plain(text: str) -> str:
    """Return a value of an address, cut to what is read; nothing where it holds control characters."""
    cut = text[:LONGEST].strip()
    return cut if cut.isprintable() else ""


def typed(text: str) -> str:
    """Return what somebody typed or pasted, without the marks of direction that come along with a number."""
    return "".join(c for c in text[:LONGEST] if c.isprintable()).strip()


def _days(values: dict[str, str]) -> None:
    """Keep the days of a period of one's own where both can be days, in order."""
    first, last = day(values["from"]), day(values["to"])
    wrong = first is not None and last is not None and first > last
    fits = values["period"] == CUSTOM and not wrong and (first is not None or last is not None)
    values["from"] = first.isoformat() if fits and first else ""
    values["to"] = last.isoformat() if fits and last else ""
    if values["period"] == CUSTOM and not fits:
        values["period"] = ""


def day(text: str) -> date | None:
    """Return the day that an address names, if it is one of our times."""
    try:
        found = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return found if found and periods.EARLIEST <= found < periods.LATEST else None


def row_id(text: str) -> str:
    """Return what may be the id of a row, else nothing."""
    return text if text.isascii() and text.isdigit() and len(text) < 10 else ""


def since(period: str, midnight: Callable[[], datetime]) -> datetime | None:
    """Return when a period began; None where it has no beginning. Days begin at the office's midnight."""
    days = PERIODS.get(period)
    return None if days is None else midnight() - timedelta(days=days)


def dropped(query: Mapping[str, str], values: Mapping[str, str]) -> list[str]:
    """Name what an address asks for and is not in `values`, which were read from it."""
    return [
        name[:LONGEST]
        for name, value in query.items()
        if value.strip() and name not in BESIDE and not _taken(name, value, values)
    ]


def _taken(name: str, value: str, values: Mapping[str, str]) -> bool:
    """Say whether a value was read; of what is typed, a long one is taken as far as it goes."""
    kept = values.get(name, "")
    return bool(kept) if name == "q" else value[:LONGEST].strip() == kept


def permitted(values: Mapping[str, str], open_to: Options) -> dict[str, str]:
    """Leave out what this viewer may not ask for. The lists behind figures have a rule of their own (reports/conditions.py)."""
    kept = dict(values)
    if values["set"]:
        return kept
    offered: Mapping[str, Collection[str]] = {
        "agent": {ME, *map(str, open_to.agents)},
        "outcome": {NONE, *map(str, open_to.outcomes)},
        "team": {*map(str, open_to.teams)},
        "campaign": {conditions.NONE, *open_to.campaigns},
        "recorded": {"1"} if open_to.hears else (),
    }
    for name, possible in offered.items():
        if kept[name] not in possible:
            kept[name] = ""
    return kept


def wanted(
    values: Mapping[str, str], midnight: Callable[[], datetime], settings: Settings, me: int
) -> Wanted:
    """Turn the filters of an address into conditions; days begin at the office's midnight, `me` is who looks."""
    behind = figure_asks.calls_behind(values, settings.site.timezone)
    if behind is not None:
        return Wanted(
            result=values["result"],
            outcome=values["outcome"],
            text=values["q"],
            region=settings.site.region,
            set_code=values["set"],
            behind=behind,
            rules=figure_asks.rules(settings),
        )
    begin, end = _between(values, midnight, ZoneInfo(settings.site.timezone))
    if lately(values):
        begin = (end or midnight()) - timedelta(days=UNREACHED_DAYS)
    agent = str(me) if values["agent"] == ME else values["agent"]
    return Wanted(
        since=begin,
        until=end,
        direction=values["direction"],
        result=values["result"],
        queue=values["queue"],
        agent_id=int(agent) if agent else None,
        team_id=int(values["team"]) if values["team"] else None,
        campaign=values["campaign"],
        outcome=values["outcome"],
        length=values["length"],
        recorded=bool(values["recorded"]),
        unreached=bool(values["unreached"]),
        text=values["q"],
        region=settings.site.region,
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks of the list, before it is held against what they may ask for."""

    values: dict[str, str]
    viewer: visibility.Viewer
    midnight: Callable[[], datetime]
    settings: Settings
    language: str

    def within(self, open_to: Options) -> tuple[dict[str, str], Wanted]:
        """Return the filters that hold, and their conditions."""
        kept = permitted(self.values, open_to)
        return kept, wanted(kept, self.midnight, self.settings, self.viewer.id)


def lately(values: Mapping[str, str]) -> bool:
    """Say whether calls are looked for in the last `UNREACHED_DAYS` alone, though all are asked for."""
    endless = values["period"] == "all" or (values["period"] == CUSTOM and not values["from"])
    return bool(values["unreached"]) and endless


def _between(
    values: Mapping[str, str], midnight: Callable[[], datetime], zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    if values["period"] != CUSTOM:
        return since(values["period"], midnight), None
    first, last = day(values["from"]), day(values["to"])
    return (
        periods.midnight(first, zone) if first else None,
        periods.midnight(last + timedelta(days=1), zone) if last else None,
    )
