"""Saved views: kept, opened, renamed, shared, deleted and brought back; what they show is decided when they are opened."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from sqlalchemy import select

from callcenter import db, errors, models
from callcenter.crm import accounts, audit, views, visibility
from callcenter.db import utcnow
from tests.servers import on_both
from tests.web import site
from tests.web.conftest import Client
from web import saved_views

BY = audit.By(None)


async def _text(browser: aiohttp.ClientSession, path: str) -> str:
    async with browser.get(path) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def _post(browser: aiohttp.ClientSession, path: str, status: int = 303, **fields: str) -> str:
    async with browser.post(path, data=fields, allow_redirects=False) as answer:
        assert answer.status == status, (path, answer.status)
        return answer.headers.get("Location", "") or await answer.text()


def _chips(page: str) -> dict[str, tuple[str, bool]]:
    """Return the row of views: name -> (address, whether it is on)."""
    row = page[page.index('class="chips"') : page.index("</nav>", page.index('class="chips"'))]
    found = re.findall(r'<a class="filter[^"]*" href="([^"]+)"( aria-current="true")?>.*?<bdi>(.*?)</bdi>', row)  # fmt: skip
    return {html.unescape(name): (html.unescape(link), bool(on)) for link, on, name in found}


def _saved(place: site.Site, name: str) -> models.SavedView:
    with place.database.session() as session:
        found = session.scalars(select(models.SavedView).where(models.SavedView.name == name)).one()
        session.expunge(found)
        return found


@pytest.mark.parametrize(
    "path,query",
    [
        ("calls", "period=month&direction=inbound&agent=me&length=3&outcome=none"),
        ("customers", "q=%D7%93%D7%A0%D7%94&status=lead&vip=1"),
        (
            "recordings",
            "q=%22red+light%22+%D7%98%D7%9B%D7%A0%D7%90%D7%99&side=customer&period=month",
        ),
    ],
)
async def test_a_view_opens_what_was_kept(
    path: str, query: str, place: site.Site, client: Client
) -> None:
    browser = await client("agent")
    page = await _text(browser, f"/{path}?{query}&lang=en")
    assert "Save as a view" in page and not any(on for _, on in _chips(page).values())
    kept = re.search(r'name="query" value="([^"]*)"', page)
    assert kept is not None
    back = await _post(browser, f"/views/{path}", query=html.unescape(kept[1]), name="  Mine,  <b>\u200fבעברית</b> ")  # fmt: skip
    page = await _text(browser, back)
    link, on = _chips(page)["Mine, <b>בעברית</b>"]
    assert on and "Save as a view" not in page and "<b>בעברית" not in page
    asked = {name: value for name, value in parse_qs(query).items() if value != ["week"]}
    assert asked.items() <= parse_qs(urlsplit(link).query).items(), "the address holds all of it"
    other = await client("manager")
    assert "Mine, <b>בעברית</b>" not in _chips(await _text(other, f"/{path}"))


async def test_saving_under_the_same_name_replaces(place: site.Site, client: Client) -> None:
    browser = await client("agent")
    for query in ("direction=inbound", "direction=outbound"):
        await _post(browser, "/views/calls", query=query, name="Ways")
    assert _saved(place, "Ways").query == "period=week&direction=outbound"


async def test_a_view_keeps_only_what_its_list_reads(place: site.Site, client: Client) -> None:
    browser = await client("agent")
    query = "result=busy&colour=red&set=offered&since=1600000000&until=1600086400&after=1.2&said=saved&direction=%00"  # fmt: skip
    await _post(browser, "/views/calls", query=query, name="Busy")
    assert _saved(place, "Busy").query == "period=week&result=busy"
    for fields in ({"name": " "}, {"name": "x" * 61}, {"name": "a\x07b"}):
        assert "A name has 1 to 60 characters" in await _post(browser, "/views/calls?lang=en", 422, query="", **fields)  # fmt: skip
    await _post(browser, "/views/settings", 404, query="", name="x")


async def test_what_became_unknown_or_forbidden_in_a_view_is_left_out_with_a_word(
    place: site.Site, client: Client
) -> None:
    supervisor, agent = await client("supervisor"), await client("agent")
    with place.database.session() as session:
        owner = accounts.by_login(session, place.login_of("supervisor")).id
        hidden = session.scalar(select(models.User.id).where(models.User.role == "supervisor"))
        session.add(
            models.SavedView(
                owner_id=owner, list="calls", name="Old", shared="all", created_at=utcnow(),
                query=f"period=all&agent={hidden}&result=answered&mood=gloomy",
            )
        )  # fmt: skip
    link, _ = _chips(await _text(agent, "/calls"))["Old"]
    page = await _text(agent, f"{link}&lang=en")
    assert "<bdi>Agent</bdi>, <bdi>mood</bdi>" in page
    calls = r'strong" href="/calls/(\d+)"'
    narrowed = await _text(agent, "/calls?period=all&result=answered")
    assert re.findall(calls, page) == re.findall(calls, narrowed) != []
    assert "Old" in _chips(await _text(supervisor, "/calls"))


async def test_only_who_leads_shares(place: site.Site, client: Client) -> None:
    agent, supervisor = await client("agent"), await client("supervisor")
    await _post(agent, "/views/calls", 403, query="", name="Ours", shared="all")
    await _post(supervisor, "/views/calls", 422, query="", name="Ours", shared="world")
    await _post(supervisor, "/views/calls", query="result=busy", name="Ours", shared="all")
    assert "Ours" in _chips(await _text(agent, "/calls"))
    key = _saved(place, "Ours").id
    page = await _text(agent, "/views/calls")
    assert "Ours" in page and f"/views/{key}/change" not in page
    await _post(agent, f"/views/{key}/change", 403, name="Theirs")
    await _post(agent, f"/views/{key}/delete", 403)
    manager = await client("manager")
    await _post(manager, f"/views/{key}/change", name="Theirs", shared="")
    assert "Theirs" not in _chips(await _text(agent, "/calls"))
    with place.database.session() as session:
        lines = session.scalars(select(models.Audit).where(models.Audit.action == "view_shared")).all()  # fmt: skip
        assert [line.detail["shared"] for line in lines] == ["all", ""]


async def test_a_view_is_renamed_deleted_and_brought_back(place: site.Site, client: Client) -> None:
    browser = await client("agent")
    for name in ("First", "Second"):
        await _post(browser, "/views/calls", query="direction=inbound", name=name)
    key = _saved(place, "First").id
    taken = await _post(browser, f"/views/{key}/change?lang=en", 422, name="Second", list="calls")
    assert "This is taken already" in taken
    await _post(browser, f"/views/{key}/change", name="Renamed", list="calls")
    back = await _post(browser, f"/views/{key}/delete")
    page = await _text(browser, f"{back}&lang=en")
    assert "Renamed</bdi>" not in page and "is deleted." in page
    assert "Renamed" not in _chips(await _text(browser, "/calls"))
    await _post(browser, f"/views/{key}/delete", 404)
    undo = re.search(rf'action="(/views/{key}/restore)"', page)
    assert undo is not None
    await _post(browser, undo[1])
    assert _chips(await _text(browser, "/calls"))["Renamed"]


async def test_a_list_opens_with_the_view_that_was_chosen_and_the_address_says_so(
    place: site.Site, client: Client
) -> None:
    browser = await client("agent")
    await _post(browser, "/views/customers", query="status=lead&vip=1", name="Best leads")
    key = _saved(place, "Best leads").id
    for list_, code, address in (
        ("customers", str(key), "/customers?status=lead&vip=1"),
        ("calls", "missed", "/calls?period=today&result=missed"),
    ):
        await _post(browser, f"/views/{list_}/default", view=code)
        async with browser.get(f"/{list_}", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, address)
        async with browser.get(f"/{list_}?view=all", allow_redirects=False) as answer:
            assert answer.status == 200, "clearing the filter clears it"
    other = await client("manager")
    async with other.get("/customers", allow_redirects=False) as answer:
        assert answer.status == 200, "it is one person's"
    await _post(browser, f"/views/{key}/delete")
    await _post(browser, "/views/calls/default", view="nonsense")
    for list_ in ("customers", "calls"):
        async with browser.get(f"/{list_}", allow_redirects=False) as answer:
            assert answer.status == 200, "what is gone opens nothing"


@pytest.mark.parametrize("role", ["agent", "supervisor", "manager", "admin"])
async def test_every_ready_made_view_opens_and_is_the_one_that_is_on(
    role: str, place: site.Site, client: Client
) -> None:
    browser = await client(role)
    for code in saved_views.LISTS:
        for name, (link, _) in _chips(await _text(browser, f"/{code}?lang=en")).items():
            page = await _text(browser, f"{link}&lang=en")
            assert [n for n, (_, on) in _chips(page).items() if on] == [name]
            assert "Not applied" not in page, (role, link)


async def test_the_calls_behind_a_figure_have_no_row_of_views(client: Client) -> None:
    browser = await client("manager")
    page = await _text(browser, "/calls?set=offered&since=1600000000&until=1600086400")
    assert 'class="chips"' not in page


@on_both()
def test_a_team_shares_and_strangers_do_not_see(database: db.Database) -> None:
    now = utcnow()
    with database.session() as session:
        sales, service = models.Team(name="sales"), models.Team(name="service")
        session.add_all([sales, service])
        session.flush()
        ids = {}
        for name, role, team in (("boss", "supervisor", sales), ("dana", "agent", sales), ("yael", "agent", service)):  # fmt: skip
            user = accounts.create_user(session, name, name, password="a long enough password", now=now, role=role, team_ids=(team.id,))  # fmt: skip
            ids[name] = user.id
        of = {name: visibility.viewer(session, key) for name, key in ids.items()}
        for shared in ("", "team", "all"):
            views.save(session, of["boss"], BY, of="calls", name=f"to {shared}", query="", shared=shared, now=now)  # fmt: skip
        seen = {
            name: [v.name for v in views.listed(session, who, "calls")] for name, who in of.items()
        }
        assert seen == {"boss": ["to", "to all", "to team"], "dana": ["to all", "to team"], "yael": ["to all"]}  # fmt: skip
        assert views.listed(session, of["boss"], "customers") == []


@on_both()
def test_no_more_views_than_can_be_chosen_from_and_old_deleted_ones_go(
    database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = utcnow()
    monkeypatch.setattr(views, "MOST", 2)
    with database.session() as session:
        user = accounts.create_user(session, "dana", "Dana", password="a long enough password", now=now)  # fmt: skip
        me = visibility.viewer(session, user.id)
        first, second = (
            views.save(session, me, BY, of="calls", name=name, query="", shared="", now=now)
            for name in ("first", "second")
        )
        with pytest.raises(errors.Invalid, match="too_many"):
            views.save(session, me, BY, of="calls", name="third", query="", shared="", now=now)
        views.save(session, me, BY, of="customers", name="third", query="", shared="", now=now)
        views.delete(session, me, BY, first.id, now)
        assert views.deleted(session, me, first.id) is first
        views.delete(session, me, BY, second.id, now + timedelta(days=2))
        assert views.deleted(session, me, first.id) is None
        assert views.deleted(session, me, second.id) is second
