"""What somebody holds or takes back is not deleted, whatever its time. The clock is given."""

from __future__ import annotations

import pytest

from callcenter import errors, models
from recordings import holds, retention
from tests.recordings.conftest import MakePlace, Place
from tests.recordings.keeping import ADMIN, BY, DAY, NOW, asked, files, peopled, recorded, sweep


@pytest.fixture
def place(make_place: MakePlace) -> Place:
    return peopled(make_place())


def test_what_is_taken_back_stays_until_it_is_let_go_again(place: Place) -> None:
    first, second = recorded(place, 1, age_days=31), recorded(place, 2, age_days=31)
    asked(place)
    sweep(place, NOW)
    place.database.call(holds.keep, BY, first, kept=True)
    assert sweep(place, NOW + 8 * DAY).deleted.count == 1
    assert files(place) == ["1-mixed.wav"]
    with pytest.raises(errors.Conflict):
        place.database.call(holds.keep, BY, second, kept=True)
    place.database.call(holds.keep, BY, first, kept=False)
    assert sweep(place, NOW + 9 * DAY).marked == 1, "it has its week again"
    assert place.row(first).delete_at == NOW + 16 * DAY
    assert place.database.call(holds.keep_all, BY) == 1
    assert sweep(place, NOW + 20 * DAY) == retention.Swept()


def test_a_legal_hold_keeps_what_is_marked_and_what_is_not(place: Place) -> None:
    marked, unmarked = recorded(place, 1, age_days=31), recorded(place, 2, age_days=31)
    asked(place)
    place.database.call(holds.place, ADMIN, BY, unmarked, reason="court", now=NOW)
    assert sweep(place, NOW).marked == 1
    place.database.call(holds.place, ADMIN, BY, marked, reason=" a  letter ", now=NOW)
    assert place.row(marked).delete_at is None
    assert sweep(place, NOW + 800 * DAY) == retention.Swept()
    with pytest.raises(errors.Conflict):
        place.database.call(holds.place, ADMIN, BY, marked, reason="again", now=NOW)
    for empty in (" ", "x" * 201, "a\x00b"):
        with pytest.raises(errors.Invalid):
            place.database.call(holds.lift, ADMIN, BY, marked, reason=empty)
    place.database.call(holds.lift, ADMIN, BY, marked, reason="settled")
    with pytest.raises(errors.NotFound):
        place.database.call(holds.lift, ADMIN, BY, marked, reason="settled")
    assert sweep(place, NOW + 801 * DAY).marked == 1, "and has its week"
    assert len(files(place)) == 2
    with place.database.session() as session:
        lines = [(row.action, row.object_id, row.detail["reason"]) for row in session.query(models.Audit)]  # fmt: skip
    assert lines == [
        ("legal_hold_placed", "2", "court"), ("legal_hold_placed", "1", "a letter"), ("legal_hold_lifted", "1", "settled"),
    ]  # fmt: skip


def test_a_hold_that_comes_between_the_look_and_the_deletion_is_seen(place: Place) -> None:
    old = recorded(place, 1, age_days=31)
    asked(place)
    sweep(place, NOW)
    later = NOW + 8 * DAY
    with place.database.session() as session:
        session.add(models.LegalHold(call_id=1, reason="court", by_id=1, at=NOW))  # the row alone
    of = place.database.call(retention.plan)
    assert place.database.call(retention.delete, place.settings, old, of, later) is None
    assert files(place) == ["1-mixed.wav"]


def test_a_hold_on_a_call_that_became_another_holds_its_recordings(place: Place) -> None:
    old = recorded(place, 1, age_days=31)
    with place.database.session() as session:
        first = models.Call(pbx="main", linkedid="0.9", direction="inbound", started=NOW, merged_into="1.1")  # fmt: skip
        session.add(first)
        session.flush()
        session.add(models.LegalHold(call_id=first.id, reason="court", by_id=1, at=NOW))
    asked(place)
    assert sweep(place, NOW).marked == 0
    assert place.row(old).delete_at is None
