"""Retention on pages: tried before it is saved, marked ones taken back, and a hold on a call that only those who may can place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from sqlalchemy import select, update

from callcenter import models
from callcenter.db import utcnow
from recordings import retention
from tests.web import forms, site
from tests.web.conftest import Client
from web import keys

PATH = "/settings/recording"


async def _read(browser: aiohttp.ClientSession, path: str = f"{PATH}?lang=en") -> str:
    return await forms.read(browser, path)


def _row(place: site.Site) -> models.Recording:
    with place.database.session() as session:
        return session.scalars(select(models.Recording)).one()


def _aged(place: site.Site, days: int = 40) -> None:
    """Make the sample's recording old, and the policy's row, as the migrations do."""
    with place.database.session() as session:
        started = utcnow() - timedelta(days=days)
        session.execute(update(models.Recording).values(started_at=started, bytes=480_000))
        session.add(models.RecordingPolicy(id=1, record=True, notice={}, keep_transcripts=True))


def _sweep(place: site.Site, days: int = 0) -> retention.Swept:
    at = utcnow() + timedelta(days=days)
    done = retention.sweep(place.database, place.app[keys.SETTINGS], at)
    assert done is not None
    return done


def _actions(place: site.Site) -> list[str]:
    with place.database.session() as session:
        audit = models.Audit
        found = select(audit.action).where(~audit.action.startswith("sign"))
        return list(session.scalars(found.order_by(audit.id)))


async def test_what_would_go_is_told_before_anything_is_saved(
    place: site.Site, client: Client
) -> None:
    _aged(place)
    browser = await client("admin")
    page = await _read(browser)
    assert 'name="keep_days" type="number" value=""' in page, "off as it comes"
    fields = {"kept_stamp": forms.hidden(page, "kept_stamp"), "keep_days": "30", "act": "try"}
    status, text = await forms.post(browser, f"{PATH}/retention?lang=en", fields)
    assert status == 200 and "1 recording would go" in text and "480 KB" in text
    assert "Nothing is saved yet." in text and 'value="30"' in text
    with place.database.session() as session:
        assert retention.plan(session).days is None
    status, text = await forms.post(
        browser, f"{PATH}/retention?lang=en", {**fields, "keep_days": "50"}
    )
    assert "No recording would go." in text
    for wrong in ("0", "-1", "many", "36501", "٣"):
        status, text = await forms.post(
            browser, f"{PATH}/retention?lang=en", {**fields, "keep_days": wrong, "act": "save"}
        )
        assert status == 422 and "A whole number from 1 to 36500" in text, wrong
    fields |= {"act": "save", "keep_transcripts": "1"}
    assert (await forms.post(browser, f"{PATH}/retention", fields))[0] == 303
    status, text = await forms.post(
        browser, f"{PATH}/retention?lang=en", {**fields, "keep_days": "9"}
    )
    assert status == 409 and "Somebody changed this meanwhile" in text and 'value="9"' in text
    with place.database.session() as session:
        plan = retention.plan(session)
        assert (plan.days, plan.transcripts) == (30, True)
    assert _actions(place) == ["retention_changed"]


async def test_an_exception_is_made_and_put_back_after_it_was_removed(
    place: site.Site, client: Client
) -> None:
    browser = await client("admin")
    for fields in ({"of": "direction//inbound", "days": "3"}, {"of": "queue/main/x", "days": "3"}):
        status, text = await forms.post(browser, f"{PATH}/periods?lang=en", fields)
        assert status == 422 and 'id="e-of"' in text, fields
    status, text = await forms.post(
        browser, f"{PATH}/periods?lang=en", {"of": "queue/main/support", "days": "x"}
    )
    assert status == 422 and "A whole number" in text
    fields = {"of": "queue/main/support", "days": ""}
    assert (await forms.post(browser, f"{PATH}/periods", fields))[0] == 303
    assert "kept for good" in await _read(browser)
    assert (await forms.post(browser, f"{PATH}/periods", {**fields, "days": "90"}))[0] == 303
    assert "kept for 90 days" in await _read(browser)
    with place.database.session() as session:
        key = session.scalars(select(models.RetentionRule.id)).one()
    _, where = await forms.post(browser, f"{PATH}/periods/{key}/remove", {})
    page = await _read(browser, where.replace("?", "?lang=en&").partition("#")[0])
    assert "kept for 90 days" not in page
    back = {"of": forms.hidden(page, "of"), "days": parse_qs(urlsplit(where).query)["days"][0]}
    assert (await forms.post(browser, f"{PATH}/periods", back))[0] == 303
    assert "kept for 90 days" in await _read(browser)
    assert (await forms.post(browser, f"{PATH}/periods/987654/remove", {}))[0] == 404


async def test_a_marked_recording_says_so_is_taken_back_and_let_go_again(
    place: site.Site, client: Client
) -> None:
    _aged(place)
    with place.database.session() as session:
        session.execute(update(models.RecordingPolicy).values(keep_days=30))
    assert _sweep(place).marked == 1
    manager, admin, agent = await client("manager"), await client("admin"), await client("agent")
    call = f"/calls/{place.call_id}?lang=en"
    assert "This recording will be deleted on" in await _read(manager, call)
    assert f'action="/recordings/{_row(place).id}/keep"' not in await _read(agent, call)
    listed = await _read(admin, f"{PATH}/marked?lang=en")
    assert "goes on" in listed and f'href="/calls/{place.call_id}"' in listed
    assert "Marked to be deleted" in await _read(admin)
    keep = f"/recordings/{_row(place).id}/keep"
    assert (await forms.post(agent, keep, {}))[0] == 403 and (await forms.post(admin, keep, {}))[
        0
    ] == 404
    assert (await forms.post(manager, keep, {}))[0] == 303
    assert (_row(place).kept, _row(place).delete_at) == (True, None)
    assert "This recording is kept" in await _read(manager, call)
    assert (await forms.post(manager, keep, {"kept": "0"}))[0] == 303
    assert _sweep(place, 1).marked == 1
    assert (await forms.post(admin, f"{PATH}/marked", {"id": str(_row(place).id)}))[0] == 303
    assert (await forms.post(admin, f"{PATH}/marked", {"id": "x"}))[0] == 404
    assert (await forms.post(admin, f"{PATH}/marked", {"all": "1"}))[0] == 303
    assert "Nothing is marked" in await _read(admin, f"{PATH}/marked?lang=en")
    assert [each for each in _actions(place) if each != "transcript_open"] == [
        "recording_kept", "recording_let_go", "recording_kept", "recordings_kept",
    ]  # fmt: skip


@pytest.mark.parametrize("transcripts", [True, False])
async def test_a_deleted_recording_says_since_when_and_what_is_left_of_it(
    transcripts: bool, place: site.Site, client: Client
) -> None:
    _aged(place)
    with place.database.session() as session:
        session.execute(update(models.RecordingPolicy).values(keep_days=30, keep_transcripts=transcripts))  # fmt: skip
    _sweep(place)
    assert _sweep(place, 8).deleted.count == 1
    browser = await client("manager")
    page = await _read(browser, f"/calls/{place.call_id}?lang=en")
    assert "Deleted by retention on" in page and "<cc-player" not in page
    assert ("The transcript was kept." in page) is transcripts
    assert ("seg-t" in page) is transcripts and "data-seek" not in page, "there is nowhere to go"
    async with browser.get(f"/recordings/{_row(place).id}/audio") as answer:
        assert answer.status == 404
    assert not (place.folder / "recordings" / "sample.wav").exists()
    for path in ("/recordings", "/calls?period=all", "/system", f"/customers/{place.party_id}"):
        assert await _read(browser, path)
    status, _ = await forms.post(browser, f"/recordings/{_row(place).id}/keep", {})
    assert status == 409


async def test_a_legal_hold_is_placed_shown_and_lifted_with_reasons(
    place: site.Site, client: Client
) -> None:
    _aged(place)
    with place.database.session() as session:
        session.execute(update(models.RecordingPolicy).values(keep_days=30))
    _sweep(place)
    path, call = f"/calls/{place.call_id}/legal-hold", f"/calls/{place.call_id}?lang=en"
    agent, manager = await client("agent"), await client("manager")
    assert (await forms.post(agent, path, {"reason": "court"}))[0] == 403
    assert "legal-hold" not in await _read(agent, call)
    assert (await forms.post(manager, path, {"reason": " "}))[0] == 422
    assert (await forms.post(manager, path, {"reason": "<i>court</i>"}))[0] == 303
    assert (await forms.post(manager, path, {"reason": "again"}))[0] == 409
    page = await _read(manager, call)
    assert "&lt;i&gt;court" in page and "On hold for legal reasons" in page
    assert "This recording will be deleted" not in page
    assert _sweep(place, 30) == retention.Swept()
    assert Path(place.folder / "recordings" / "sample.wav").exists()
    assert (await forms.post(manager, path, {"reason": "settled", "lift": "1"}))[0] == 303
    assert "On hold for legal reasons" not in await _read(manager, call)
    assert (await forms.post(manager, path, {"reason": "settled", "lift": "1"}))[0] == 404
    log = await _read(await client("admin"), "/settings/audit?lang=en&group=retention")
    assert "Placed a legal hold" in log and "Lifted a legal hold" in log


async def test_a_supervisor_holds_what_they_see_and_nothing_else(
    place: site.Site, client: Client
) -> None:
    with place.database.session() as session:
        call = models.Call(pbx="main", linkedid="strange.9", direction="inbound", started=utcnow(),
                           party_id=None)  # fmt: skip
        session.add(call)
        session.flush()
        hidden = call.id
    browser = await client("supervisor")
    status, _ = await forms.post(browser, f"/calls/{hidden}/legal-hold", {"reason": "court"})
    assert status == 404
    with place.database.session() as session:
        assert session.scalars(select(models.LegalHold)).all() == []
