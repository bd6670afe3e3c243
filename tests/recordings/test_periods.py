"""How long each recording is kept: the plan, its exceptions, and what they add up to; pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from recordings import periods
from tests.recordings.keeping import DAY, HOUR, NOW, PLAN


def kept(**said: object) -> periods.Kept:
    return periods.Kept(**{"id": 1, "started_at": NOW - 31 * DAY, "pbx": "main", **said})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("recording", "days"),
    [
        (kept(), 30),
        (kept(queue="support"), 90),
        (kept(queue="support", pbx="other"), 30),
        (kept(queue="support", campaign="7"), None),
        (kept(queue="support", campaign="8"), 10),
    ],
)
def test_the_campaigns_word_comes_before_the_queues(
    recording: periods.Kept, days: int | None
) -> None:
    assert periods.days(PLAN, recording) == days
    assert periods.is_over(PLAN, recording, NOW) is (days is not None and days <= 30)


def test_a_recording_is_kept_to_the_end_of_its_last_moment() -> None:
    assert not periods.is_over(PLAN, kept(started_at=NOW - 30 * DAY), NOW)
    assert periods.is_over(PLAN, kept(started_at=NOW - 30 * DAY - timedelta(seconds=1)), NOW)
    assert PLAN.shortest == 10 and periods.Plan().shortest is None


def test_recordings_are_added_up_by_the_offices_day() -> None:
    late = datetime(2026, 1, 1, 23, tzinfo=UTC)
    found = [kept(started_at=late, seconds=60.0, bytes=5), kept(started_at=late - 2 * HOUR)]
    east = periods.by_day(found, datetime.strptime("+0200", "%z").tzinfo or UTC)
    assert list(east) == [date(2026, 1, 1), date(2026, 1, 2)]
    assert periods.total(east.values()) == periods.Sum(2, 60.0, 5)
