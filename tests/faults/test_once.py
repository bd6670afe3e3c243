"""An Originate is sent at most once, wherever the line is cut."""

from __future__ import annotations

from tests.faults import once


async def test_no_cut_around_an_originate_makes_it_come_twice() -> None:
    told = await once.runs(60, seed=1)
    assert (told.runs, told.twice) == (60, 0)
    # The cuts were around it: some came and some did not, and nothing that was placed had not come.
    assert 0 < told.placed <= len(told.came) < 60
