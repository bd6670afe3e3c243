"""The day so far of every queue equals what the pure functions say of its calls, one exchange at a time."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import update

from callcenter import models
from callcenter.db import Database
from callcenter.reports import conditions, figures, metrics, periods, today
from tests.reports import slow, test_measures
from tests.servers import on_both

peopled = test_measures.peopled
PERIOD = periods.Period(slow.DAYS[0], slow.DAYS[-1], slow.ZONE)
WANTED = conditions.Wanted(PERIOD.begin, PERIOD.end, zone=slow.ZONE.key)


@on_both()
@pytest.mark.parametrize("short", [0.0, 7.5])
def test_each_queues_numbers_are_those_of_the_reports_and_of_its_rows(
    peopled: Database, short: float
) -> None:
    rules = conditions.Rules(short_seconds=short)
    with peopled.session() as session:
        test_measures.fill(session, test_measures._crowd(random.Random(3), 300), [])
        session.flush()
        session.expire_all()
        calls = slow.read(session)
        found = today.read(session, WANTED, rules, slow.NOW, ["main"])
        assert {queue for _, queue in found} == {"support", "sales"}
        for (_, queue), numbers in found.items():
            fits = [
                c for c in calls if c.queue == queue and WANTED.begin.timestamp() <= c.at < WANTED.end.timestamp()
            ]  # fmt: skip
            seen = [metrics.Seen(call, call.parts, short) for call in fits]
            expected = metrics.tally(seen)
            told = numbers.told()
            assert told["longest"] == metrics.longest(seen) is not None
            for code in today.SHOWN:
                assert told[code] == pytest.approx(figures.BY_CODE[code].value(expected)), code
        whole = today.together(found).told()
        parts = [numbers.told() for numbers in found.values()]
        assert whole["offered"] == sum(part["offered"] or 0 for part in parts)
        assert whole["longest"] == max(part["longest"] or 0 for part in parts)


@on_both()
def test_the_same_queue_of_two_exchanges_is_two_queues(peopled: Database) -> None:
    with peopled.session() as session:
        test_measures.fill(session, test_measures._crowd(random.Random(3), 200), [])
        session.flush()
        session.execute(update(models.Call).where(models.Call.id % 3 == 0).values(pbx="north"))
        session.expire_all()
        both = today.read(session, WANTED, conditions.Rules(), slow.NOW, ["main", "north"])
        assert {key[0] for key in both} == {"main", "north"}
        session.execute(update(models.Call).values(pbx="main"))
        one = today.read(session, WANTED, conditions.Rules(), slow.NOW, ["main"])
        assert today.together(both).told() == pytest.approx(today.together(one).told())


def test_a_day_without_calls_has_dashes_and_not_zeroes_for_what_cannot_be_computed() -> None:
    told = today.together({}).told()
    assert told == {"offered": 0, "answered": 0, "abandoned": 0, "service_level": None, "asa": None, "longest": None}  # fmt: skip
