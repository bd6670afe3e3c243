"""One person's day: figures beside the team's, a strip of what they did when, the last calls, what is due. Own, or of one's people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import literal, select
from sqlalchemy import orm as sa_orm

from callcenter import errors, models
from callcenter.crm import tasklist, visibility
from callcenter.db import utcnow
from callcenter.reports import conditions, days, figures, periods
from web import auth, figure_asks, figure_tables, keys, lookups, panel, rendering

MOST_CALLS, MOST_TASKS = 10, 10
# The drawing of the strip, in units of its own.
WIDE, HIGH, FOOT = 1000, 64, 20
MOST_LABELS = 13


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch as it is drawn."""

    of: days.Stretch
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Strip:
    """The day as a strip: stretches, the hours of the clock below them, and how long each state lasted."""

    bars: tuple[Bar, ...]
    hours: tuple[tuple[float, str], ...]
    sums: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the page tells."""

    user_id: int
    name: str
    cells: tuple[figure_tables.Cell, ...]
    team: days.Team
    pauses: Mapping[str, float]
    strip: Strip | None
    calls: list[models.Call]
    count: int
    parties: Mapping[int, models.Party]
    due: tuple[tasklist.Item, ...]
    people: Mapping[int, str]
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose day, and which."""

    user_id: int
    period: periods.Period
    wanted: conditions.Wanted
    rules: conditions.Rules
    now: datetime

    @property
    def is_today(self) -> bool:
        """Say whether the day goes on."""
        return self.period.begin <= self.now < self.period.end


def read_address(request: web.Request) -> Asked:
    """Read an address; raise Invalid for what is no date."""
    settings, today = request.app[keys.SETTINGS], rendering.fmt(request).today()
    zone = ZoneInfo(settings.site.timezone)
    day = request.query.get("day", "")[:10] or today.isoformat()
    user_id = panel.number(request.query.get("user", "")) or auth.current(request).id
    period = periods.between(day, day, zone)
    wanted = conditions.Wanted(period.begin, period.end, agent_id=user_id, zone=zone.key)
    return Asked(user_id, period, wanted, figure_asks.rules(settings), utcnow())


def _read(session: sa_orm.Session, viewer: visibility.Viewer, asked: Asked, language: str) -> Shown:
    user = session.get(models.User, asked.user_id)
    watched = select(visibility.watches(viewer, literal(asked.user_id)))
    if user is None or not session.scalar(watched):
        raise errors.NotFound("no such user")
    at = (viewer, asked.wanted, asked.rules, asked.now)
    tally = days.own(session, *at)
    done = days.stretches(session, *at)
    calls, count = days.calls(session, viewer, asked.wanted, most=MOST_CALLS)
    due = tasklist.Wanted(asked.now, asked.period.end, user_id=user.id, until=asked.period.end)
    return Shown(
        user_id=user.id,
        name=user.name,
        cells=tuple(
            figure_tables.cell(figures.BY_CODE[c], tally, asked.wanted) for c in days.SHOWN
        ),
        team=days.team(session, user.id, *at[1:]),
        pauses=days.pauses(done),
        strip=strip(done, asked.period),
        calls=calls,
        count=count,
        parties=lookups.open_customers(session, viewer, (call.party_id for call in calls)),
        due=tasklist.page(session, viewer, due, limit=MOST_TASKS).items if asked.is_today else (),
        people=lookups.colleagues(session, viewer),
        reasons=_reasons(session, language),
    )


def _reasons(session: sa_orm.Session, language: str) -> dict[str, str]:
    rows = session.scalars(select(models.PauseReason))
    return {row.code: lookups.label(row.labels, language, row.code) for row in rows}


def strip(found: list[days.Stretch], period: periods.Period) -> Strip | None:
    """Draw the stretches from the full hour before the first to the one after the last; None for a day without any."""
    if not found:
        return None
    hour = timedelta(hours=1)
    begin = period.begin + (found[0].begin - period.begin) // hour * hour
    hours = max(1, -(-(found[-1].end - begin) // hour))
    every = -(-hours // MOST_LABELS)
    hours = -(-hours // every) * every
    scale = WIDE / (hours * 3600)
    bars = tuple(
        Bar(
            each, round((each.begin - begin).total_seconds() * scale, 2), round(max(0.6, each.seconds * scale), 2)
        )
        for each in found
    )  # fmt: skip
    marks = tuple(
        (round(n * 3600 * scale, 1), f"{(begin + n * hour).astimezone(period.zone):%H:%M}")
        for n in range(0, hours + 1, every)
    )
    sums: dict[str, float] = {}
    for each in found:
        sums[each.state] = sums.get(each.state, 0.0) + each.seconds
    return Strip(bars, marks, dict(sorted(sums.items(), key=lambda item: -item[1])))


def link(user_id: int, day: date, *, mine: int, today: date) -> str:
    """Return the address of a day; one's own day of today needs nothing said."""
    values = {
        "user": "" if user_id == mine else str(user_id),
        "day": "" if day == today else day.isoformat(),
    }
    kept = {name: value for name, value in values.items() if value}
    return f"/day?{urlencode(kept)}" if kept else "/day"


async def page(request: web.Request) -> web.StreamResponse:
    """Show the day."""
    person, asked = auth.current(request), read_address(request)
    texts, formats = auth.texts(request), rendering.fmt(request)
    shown = await request.app[keys.DATABASE].run(_read, person.viewer, asked, texts.language)
    day, today = asked.period.first, formats.today()

    def there(by: int) -> str:
        return link(asked.user_id, day + timedelta(days=by), mine=person.id, today=today)

    return rendering.page(
        request,
        "day.html",
        asked=asked,
        day=day,
        shown=shown,
        mine=asked.user_id == person.id,
        say=texts.translations.gettext,
        names={c: days.NAMES.get(c, figures.BY_CODE[c].name) for c in days.SHOWN},
        earlier=there(-1),
        later=there(1) if day < today else "",
        now_link=link(asked.user_id, today, mine=person.id, today=today),
        all_calls=f"/calls?period=today&agent={asked.user_id}" if asked.is_today else "",
        top={"wide": WIDE, "high": HIGH, "foot": FOOT},
    )
