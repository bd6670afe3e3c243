"""The do-not-call page: pasted, sent, looked up, taken off and put back; and nothing is half-written."""

from __future__ import annotations

import io
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from sqlalchemy import func, select

from callcenter import models
from callcenter.db import utcnow
from callcenter.outbound import dnc
from tests.web import forms, site
from tests.web.conftest import Client

PATH = "/settings/do-not-call"


async def _read(browser: aiohttp.ClientSession, path: str = PATH) -> str:
    return await forms.read(browser, path)


async def _send(
    browser: aiohttp.ClientSession, data: bytes, **fields: str
) -> tuple[int, str]:  # fmt: skip
    form = aiohttp.FormData()
    for name, value in fields.items():
        form.add_field(name, value)
    form.add_field("file", io.BytesIO(data), filename="list.csv")
    async with browser.post(f"{PATH}/import?lang=en", data=form, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", "") or await answer.text()


def _entries(place: site.Site) -> dict[str, models.DncEntry]:
    with place.database.session() as session:
        return {row.e164: row for row in session.scalars(select(models.DncEntry))}


def _actions(place: site.Site) -> list[str]:
    with place.database.session() as session:
        audit = models.Audit
        rows = select(audit.action).where(audit.action.like("dnc%") | (audit.action == "export"))
        return list(session.scalars(rows.order_by(audit.id)))


async def test_many_are_pasted_and_a_bad_line_keeps_all_of_them_out_until_it_is_left_out(
    place: site.Site, client: Client
) -> None:
    browser = await client("manager")
    fields = {
        "numbers": "054-1234567\n100\n\n<b>no</b>\n0541112233, 0541112244\n+44 20 7946 0018",
        "reason": "by letter",
    }
    status, text = await forms.post(browser, f"{PATH}?lang=en", fields)
    assert status == 422 and _entries(place) == {}
    assert "3 lines cannot be used. Nothing was written." in text
    assert "too short" in text and "more than one number" in text and "not a phone number" in text
    assert "<b>no</b>" not in text and "by letter" in text and "054-1234567\n100" in text
    status, where = await forms.post(browser, PATH, {**fields, "skip": "1"})
    assert status == 303
    assert "2 numbers added. 3 lines were left out." in await _read(browser, f"{where}&lang=en")
    entries = _entries(place)
    assert set(entries) == {"+972541234567", "+442079460018"}
    assert entries["+972541234567"].reason == "by letter"
    again = await forms.post(browser, PATH, {"numbers": "0541234567", "reason": "again"})
    assert parse_qs(urlsplit(again[1]).query)["known"] == ["1"]
    assert _entries(place)["+972541234567"].reason == "by letter", "the first wish keeps its date"
    assert _actions(place) == ["dnc_add"] * 3


async def test_nothing_and_too_much_are_refused_with_what_to_do(
    place: site.Site, client: Client
) -> None:
    browser = await client("admin")
    status, text = await forms.post(browser, f"{PATH}?lang=en", {"numbers": " \n"})
    assert status == 422 and "Write a number first." in text
    many = "\n".join(["0541234567"] * 501)
    status, text = await forms.post(browser, f"{PATH}?lang=en", {"numbers": many})
    assert status == 422 and "Send them as a file" in text
    status, text = await _send(browser, b"\x89PNG\r\n\x1a\n")
    assert status == 422 and "This is not a table" in text
    rows = b"\n".join(b"05412%05d" % n for n in range(20_001))
    status, text = await _send(browser, rows)
    assert status == 422 and "callcenter dnc import" in text
    assert _entries(place) == {}
    assert list((place.folder / "imports").glob("*")) == [], "what was sent does not stay"


async def test_a_file_is_taken_whole_or_not_at_all(place: site.Site, client: Client) -> None:
    browser = await client("manager")
    table = "שם;טלפון\nדנה;054-1234567\nיוסי;052\nרות;\n".encode("windows-1255")
    status, text = await _send(browser, table, source="registry")
    assert status == 422 and "2 lines cannot be used" in text and _entries(place) == {}
    status, where = await _send(browser, table, source="registry", skip="1", reason="list of May")
    assert status == 303 and parse_qs(urlsplit(where).query)["left"] == ["2"]
    (entry,) = _entries(place).values()
    assert (entry.e164, entry.source, entry.reason) == ("+972541234567", "registry", "list of May")
    status, where = await _send(browser, b"0541112233\n0541112244\n0541112233", source="own")
    assert status == 303 and parse_qs(urlsplit(where).query)["added"] == ["2"]
    status, _ = await _send(browser, b"0541112255", source="nobody's")
    assert status == 422 and len(_entries(place)) == 3
    assert _actions(place) == ["dnc_import", "dnc_import"]


async def test_a_number_is_taken_off_with_a_reason_and_put_back_as_it_was(
    place: site.Site, client: Client
) -> None:
    with place.database.session() as session:
        until = utcnow() + timedelta(days=30)
        dnc.add(session, "+972541234567", now=utcnow() - timedelta(days=9), reason="by phone",
                by=place.user_id, until=until)  # fmt: skip
        session.add(
            models.Phone(e164="+972541234567", digits_reversed="765432145", do_not_call=True)
        )
    before = _entries(place)["+972541234567"]
    browser = await client("manager")
    status, text = await forms.post(
        browser, f"{PATH}/remove?lang=en", {"number": "0541234567", "reason": " "}
    )
    assert status == 422 and "Say why" in text and len(_entries(place)) == 1
    status, where = await forms.post(browser, f"{PATH}/remove", {"number": "0541234567", "reason": "asked"})  # fmt: skip
    assert status == 303 and _entries(place) == {}
    page = await _read(browser, f"{where}&lang=en")
    line = parse_qs(urlsplit(where).query)["undo"][0]
    assert "off the list" in page and f'name="line" value="{line}"' in page
    assert (await forms.post(browser, f"{PATH}/back", {"line": line}))[0] == 303
    after = _entries(place)["+972541234567"]
    assert (after.added_at, after.added_by_id, after.reason, after.until) == (
        before.added_at, before.added_by_id, before.reason, before.until
    )  # fmt: skip
    with place.database.session() as session:
        assert session.scalars(select(models.Phone.do_not_call).where(models.Phone.e164 == "+972541234567")).one()  # fmt: skip
    assert _actions(place) == ["dnc_add", "dnc_remove", "dnc_put_back"]
    assert (await forms.post(browser, f"{PATH}/back", {"line": "1"}))[0] == 404, (
        "another line's undo"
    )
    assert "Put a number back" in await _read(await client("admin"), "/settings/audit?lang=en&group=campaigns")  # fmt: skip


async def test_the_registrys_entries_are_not_taken_off_by_hand(
    place: site.Site, client: Client
) -> None:
    with place.database.session() as session:
        dnc.add(session, "+972541234567", now=utcnow(), source=dnc.REGISTRY)
    browser = await client("manager")
    assert "Take off the list" not in await _read(browser, f"{PATH}?lang=en")
    status, _ = await forms.post(
        browser, f"{PATH}/remove", {"number": "0541234567", "reason": "asked"}
    )
    assert status == 404 and len(_entries(place)) == 1


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=054-123-4500", {0}),
        ("q=5412345", set(range(100))),
        ("q=12", set()),
        ("q=%D7%93%D7%A0%D7%94", set()),
        ("source=registry", {100}),
        ("source=registry&q=0541234500", set()),
        ("source=nobody", set(range(101))),
    ],
)
async def test_the_list_is_searched_and_read_page_by_page_without_a_gap(
    place: site.Site, client: Client, asked: str, found: set[int]
) -> None:
    numbers = [f"+9725412345{n:02}" for n in range(100)] + ["+972529999999"]
    with place.database.session() as session:
        dnc.add_many(session, numbers[:100], now=utcnow())
        dnc.add_many(session, numbers[100:], now=utcnow(), source=dnc.REGISTRY)
    browser = await client("supervisor")
    seen: set[int] = set()
    path = f"{PATH}?{asked}"
    while path:
        page = await _read(browser, path)
        shown = {n for n, e164 in enumerate(numbers) if f"{e164[4:6]}-{e164[6:9]}-{e164[9:]}" in page.partition('class="rows"')[2]}  # fmt: skip
        assert not shown & seen, "no number stands on two pages"
        seen |= shown
        link = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
        path = link.replace("&amp;", "&") if 'rel="next"' in page else ""
    assert seen == found


async def test_a_supervisor_looks_and_does_nothing_else(place: site.Site, client: Client) -> None:
    with place.database.session() as session:
        dnc.add(session, "+972541234567", now=utcnow(), reason="<i>by letter</i>", by=place.user_id)
        name = session.get_one(models.User, place.user_id).name
    page = await _read(await client("supervisor"), f"{PATH}?lang=en")
    assert "054-123-4567" in page and "&lt;i&gt;by letter" in page and name in page
    assert "Take off the list" not in page and "<textarea" not in page and ".csv" not in page


async def test_the_list_is_exported_as_it_is_filtered_and_that_is_in_the_audit(
    place: site.Site, client: Client
) -> None:
    with place.database.session() as session:
        dnc.add(session, "+972541234567", now=utcnow(), reason="=cmd|' /C calc'!A0")
        dnc.add(session, "+972541112233", now=utcnow(), source=dnc.REGISTRY)
    browser = await client("manager")
    text = await _read(browser, f"{PATH}.csv?source=own")
    assert "+972541234567" in text and "+972541112233" not in text and "'=cmd" in text
    assert _actions(place)[-1] == "export"
    status, where = await _send(browser, text.encode(), source="registry")
    assert status == 303 and "added=1" in where, "what was written out can be read in again"


async def test_a_customers_page_leads_to_who_asked(place: site.Site, client: Client) -> None:
    with place.database.session() as session:
        link = session.scalars(
            select(models.PartyPhone).where(models.PartyPhone.party_id == place.party_id)
        ).first()
        assert link is not None
        e164 = link.phone.e164
        dnc.add(session, e164, now=utcnow(), reason="by letter")
    page = await _read(await client("manager"), f"/customers/{place.party_id}")
    assert f'href="{PATH}?q=%2B{e164[1:]}"' in page
    assert f'href="{PATH}' not in await _read(await client("agent"), f"/customers/{place.party_id}")


async def test_leads_of_a_pasted_number_end_at_once(place: site.Site, client: Client) -> None:
    with place.database.session() as session:
        link = session.scalars(select(models.PartyPhone).where(models.PartyPhone.party_id == place.party_id)).first()  # fmt: skip
        assert link is not None
        campaign = models.Campaign(name="סיבים", state="running", created_at=utcnow())
        session.add(campaign)
        session.flush()
        session.add(models.Lead(campaign_id=campaign.id, party_id=place.party_id, phone_id=link.phone_id,
                                next_at=utcnow(), created_at=utcnow()))  # fmt: skip
        e164 = link.phone.e164
    browser = await client("manager")
    assert (await forms.post(browser, PATH, {"numbers": e164}))[0] == 303
    with place.database.session() as session:
        ended = select(func.count()).where(models.Lead.reason == "do_not_call")
        assert session.scalar(ended) == 1
