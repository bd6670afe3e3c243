"""What a ringing agent sees of a customer of another team: the center decides by one setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter import db, models
from callcenter.crm import customers
from tests.screenpop import stand as stands

CALLER = "0501234567"


def with_a_customer_of_another_team(folder: Path) -> db.Database:
    database = stands.new_database(folder)
    now = db.utcnow()
    with database.session() as session:
        stands.people(session, now)
        sales = models.Team(name="sales")
        session.add(sales)
        session.flush()
        customers.create(
            session, "רות אלון", now=now, numbers=[CALLER], region="IL", team_id=sales.id
        )
    return database


@pytest.mark.parametrize(
    "scope,name", [("caller", "רות אלון"), ("visible", "Customer of another team")]
)
async def test_the_setting_says_whether_the_one_who_must_answer_sees_who_calls(
    tmp_path: Path, scope: str, name: str
) -> None:
    database = with_a_customer_of_another_team(tmp_path)
    async with stands.standing(database, card_scope=scope) as stand:
        user = stand.center.seats.user_of("main", "PJSIP/1001", "1001")
        assert user is not None
        browser = await stand.browser(user)
        stand.play("queue_answered_caller_hangs_up")
        card = (await browser.next("call.pop"))["card"]
        assert card["name"] == name
    database.close()
