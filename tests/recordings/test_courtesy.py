"""The worker works the less, the busier those are who take calls, and never stops."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings import courtesy


def test_niced_work_and_waiting_for_a_disk_are_not_urgent() -> None:
    before = courtesy.Ticks.read("cpu  100 500 50 1000 20 1 2 3 0 0")
    after = courtesy.Ticks.read("cpu  160 900 70 1300 80 5 8 13 0 0")
    assert before == courtesy.Ticks(153, 1676)
    assert after.busy_since(before) == pytest.approx((60 + 20 + 4 + 6) / (after.total - 1676))
    assert before.busy_since(before) == 0.0


@given(st.floats(0, 60), st.floats(0, 1))
def test_it_rests_the_longer_the_busier_the_others_are_and_never_stops(
    worked: float, busy: float
) -> None:
    rest = courtesy.rest_seconds(worked, busy)
    assert 0 <= rest <= min(49 * worked + 1e-9, courtesy.LONGEST_REST_SECONDS)
    assert rest <= courtesy.rest_seconds(worked, min(1.0, busy + 0.1)) + 1e-9
    if busy < courtesy.QUIET:
        assert rest == 0


@pytest.fixture
def beside_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> courtesy.Courtesy:
    """Give a courtesy that saw the others take half of the processors, and will see them quiet from now on."""
    if not courtesy.STAT.exists():
        pytest.skip("there is no /proc/stat on this system")
    stat = tmp_path / "stat"
    stat.write_text("cpu  0 0 0 0 0 0 0 0 0 0\n")
    monkeypatch.setattr(courtesy, "STAT", stat)
    polite = courtesy.Courtesy()
    stat.write_text("cpu  50 0 0 50 0 0 0 0 0 0\n")
    return polite


def test_on_a_busy_machine_it_really_sleeps(beside_others: courtesy.Courtesy) -> None:
    began = time.monotonic()
    beside_others.rest(0.05)
    assert time.monotonic() - began >= 0.2


def test_a_rest_is_over_when_the_others_are_quiet(beside_others: courtesy.Courtesy) -> None:
    began = time.monotonic()
    beside_others.rest(20.0)  # which asks for a minute
    assert time.monotonic() - began < courtesy.LONGEST_REST_SECONDS / 2
