"""Numbers: classified before they are parsed, and one spelling for each."""

from __future__ import annotations

import re

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter import errors
from callcenter.crm import phones


@pytest.mark.parametrize(
    "raw",
    [
        "0541234567", "054-123-4567", "+972541234567", "972541234567", "00972541234567", "+972-0541234567",
        "97254-1234567", "541234567", "\u202a054-1234567\u202c", "054\u20111234567", "יעקב 054-1234567",
        "054-1234567 יעקב", "(054) 123.4567", "sip:0541234567@10.0.0.1", "tel:+972541234567", "٠٥٤١٢٣٤٥٦٧",
        "０５４１２３４５６７", " 054 123 4567\r\n", "\u200f+972\u00a054\u00a0123\u00a04567",
    ],
)  # fmt: skip
def test_every_spelling_of_a_number_becomes_the_same_one(raw: str) -> None:
    number = phones.classify(raw, "IL")
    assert (number.kind, number.e164, number.national) == (
        "external",
        "+972541234567",
        "541234567",
    )


def test_a_number_that_is_not_in_the_plan_is_matched_all_the_same() -> None:
    number = phones.classify("054-1234567", "IL")
    assert number.e164 == "+972541234567"
    assert not number.valid
    assert number.region == "IL"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("*2700", "short"), ("100", "short"), ("911", "short"), ("1255", "short"), ("#31#0541234567", "short"),
        ("", "withheld"), ("anonymous", "withheld"), ("Anonymous", "withheld"), ("<unknown>", "withheld"),
        ("0", "withheld"), ("000", "withheld"), ("חסוי", "withheld"), ("-", "withheld"), ("\u202e\u202c", "withheld"),
        ("1001", "internal"), ("03-7000100", "own"), ("+972 3 700 0100", "own"), ("0599999999", "ignored"),
        ("0541234567", "external"), ("12345678901234567", "external"), ("+100", "external"), ("bob", "external"),
    ],
)  # fmt: skip
def test_a_number_is_classified_before_it_is_parsed(raw: str, kind: str) -> None:
    number = phones.classify(
        raw, "IL", internal={"1001"}, own={"+97237000100"}, ignore=[re.compile(r"^059")]
    )
    assert number.kind == kind
    if kind in ("short", "withheld", "internal"):
        assert number.e164 is None


def test_a_number_of_nowhere_has_no_e164_but_keeps_its_digits() -> None:
    number = phones.classify("12345678901234567", "IL")
    assert (number.e164, number.national) == (None, "12345678901234567")
    assert number.digits_reversed.startswith("7654321")


def test_a_name_with_a_number_and_a_flat_yields_the_number() -> None:
    assert phones.classify("דירה 5, 054-1234567", "IL").e164 == "+972541234567"


@given(st.text(max_size=200))
@settings(deadline=None)
def test_whatever_arrives_is_classified_without_an_error(raw: str) -> None:
    number = phones.classify(raw, "IL", internal={"1001"})
    assert number.kind in ("withheld", "internal", "short", "external")
    assert "\n" not in number.raw and len(number.raw) <= 8 * phones.LONGEST_RAW
    assert isinstance(number.display, str)


def _slowly(text: str) -> tuple[str | None, str]:
    """Ask phonenumbers itself."""
    try:
        number = phonenumbers.parse(text, "IL")
    except phonenumbers.NumberParseException:
        return None, text
    if not phonenumbers.is_possible_number(number):
        return None, phonenumbers.national_significant_number(number)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return e164, phonenumbers.national_significant_number(number)


def test_the_fast_way_says_what_phonenumbers_says_for_every_beginning() -> None:
    taken = 0
    for prefix in ("0", "+972", "972", "00972", "", "+", "00", "9720", "+9720"):
        for beginning in range(1000):
            for tail in ("12345", "123456", "9999999"):
                text = f"{prefix}{beginning:03d}{tail}"
                if phones._ISRAELI.fullmatch(text):
                    taken += 1
                    assert phones.parse(text, "IL") == _slowly(text), text
    assert taken > 2500


@given(
    st.sampled_from(["0", "+972", "972", "00972"]),
    st.from_regex(r"[57][0-9]{8}|[2-489][0-9]{7}", fullmatch=True),
)
@settings(max_examples=400, deadline=None)
def test_the_fast_way_says_what_phonenumbers_says(prefix: str, national: str) -> None:
    assert phones._ISRAELI.fullmatch(prefix + national)
    assert phones.parse(prefix + national, "IL") == _slowly(prefix + national)


@given(st.from_regex(r"\+?[0-9]{7,15}", fullmatch=True))
@settings(max_examples=400, deadline=None)
def test_any_digits_become_what_phonenumbers_makes_of_them(text: str) -> None:
    e164, _ = phones.parse(text, "IL")
    assert e164 == _slowly(text)[0]


@given(st.from_regex(r"\+972([57][0-9]{8}|[2-489][0-9]{7})", fullmatch=True))
@settings(max_examples=400, deadline=None)
def test_the_fast_way_shows_what_phonenumbers_shows(e164: str) -> None:
    number = phonenumbers.parse(e164)
    shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    assert phones.display(e164, "IL") == shown


@pytest.mark.parametrize(
    ("e164", "region", "shown"),
    [
        ("+972541234567", "IL", "054-123-4567"),
        ("+97236123456", "IL", "03-612-3456"),
        ("+9721800123456", "IL", "1-800-123-456"),
        ("+12025550123", "IL", "+1 202-555-0123"),
        ("+972541234567", "US", "+972 54-123-4567"),
        ("nonsense", "IL", "nonsense"),
    ],
)
def test_a_number_is_shown_as_people_at_home_write_it(e164: str, region: str, shown: str) -> None:
    assert phones.display(e164, region) == shown


@pytest.mark.parametrize(
    ("text", "dialled"),
    [
        ("054-123 4567", "0541234567"), ("+972541234567", "0541234567"), ("972541234567", "0541234567"),
        ("*2700", "*2700"), ("1001", "1001"), ("100", "100"), ("1-800-123-456", "1800123456"),
        ("+1 (202) 555-0123", "0012025550123"), ("\u202a03-6123456\u202c", "036123456"), ("٠٥٤١٢٣٤٥٦٧", "0541234567"),
    ],
)  # fmt: skip
def test_what_can_be_dialled_is_spelled_for_the_exchange(text: str, dialled: str) -> None:
    assert phones.dialable(text, "IL") == dialled


def test_another_country_dials_with_its_own_prefix() -> None:
    assert phones.dialable("+972541234567", "US") == "011972541234567"
    assert phones.dialable("(202) 555-0123", "US") == "2025550123"


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "+", "abc", "054-CALL-ME", "0541234567\r\nAction: Command", "0541234567\n", "054123\x004567",
        "0541234567,0541234568", "0541234567;ext=1", "0541234567&PJSIP/1002", "0541234567@trunk", "${EXTEN}",
        "1" * 21, "12345678901234567", "+", "05412345٫67", "Local/1001", "'; drop table",
    ],
)  # fmt: skip
def test_what_cannot_be_dialled_is_refused(text: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        phones.dialable(text, "IL")
    assert caught.value.field == "number"


@given(st.text(max_size=60))
@settings(deadline=None)
def test_nothing_but_digits_and_dial_signs_ever_reaches_the_exchange(text: str) -> None:
    try:
        dialled = phones.dialable(text, "IL")
    except errors.Invalid:
        return
    assert re.fullmatch(r"\+?[0-9*#]{1,20}", dialled)


def test_a_cell_with_several_numbers_is_split() -> None:
    assert phones.split("0541234567/0541234568") == ["0541234567", "0541234568"]
    assert phones.split("054-1234567 או 03-6123456, \n08-8123456") == [
        "054-1234567",
        "03-6123456",
        "08-8123456",
    ]
    assert phones.split("אין") == []


def test_the_country_of_a_number_is_known_by_its_code() -> None:
    assert [phones.country(n) for n in ("+972541234567", "+12025550123", "+442079460958", "+")] == [
        972,
        1,
        44,
        0,
    ]
