"""Reading back the wrap-ups that a restart interrupted; the whole way is tests/screenpop/test_resuming.py."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callcenter import db, models
from callcenter.crm import resuming
from tests import servers


@servers.on_both()
def test_an_open_wrap_up_is_read_back_with_the_call_that_was_left_then(
    database: db.Database,
) -> None:
    now = db.utcnow()
    with database.session() as session:
        user = models.User(login="noa", name="Noa", password_hash="-", created_at=now)
        session.add(user)
        session.flush()
        for linkedid, ago in (("1.0", 500), ("2.0", 10)):
            left = now - timedelta(seconds=ago)
            call = models.Call(
                pbx="main", linkedid=linkedid, direction="inbound", started=left, ended=left
            )
            session.add(call)
            session.flush()
            session.add(
                models.CallParticipant(
                    call_id=call.id, interface="PJSIP/1001", extension="1001", user_id=user.id,
                    answered=left, left=left,
                )
            )  # fmt: skip
            since = left + timedelta(milliseconds=3)
            session.add(models.AgentState(user_id=user.id, state="wrapup", since=since,
                                          until=since if ago > 100 else None))  # fmt: skip
    (one,) = database.call(resuming.unfinished)
    assert (one.call.linkedid, one.part.extension) == ("2.0", "1001")
    assert one.since == pytest.approx((now - timedelta(seconds=10)).timestamp(), abs=0.01)
