"""What people see while a recording is on its way: place and pace, why not, another try; and a page that renews itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import async_playwright
from sqlalchemy import select, update

from callcenter import models
from callcenter.db import utcnow
from tests.web import browser as browsers
from tests.web import site
from tests.web.conftest import Client


def change(place: site.Site, **values: object) -> int:
    """Change the one recording of the site; return its id."""
    with place.database.session() as session:
        session.execute(update(models.Recording).values(**values))
        return session.scalars(select(models.Recording.id)).one()


def untold(place: site.Site, *, work_seconds: float) -> None:
    """Take the words out of the transcript, which took so long."""
    with place.database.session() as session:
        for segment in session.scalars(select(models.Segment)):
            session.delete(segment)
        session.execute(update(models.Transcript).values(work_seconds=work_seconds))


def others_wait(place: site.Site, *, seconds: float) -> None:
    """Put two recordings into the line before the site's own, and one behind it."""
    with place.database.session() as session:
        own = session.scalars(select(models.Recording)).one()
        call_id, peaks, own.call_id = own.call_id, own.peaks, None
        for number, of in ((11, None), (12, None), (13, call_id), (14, None)):
            session.add(
                models.Recording(
                    id=number, call_id=of, pbx="main", linkedid=f"x{number}", file=f"{number}.wav",
                    state="stored", stored={"stereo": "sample.wav"}, peaks=peaks,
                    seconds=30.0 if of else seconds, started_at=utcnow() - timedelta(hours=1),
                )
            )  # fmt: skip


async def text(client: Client, path: str, role: str = "manager") -> str:
    browser = await client(role)
    async with browser.get(path) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_who_waits_sees_the_place_how_long_and_the_pace(
    place: site.Site, client: Client
) -> None:
    untold(place, work_seconds=3.0)  # 30 seconds of speech: ten times as fast
    others_wait(place, seconds=630.0)
    page = await text(client, f"/calls/{place.call_id}?lang=en")
    assert 'place <bdi dir="ltr" class="num">3</bdi>' in page
    # Twice 630 seconds before it and 30 of its own, ten times as fast: 129 seconds.
    assert "About 2 minutes" in page
    assert "times as fast as speech" in page


async def test_what_is_worked_on_says_how_long_it_takes(place: site.Site, client: Client) -> None:
    untold(place, work_seconds=3.0)
    change(place, state="transcribing")
    page = await text(client, f"/calls/{place.call_id}?lang=en")
    assert "Transcript in progress" in page and "Less than a minute" in page


async def test_before_anything_was_transcribed_no_time_is_invented(
    place: site.Site, client: Client
) -> None:
    untold(place, work_seconds=0.0)
    with place.database.session() as session:
        session.execute(update(models.Transcript).values(work_seconds=None))
    change(place, state="stored")
    page = await text(client, f"/calls/{place.call_id}?lang=en")
    assert "Transcript is waiting, place" in page
    assert "minute" not in page.split('id="transcript"')[1].split("</section>")[0]


async def test_a_browser_is_told_only_what_is_new(place: site.Site, client: Client) -> None:
    untold(place, work_seconds=3.0)
    change(place, state="stored")
    browser = await client("manager")
    url = f"/calls/{place.call_id}/recording"
    async with browser.get(url) as answer:
        part = await answer.text()
        assert answer.status == 200 and "<html" not in part and 'data-poll="' in part
    seen = part.split('data-seen="')[1].split('"')[0]
    async with browser.get(url, params={"seen": seen}) as answer:
        assert answer.status == 204
    change(place, state="done")
    async with browser.get(url, params={"seen": seen}) as answer:
        part = await answer.text()
        assert answer.status == 200 and "data-poll" not in part


async def test_who_answers_for_it_tries_again_and_the_audit_knows(
    place: site.Site, client: Client
) -> None:
    untold(place, work_seconds=3.0)
    recording = change(place, state="failed", reason="gave_up: 3 workers died of it", tries=3)
    path = f"/calls/{place.call_id}?lang=en"
    assert "/retry" not in await text(client, path, "agent")
    assert f'action="/recordings/{recording}/retry"' in await text(client, path, "manager")
    browser = await client("manager")
    async with browser.post(f"/recordings/{recording}/retry", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, f"/calls/{place.call_id}")
    with place.database.session() as session:
        again = session.get_one(models.Recording, recording)
        assert (again.state, again.reason, again.tries) == ("stored", "", 0)
        lines = session.scalars(
            select(models.Audit.object_id).where(models.Audit.action == "recording_retry")
        ).all()
        assert lines == [str(recording)]
    async with browser.post(f"/recordings/{recording}/retry", allow_redirects=False) as answer:
        assert answer.status == 409  # it waits already


async def test_a_retry_from_another_site_or_of_what_may_not_be_heard_is_refused(
    place: site.Site, client: Client
) -> None:
    recording = change(place, state="failed", reason="error: x")
    browser = await client("manager")
    async with browser.post(
        f"/recordings/{recording}/retry", headers={"Sec-Fetch-Site": "cross-site"}
    ) as answer:
        assert answer.status == 403
    admin = await client("admin")
    async with admin.post(f"/recordings/{recording}/retry") as answer:
        assert answer.status == 404
    with place.database.session() as session:
        assert session.get_one(models.Recording, recording).state == "failed"


async def test_what_was_never_recorded_offers_no_retry(place: site.Site, client: Client) -> None:
    untold(place, work_seconds=3.0)
    recording = change(place, state="failed", reason="not_started: Permission denied", stored={})
    page = await text(client, f"/calls/{place.call_id}?lang=en")
    assert "The PBX refused to record this call." in page and "Permission denied" in page
    assert "/retry" not in page
    browser = await client("manager")
    async with browser.post(f"/recordings/{recording}/retry") as answer:
        assert answer.status == 409


async def test_an_administrator_tries_all_again_without_hearing_any(
    place: site.Site, client: Client
) -> None:
    recording = change(place, state="failed", reason="error: OSError", language="he")
    page = await text(client, "/system?lang=en", "admin")
    assert 'action="/system/recordings/retry"' in page
    browser = await client("admin")
    async with browser.post("/system/recordings/retry", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/system")
    with place.database.session() as session:
        assert session.get_one(models.Recording, recording).state == "stored"
    change(place, state="no_model", reason="no_model: he")
    page = await text(client, "/system?lang=en", "admin")
    assert "callcenter models download" in page and "Hebrew" in page


@pytest.mark.parametrize(
    "state,words",
    [
        ("expected", "Recording is being saved"),
        ("transcribing", "Transcript in progress"),
        ("failed", "The transcript failed"),
        ("no_model", "No speech model for this language"),
    ],
)
async def test_the_list_of_calls_shows_what_is_the_matter(
    state: str, words: str, place: site.Site, client: Client
) -> None:
    assert words not in await text(client, "/calls?period=all&lang=en")
    change(place, state=state)
    assert words in await text(client, "/calls?period=all&lang=en")


@pytest.mark.browser
async def test_the_page_renews_itself_and_what_plays_plays_on(place: site.Site) -> None:
    with place.database.session() as session:
        kept = session.scalars(select(models.Transcript)).one()
        words = {"engine": kept.engine, "model": kept.model, "language": kept.language}
        said = [(each.side, each.t0, each.t1, each.text) for each in kept.segments]
        session.delete(kept)
    recording = change(place, state="stored")
    async with async_playwright() as play:
        chromium = await play.chromium.launch(
            executable_path=browsers.executable(), args=list(browsers.ARGUMENTS)
        )
        page = await chromium.new_page()
        await browsers.sign_in(page, place, "manager")
        await page.goto(f"{place.url}/calls/{place.call_id}?lang=en")
        await page.get_by_text("Transcript is waiting").wait_for()
        await page.locator("cc-player button.play").click()
        await page.wait_for_function("!document.querySelector('cc-player').audio.paused")
        change(place, state="transcribing")
        await page.get_by_role("heading", name="Transcript in progress").wait_for(timeout=30_000)
        with place.database.session() as session:
            made = models.Transcript(recording_id=recording, created_at=utcnow(), **words)
            made.segments = [
                models.Segment(side=side, t0=t0, t1=t1, text=heard) for side, t0, t1, heard in said
            ]
            session.add(made)
            session.get_one(models.Recording, recording).state = "done"
        await page.locator("[data-transcript] li").first.wait_for(timeout=30_000)
        assert await page.locator("[data-poll]").count() == 0
        assert not await page.evaluate("document.querySelector('cc-player').audio.paused")
        await page.locator("[data-transcript] .tm").nth(3).click()
        await page.wait_for_function("document.querySelector('[data-transcript] li.now')")
        assert await page.locator("#heard > [data-said]").text_content() == "Transcribed"
        await chromium.close()
