"""What no recording shows of calls: Linkedids that change by themselves, seeds, losses, hostile values."""

from __future__ import annotations

from callcenter.telephony import events, facts
from tests.telephony import streams

CALLER = ("PJSIP/trunk-00000001", "1.1")
AGENT = ("PJSIP/1001-00000002", "1.2")
SECOND = ("PJSIP/1002-00000003", "1.3")


class New(streams.Stream):
    """Speak as Asterisk 13 and later do."""

    def on(
        self, event: str, who: tuple[str, str], linkedid: str, state: int = 6, **more: object
    ) -> None:
        self.say(
            event, Channel=who[0], Uniqueid=who[1], Linkedid=linkedid, ChannelState=state, **more
        )

    def arrives(self, who: tuple[str, str] = CALLER, linkedid: str = "", **more: object) -> None:
        self.on("Newchannel", who, linkedid or who[1], 4, **more)

    def dials(self, source: tuple[str, str], dest: tuple[str, str], linkedid: str) -> None:
        self.on("Newchannel", dest, linkedid, 0)
        self.on("DialBegin", source, linkedid, DestChannel=dest[0], DestUniqueid=dest[1], DestLinkedid=linkedid,
                DestChannelState=0, DialString="x")  # fmt: skip
        self.on("Newstate", dest, linkedid, 5)

    def answers(
        self, who: tuple[str, str], other: tuple[str, str], linkedid: str, bridge: str
    ) -> None:
        self.on("Newstate", who, linkedid, 6)
        self.on("BridgeEnter", who, linkedid, BridgeUniqueid=bridge)
        self.on("BridgeEnter", other, linkedid, BridgeUniqueid=bridge)


def test_a_linkedid_that_changes_by_itself_merges_two_calls() -> None:
    new = New()
    new.arrives(CALLER, CallerIDNum="0501234567", Exten="100")
    new.arrives(AGENT, Exten="1002")
    new.on("NewConnectedLine", AGENT, CALLER[1])
    assert [(f.linkedid, f.absorbed) for f in new.of(facts.CallMerged)] == [(CALLER[1], AGENT[1])]
    new.on("Hangup", AGENT, CALLER[1], Cause=16)
    new.on("Hangup", CALLER, CALLER[1], Cause=16)
    assert new.ended().from_ == "0501234567"
    assert new.tracker.is_empty()


def test_a_phone_that_rings_again_keeps_its_first_ring_and_an_answer_outranks_a_miss() -> None:
    new = New()
    new.arrives(Exten="100")
    for serial in ("a", "b"):
        agent = (f"PJSIP/1001-0000000{serial}", f"1.{serial}")
        new.dials(CALLER, agent, CALLER[1])
        first = new.of(facts.CallRinging)[0].at
        if serial == "b":
            new.answers(agent, CALLER, CALLER[1], "b1")
        new.on("Hangup", agent, CALLER[1], 6 if serial == "b" else 5, Cause=0)
    new.dials(CALLER, SECOND, CALLER[1])
    new.on("Hangup", SECOND, CALLER[1], 5, Cause=0)
    new.on("Hangup", CALLER, CALLER[1], Cause=16)
    one, two = new.ended().participants
    assert (one.extension, one.rang, one.outcome) == ("1001", first, facts.Outcome.ANSWERED)
    assert (two.extension, two.outcome) == ("1002", facts.Outcome.MISSED)
    assert len(new.of(facts.CallRinging)) == 3


def test_talk_stops_while_a_phone_holds_and_the_two_are_counted_apart() -> None:
    new = New()
    new.arrives(Exten="100")
    new.dials(CALLER, AGENT, CALLER[1])
    new.answers(AGENT, CALLER, CALLER[1], "b1")
    new.on("Hold", AGENT, CALLER[1])
    running = new.tracker.record(CALLER[1])
    assert running is not None
    assert running.result is None
    new.on("Unhold", AGENT, CALLER[1])
    new.on("HangupRequest", AGENT, CALLER[1], Cause=16)
    new.on("BridgeLeave", AGENT, CALLER[1], BridgeUniqueid="b1")
    new.on("Hangup", AGENT, CALLER[1], Cause=16)
    new.on("Hangup", CALLER, CALLER[1], Cause=16)
    record = new.ended()
    assert (record.talk_seconds, record.hold_seconds, record.hangup_by) == (3.0, 1.0, "agent")


def test_those_in_a_holding_bridge_do_not_hear_each_other() -> None:
    new = New()
    new.arrives(Exten="100")
    new.arrives(AGENT, Exten="700")
    for who in (CALLER, AGENT):
        new.on("BridgeEnter", who, who[1], BridgeUniqueid="lot", BridgeTechnology="holding_bridge")
    assert not new.of(facts.CallAnswered)


def test_an_exchange_that_restarted_has_lost_its_calls_and_a_new_sign_in_has_not() -> None:
    new = New()
    new.arrives(Exten="100")
    new.say("FullyBooted", Status="Fully Booted", Uptime=900)
    assert not new.of(facts.CallLost)
    new.at += 60.0
    new.say("FullyBooted", Status="Fully Booted", Uptime=2)
    (lost,) = new.of(facts.CallLost)
    assert (lost.linkedid, lost.record.result) == (CALLER[1], facts.Result.LOST)
    assert new.tracker.is_empty()


def test_what_was_seen_alive_after_a_new_sign_in_is_not_older_than_its_exchange() -> None:
    new = New()
    row = {"Channel": CALLER[0], "Uniqueid": CALLER[1], "Linkedid": CALLER[1], "Duration": "01:00:00"}  # fmt: skip
    new.tracker.seed([events.parse("CoreShowChannel", row, new.at)], new.at)
    new.say("FullyBooted", Status="Fully Booted", Uptime=9)  # the clock was set meanwhile
    assert not new.of(facts.CallLost) and not new.tracker.is_empty()
    new.say("FullyBooted", Status="Fully Booted", Uptime=2)  # and this one nobody looked behind
    assert new.tracker.is_empty()


def test_a_shutdown_and_a_lost_link_lose_every_call_once() -> None:
    new = New()
    new.arrives(Exten="100")
    new.say("Shutdown", Shutdown="Cleanly", Restart="True")
    assert len(new.of(facts.CallLost)) == 1
    assert new.tracker.lose(2000.0, "link down") == []


def test_a_snapshot_seeds_what_runs_and_loses_what_does_not() -> None:
    new = New()
    new.arrives(Exten="100")
    rows = [
        ("PJSIP/trunk-00000007", "7.1", "00:01:10"), ("PJSIP/1002-00000008", "7.2", "00:01:05"),
    ]  # fmt: skip
    snapshot = [
        events.parse(
            "CoreShowChannel",
            {"Channel": name, "Uniqueid": uid, "Linkedid": "7.1", "ChannelState": "6", "Duration": age,
             "BridgeId": "b7", "CallerIDNum": "0507654321"},
            5000.0,
        )
        for name, uid, age in rows
    ]  # fmt: skip
    told = new.tracker.seed(snapshot, 5000.0)
    assert streams.names(told)[0] == "CallLost"
    assert "CallAnswered" in streams.names(told)
    (running,) = new.tracker.calls()
    assert (running.id, running.started) == ("7.1", 4930.0)
    assert new.tracker.seed(snapshot, 5001.0) == []
    assert streams.names(new.tracker.seed([], 5002.0)) == ["CallLost"]
    assert new.tracker.is_empty()


def test_events_after_a_hangup_raise_no_dead() -> None:
    new = New()
    new.arrives(Exten="100")
    new.on("Hangup", CALLER, CALLER[1], Cause=16)
    for kind in (
        "AgentComplete",
        "QueueCallerLeave",
        "MusicOnHoldStop",
        "SoftHangupRequest",
        "Hangup",
    ):
        new.on(kind, CALLER, CALLER[1], Queue="support", Reason="caller")
    assert new.tracker.is_empty()
    assert len(new.of(facts.CallStarted)) == 1


def test_hostile_values_are_only_values() -> None:
    new = New()
    odd = '\u202e<script>"\x00\u05d3\u05e0\u05d4' * 50
    new.arrives(Exten=odd, CallerIDNum=odd, CallerIDName=odd)
    new.on("VarSet", CALLER, CALLER[1], Variable="__CC_NOTE", Value=odd)
    new.on("QueueCallerJoin", CALLER, CALLER[1], Queue=odd, Position="-1e9", Count="NaN")
    new.on("Hangup", CALLER, CALLER[1], Cause="9" * 400)
    record = new.ended()
    assert record.from_name == odd
    assert record.variables == {"CC_NOTE": odd}
    assert record.hangup_cause is None


def test_a_chanspy_helper_is_no_call() -> None:
    new = New()
    helper = ("AudioSocket/127.0.0.1:9000-0001", "9.1")
    new.on("Newchannel", helper, "9.1", 0)
    new.on("Newstate", helper, "9.1", 6)
    new.on("Hangup", helper, "9.1", Cause=16)
    assert new.facts == []


def test_a_customer_put_on_hold_by_redirect_is_held_and_comes_back() -> None:
    new = New()
    new.arrives(Exten="100")
    new.dials(CALLER, AGENT, CALLER[1])
    new.answers(AGENT, CALLER, CALLER[1], "b1")
    new.on("BridgeLeave", CALLER, CALLER[1], BridgeUniqueid="b1")
    new.on("Hangup", AGENT, CALLER[1], Cause=16)
    new.on("MusicOnHoldStart", CALLER, CALLER[1])
    new.on("MusicOnHoldStop", CALLER, CALLER[1])
    again = ("PJSIP/1001-0000000c", "1.9")
    new.dials(CALLER, again, CALLER[1])
    new.answers(again, CALLER, CALLER[1], "b2")
    new.on("HangupRequest", CALLER, CALLER[1], Cause=16)
    new.on("Hangup", again, CALLER[1], Cause=16)
    new.on("Hangup", CALLER, CALLER[1], Cause=16)
    record = new.ended()
    assert record.hold_seconds == 1.0
    assert record.transfers == ()
    assert record.hangup_by == "caller"
