"""The pages of tasks and callbacks: listed, made, done with undo, moved, handed over; and refused in words."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from markupsafe import escape
from sqlalchemy import delete, select

from callcenter import models
from callcenter.crm import accounts, visibility
from callcenter.db import utcnow
from tests.web import campaign_fixtures, site
from tests.web.conftest import Client

ROW = re.compile(r"<tr data-row>.*?</tr>", re.DOTALL)


async def _text(browser: aiohttp.ClientSession, path: str) -> str:
    async with browser.get(path) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def _post(browser: aiohttp.ClientSession, path: str, **fields: str) -> tuple[int, str, str]:
    """Send a form; return status, where to, and the page."""
    async with browser.post(path, data=fields, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


def _own(place: site.Site, login: str, *, count: int = 1, **values: object) -> list[int]:
    """Take a person's tasks away and give them others, an hour apart."""
    with place.database.session() as session:
        user = accounts.by_login(session, login)
        session.execute(delete(models.Task).where(models.Task.assignee_id == user.id))
        rows = [
            models.Task(
                assignee_id=user.id, created_at=utcnow(),
                **{"title": f"task {n}", "due_at": utcnow() + timedelta(hours=n + 1), **values},
            )
            for n in range(count)
        ]  # fmt: skip
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


async def test_every_page_of_the_list_is_shown_once_and_the_counts_agree(
    place: site.Site, client: Client
) -> None:
    _own(place, place.login_of("agent"), count=120)
    browser, path, seen, pages = await client("agent"), "/tasks?lang=en", list[str](), 0
    while path:
        page = await _text(browser, path)
        assert ">120<" in page
        seen += re.findall(r'href="(/tasks/\d+)"', page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        path, pages = html.unescape(older[1]) if older else "", pages + 1
    assert pages == 3 and len(dict.fromkeys(seen)) == 120


async def test_a_task_is_done_and_taken_back_and_the_list_stays_where_it_was(
    place: site.Site, client: Client
) -> None:
    keys = _own(place, place.login_of("agent"), count=60)
    browser = await client("agent")
    page = await _text(browser, "/tasks")
    older = re.search(r'href="/tasks\?after=([^"]+)" rel="next"', page)
    assert older is not None
    status, there, _ = await _post(browser, f"/tasks/{keys[55]}/done", after=older[1])
    assert status == 303 and f"after={older[1]}" in there
    page = await _text(browser, f"{there}&lang=en")
    assert f'action="/tasks/{keys[55]}/undo"' in page and "task 55" in page
    assert len(ROW.findall(page)) == 9
    await _post(browser, f"/tasks/{keys[55]}/undo", after=older[1])
    assert len(ROW.findall(await _text(browser, f"/tasks?after={older[1]}"))) == 10
    status, there, _ = await _post(browser, f"/tasks/{keys[0]}/done", after="x&who=1", lane="none")
    assert there == f"/tasks?said=done&task={keys[0]}", "what was not given out is not given back"


async def test_a_task_is_moved_by_the_offices_clock_and_handed_to_a_colleague(
    place: site.Site, client: Client
) -> None:
    login = place.login_of("agent")
    (key,) = _own(place, login)
    with place.database.session() as session:
        me = accounts.by_login(session, login)
        boss = accounts.by_login(session, place.login_of("supervisor"))
        session.add_all(
            models.Membership(team_id=team, user_id=boss.id, leads=True)
            for team in visibility.viewer(session, me.id).team_ids
            - visibility.viewer(session, boss.id).team_ids
        )
    browser = await client("agent")
    seen = re.search(r'name="seen" value="(\w+)"', await _text(browser, f"/tasks/{key}"))
    assert seen is not None
    fields = {"seen": seen[1], "due": "2031-07-01T10:00", "assignee": str(me.id)}
    status, _, page = await _post(browser, f"/tasks/{key}?lang=en", **{**fields, "due": "soon"})
    assert status == 422 and "not a date and a time" in page and 'value="soon"' in page
    assert (await _post(browser, f"/tasks/{key}", **fields))[0] == 303
    with place.database.session() as session:
        due = session.get_one(models.Task, key).due_at
    assert due == datetime(2031, 7, 1, 10, tzinfo=ZoneInfo("Asia/Jerusalem"))
    status, _, page = await _post(browser, f"/tasks/{key}?lang=en", **fields)  # an old tab
    assert status == 409 and "Somebody changed this meanwhile" in page
    again = re.search(r'name="seen" value="(\w+)"', page)
    assert again is not None
    handed = {**fields, "seen": again[1], "assignee": str(boss.id), "pick": "hour"}
    assert (await _post(browser, f"/tasks/{key}", **handed))[0] == 303
    assert (await _post(browser, f"/tasks/{key}/done"))[0] in (403, 404), "it is another's now"
    with place.database.session() as session:
        row = session.get_one(models.Task, key)
        assert row.assignee_id == boss.id and row.due_at is not None
        left = row.due_at - utcnow()
        assert timedelta(minutes=59) <= left <= timedelta(minutes=66) and row.due_at.minute % 5 == 0


async def test_a_new_task_finds_its_customer_by_name_or_number(
    place: site.Site, client: Client
) -> None:
    browser = await client("manager")
    with place.database.session() as session:
        party = session.get_one(models.Party, place.party_id)
        link = session.scalars(
            select(models.PartyPhone).where(models.PartyPhone.party_id == party.id)
        ).first()
        assert link is not None
        number = link.phone.e164
        shared = link.shared
    fields = {"kind": "callback", "title": "לחזור", "due": "2031-07-01T10:00"}
    status, _, page = await _post(browser, "/tasks/new?lang=en", **fields, customer="zzzz qq")
    assert status == 422 and "Nobody is found" in page and "לחזור" in page
    status, _, page = await _post(browser, "/tasks/new?lang=en", **fields)
    assert status == 422 and "A callback needs a customer" in page
    status, there, _ = await _post(browser, "/tasks/new", **fields, customer=number)
    assert status == (422 if shared else 303)
    status, there, _ = await _post(browser, "/tasks/new", **fields, party=str(place.party_id))
    assert status == 303 and there.startswith("/tasks?said=made")
    key = int(there.rpartition("=")[2])
    with place.database.session() as session:
        made = session.get_one(models.Task, key)
        assert (made.kind, made.party_id, made.title) == ("callback", place.party_id, "לחזור")
    status, _, page = await _post(browser, "/tasks/new?lang=en", **fields, party="987654")
    assert status == 404


async def test_a_supervisor_filters_by_person_and_an_agent_cannot(
    place: site.Site, client: Client
) -> None:
    agent = place.login_of("agent")
    _own(place, agent, title="only theirs")
    with place.database.session() as session:
        me = accounts.by_login(session, agent).id
        other = accounts.by_login(session, place.login_of("supervisor")).id
    boss, mine = await client("supervisor"), await client("agent")
    page = await _text(boss, f"/tasks?who={me}")
    assert len(ROW.findall(page)) == 1 and "only theirs" in page
    page = await _text(mine, f"/tasks?who={other}")
    assert not ROW.findall(page), "others' are not listed"
    assert 'name="who"' not in await _text(mine, "/tasks")
    assert "only theirs" in await _text(mine, "/tasks?who=%27%3B--&lane=zz")


async def test_a_promised_lead_comes_to_the_desk_of_its_owner_at_once(
    place: site.Site, client: Client
) -> None:
    login = place.login_of("agent")
    _own(place, login, count=0)
    with place.database.session() as session:
        campaign_fixtures.add(session, login)
        me = accounts.by_login(session, login).id
        session.execute(models.Lead.__table__.update().values(leased_by_id=None, lease_until=None))  # type: ignore[attr-defined]
        row = session.scalars(select(models.Lead)).first()
        assert row is not None
        row.state, row.callback_user_id = "callback", me
        row.next_at = utcnow() + timedelta(hours=2)
        key = row.id
    browser = await client("agent")
    page = await _text(browser, "/tasks")
    assert f'action="/tasks/leads/{key}/take"' in page
    assert (await _post(browser, f"/tasks/leads/{key}/take"))[:2] == (303, "/desk")
    async with browser.get("/api/v1/lead") as answer:
        assert (await answer.json())["lead"]["id"] == key


@pytest.mark.parametrize("name", ['<img src=x onerror="alert(1)">', "\u202etxt", "' OR 1=1 --"])
async def test_what_a_task_says_is_text_whatever_it_holds(
    name: str, place: site.Site, client: Client
) -> None:
    _own(place, place.login_of("agent"), title=name)
    page = await _text(await client("agent"), "/tasks")
    assert "<img src=x" not in page and str(escape(name)) in page
