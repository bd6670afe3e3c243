"""The filters of the list of calls: each finds exactly its calls on both databases, and what may not be asked is left out by name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select

from callcenter import db, models
from callcenter.crm import accounts, visibility
from tests.servers import on_both
from tests.web import site
from tests.web.conftest import Client
from web import call_filters, call_search

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
ADMIN = visibility.Viewer(id=1, role="admin", listens=True)
DEAF = visibility.Viewer(id=1, role="admin")


def _call(name: str, minutes: float, **values: object) -> models.Call:
    """Return a call that began so many minutes ago; `talk` of None was not answered."""
    at = NOW - timedelta(minutes=minutes)
    talk = values.pop("talk", None)
    given: dict[str, object] = {
        "pbx": "main", "linkedid": name, "direction": "inbound", "far_e164": "+972500000001", "started": at,
        "ended": at + timedelta(minutes=1), "result": "answered" if talk is not None else "abandoned",
        "answered": at if talk is not None else None, "talk_seconds": talk,
    }  # fmt: skip
    return models.Call(**{**given, **values})


def _fill(database: db.Database) -> dict[str, int]:
    """Make some calls, each different in one thing; return users and the campaign by name."""
    two, three, four = "+972500000002", "+972500000003", "+972500000004"
    with database.session() as session:
        team = models.Team(name="sales")
        outcome = models.Outcome(code="sold", labels={"en": "Sold"})
        session.add_all([team, outcome])
        session.flush()
        dana = accounts.create_user(session, "dana", "Dana", password="a long enough password", now=NOW, team_ids=(team.id,))  # fmt: skip
        yael = accounts.create_user(session, "yael", "Yael", password="a long enough password", now=NOW)  # fmt: skip
        calls = [
            _call("said", 10, talk=20.0, outcome_id=outcome.id, queue="sales"),
            _call("unsaid", 20, talk=200.0, variables={"CC_CAMPAIGN": "7"}),
            _call("long", 30, talk=700.0, outcome_id=outcome.id, far_e164=two),
            _call("longest", 40, talk=2000.0, direction="outbound", far_e164=two),
            _call("inside", 50, talk=5.0, direction="internal", far_e164=None, outcome_id=None),
            _call("missed, then reached", 60),
            _call("missed, then tried", 70, far_e164=three),
            _call("tried in vain", 65, far_e164=three, direction="outbound", result="no_answer"),
            _call("missed, reached before", 80, far_e164=four),
            _call("reached before", 90, far_e164=four, talk=60.0, outcome_id=outcome.id),
            _call("missed without a number", 100, far_e164=None),
            _call("ringing now", 0, ended=None, result=None, far_e164="+972500000005"),
            _call("absorbed", 15, merged_into="said"),
        ]
        session.add_all(calls)
        session.flush()
        for number, (call, user) in enumerate(
            ((calls[0], dana), (calls[1], yael), (calls[5], dana))
        ):
            session.add(models.CallParticipant(call_id=call.id, interface=f"PJSIP/{number}", extension="1", user_id=user.id))  # fmt: skip
        for call, state in ((calls[0], "done"), (calls[1], "missing")):
            session.add(models.Recording(call_id=call.id, pbx="main", linkedid=call.linkedid, file=f"{call.id}.wav", state=state, started_at=NOW))  # fmt: skip
        return {"dana": dana.id, "yael": yael.id, "team": team.id, "sold": outcome.id}


def _found(
    database: db.Database, wanted: call_search.Wanted, viewer: visibility.Viewer = ADMIN
) -> list[str]:
    with database.session() as session:
        return [call.linkedid for call in call_search.calls(session, viewer, wanted).items]


MISSED = [
    "missed, then reached", "missed, then tried", "missed, reached before", "missed without a number",
]  # fmt: skip


@on_both()
def test_each_filter_finds_exactly_its_calls(database: db.Database) -> None:
    ids = _fill(database)
    asked = call_search.Wanted
    for wanted, expected in (
        (asked(result="missed"), MISSED),
        (asked(unreached=True), ["missed, then tried", "missed, reached before"]),
        (asked(outcome="none"), ["unsaid", "longest"]),
        (asked(outcome=str(ids["sold"])), ["said", "long", "reached before"]),
        (asked(length="short"), ["said", "inside"]),
        (asked(length="3"), ["unsaid", "long", "longest"]),
        (asked(length="10"), ["long", "longest"]),
        (asked(length="30"), ["longest"]),
        (asked(campaign="7"), ["unsaid"]),
        (asked(campaign="-", length="3"), ["long", "longest"]),
        (asked(agent_id=ids["yael"]), ["unsaid"]),
        (asked(team_id=ids["team"]), ["said", "missed, then reached"]),
        (asked(recorded=True), ["said"]),
        (asked(queue="sales"), ["said"]),
        (asked(direction="outbound"), ["longest", "tried in vain"]),
        (asked(since=NOW - timedelta(minutes=25), until=NOW - timedelta(minutes=5)), ["said", "unsaid"]),
        (asked(unreached=True, text="050-0000003"), ["missed, then tried"]),
        (asked(result="missed", length="30", outcome="none"), []),
    ):  # fmt: skip
        assert _found(database, wanted) == expected, wanted


@on_both()
def test_who_has_much_finds_the_same_as_who_has_little(
    database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = _fill(database)
    for wanted in (
        call_search.Wanted(agent_id=ids["dana"]),
        call_search.Wanted(team_id=ids["team"]),
        call_search.Wanted(recorded=True),
    ):
        few = _found(database, wanted)
        monkeypatch.setattr(call_search, "RARE", 0)
        assert _found(database, wanted) == few != []
        monkeypatch.undo()


def test_nobody_learns_from_the_filter_which_calls_they_may_not_hear(database: db.Database) -> None:
    _fill(database)
    assert _found(database, call_search.Wanted(recorded=True), DEAF) == []


def test_what_is_rare_is_looked_up_in_the_index_made_for_it(database: db.Database) -> None:
    _fill(database)
    said: list[tuple[str, tuple[object, ...]]] = []
    with database.session() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *a: said.append((a[2], a[3])))
        for wanted, index in (
            (call_search.Wanted(result="missed"), "ix_call_missed"),
            (call_search.Wanted(unreached=True), "ix_call_missed"),
            (call_search.Wanted(outcome="none"), "ix_call_unsaid"),
            (call_search.Wanted(length="30"), "ix_call_long"),
            (call_search.Wanted(campaign="7"), "ix_call_campaign"),
        ):
            said.clear()
            call_search.calls(session, ADMIN, wanted)
            text, values = said[0]
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
            if wanted.unreached:
                assert "USING INDEX ix_call_talked" in str(plan), plan
            assert f"USING INDEX {index}" in str(plan) and "TEMP B-TREE" not in str(plan), plan


@pytest.mark.parametrize(
    "query,left",
    [
        ({"direction": "nonsense"}, ["direction"]),
        ({"from": "2026-02-30", "to": "2026-03-01", "period": "custom"}, ["from"]),
        ({"from": "2026-03-02", "to": "2026-03-01", "period": "custom"}, ["from", "to", "period"]),
        ({"from": "1026-03-01", "period": "custom"}, ["from", "period"]),
        ({"agent": "1 OR 1=1", "outcome": "٣", "team": "-1"}, ["agent", "outcome", "team"]),
        ({"q": "\x00\x1b", "queue": "\u202esales"}, ["q", "queue"]),
        ({"q": "\u202a054-123\u202c"}, []),
        ({"recorded": "yes", "length": "99", "colour": "red"}, ["recorded", "length", "colour"]),
        ({"agent": "me", "outcome": "none", "period": "today", "after": "1.2", "lang": "en"}, []),
        ({"q": "x" * 300}, []),
    ],
)
def test_what_no_filter_can_be_is_left_out_and_named(
    query: dict[str, str], left: list[str]
) -> None:
    assert call_filters.dropped(query, call_filters.chosen(query)) == left


def _ids(page: str) -> list[int]:
    return [int(key) for key in re.findall(r'strong" href="/calls/(\d+)"', page)]


async def _text(browser: object, path: str) -> str:
    async with browser.get(path) as answer:  # type: ignore[attr-defined]
        assert answer.status == 200, path
        return str(await answer.text())


async def test_what_a_viewer_may_not_ask_for_is_left_out_with_a_word(
    place: site.Site, client: Client
) -> None:
    agent, manager = await client("agent"), await client("manager")
    with place.database.session() as session:
        team = session.scalar(select(models.Team.id).order_by(models.Team.id))
        session.add(models.Campaign(name="secret plans", created_at=NOW))
    said = "Not applied, for it is not known or not open to you:"
    path = f"/calls?period=all&team={team}&campaign=1&lang=en"
    page = await _text(agent, path)
    assert said in page and "<bdi>Team</bdi>, <bdi>Campaign</bdi>" in page
    assert "secret plans" not in page
    assert _ids(page) == _ids(await _text(agent, "/calls?period=all")), "the rest still holds"
    assert said not in await _text(manager, path)
    hostile = await _text(manager, "/calls?%3Cscript%3E=1&lang=en")
    assert said in hostile and "<script>" not in hostile.replace("<script ", "")


async def test_days_of_ones_own_are_the_offices_days(place: site.Site, client: Client) -> None:
    browser = await client("manager")
    with place.database.session() as session:
        call = session.get_one(models.Call, place.call_id)
        call.started = datetime(2026, 3, 9, 22, 30, tzinfo=UTC)  # half past midnight in Jerusalem
    for first, last, there in (
        ("2026-03-10", "2026-03-10", True), ("2026-03-09", "2026-03-09", False), ("2026-03-01", "", True),
        ("", "2026-03-09", False),
    ):  # fmt: skip
        page = await _text(browser, f"/calls?period=custom&from={first}&to={last}")
        assert (_ids(page) == [place.call_id]) is (there and bool(last)), (first, last)
        if there and not last:
            assert page.count('name="from" value="2026-03-01"') == 2, "both forms keep it"


async def test_what_nobody_returned_in_a_quarter_is_asked_for_by_its_dates(
    place: site.Site, client: Client
) -> None:
    browser = await client("manager")
    old = datetime(2024, 5, 5, 9, tzinfo=UTC)
    with place.database.session() as session:
        call = _call("years ago", 0, started=old, ended=old, far_e164="+972500009999")
        session.add(call)
        session.flush()
        key = call.id
    page = await _text(browser, "/calls?period=all&unreached=1&lang=en")
    assert "Calls of the last 90 days that nobody returned." in page and key not in _ids(page)
    dates = "period=custom&from=2024-05-05&to=2024-05-05"
    assert _ids(await _text(browser, f"/calls?{dates}&unreached=1")) == [key]
    assert key in _ids(await _text(browser, f"/calls?{dates}&result=missed"))


async def test_mine_is_whoever_looks(place: site.Site, client: Client) -> None:
    browser = await client("agent")
    me = accounts_id(place, place.login_of("agent"))
    mine = _ids(await _text(browser, "/calls?period=all&agent=me"))
    with place.database.session() as session:
        part = models.CallParticipant
        theirs = set(session.scalars(select(part.call_id).where(part.user_id == me)))
    assert mine and set(mine) <= theirs


def accounts_id(place: site.Site, login: str) -> int:
    with place.database.session() as session:
        return accounts.by_login(session, login).id


async def test_the_file_has_what_the_list_has(place: site.Site, client: Client) -> None:
    browser = await client("manager")
    for query in ("result=missed", "outcome=none", "unreached=1", "length=3", "agent=999999"):
        shown: list[int] = []
        path = f"/calls?period=all&{query}"
        while path:
            page = await _text(browser, path)
            shown += _ids(page)
            older = re.search(r'href="([^"]+)" rel="next"', page)
            path = older[1].replace("&amp;", "&") if older else ""
        file = await _text(browser, f"/calls.csv?period=all&{query}")
        assert [int(line.split(",")[0]) for line in file.splitlines()[1:]] == shown, query
        assert shown, query
