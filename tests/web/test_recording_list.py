"""The list of recordings: found by what was said and noted, marked and escaped, and only by who may hear."""

from __future__ import annotations

from sqlalchemy import select

from callcenter import models
from callcenter.db import utcnow
from tests.web import site
from tests.web.conftest import Client
from web import recording_search


def say(place: site.Site, text: str, at: float) -> None:
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
            models.Segment(
                transcript_id=transcript.id, side="customer", t0=at, t1=at + 2, text=text
            )
        )


async def test_words_are_found_marked_escaped_and_open_at_their_second(
    place: site.Site, client: Client
) -> None:
    say(place, "הנתב <b>התנתק</b> שוב zebra100%", 7.5)
    browser = await client("manager")
    async with browser.get("/recordings?q=zebra100%25+שוב") as answer:
        page = await answer.text()
        assert answer.status == 200
    assert "<mark>zebra100%</mark>" in page and "<mark>שוב</mark>" in page
    assert "&lt;b&gt;" in page and "<b>התנתק" not in page
    assert f'href="/calls/{place.call_id}?t=7.5"' in page
    async with browser.get("/recordings?q=zebra200%25") as answer:
        assert f"/calls/{place.call_id}" not in await answer.text()


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


def test_a_long_text_is_cut_around_the_first_hit() -> None:
    pieces = recording_search.mark("a" * 200 + " Word " + "b" * 200, ["word"])
    assert [text for text, hit in pieces if hit] == ["Word"]
    assert pieces[0][0] == "…" and pieces[-1][0] == "…"
