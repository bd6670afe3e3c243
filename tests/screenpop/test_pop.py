"""A call rings: the right card on the right screens, and only there; what it becomes as the call goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from callcenter import db, models
from tests.screenpop import stand as stands

DANA = "+972521234567"


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[stands.Stand]:
    database = stands.new_database(tmp_path)
    with database.session() as session:
        stands.people(session, db.utcnow())
    async with stands.standing(database) as standing:
        yield standing
    database.close()


def user(stand: stands.Stand, extension: str) -> int:
    found = stand.center.seats.user_of("main", f"PJSIP/{extension}", extension)
    assert found is not None
    return found


async def test_the_card_comes_to_the_user_whose_phone_rings_and_to_nobody_else(
    stand: stands.Stand,
) -> None:
    rung = await stand.browser(user(stand, "1001"))
    other = await stand.browser(user(stand, "1002"))
    stand.play("queue_answered_caller_hangs_up")
    card = (await rung.next("call.pop"))["card"]
    assert card["why"]["label"] == "Support"
    assert card["direction"] == "inbound"
    await rung.next("call.end", reason="ended")
    await stand.settled()
    assert not other.of("call.pop")
    with stand.database.session() as session:
        call = session.scalars(select(models.Call)).one()
        assert call.linkedid == card["id"]
        assert call.result == "answered"
        assert call.ended is not None
        assert [(p.extension, p.outcome, p.user_id) for p in call.participants] == [
            ("1001", "answered", user(stand, "1001"))
        ]
