"""Days of 23 and 25 hours, and dates that are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcenter import errors
from callcenter.reports import exports, periods

ZONE = ZoneInfo("Asia/Jerusalem")


@pytest.mark.parametrize(
    "day,hours", [(date(2026, 3, 27), 23), (date(2026, 10, 25), 25), (date(2026, 11, 25), 24)]
)
def test_a_day_is_as_long_as_the_clock_makes_it(day: date, hours: int) -> None:
    period = periods.Period(day, day, ZONE)
    assert period.end - period.begin == timedelta(hours=hours)
    shown = [periods.hour_of(period.begin.timestamp() + 3600 * n, ZONE) for n in range(hours)]
    assert sorted(set(shown)) == [h for h in range(24) if hours != 23 or h != 2]
    assert shown.count(1) == (2 if hours == 25 else 1)


def test_offsets_change_exactly_where_the_clock_is_moved() -> None:
    period = periods.Period(date(2026, 3, 1), date(2026, 11, 1), ZONE)
    found = periods.offsets(period.begin, period.end, ZONE)
    assert [ahead for _, _, ahead in found] == [7200, 10800, 7200]
    assert found[0][0] == period.begin and found[-1][1] == period.end
    assert found[0][1] == datetime(2026, 3, 27, 0, 0, tzinfo=UTC)
    assert found[1][1] == datetime(2026, 10, 24, 23, 0, tzinfo=UTC)


def test_what_came_before_is_as_many_days() -> None:
    period = periods.named("week", date(2026, 11, 25), ZONE)
    assert (period.days, period.before().last) == (7, date(2026, 11, 18))
    assert periods.named("month", date(2026, 11, 25), ZONE).first == date(2026, 11, 1)


@pytest.mark.parametrize(
    "first,last,field",
    [("x", "2026-01-01", "from"), ("2026-01-02", "2026-01-01", "to"), ("2020-01-01", "2026-01-01", "to"), ("0001-01-01", "2026-01-01", "from")],
)  # fmt: skip
def test_dates_that_cannot_be_are_refused_by_name(first: str, last: str, field: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        periods.between(first, last, ZONE)
    assert caught.value.field == field


@pytest.mark.parametrize("text", ["=1+1", "+972501234567", "-1", "@x", "\t=1", " =1"])
def test_no_text_of_a_file_is_a_formula(text: str) -> None:
    assert exports.cell(text).startswith("'")
    assert (
        exports.cell(-1.5) == "-1.5" and exports.cell(None) == "" and exports.cell("שלום") == "שלום"
    )
