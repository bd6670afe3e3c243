"""What an address asks of the figures, and the addresses of the calls behind a number: one spelling in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from callcenter.reports import conditions, metrics, periods, queries
from callcenter.settings import Settings

NAMES = ("period", "from", "to", "by", "family", "queue", "campaign", "direction", "agent", "team")
DIRECTIONS = ("inbound", "outbound", "internal")
FILTERS = ("queue", "campaign", "direction", "agent", "team")
# What a link to calls carries beside the filters.
BEHIND = ("set", "since", "until", "hour", "seats", "campaign", "team", "pbx")
LATEST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class Asked:
    """A table of figures: which calls, by what, which family of figures."""

    values: dict[str, str]
    period: periods.Period
    wanted: conditions.Wanted
    by: str
    family: str

    @property
    def filtered(self) -> bool:
        """Say whether calls are narrowed beyond the period."""
        return any(self.values[name] for name in FILTERS)

    def link(self, path: str = "/figures", **changes: str) -> str:
        """Give the address of the same with some changes."""
        values = {**self.values, **changes}
        return f"{path}?{urlencode({name: value for name, value in values.items() if value})}"

    def compared(self, now: datetime) -> conditions.Wanted:
        """Ask the same of as much time before: where the last day still goes on, up to the same time of it."""
        before = self.period.before()
        gone = now - self.period.begin
        end = before.begin + gone if now < self.period.end else before.end
        return self.wanted.within(before.begin, max(before.begin, end))


def rules(settings: Settings) -> conditions.Rules:
    """Give the rules of counting that the settings have."""
    found = settings.reports
    return conditions.Rules(found.short_abandon_seconds, found.target_seconds)


def read(query: Mapping[str, str], today: date, timezone: str) -> Asked:
    """Read an address; what cannot be is left out, but a wrong date is refused with Invalid."""
    zone = ZoneInfo(timezone)
    values = {name: query.get(name, "")[:100].strip() for name in NAMES}
    values["period"] = values["period"] if values["period"] in periods.NAMES else "week"
    values["by"] = values["by"] if values["by"] in queries.BY else "day"
    if values["direction"] not in DIRECTIONS:
        values["direction"] = ""
    for name in ("agent", "team"):
        values[name] = values[name] if _number(values[name]) is not None else ""
    if values["period"] == "custom":
        first, last = sorted((values["from"], values["to"]))  # who turned them round means the same
        period = periods.between(first, last, zone)
    else:
        period = periods.named(values["period"], today, zone)
    values |= {"from": period.first.isoformat(), "to": period.last.isoformat()}
    values["family"] = values["family"] if values["family"] == "outbound" else "service"
    through = values["by"] in ("agent", "team") or values["agent"] or values["team"]
    outbound = values["family"] == "outbound" and not through
    wanted = conditions.Wanted(
        period.begin,
        period.end,
        queue=values["queue"],
        campaign=values["campaign"],
        direction="outbound" if outbound else values["direction"],
        agent_id=_number(values["agent"]),
        team_id=_number(values["team"]),
        of_agents=values["by"] in ("agent", "team"),
        zone=timezone,
    )
    family = "agents" if wanted.sees_agents else values["family"]
    return Asked(values, period, wanted, values["by"], family)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def narrowed(asked: Asked, key: Any) -> conditions.Wanted:
    """Ask for the calls of one group of a table."""
    wanted, zone = asked.wanted, ZoneInfo(asked.wanted.zone)
    match asked.by:
        case "day":
            return wanted.within(
                periods.midnight(key, zone), periods.midnight(key + timedelta(days=1), zone)
            )
        case "hour":
            return replace(wanted, hour=key)
        case "queue":
            return replace(wanted, queue=key or conditions.NONE)
        case "campaign":
            return replace(wanted, campaign=key or conditions.NONE)
        case "agent":
            return replace(wanted, agent_id=key)
        case _:
            return replace(wanted, team_id=key)


def calls_link(wanted: conditions.Wanted, code: str, path: str = "/calls") -> str:
    """Give the address of the calls in a set."""
    values = {
        "set": code,
        "since": int(wanted.begin.timestamp()),
        "until": int(wanted.end.timestamp()),
        "queue": wanted.queue,
        "campaign": wanted.campaign,
        "direction": wanted.direction,
        "agent": wanted.agent_id or "",
        "team": wanted.team_id or "",
        "hour": "" if wanted.hour is None else wanted.hour,
        "seats": "1" if wanted.of_agents else "",
        "pbx": wanted.pbx,
    }
    kept = {name: value for name, value in values.items() if value != ""}
    return f"{path}?{urlencode(kept)}"


def calls_behind(values: Mapping[str, str], timezone: str) -> conditions.Wanted | None:
    """Read such an address again; None where it names no set or no time."""
    since, until = _moment(values.get("since", "")), _moment(values.get("until", ""))
    if values.get("set", "") not in metrics.SETS or since is None or until is None:
        return None
    if not timedelta(0) <= until - since <= timedelta(days=periods.LONGEST_DAYS + 1):
        return None
    hour = _number(values.get("hour", ""))
    return conditions.Wanted(
        since,
        until,
        queue=values.get("queue", ""),
        campaign=values.get("campaign", ""),
        direction=values.get("direction", ""),
        agent_id=_number(values.get("agent", "")),
        team_id=_number(values.get("team", "")),
        of_agents=values.get("seats", "") == "1",
        hour=hour if hour is not None and hour < 24 else None,
        zone=timezone,
        pbx=values.get("pbx", ""),
    )


def _moment(text: str) -> datetime | None:
    fits = text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= LATEST
    return datetime.fromtimestamp(int(text), UTC) if fits else None
