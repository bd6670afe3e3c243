"""The page of figures: each number opens exactly its calls, files say the same, and nobody sees what is not theirs."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import func, select, update

from callcenter import manual_figures, models
from callcenter.db import utcnow
from callcenter.reports import conditions, figures, metrics, queries
from tests.web import site
from tests.web.conftest import Client
from web import figure_asks, figure_tables, i18n

LINK = re.compile(r'<a href="(/calls\?set=[^"]+)" title="[^"]+"><bdi[^>]*>([^<]+)</bdi></a>')
ABOUT = re.compile(r'<a class="link" href="(/calls\?set=[^"]+)">[^<]*<bdi[^>]*>([^<]+)</bdi></a>')


async def _text(browser: object, path: str) -> str:
    async with browser.get(path) as answer:  # type: ignore[attr-defined]
        assert answer.status == 200, path
        return str(await answer.text())


async def _behind(browser: object, link: str) -> int:
    page = await _text(browser, html.unescape(link))
    counted = re.search(r'data-count="(\d+)"', page)
    assert counted is not None, link
    return int(counted[1])


@pytest.mark.parametrize(
    "query",
    [
        "period=month&by=day", "period=month&by=hour", "period=week&by=queue&family=outbound", "period=month&by=agent",
        "period=month&by=team", "period=month&by=campaign&direction=inbound", "period=month&by=hour&agent={agent}",
    ],
)  # fmt: skip
async def test_each_number_opens_exactly_the_calls_that_it_counts(
    query: str, place: site.Site, client: Client
) -> None:
    with place.database.session() as session:
        agent = session.scalar(select(models.User.id).where(models.User.role == "agent"))
        session.execute(update(models.Call).where(models.Call.id % 5 == 0).values(variables={"CC_CAMPAIGN": "fiber & <co>"}))  # fmt: skip
    for role in ("manager", "supervisor"):
        browser = await client(role)
        page = await _text(browser, f"/figures?lang=en&{query.format(agent=agent)}")
        counts = [(link, int(n)) for link, n in LINK.findall(page) if n.isdigit()]
        counts += [(link, int(n)) for link, n in ABOUT.findall(page)]
        assert counts, "the sample has calls in every month"
        for link, number in counts[:: max(1, len(counts) // 25)]:
            assert await _behind(browser, link) == number, (role, link)


async def test_the_list_behind_a_number_holds_as_many_rows_as_it_says(
    place: site.Site, client: Client
) -> None:
    browser = await client("manager")
    page = await _text(browser, "/figures?lang=en&period=month&by=queue")
    path = html.unescape(ABOUT.findall(page)[0][0])
    said, seen = await _behind(browser, path), 0
    while path:
        shown = await _text(browser, path)
        seen += len(re.findall(r'strong" href="/calls/\d+"', shown))
        older = re.search(r'href="([^"]+)" rel="next"', shown)
        path = html.unescape(older[1]) if older else ""
    assert seen == said > 50


async def test_a_supervisor_counts_and_opens_no_call_of_others(
    place: site.Site, client: Client
) -> None:
    with place.database.session() as session:  # the sample's supervisor leads every team
        member = models.Membership
        led = session.scalars(select(member).where(member.leads).order_by(member.id)).all()
        for each in led[1:]:
            session.delete(each)
        user = session.get_one(models.User, led[0].user_id)
    boss, lead = await client("manager"), await client(login=user.login)
    path = "/figures?lang=en&period=month&by=agent"
    numbers = []
    for browser in (boss, lead):
        page = await _text(browser, path)
        link, said = next(found for found in ABOUT.findall(page) if "set=taken" in found[0])
        assert await _behind(browser, link) == int(said)
        numbers.append(int(said))
    assert 0 < numbers[1] < numbers[0]
    agent = await client("agent")
    async with agent.get("/figures") as answer:
        assert answer.status == 403


async def test_an_agent_who_types_the_address_of_a_number_sees_only_what_is_open(
    place: site.Site, client: Client
) -> None:
    boss, agent = await client("manager"), await client("agent")
    page = await _text(boss, "/figures?lang=en&period=month&by=agent")
    link = next(link for link, _ in ABOUT.findall(page) if "set=taken" in link)
    assert await _behind(agent, link) < await _behind(boss, link)


async def test_a_running_call_is_offered_and_nothing_else(place: site.Site, client: Client) -> None:
    with place.database.session() as session:
        session.execute(update(models.Call).values(merged_into="gone"))
        session.add(
            models.Call(
                pbx="main", linkedid="now.1", direction="inbound", queue="new", started=utcnow(), queued=utcnow(),
                answered=utcnow(), variables={},
            )
        )  # fmt: skip
    browser = await client("manager")
    async with browser.get("/figures.csv?lang=en&period=today&by=queue") as answer:
        rows = list(csv.DictReader(io.StringIO((await answer.text()).lstrip("\ufeff"))))
    total = rows[-1]
    assert [r["By queue"] for r in rows] == ["new", "Total"]
    assert (total["Offered"], total["Still running"], total["Answered"], total["Handled"]) == (
        "1",
        "1",
        "0",
        "0",
    )
    assert total["Service level"] == "", "nothing to compute from is nothing, not 0"
    page = await _text(browser, "/figures?lang=en&period=today&by=queue")
    assert '<span class="muted">–</span>' in page and "0.0%" not in page


async def test_files_open_in_a_spreadsheet_run_nothing_and_are_audited(
    place: site.Site, client: Client
) -> None:
    with place.database.session() as session:
        call = session.get_one(models.Call, place.call_id)
        call.queue = '=HYPERLINK("http://evil")'
        session.get_one(models.Party, place.party_id).display = "+שם"
        expected = session.scalar(
            select(func.count()).where(models.Call.merged_into.is_(None)).select_from(models.Call)
        )
    browser = await client("manager")
    for path in ("/figures.csv?period=month&by=queue&lang=he", "/calls.csv?period=all&lang=he"):
        async with browser.get(path) as answer:
            data = await answer.read()
            assert answer.headers["Content-Disposition"].startswith("attachment")
        assert data.startswith("\ufeff".encode())
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
        cells = [cell for row in rows for cell in row]
        assert '\'=HYPERLINK("http://evil")' in cells
        assert not any(cell.startswith(("=", "+", "@", "-")) for cell in cells)
        assert len({len(row) for row in rows}) == 1
    assert len(rows) - 1 == expected, "every page of the list is in the file"
    assert "'+שם" in cells
    with place.database.session() as session:
        audit = session.scalars(select(models.Audit).where(models.Audit.action == "export")).all()
    assert [(a.object_type, a.detail["filters"]["period"]) for a in audit] == [
        ("figures", "month"),
        ("calls", "all"),
    ]


async def test_a_wrong_date_is_refused_by_name_and_nonsense_is_left_out(
    client: Client, place: site.Site
) -> None:
    browser = await client("manager")
    for query in (
        "from=2026-13-01&to=2026-01-02",
        "from=2020-01-01&to=2026-01-01",
        "from=&to=",
    ):
        async with browser.get(f"/figures?period=custom&{query}") as answer:
            assert answer.status == 422, query
    await _text(
        browser,
        "/figures?by=%00&queue=%27%3B--&agent=x&team=99999999999&direction=up&family=zz&period=zz",
    )
    for query in (
        "set=offered&since=1&until=99999999999",
        "set=nope&since=1&until=2",
        "set=offered&since=5&until=2",
        "set=offered&since=1&until=2&hour=77",
    ):
        await _text(browser, f"/calls?{query}")


async def test_a_day_that_goes_on_is_compared_with_the_day_before_up_to_the_same_time() -> None:
    now = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
    asked = figure_asks.read({"period": "today"}, date(2026, 11, 25), "Asia/Jerusalem")
    before = asked.compared(now)
    assert (before.begin, before.end) == (
        asked.wanted.begin - timedelta(days=1),
        now - timedelta(days=1),
    )
    asked = figure_asks.read({"period": "yesterday"}, date(2026, 11, 25), "Asia/Jerusalem")
    before = asked.compared(now)
    assert (before.begin, before.end) == (
        asked.wanted.begin - timedelta(days=1), asked.wanted.end - timedelta(days=1),
    )  # fmt: skip


def test_days_that_were_turned_round_are_turned_back() -> None:
    typed = {"period": "custom", "from": "2026-02-09", "to": "2026-02-01"}
    asked = figure_asks.read(typed, date(2026, 11, 25), "Asia/Jerusalem")
    assert (asked.period.first, asked.period.last) == (date(2026, 2, 1), date(2026, 2, 9))


def test_a_change_that_shows_as_none_is_neither_good_nor_bad() -> None:
    asked = figure_asks.read({"period": "yesterday"}, date(2026, 11, 25), "Asia/Jerusalem")
    nothing = dict.fromkeys((*metrics.SETS, *metrics.SUMS), 0.0)

    def told(**now: float) -> dict[str, tuple[float | None, str]]:
        table = queries.Table({}, nothing | {"answered": 10_000.0, "waited": 240_000.0} | now)
        shown = figure_tables.Shown((), (), (), table, {}, {}, {})
        then = nothing | {"answered": 10_000.0, "waited": 240_000.0}
        found = figure_tables.tiles(shown, then, asked)
        return {tile.cell.figure.code: (tile.change, tile.tone) for tile in found}

    assert told(waited=244_900.0)["asa"] == (0.0, "")
    assert told(waited=250_000.0)["asa"] == (1.0, "bad")
    assert told(answered=10_004.0)["answered"] == (0.0, "")
    assert told(answered=10_100.0)["answered"] == (0.01, "ok")
    assert told()["service_level"] == (None, "")


def test_every_word_of_the_figures_is_in_every_language() -> None:
    words = {t for f in figures.ALL for t in (f.name, f.formula)} | set(figures.SET_NAMES.values())
    for language in i18n.LANGUAGES:
        catalogue = i18n.read_catalogue(language)
        missing = [w for w in words if not (m := catalogue.get(w)) or not m.string]
        assert not missing, (language, missing)


def test_every_figure_is_made_of_measures_that_exist_and_has_its_code_alone() -> None:
    known = {*metrics.SETS, *metrics.SUMS, *metrics.SPANS}
    assert set(figures.SET_NAMES) == set(metrics.SETS)
    assert len(figures.BY_CODE) == len(figures.ALL)
    for figure in figures.ALL:
        assert {*figure.top, *filter(None, (figure.bottom,))} <= known, figure.code
        assert figure.opens in metrics.SETS or set(figure.top) <= set(metrics.SPANS), figure.code


def test_the_page_about_figures_is_the_one_that_the_table_gives() -> None:
    page = Path(__file__).parents[2] / "docs" / "figures.md"
    assert page.read_text(encoding="utf-8") == manual_figures.figures_reference()


async def test_a_campaign_is_told_by_its_name(place: site.Site, client: Client) -> None:
    with place.database.session() as session:
        campaign = models.Campaign(name="מבצע סתיו", created_at=utcnow())
        session.add(campaign)
        session.flush()
        call = session.scalars(
            select(models.Call).where(models.Call.direction == "outbound").order_by(models.Call.id)
        ).first()
        assert call is not None
        call.variables = {"CC_CAMPAIGN": str(campaign.id)}
        day = call.started.date()
        first = day - timedelta(days=1)
    browser = await client("manager")
    last = day + timedelta(days=1)
    page = await _text(
        browser, f"/figures?period=custom&from={first}&to={last}&by=campaign&family=outbound"
    )
    assert "מבצע סתיו" in page


def test_the_address_of_calls_of_one_exchange_is_read_as_it_was_written() -> None:
    begin = datetime(2026, 11, 25, tzinfo=UTC)
    asked = conditions.Wanted(
        begin, begin + timedelta(days=1), queue="support", pbx="north", zone="UTC"
    )
    link = figure_asks.calls_link(asked, "offered")
    query = dict(parse_qsl(link.partition("?")[2]))
    assert figure_asks.calls_behind(query, "UTC") == asked
