"""Members, waiting callers and phones, as the board tells them."""

from __future__ import annotations

import pytest

from callcenter.telephony import events, facts, queues, roles


def board() -> queues.QueueBoard:
    return queues.QueueBoard(roles.Roles(["PJSIP/trunk-*"], ["PJSIP/1???*"]))


def event(kind: str, at: float = 1.0, **headers: object) -> events.Event:
    return events.parse(kind, {k: str(v) for k, v in headers.items()}, at)


def member(
    status: int, paused: int = 0, *, kind: str = "QueueMemberStatus", **more: object
) -> events.Event:
    return event(kind, Queue="support", Interface="PJSIP/1001", StateInterface="PJSIP/1001", Status=status,
                 Paused=paused, **more)  # fmt: skip


@pytest.mark.parametrize(
    ("status", "paused", "state"),
    [
        (0, 0, "available"), (1, 0, "available"), (2, 0, "busy"), (3, 0, "busy"), (4, 0, "unavailable"),
        (5, 0, "unavailable"), (6, 0, "ringing"), (7, 0, "ringing"), (8, 0, "busy"), (1, 1, "paused"),
        (2, 1, "busy"), (5, 1, "unavailable"), (6, 1, "ringing"), (99, 0, "available"),
    ],
)  # fmt: skip
def test_a_members_state_is_read_from_a_table(status: int, paused: int, state: str) -> None:
    (told,) = board().feed(member(status, paused))
    assert told == facts.MemberChanged(1.0, "support", "PJSIP/1001", "1001", state)


def test_only_changes_are_told() -> None:
    on = board()
    assert on.feed(member(1, kind="QueueMemberAdded"))
    assert on.feed(member(1)) == []
    assert on.feed(member(1, CallsTaken=7)) == []
    assert [f.state for f in on.feed(member(2))] == ["busy"]  # type: ignore[union-attr]


def test_a_pause_carries_its_reason_and_a_change_of_reason_is_news() -> None:
    on = board()
    on.feed(member(1))
    (told,) = on.feed(member(1, 1, kind="QueueMemberPause", PausedReason="lunch"))
    assert isinstance(told, facts.MemberChanged)
    assert (told.state, told.pause_reason) == ("paused", "lunch")
    assert on.feed(member(1, 1, PausedReason="training"))
    (told,) = on.feed(member(1, 0))
    assert isinstance(told, facts.MemberChanged)
    assert (told.state, told.pause_reason) == ("available", "")


def test_old_spellings_of_pause_and_member_are_understood() -> None:
    on = board()
    on.feed(
        event(
            "QueueMemberAdded",
            Queue="q",
            Location="PJSIP/1002",
            MemberName="Noa",
            Status=1,
            Paused=0,
        )
    )
    (told,) = on.feed(
        event("QueueMemberPaused", Queue="q", Location="PJSIP/1002", Paused=1, Reason="break")
    )
    assert told == facts.MemberChanged(1.0, "q", "PJSIP/1002", "1002", "paused", "break")


def test_a_member_who_leaves_is_gone_once() -> None:
    on = board()
    on.feed(member(1))
    removed = event("QueueMemberRemoved", Queue="support", Interface="PJSIP/1001")
    assert [f.state for f in on.feed(removed)] == ["gone"]  # type: ignore[union-attr]
    assert on.feed(removed) == []
    assert on.members() == []


def test_waiting_callers_are_counted_and_the_oldest_is_known() -> None:
    on = board()
    on.feed(event("QueueCallerJoin", 10.0, Queue="support", Uniqueid="a"))
    (told,) = on.feed(event("Join", 12.0, Queue="support", Uniqueid="b"))
    assert told == facts.QueueChanged(12.0, "support", 2, 10.0)
    (told,) = on.feed(event("QueueCallerAbandon", 13.0, Queue="support", Uniqueid="a"))
    assert told == facts.QueueChanged(13.0, "support", 1, 12.0)
    assert on.feed(event("QueueCallerLeave", 13.0, Queue="support", Uniqueid="a")) == []
    (told,) = on.feed(event("Leave", 14.0, Queue="support", Uniqueid="b"))
    assert told == facts.QueueChanged(14.0, "support", 0, None)


def test_a_seed_tells_what_differs_and_nothing_else() -> None:
    on = board()
    on.feed(member(1))
    on.feed(event("QueueCallerJoin", 10.0, Queue="support", Uniqueid="a"))
    status = [
        event("QueueParams", Queue="support"),
        event("QueueMember", Queue="support", Location="PJSIP/1002", StateInterface="PJSIP/1002", Status=1, Paused=0),
        event("QueueEntry", Queue="support", Uniqueid="b", Wait=30),
    ]  # fmt: skip
    told = on.seed(status, 100.0)
    assert facts.MemberChanged(100.0, "support", "PJSIP/1002", "1002", "available") in told
    assert facts.MemberChanged(100.0, "support", "PJSIP/1001", "1001", "gone") in told
    assert facts.QueueChanged(100.0, "support", 1, 70.0) in told
    assert on.seed(status, 101.0) == []


def test_a_phone_is_reachable_or_not_and_a_trunk_is_no_phone() -> None:
    on = board()
    (told,) = on.feed(event("PeerStatus", Peer="PJSIP/1001", PeerStatus="Reachable"))
    assert told == facts.PhoneChanged(1.0, "PJSIP/1001", "1001", True)
    assert on.feed(event("PeerStatus", Peer="PJSIP/1001", PeerStatus="Registered")) == []
    assert on.feed(event("PeerStatus", Peer="PJSIP/1001", PeerStatus="Unreachable"))
    assert on.reachable("PJSIP/1001") is False
    assert on.feed(event("PeerStatus", Peer="PJSIP/trunk", PeerStatus="Reachable")) == []
