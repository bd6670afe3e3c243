"""Calling hours, in tables: open or not, and when next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter import errors
from callcenter.outbound import hours

JERUSALEM = ZoneInfo("Asia/Jerusalem")
SITE = hours.week(
    {**dict.fromkeys(("sun", "mon", "tue", "wed", "thu"), "09:00-20:00"), "fri": "09:00-13:00"},
    {"2026-09-13": "ראש השנה"},
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JERUSALEM)


@pytest.mark.parametrize(
    ("moment", "is_open", "next_"),
    [
        ("2026-11-25T09:00", True, "2026-11-25T09:00"),  # Wednesday
        ("2026-11-25T08:59", False, "2026-11-25T09:00"),
        ("2026-11-25T19:59", True, "2026-11-25T19:59"),
        ("2026-11-25T20:00", False, "2026-11-26T09:00"),
        ("2026-11-27T12:59", True, "2026-11-27T12:59"),  # Friday closes at one
        ("2026-11-27T13:00", False, "2026-11-29T09:00"),  # and Shabbat lasts until Sunday
        ("2026-11-28T11:00", False, "2026-11-29T09:00"),
        ("2026-09-13T11:00", False, "2026-09-14T09:00"),  # a holiday on a Sunday
        ("2026-09-11T14:00", False, "2026-09-14T09:00"),  # Friday, Shabbat and the holiday after it
    ],
)
def test_when_it_is_open_and_when_next(moment: str, is_open: bool, next_: str) -> None:
    assert SITE.is_open(at(moment)) is is_open
    assert SITE.next_open(at(moment)) == at(next_)


def test_a_week_that_never_opens_has_no_next_time() -> None:
    assert hours.week({}, {}).next_open(at("2026-11-25T09:00")) is None


def test_the_hour_that_summer_time_skips_moves_nothing() -> None:
    # Israel's clocks go from 02:00 to 03:00 on 2027-03-26.
    before = at("2027-03-25T21:00")
    assert SITE.next_open(before) == at("2027-03-26T09:00")


def test_a_campaign_can_only_narrow_the_hours() -> None:
    own = hours.narrowed(SITE, {"wed": "08:00-12:00", "fri": "14:00-18:00", "sat": "10:00-12:00"})
    assert own.is_open(at("2026-11-25T11:00")) and not own.is_open(at("2026-11-25T08:30"))
    assert not own.is_open(at("2026-11-25T13:00"))
    assert not own.is_open(at("2026-11-27T15:00")) and not own.is_open(at("2026-11-28T11:00"))
    assert hours.narrowed(SITE, {}) == SITE


@pytest.mark.parametrize("text", ["9-20", "20:00-09:00", "09:00-25:00", "09:00-24:30", "x"])
def test_hours_that_cannot_be_are_refused_by_name(text: str) -> None:
    with pytest.raises(errors.Invalid, match="hours.sun"):
        hours.week({"sun": text}, {})


def test_an_unknown_day_is_refused_by_name() -> None:
    with pytest.raises(errors.Invalid, match="'someday'"):
        hours.week({"someday": "09:00-20:00"}, {})


@given(st.integers(min_value=0, max_value=2 * 365 * 24 * 60))
def test_the_next_opening_is_open_and_never_before_now(minutes: int) -> None:
    local = (at("2026-01-01T00:00").astimezone(UTC) + timedelta(minutes=minutes)).astimezone(
        JERUSALEM
    )
    opens = SITE.next_open(local)
    assert opens is not None and SITE.is_open(opens) and opens >= local
