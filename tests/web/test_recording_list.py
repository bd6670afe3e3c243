"""The list of recordings: found by what was said and noted, marked and escaped, and only by who may hear; played from there."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote_plus

import pytest
from sqlalchemy import select

from callcenter import models
from callcenter.db import utcnow
from tests.web import site
from tests.web.conftest import Client


def say(place: site.Site, text: str, at: float, side: str = "customer") -> None:
    """Let something be said in the place's recording."""
    with place.database.session() as session:
        recording = session.scalars(select(models.Recording)).one()
        transcript = recording.transcript
        if transcript is None:
            transcript = models.Transcript(
                recording_id=recording.id, engine="x", model="x", language="he", created_at=utcnow()
            )
            session.add(transcript)
            session.flush()
        session.add(
            models.Segment(transcript_id=transcript.id, side=side, t0=at, t1=at + 2, text=text)
        )


async def test_words_are_found_marked_escaped_and_open_at_their_second(
    place: site.Site, client: Client
) -> None:
    say(place, "הנתב <b>התנתק</b> שוב zebra100%", 7.5)
    browser = await client("manager")
    async with browser.get("/recordings?q=zebra100%25+שוב") as answer:
        page = await answer.text()
        assert answer.status == 200
    assert "<mark>zebra100</mark>%" in page and "<mark>שוב</mark>" in page
    assert "&lt;b&gt;" in page and "<b>התנתק" not in page
    assert f'href="/calls/{place.call_id}?t=7.5"' in page
    async with browser.get("/recordings?q=zebra200%25") as answer:
        assert f"/calls/{place.call_id}" not in await answer.text()


async def test_filters_combine_with_words_and_stand_in_the_links(
    place: site.Site, client: Client
) -> None:
    say(place, "zebra", 7.5, "agent")
    with place.database.session() as session:
        call = session.get_one(models.Call, place.call_id)
        agent = next(part.user_id for part in call.participants if part.answered)
        queue, old = call.queue, call.started < utcnow() - timedelta(days=29)
        session.add(
            models.Note(call_id=call.id, author_id=place_author(session), text="a zebra noted", created_at=utcnow(), updated_at=utcnow())
        )  # fmt: skip
    browser = await client("manager")

    async def found(query: str) -> tuple[bool, bool]:
        async with browser.get(f"/recordings?q=zebra&{query}") as answer:
            page = await answer.text()
            assert answer.status == 200
        return "t=7.5" in page, "a <mark>zebra</mark> noted" in page

    assert not old
    assert await found("") == (True, True)
    assert await found("side=agent") == (True, False)
    assert await found("side=customer") == (False, False)
    assert await found(f"queue={queue}&agent={agent}&period=month") == (True, True)
    assert await found("queue=other") == (False, False)
    assert await found("agent=999999") == (False, False)
    assert await found("side=nobody&agent=x&period=never") == (True, True)


def place_author(session: site.sa_orm.Session) -> int:
    """Return somebody who has written no note of the call."""
    return session.scalars(select(models.User.id).where(models.User.role == "manager")).one()


@pytest.mark.parametrize(
    "typed,says",
    [("👍 %", "There is no letter or digit here"), ("\x00", "There is no letter"), ('"', "There is no letter"),
     ("NEAR(a b) OR *", "No recording has these words"), ("qqq " * 1_000, "Only the beginning"), ("א" * 1_300, "Only the beginning")],
    ids=["emoji", "nul", "quote", "operators", "many", "long"],
)  # fmt: skip
async def test_hostile_words_get_a_clear_answer(
    place: site.Site, client: Client, typed: str, says: str
) -> None:
    browser = await client("manager")
    async with browser.get(f"/recordings?lang=en&q={quote_plus(typed)}") as answer:
        assert answer.status == 200
        page = await answer.text()
    assert says in page
    for address, status in (("zebra&after=x", 422), ("a" * 10_000, 400)):  # longer than any address
        async with browser.get(f"/recordings?q={address}") as answer:
            assert answer.status == status


async def test_who_may_not_hear_finds_nothing(place: site.Site, client: Client) -> None:
    say(place, "zebra", 1.0)
    for role, seen in (("agent", True), ("manager", True), ("admin", False)):
        browser = await client(role)
        async with browser.get("/recordings?q=zebra") as answer:
            assert ("<mark>zebra</mark>" in await answer.text()) is seen, role
    with place.database.session() as session:
        part = models.CallParticipant
        inside = select(part.user_id).where(
            part.call_id == place.call_id, part.user_id.is_not(None)
        )
        stranger = session.scalars(
            select(models.User.login).where(
                models.User.role == "agent", models.User.id.not_in(inside)
            )
        ).first()
    browser = await client(login=stranger)
    async with browser.get("/recordings?q=zebra") as answer:
        assert "<mark>" not in await answer.text()
