"""Which attempts count against a number: only those of which the customer may have noticed something."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callcenter import db, models
from callcenter.outbound import gate
from tests.outbound import list_of
from tests.outbound.list_of import NOW
from tests.servers import on_both


@on_both()
@pytest.mark.parametrize(
    ("attempt", "counted"),
    [
        ({"state": "placing"}, 1),  # on its way, or of a process that died: it may have rung
        ({"state": "placed"}, 1),
        ({"state": "failed", "error": "busy"}, 1),
        ({"state": "failed", "error": "no_answer", "result": "no_answer"}, 1),
        ({"state": "refused", "error": "closed_hours"}, 0),
        ({"state": "failed", "error": "phone_unreachable"}, 0),
        ({"state": "failed", "error": "agent_no_answer", "result": "agent_no_answer"}, 0),
        ({"state": "placing", "result": "not_placed"}, 0),
    ],
)
def test_an_attempt_that_ended_at_our_own_phone_counts_against_no_limit(
    database: db.Database, attempt: dict[str, str], counted: int
) -> None:
    with database.session() as session:
        (user,) = list_of.people(session, "user")
        lead = list_of.lead(session, list_of.campaign(session), 1)
        list_of.attempt(session, lead, user, **attempt)
        e164 = session.get_one(models.Phone, lead.phone_id).e164
        assert gate.tries(session, e164, NOW - timedelta(days=1)) == counted
