"""Campaigns on pages: made, changed, started; lists sent, matched, run and taken back; and nobody sees what is others'."""

from __future__ import annotations

import asyncio
import io
import re
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from callcenter import models
from callcenter.db import utcnow
from callcenter.outbound import importer, imports
from tests.web import campaign_fixtures, site
from tests.web.conftest import Client
from web import keys

LIST = "שם מלא;טלפון;עיר\nדנה;054-1234567;חיפה\nיוסי;;עכו\nשוב;0541234567;עכו\n".encode(
    "windows-1255"
)


def team_of(place: site.Site, login: str, *, leads: bool) -> set[int]:
    with place.database.session() as session:
        m, u = models.Membership, models.User
        query = select(m.team_id).join(u, u.id == m.user_id).where(u.login == login)
        return set(session.scalars(query.where(m.leads) if leads else query))


async def made(browser: aiohttp.ClientSession, **fields: Any) -> int:
    async with browser.post("/campaigns/new", data={"name": "סיבים", **fields}, allow_redirects=False) as answer:  # fmt: skip
        assert answer.status == 303, await answer.text()
        return int(answer.headers["Location"].rpartition("/")[2])


async def sent(browser: aiohttp.ClientSession, campaign: int, data: bytes, name: str = "list.csv") -> Any:  # fmt: skip
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(data), filename=name)
    return await browser.post(f"/campaigns/{campaign}/import", data=form, allow_redirects=False)


async def test_a_campaign_is_made_written_started_and_paused(place: site.Site, client: Client) -> None:  # fmt: skip
    browser = await client("manager")
    campaign = await made(browser)
    fields = {
        "version": "1", "name": "סיבים, צפון", "script_he": "שלום {name}", "hours_fri": "09:00-12:00", "retry_busy": "5",
        "max_attempts": "4", "outcome": "sale", "caller_id": "03-7000100",
    }  # fmt: skip
    async with browser.post(f"/campaigns/{campaign}", data=fields, allow_redirects=False) as answer:
        assert answer.status == 303
    async with browser.post(f"/campaigns/{campaign}", data=fields) as answer:  # a second window
        assert answer.status == 409 and "שלום {name}" in await answer.text()
    for state in ("running", "paused"):
        async with browser.post(f"/campaigns/{campaign}/state", data={"state": state}) as answer:
            assert answer.status == 200
    async with browser.post(f"/campaigns/{campaign}/state", data={"state": "draft"}) as answer:
        assert answer.status == 422
    with place.database.session() as session:
        row = session.get_one(models.Campaign, campaign)
        assert (row.name, row.state, row.scripts, row.hours, row.retry, row.max_attempts, row.outcomes, row.caller_id) == (
            "סיבים, צפון", "paused", {"he": "שלום {name}"}, {"fri": "09:00-12:00"}, {"busy": 5}, 4, ["sale"], "037000100",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"hours_sun": "9 to 5"}, "09:00-20:00"),
        ({"max_attempts": "many"}, "1 to 50"),
        ({"retry_busy": "soon"}, "whole number"),
        ({"name": " "}, "name is missing"),
        ({"caller_id": "call me"}, "not a valid phone number"),
        ({"script_he": "x" * 10_001}, "too long"),
    ],
)
async def test_a_wrong_value_is_named_and_what_was_typed_stays(
    place: site.Site, client: Client, fields: dict[str, str], said: str
) -> None:
    browser = await client("manager")
    campaign = await made(browser)
    fields = {"name": "Fibre", "version": "1", "script_en": "what was typed", **fields}
    async with browser.post(f"/campaigns/{campaign}?lang=en", data=fields) as answer:
        text = await answer.text()
        assert answer.status == 422 and said in text and "what was typed" in text


async def test_a_supervisor_leads_their_teams_campaigns_and_only_those(
    place: site.Site, client: Client
) -> None:
    login = place.login_of("supervisor")
    led = team_of(place, login, leads=True)
    with place.database.session() as session:
        other = models.Team(name="אחר")
        session.add(other)
        session.flush()
        hidden = models.Campaign(
            name="Others'", state="running", team_id=other.id, created_at=utcnow()
        )
        everybody = models.Campaign(name="All", state="running", created_at=utcnow())
        session.add_all([hidden, everybody])
        session.flush()
        hidden_id, all_id, other_id = hidden.id, everybody.id, other.id
    browser = await client(login=login)
    async with browser.post(
        "/campaigns/new", data={"name": "x", "team_id": str(other_id)}
    ) as answer:
        assert answer.status == 422
    mine = await made(browser, team_id=str(min(led)))
    for path in (f"/campaigns/{hidden_id}", f"/campaigns/{hidden_id}/import"):
        async with browser.get(path) as answer:
            assert answer.status == 404, path
    async with browser.get(f"/campaigns/{all_id}") as answer:
        assert answer.status == 200
    async with browser.post(f"/campaigns/{all_id}/state", data={"state": "ended"}) as answer:
        assert answer.status == 403
    async with browser.get("/campaigns") as answer:
        text = await answer.text()
        assert "Others" not in text and f"/campaigns/{mine}" in text


async def test_an_agent_sees_what_runs_for_their_team_and_no_draft(
    place: site.Site, client: Client
) -> None:
    login = place.login_of("agent")
    with place.database.session() as session:
        other = models.Team(name="אחר")
        session.add(other)
        session.flush()
        for name, state, team in (("Mine", "running", None), ("Draft", "draft", None), ("Theirs", "running", other.id)):  # fmt: skip
            session.add(models.Campaign(name=name, state=state, team_id=team, created_at=utcnow()))
        session.flush()
        ids = dict(session.execute(select(models.Campaign.name, models.Campaign.id)).all())
    browser = await client(login=login)
    async with browser.get("/campaigns") as answer:
        text = await answer.text()
    assert "Mine" in text and "Draft" not in text and "Theirs" not in text
    for name, status in (("Theirs", 404), ("Draft", 404), ("Mine", 200)):
        async with browser.post("/api/v1/lead/join", json={"campaign_id": ids[name]}) as answer:
            assert answer.status == status, name


async def test_a_list_is_sent_matched_run_and_taken_back(place: site.Site, client: Client) -> None:
    browser = await client("manager")
    campaign = await made(browser)
    answer = await sent(browser, campaign, LIST)
    assert answer.status == 303, await answer.text()
    page = answer.headers["Location"]
    async with browser.get(page) as answer:
        text = await answer.text()
        assert "windows-1255" in text and "דנה" in text
        assert re.search(r'name="col_1">.*?value="phone" selected', text, re.DOTALL)
    async with browser.post(f"{page}/start", data={"col_0": "name", "col_1": "", "col_2": "city"}) as answer:  # fmt: skip
        assert answer.status == 422  # nothing is the number
    start = {"col_0": "name", "col_1": "phone", "col_2": "city"}
    async with browser.post(f"{page}/start", data=start) as answer:
        assert answer.status == 200
    batch = int(page.rpartition("/")[2])
    await _ended(place, batch, "done")
    async with browser.post(f"{page}/start", data=start) as answer:
        assert answer.status == 409
    async with browser.get(f"{page}/errors.csv") as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")
        lines = (await answer.text()).splitlines()
    assert lines[1:] == ["יוסי,,עכו,no_number,,2", "שוב,0541234567,עכו,duplicate_in_file,1,3"]
    stranger = await client("agent")
    async with stranger.get(f"{page}/errors.csv") as answer:
        assert answer.status == 403
    async with browser.post(f"{page}/undo") as answer:
        assert answer.status == 200
    await _ended(place, batch, "undone")
    with place.database.session() as session:
        assert session.scalars(select(models.Lead)).all() == []


async def _ended(place: site.Site, batch: int, state: str) -> None:
    """Wait for the importer's own process."""
    async with asyncio.timeout(60):
        while True:
            with place.database.session() as session:
                if session.get_one(models.ImportBatch, batch).state == state:
                    return
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"%PDF-1.7", "not a table"),
        (b"", "empty"),
        (b"\xd0\xcf\x11\xe0 old", "old .xls"),
        (b'a,b\nx,"0541234567\n' + b"y,1\n" * 60_000, "quotation mark"),
    ],
)
async def test_a_file_that_is_no_table_is_refused_in_words(
    place: site.Site, client: Client, data: bytes, said: str
) -> None:
    browser = await client("manager")
    campaign = await made(browser)
    async with browser.get("/settings?lang=en"):
        pass
    with place.database.session() as session:
        for user in session.scalars(select(models.User)):
            user.language = "en"
    answer = await sent(browser, campaign, data)
    if answer.status == 303:  # its beginning looked well: it breaks off while it is read
        page = answer.headers["Location"]
        async with browser.post(f"{page}/start", data={"col_0": "name", "col_1": "phone"}):
            pass
        await _ended(place, int(page.rpartition("/")[2]), "failed")
        async with browser.get(page) as shown:
            assert said in await shown.text()
        return
    assert answer.status == 422 and said in await answer.text()
    assert list((place.folder / "imports").iterdir()) == []


async def test_a_file_that_is_too_large_is_refused_and_does_not_stay(
    place: site.Site, client: Client
) -> None:
    browser = await client("manager")
    campaign = await made(browser)
    config = place.app[keys.SETTINGS]
    small = config.model_copy(update={"campaigns": config.campaigns.model_copy(update={"largest_megabytes": 1})})  # fmt: skip
    place.app._state[keys.SETTINGS] = small
    answer = await sent(browser, campaign, b"name,phone\n" + b"x,0541234567\n" * 100_000)
    assert answer.status == 413
    assert list((place.folder / "imports").iterdir()) == []


async def test_the_lead_on_a_desk_is_its_agents_alone(place: site.Site, client: Client) -> None:
    login = place.login_of("agent")
    with place.database.session() as session:
        campaign_fixtures.add(session, login)
        other = session.scalars(select(models.User.login).where(models.User.role == "agent", models.User.login != login)).first()  # fmt: skip
    browser = await client(login=login)
    async with browser.get("/api/v1/lead") as answer:
        shown = await answer.json()
    assert shown["lead"]["tries"] == 2 and len(shown["lead"]["attempts"]) == 2
    assert [o["digit"] for o in shown["outcomes"]] == [1, 2, 3, 4, 5, 6, 7, 0]
    stranger = await client(login=other or "")
    for act in ("skip", "renew"):
        body = {"lead_id": shown["lead"]["id"], **({"reason": "other"} if act == "skip" else {})}
        async with stranger.post(f"/api/v1/lead/{act}", json=body) as answer:
            text = await answer.text()
            assert answer.status == 409 or await answer.json() == {"kept": False}
            assert shown["lead"]["name"] not in text
    async with browser.post("/api/v1/lead/leave", json={}) as answer:
        assert (await answer.json())["lead"] is None
    with place.database.session() as session:
        lead = session.get_one(models.Lead, shown["lead"]["id"])
        assert lead.leased_by_id is None and lead.state == "open"


async def test_a_number_goes_onto_the_list_from_its_customers_page(
    place: site.Site, client: Client
) -> None:
    with place.database.session() as session:
        link = session.scalars(select(models.PartyPhone).where(models.PartyPhone.party_id == place.party_id)).first()  # fmt: skip
        assert link is not None
        phone_id, e164 = link.phone_id, link.phone.e164
    agent, manager = await client("agent"), await client("manager")
    path = f"/customers/{place.party_id}/do-not-call"
    async with agent.post(path, data={"phone_id": str(phone_id)}) as answer:
        assert answer.status == 200 and "רשימת חסימה" in await answer.text()
    with place.database.session() as session:
        assert session.scalars(select(models.DncEntry.e164)).all() == [e164]
    removal = {"phone_id": str(phone_id), "remove": "1", "reason": "asked for a call"}
    async with agent.post(path, data=removal) as answer:
        assert answer.status == 403
    async with manager.post(path, data={**removal, "reason": ""}) as answer:
        assert answer.status == 422
    async with manager.post(path, data=removal) as answer:
        assert answer.status == 200
    with place.database.session() as session:
        assert session.scalars(select(models.DncEntry)).all() == []


async def test_what_waits_when_the_program_starts_is_imported(place: site.Site) -> None:
    with place.database.session() as session:
        campaign = models.Campaign(name="x", created_at=utcnow())
        session.add(campaign)
        session.flush()
        folder = place.folder / "imports"
        folder.mkdir(exist_ok=True)
        (folder / "left").write_bytes(LIST)
        seen = imports.look(folder / "left", "IL")
        batch = imports.create(session, campaign.id, name="x", path="left", seen=seen, by=None, now=utcnow())  # fmt: skip
        batch.state = "waiting"
        session.flush()
        batch_id = batch.id
    again = importer.Importer(place.app[keys.SETTINGS], place.database)
    again.start()
    await _ended(place, batch_id, "done")
    await again.stop()
