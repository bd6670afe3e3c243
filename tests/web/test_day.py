"""The page of a day: each number opens its calls and is the one of the reports and of the desk; and whose day may be seen."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import aiohttp
from sqlalchemy import func, select

from callcenter import models
from callcenter.crm import accounts
from callcenter.db import utcnow
from callcenter.reports import days, periods
from tests.web import site
from tests.web.conftest import Client
from web import keys
from web.views import day

FIGURE = re.compile(r'<span class="label">([^<]+)<button.*?<span class="fig">(.*?)</span>\s*<span class="foot">(.*?)</span>', re.DOTALL)  # fmt: skip
PLAIN = re.compile(r"<[^>]+>")
LINK = re.compile(r'href="([^"]+)"')


async def _text(browser: aiohttp.ClientSession, path: str) -> str:
    async with browser.get(path) as answer:
        assert answer.status == 200, path
        return await answer.text()


def _figures(page: str) -> dict[str, tuple[str, str]]:
    found = {}
    for name, value, _ in FIGURE.findall(page):
        link = LINK.search(value)
        found[html.unescape(name)] = (
            PLAIN.sub("", value).strip(),
            html.unescape(link[1]) if link else "",
        )
    return found


def _busiest(place: site.Site) -> tuple[int, str, str, str]:
    """Return the agent with most calls on one day of the sample: id, login, name, day."""
    call, part, user = models.Call, models.CallParticipant, models.User
    with place.database.session() as session:
        on = func.date(call.started)
        row = session.execute(
            select(user.id, user.login, user.name, on.label("day"))
            .join(part, part.user_id == user.id)
            .join(call, call.id == part.call_id)
            .where(user.role == "agent", part.answered.is_not(None))
            .group_by(user.id, on)
            .order_by(func.count().desc(), user.id)
            .limit(1)
        ).one()
    return row.id, row.login, row.name, str(row.day)


async def test_every_number_opens_exactly_its_calls_and_says_what_the_report_says(
    place: site.Site, client: Client
) -> None:
    user, login, name, on = _busiest(place)
    mine, boss = await client(login=login), await client("manager")
    page = await _text(mine, f"/day?day={on}&lang=en")
    found = _figures(page)
    assert len(found) == len(days.SHOWN) and int(found["Taken"][0]) > 0
    counts = [(value, link) for value, link in found.values() if value.isdigit() and link]
    assert counts
    for value, link in counts:
        behind = re.search(r'data-count="(\d+)"', await _text(mine, link))
        assert behind is not None and behind[1] == value, link
    report = await _text(boss, f"/figures?lang=en&by=agent&period=custom&from={on}&to={on}")
    row = next(
        r for r in re.findall(r"<tr>.*?</tr>", report, re.DOTALL) if f"/day?user={user}&amp;" in r
    )
    shown = [PLAIN.sub("", cell) for cell in re.findall(r'<td class="n">(.*?)</td>', row)]
    told = [value for value, _ in found.values()]
    assert set(told) <= set(shown), (told, shown)
    assert name in await _text(boss, f"/day?user={user}&day={on}")


async def test_a_day_is_open_to_whose_it_is_to_who_leads_them_and_to_managers(
    place: site.Site, client: Client
) -> None:
    with place.database.session() as session:
        team = models.Team(name="strangers")
        session.add(team)
        session.flush()
        stranger = accounts.create_user(session, "stranger", "Hidden Person", password=site.PASSWORD, now=utcnow(), team_ids=(team.id,)).id  # fmt: skip
        member = accounts.by_login(session, place.login_of("agent")).id
        led = set(session.scalars(select(models.Membership.user_id)))
    assert member in led
    for role, theirs, others in (("agent", 404, 404), ("supervisor", 200, 404), ("manager", 200, 200), ("admin", 200, 200)):  # fmt: skip
        browser = await client(role)
        of = place.user_id if role != "agent" else next(u for u in sorted(led) if u != member)
        for user, status in ((of, theirs), (stranger, others), (987654, 404)):
            async with browser.get(f"/day?user={user}") as answer:
                assert answer.status == status, (role, user)
                assert status == 200 or "Hidden Person" not in await answer.text()
        async with browser.get("/day") as answer:
            assert answer.status == 200, role


async def test_the_desk_says_the_same_as_the_day(place: site.Site, client: Client) -> None:
    login = place.login_of("agent")
    with place.database.session() as session:
        user = accounts.by_login(session, login).id
        begun = utcnow()
        for n, direction in enumerate(("inbound", "outbound", "internal")):
            row = models.Call(
                pbx="main", linkedid=f"now.{n}", direction=direction, started=begun, answered=begun, result="answered",
                ended=begun + timedelta(seconds=90), talk_seconds=90.0, variables={},
            )  # fmt: skip
            row.participants = [models.CallParticipant(interface="PJSIP/9", extension="9", user_id=user, answered=begun, left=begun + timedelta(seconds=60), outcome="answered")]  # fmt: skip
            session.add(row)
    browser = await client("agent")
    found = _figures(await _text(browser, "/day?lang=en"))
    async with browser.get("/api/v1/desk/setup") as answer:
        strip = (await answer.json())["today"]
    assert str(strip["calls"]) == found["Taken"][0]
    desk = await _text(browser, "/desk")
    shown = [PLAIN.sub("", v) for v in re.findall(r'<span class="fig">(.*?)</span>', desk)]
    assert shown == [found[n][0] for n in ("Taken", "Average handle time (AHT)", "Time in calls")]


async def test_a_wrong_date_is_refused_and_nonsense_is_ones_own_day(
    place: site.Site, client: Client
) -> None:
    browser = await client("agent")
    for path, status in (("/day?day=2026-13-01", 422), ("/day?day=1999-01-01", 422), ("/day?user=x", 200), ("/day?user=-1", 200), ("/day?day=2099-01-01", 200)):  # fmt: skip
        async with browser.get(path) as answer:
            assert answer.status == status, path


def test_a_strip_begins_and_ends_at_full_hours_and_fills_its_width(place: site.Site) -> None:
    zone = place.app[keys.SETTINGS].site.timezone
    period = periods.between("2026-03-27", "2026-03-27", ZoneInfo(zone))  # 23 hours
    begin = datetime(2026, 3, 27, 6, 20, tzinfo=UTC)
    found = [
        days.Stretch("ready", "", begin, begin + timedelta(hours=1)),
        days.Stretch("talking", "", begin + timedelta(hours=1), begin + timedelta(hours=2)),
    ]
    drawn = day.strip(found, period)
    assert drawn is not None and day.strip([], period) is None
    assert [label for _, label in drawn.hours] == ["09:00", "10:00", "11:00", "12:00"]
    assert [at for at, _ in drawn.hours][::3] == [0.0, day.WIDE]
    first, second = drawn.bars
    assert (first.x, round(first.x + first.width)) == (111.11, round(second.x))
    assert drawn.sums == {"ready": 3600.0, "talking": 3600.0}
    whole = day.strip([days.Stretch("ready", "", period.begin, period.end)], period)
    assert whole is not None and len(whole.hours) <= day.MOST_LABELS + 1
