"""What pages tell and keep: search, paging, writing with conflicts, every state of a recording, three languages."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, text, update

from callcenter import models
from callcenter.db import utcnow
from tests.web import shots, site
from tests.web.conftest import Client


async def _text(browser: object, path: str, status: int = 200) -> str:
    async with browser.get(path) as answer:  # type: ignore[attr-defined]
        assert answer.status == status, path
        return str(await answer.text())


@pytest.mark.parametrize("language", ["he", "en", "ru"])
async def test_every_page_speaks_every_language(
    language: str, place: site.Site, client: Client
) -> None:
    listed = shots.pages(place)
    browsers = {role: await client(role) for role in {role for role, _ in listed.values()}}
    for name, (role, path) in listed.items():
        page = await _text(
            browsers[role],
            f"{path}{'&' if '?' in path else '?'}lang={language}",
            404 if name == "missing" else 200,
        )
        assert f'lang="{language}" dir="{"rtl" if language == "he" else "ltr"}"' in page, name
        if language == "he":
            body = re.sub(r"<(?:bdi|span class=\"num|code)[^>]*>.*?</", "", page)
            assert "Customers<" not in body and "Calls<" not in body


async def test_a_customer_is_found_by_name_by_number_and_in_the_wrong_layout(
    place: site.Site, client: Client
) -> None:
    browser = await client("manager")
    async with browser.post(
        "/customers/new",
        data={"display": "שלום בדיקה", "number": "054-765-4321", "email": "a@example.com"},
    ) as answer:
        made = int(str(answer.url).rpartition("/")[2])
        assert answer.status == 200
    for query in ("שלום", "akuo", "0547654321", "7654321", "054-765"):
        page = await _text(browser, f"/customers?q={query}")
        assert f'href="/customers/{made}"' in page, query
    assert f'href="/customers/{made}"' not in await _text(browser, "/customers?q=לאקיים")


async def test_pages_of_a_list_repeat_nothing_and_skip_nothing(
    place: site.Site, client: Client
) -> None:
    browser = await client("manager")
    for path, pattern in (
        ("/customers", r'dir="auto" href="/customers/(\d+)"'),
        ("/calls?period=all", r'strong" href="/calls/(\d+)"'),
    ):
        model = models.Party if path == "/customers" else models.Call
        with place.database.session() as session:
            expected = set(session.scalars(select(model.id)))
        seen: list[int] = []
        while path:
            page = await _text(browser, path)
            seen += [int(key) for key in re.findall(pattern, page)]
            older = re.search(r'href="([^"]+)" rel="next"', page)
            path = older[1].replace("&amp;", "&") if older else ""
        assert len(seen) == len(set(seen))
        assert set(seen) == expected


async def test_calls_are_narrowed_by_each_filter(place: site.Site, client: Client) -> None:
    browser = await client("manager")
    with place.database.session() as session:
        call = session.get_one(models.Call, place.call_id)
        agent = next(part.user_id for part in call.participants if part.answered)
        other = session.scalars(
            select(models.User.id).where(models.User.role == "agent", models.User.id != agent)
        ).first()
        number = call.far_e164
    mine = f'strong" href="/calls/{place.call_id}"'
    for query, found in (
        ("direction=inbound", True), ("direction=outbound", False), ("result=answered", True),
        ("result=abandoned", False), (f"agent={agent}", True), (f"q={(number or '').replace('+972', '0')}", True),
        ("q=0000000", False), ("queue=no-such", False), ("direction=nonsense&agent=x", True),
    ):  # fmt: skip
        paths = [f"/calls?period=all&{query}"]
        page = await _text(browser, paths[0])
        while not found or mine not in page:
            assert mine not in page, query
            older = re.search(r'href="([^"]+)" rel="next"', page)
            if older is None:
                break
            page = await _text(browser, older[1].replace("&amp;", "&"))
        assert (mine in page) is found, query
    assert other is not None


async def test_two_who_edit_the_same_card_lose_nothing(place: site.Site, client: Client) -> None:
    first, second = await client("manager"), await client("admin")
    path = f"/customers/{place.party_id}/edit"
    version = re.search(r'name="version" value="(\d+)"', await _text(first, path))
    assert version is not None
    fields = {"version": version[1], "display": "First writer", "city": "Haifa"}
    async with first.post(path, data=fields, allow_redirects=False) as answer:
        assert answer.status == 303
    async with second.post(
        f"{path}?lang=en", data={**fields, "display": "Second <writer>"}
    ) as answer:
        page = await answer.text()
        assert answer.status == 409
    assert 'value="Second &lt;writer&gt;"' in page, "what was typed is kept"
    assert "Saved meanwhile: First writer" in page, "and what was saved is shown beside it"
    newer = re.search(r'name="version" value="(\d+)"', page)
    assert newer is not None and int(newer[1]) > int(version[1])
    with place.database.session() as session:
        assert session.get_one(models.Party, place.party_id).display == "First writer"
    async with second.post(
        path, data={**fields, "version": newer[1], "display": "Second"}, allow_redirects=False
    ) as answer:
        assert answer.status == 303


async def test_a_number_added_later_brings_its_calls(place: site.Site, client: Client) -> None:
    now = utcnow()
    with place.database.session() as session:
        for n in range(2):
            session.add(
                models.Call(
                    pbx="main", linkedid=f"late.{n}", direction="inbound", from_raw="0589876543",
                    far_e164="+972589876543", started=now, result="abandoned",
                )
            )  # fmt: skip
    browser = await client("manager")
    path = f"/customers/{place.party_id}/numbers"
    async with browser.post(
        f"{path}?lang=en", data={"number": "058-987-6543", "label": "בת"}
    ) as answer:
        assert str(answer.url).endswith("linked=2")
    page = await _text(browser, f"/customers/{place.party_id}?linked=2&lang=en")
    assert "2 earlier calls with it" in page
    assert 'data-dial="+972589876543"' in page
    async with browser.post(path, data={"number": "\r\nAction: Originate"}) as answer:
        assert answer.status == 422
    for bad in ("", "   ", "x" * 300):
        async with browser.post("/customers/new", data={"display": bad}) as answer:
            assert answer.status == 422, repr(bad)


@pytest.mark.parametrize(
    "state,reason,says",
    [
        ("expected", "", "Recording is being saved"),
        ("stored", "", "Transcript is waiting, place"),
        ("transcribing", "", "Transcript in progress"),
        ("no_model", "no_model: he", "No transcript: no speech model for"),
        ("missing", "", "The recording is missing from storage"),
        ("empty", "", "The recording holds no speech"),
        ("failed", "gave_up: <b>3</b> times", "&lt;b&gt;3&lt;/b&gt; times"),
        ("done", "", "Nothing was heard in this recording"),
        ("deleted", "", "Deleted by retention"),
    ],
)
async def test_every_state_of_a_recording_has_its_words(
    state: str, reason: str, says: str, place: site.Site, client: Client
) -> None:
    with place.database.session() as session:
        for segment in session.scalars(select(models.Segment)):
            session.delete(segment)
        session.execute(
            update(models.Recording).values(state=state, reason=reason, deleted_at=utcnow())
        )
    browser = await client("manager")
    assert says in await _text(browser, f"/calls/{place.call_id}?lang=en")


async def test_a_call_without_a_recording_says_so_and_a_closed_one_says_who_may(
    place: site.Site, client: Client
) -> None:
    admin = await client("admin")
    assert "You may not hear this recording" in await _text(
        admin, f"/calls/{place.call_id}?lang=en"
    )
    assert "<cc-player" not in await _text(admin, f"/calls/{place.call_id}")
    with place.database.session() as session:
        other = session.scalars(
            select(models.Call.id).where(models.Call.id != place.call_id)
        ).first()
    manager = await client("manager")
    assert "No recording for this call" in await _text(manager, f"/calls/{other}?lang=en")


async def test_the_desk_gets_the_middle_of_the_customer_without_the_frame(
    place: site.Site, client: Client
) -> None:
    browser = await client("supervisor")
    page = await _text(browser, f"/customers/{place.party_id}?fragment=desk")
    assert "<html" not in page and "<h1" not in page
    assert 'class="keyfacts band"' in page and 'id="timeline"' in page


async def test_every_number_can_be_dialled_and_stands_left_to_right(
    place: site.Site, client: Client
) -> None:
    browser = await client("manager")
    page = await _text(browser, f"/customers/{place.party_id}")
    with place.database.session() as session:
        link = models.PartyPhone
        numbers = session.scalars(
            select(models.Phone.e164).join(link).where(link.party_id == place.party_id)
        ).all()
    assert numbers
    for number in numbers:
        assert f'data-dial="{number}" data-party="{place.party_id}"' in page
    shown = re.findall(r'<button type="button" class="dial"[^>]*>(.*?)</button>', page)
    assert shown and all(each.startswith('<bdi dir="ltr" class="phone">') for each in shown)


async def test_a_broken_page_gives_a_number_and_tells_nothing(
    place: site.Site, client: Client
) -> None:
    browser = await client("manager")
    with place.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE call RENAME TO secret_of_the_inside"))
    async with browser.get("/calls?lang=en") as answer:
        body = await answer.text()
        assert answer.status == 500
        assert re.search(r"Error number [0-9a-f]{8}\.", body)
        assert "no such table" not in body and "Traceback" not in body


async def test_health_is_one_word_for_machines(client: Client) -> None:
    browser = await client()
    async with browser.get("/healthz") as answer:
        assert answer.status == 200
        assert (await answer.json())["database"] == "ok"
