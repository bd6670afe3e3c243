"""What was checked before a dial, as the pages of a call and of a customer tell it: each rule in words, in three languages."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from callcenter import models
from callcenter.outbound import compliance, gate
from tests.outbound.test_compliance import ISRAEL, NEW_YORK, OPEN, RULES, question
from tests.web import site
from tests.web.conftest import Client
from web import formats, i18n, receipts

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
MARKS = re.compile("[\u2066-\u2069]")


def _attempt(receipt: Any, **values: Any) -> models.DialAttempt:
    given = {
        "id": "a1", "pbx": "main", "user_id": 1, "number": "0541234567", "e164": "+972541234567", "requested_at": AT,
        "receipt": receipt,
    }  # fmt: skip
    return models.DialAttempt(**{**given, **values})


def _told(language: str = "en", **change: Any) -> receipts.Receipt:
    texts = i18n.load()[language]
    habits = formats.Formats(texts, "Asia/Jerusalem", "IL")
    verdict = compliance.judge(question(**change), RULES)
    return receipts.read(_attempt(verdict.receipt()), texts, habits)


def _plain(told: receipts.Receipt) -> list[tuple[str, str]]:
    return [(line.tone, MARKS.sub("", line.text)) for line in told.lines]


def test_what_had_nothing_against_the_call_is_told_too() -> None:
    told = _told(today=1, week=4, attempts=2, wish="allowed")
    assert (told.tone, told.title, told.version) == ("ok", "Checked before dialing: allowed", compliance.VERSION)  # fmt: skip
    assert _plain(told) == [
        ("ok", "Marketing call: every rule can refuse it"),
        ("ok", "The number may be dialed"),
        ("ok", "On no do-not-call list; the customer allowed marketing"),
        ("ok", "It was 25 Nov 2026 11:00 there (Asia/Jerusalem), calling hours 09:00–20:00"),
        ("ok", "Marketing calls to the number before it: 1 of 3 that day, 4 of 8 in seven days"),
        ("ok", "Attempts in the campaign before it: 2 of 6"),
    ]


@pytest.mark.parametrize(
    "change,line",
    [
        ({"e164": None, "kind": "short"}, "It is no customer's telephone number"),
        ({"line_type": "premium"}, "It is a premium or shared-cost number"),
        ({"e164": "+972151234567"}, "Numbers that begin like this are blocked"),
        ({"phone_bad": True}, "The number is marked as bad"),
        ({"region": "GB", "e164": "+442079460000"}, "The number is abroad (GB), where dialing is off"),
        ({"listed": compliance.Listed("own", "2026-01-02")}, "On our do-not-call list since 2 Jan 2026"),
        ({"listed": compliance.Listed("registry", "2026-01-02")}, 'In the "Do Not Call Me" registry since 2 Jan 2026'),
        ({"phone_blocked": True}, "The number is blocked"),
        ({"wish": "blocked"}, "The customer asked not to be called for marketing"),
        ({"local": (OPEN.replace(hour=8),)}, "It was 25 Nov 2026 08:00 there (Asia/Jerusalem), calling hours 09:00–20:00"),
        ({"local": (OPEN.replace(day=28),)}, "It was 28 Nov 2026 11:00 there (Asia/Jerusalem), a day without calls"),
        ({"local": (OPEN.replace(month=12, day=25),)}, "It was 25 Dec 2026 11:00 there (Asia/Jerusalem), a holiday: חג"),
        ({"today": 3}, "Marketing calls to the number before it: 3 of 3 that day, 0 of 8 in seven days"),
        ({"week": 8}, "Marketing calls to the number before it: 0 of 3 that day, 8 of 8 in seven days"),
        ({"attempts": 6}, "Attempts in the campaign before it: 6 of 6"),
    ],
)  # fmt: skip
def test_each_rule_that_refused_is_named_with_its_values(change: dict[str, Any], line: str) -> None:
    told = _told(**change)
    assert (told.tone, told.title) == ("bad", "Checked before dialing: refused")
    assert [text for tone, text in _plain(told) if tone != "ok"] == [line]


def test_every_reason_of_the_rules_has_its_words() -> None:
    from web import verdicts

    known = {*receipts.NUMBER, *receipts.LISTS, *receipts.HOURS, *receipts.CAPS}
    assert known == set(verdicts.REFUSALS)


def test_a_service_call_warns_of_what_forbids_marketing() -> None:
    told = _told(purpose="service", wish="blocked", local=(OPEN.replace(hour=8),))
    assert (told.tone, told.title) == ("warn", "Checked before dialing: allowed, with a warning")
    assert [tone for tone, _ in _plain(told)] == ["ok", "ok", "warn", "warn", "ok", "ok"]


def test_of_several_zones_only_the_closed_one_is_marked() -> None:
    local = (OPEN, OPEN.astimezone(NEW_YORK))
    lines = _plain(_told(local=local))
    assert [tone for tone, text in lines if text.startswith("It was")] == ["ok", "bad"]
    assert ISRAEL != NEW_YORK


def test_an_attempt_of_an_older_version_says_that_nothing_was_kept() -> None:
    texts = i18n.load()["en"]
    told = receipts.read(_attempt({}), texts, formats.Formats(texts, "Asia/Jerusalem", "IL"))
    assert (told.title, list(told.lines)) == ("What was checked before this call was not kept", [])


async def _text(browser: aiohttp.ClientSession, path: str) -> str:
    async with browser.get(path) as answer:
        assert answer.status == 200, path
        return html.unescape(MARKS.sub("", await answer.text()))


def _dialled(place: site.Site) -> tuple[int, int]:
    """Let a customer's number be dialled as the product does it, once allowed and once refused; return their call and them."""
    config = site.settings(place.folder)
    with place.database.session() as session:
        call = session.scalars(
            select(models.Call).where(
                models.Call.direction == "outbound", models.Call.party_id.is_not(None),
                models.Call.far_e164.is_not(None), models.Call.id != place.dialled_id,
                models.Call.party_id != place.party_id,
            )
        ).first()  # fmt: skip
        assert call is not None and call.party_id is not None and call.far_e164 is not None
        link = models.PartyPhone
        number = session.scalar(
            select(models.Phone.e164).join(link).where(link.party_id == call.party_id)
        )
        party = session.get_one(models.Party, call.party_id)
        for id_, purpose, wish, state in (
            (call.linkedid, "service", "unknown", "placed"), ("refused.1", "marketing", "blocked", "refused"),
        ):  # fmt: skip
            party.marketing = wish
            verdict = gate.ask(
                session, number or "", config=config, purpose=purpose, now=AT, party_id=party.id
            )
            assert verdict.allowed is (state == "placed")
            session.add(
                _attempt(
                    verdict.receipt(), id=id_, user_id=place.user_id, party_id=party.id, e164=number, state=state,
                    requested_at=AT + timedelta(minutes=1), purpose=purpose,
                )
            )  # fmt: skip
        return call.id, party.id


@pytest.mark.parametrize(
    "language,allowed,refused,asked",
    [
        ("en", "Checked before dialing: allowed", "Checked before dialing: refused", "The customer asked not to be called for marketing"),
        ("he", "נבדק לפני החיוג: אושר", "נבדק לפני החיוג: לא אושר", "הלקוח ביקש שלא יתקשרו אליו לשיווק"),
        ("ru", "Проверка перед набором: разрешено", "Проверка перед набором: запрещено", "Клиент просил не звонить ему с рекламой"),
    ],
)  # fmt: skip
async def test_the_pages_tell_it_folded_in_the_readers_language(
    language: str, allowed: str, refused: str, asked: str, place: site.Site, client: Client
) -> None:
    call, party = _dialled(place)
    browser = await client("manager")
    page = await _text(browser, f"/calls/{call}?lang={language}")
    assert allowed in page and refused not in page and asked not in page
    assert page.count('<details class="receipt small">') == 1, "folded"
    page = await _text(browser, f"/customers/{party}?lang={language}")
    assert allowed in page and refused in page and asked in page
    assert page.count('<details class="receipt small">') == 2
    page = await _text(browser, f"/customers/{party}?fragment=desk&lang={language}")
    assert allowed in page, "the desk shows the same timeline"


async def test_a_call_that_nobody_dialled_from_here_has_no_receipt(
    place: site.Site, client: Client
) -> None:
    browser = await client("manager")
    assert "receipt" not in await _text(browser, f"/calls/{place.call_id}")
