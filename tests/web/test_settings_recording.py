"""The page of recordings' rules: what is asked for is kept, counts at once, and is plain about what it does not reach."""

from __future__ import annotations

import re

import aiohttp
from sqlalchemy import select

from callcenter import models
from tests.web import forms, site
from tests.web.conftest import Client

PATH = "/settings/recording"


async def _read(browser: aiohttp.ClientSession, path: str = f"{PATH}?lang=en") -> str:
    return await forms.read(browser, path)


async def test_the_default_and_the_note_are_kept_and_nobodys_change_is_lost(
    place: site.Site, client: Client
) -> None:
    browser = await client("admin")
    stamp = forms.hidden(await _read(browser), "stamp")
    fields = {"record": "0", "notice_he": "השיחה <b>מוקלטת</b>", "stamp": stamp}
    assert (await forms.post(browser, PATH, fields))[0] == 303
    page = await _read(browser)
    assert "השיחה &lt;b&gt;מוקלטת" in page and re.search(r'value="0" checked', page)
    status, text = await forms.post(browser, f"{PATH}?lang=en", {**fields, "notice_en": "typed"})
    assert status == 409 and "Somebody changed this meanwhile" in text and ">typed<" in text
    fields = {"record": "1", "notice_en": "x" * 301, "stamp": forms.hidden(page, "stamp")}
    status, text = await forms.post(browser, f"{PATH}?lang=en", fields)
    assert status == 422 and "This is too long" in text


async def test_an_exception_is_made_turned_removed_and_put_back(
    place: site.Site, client: Client
) -> None:
    browser = await client("admin")
    fields = {"of": "queue/main/support", "record": "0"}
    assert (await forms.post(browser, f"{PATH}/rules", fields))[0] == 303
    page = await _read(browser)
    assert "Is not recorded" in page
    assert "GosubIf($[&#34;${EXTEN}&#34; != &#34;support&#34;]?record,customer,1)" in page
    assert (await forms.post(browser, f"{PATH}/rules", {**fields, "record": "1"}))[0] == 303
    assert (await forms.post(browser, f"{PATH}/rules", {"of": "direction//outbound", "record": "0"}))[0] == 303  # fmt: skip
    with place.database.session() as session:
        rows = session.scalars(select(models.RecordingRule).order_by(models.RecordingRule.id)).all()
        assert [(r.scope, r.pbx, r.value, r.record) for r in rows] == [
            ("queue", "main", "support", True), ("direction", "", "outbound", False)
        ]  # fmt: skip
    status, where = await forms.post(browser, f"{PATH}/rules/{rows[0].id}/remove", {})
    assert status == 303
    page = await _read(browser, where.replace("?", "?lang=en&").partition("#")[0])
    back = {"of": forms.hidden(page, "of"), "record": forms.hidden(page, "record")}
    assert back == {"of": "queue/main/support", "record": "1"}
    assert (await forms.post(browser, f"{PATH}/rules", back))[0] == 303
    assert (await forms.post(browser, f"{PATH}/rules/987654/remove", {}))[0] == 404
    status, text = await forms.post(
        browser, f"{PATH}/rules", {"of": "queue/main/<b>", "record": "0"}
    )
    assert status == 422 and "<b>" not in text.partition('id="rules"')[2].partition("<dl")[0]
    log = await _read(browser, "/settings/audit?lang=en&group=settings")
    assert "Set an exception from what is recorded" in log
    assert "Removed an exception from what is recorded" in log


async def test_the_page_says_plainly_what_the_rules_do_not_reach(
    place: site.Site, client: Client
) -> None:
    page = await _read(await client("admin"))
    assert "these rules do not reach it" in page and "Gosub(record,customer,1)" in page
    assert "We begin it" not in page


async def test_a_call_tells_what_its_caller_was_told(place: site.Site, client: Client) -> None:
    with place.database.session() as session:
        recording = session.scalars(select(models.Recording)).one()
        recording.notice = {"en": "This call is <recorded>."}
    page = await _read(await client("manager"), f"/calls/{place.call_id}?lang=en")
    assert "Callers are told: This call is &lt;recorded&gt;." in page
