"""Calls as Asterisk 11 and chan_sip tell them: no Linkedid, Dial and Bridge and Masquerade by names."""

from __future__ import annotations

from callcenter.telephony import facts
from tests.telephony import streams


class Old(streams.Stream):
    """Speak as Asterisk 11 does."""

    def channel(
        self, name: str, uid: str, *, num: str = "", exten: str = "", cnam: str = ""
    ) -> None:
        self.say("Newchannel", Channel=name, Uniqueid=uid, ChannelState=0, ChannelStateDesc="Down", CallerIDNum=num,
                 CallerIDName=cnam, Exten=exten, Context="in")  # fmt: skip

    def state(self, name: str, uid: str, state: int) -> None:
        self.say("Newstate", Channel=name, Uniqueid=uid, ChannelState=state)

    def dial(self, source: tuple[str, str], dest: tuple[str, str], string: str = "") -> None:
        self.say("Dial", SubEvent="Begin", Channel=source[0], Destination=dest[0], UniqueID=source[1],
                 DestUniqueID=dest[1], Dialstring=string)  # fmt: skip

    def dialled(self, source: tuple[str, str], status: str) -> None:
        self.say("Dial", SubEvent="End", Channel=source[0], UniqueID=source[1], DialStatus=status)

    def bridge(self, one: tuple[str, str], two: tuple[str, str]) -> None:
        self.say("Bridge", Bridgestate="Link", Bridgetype="core", Channel1=one[0], Channel2=two[0], Uniqueid1=one[1],
                 Uniqueid2=two[1])  # fmt: skip

    def unlink(self, one: tuple[str, str], two: tuple[str, str]) -> None:
        self.say("Unlink", Channel1=one[0], Channel2=two[0], Uniqueid1=one[1], Uniqueid2=two[1])

    def asks(self, who: tuple[str, str]) -> None:
        self.say("HangupRequest", Channel=who[0], Uniqueid=who[1])

    def hangup(self, who: tuple[str, str], cause: int = 16) -> None:
        self.say("Hangup", Channel=who[0], Uniqueid=who[1], Cause=cause, Cause_txt="x")

    def incoming(self, who: tuple[str, str], **said: str) -> None:
        self.channel(who[0], who[1], **said)
        self.state(*who, 4)

    def talk(self, caller: tuple[str, str], callee: tuple[str, str], string: str = "") -> None:
        self.channel(*callee)
        self.dial(caller, callee, string)
        self.state(*callee, 5)
        self.state(*callee, 6)
        self.state(*caller, 6)
        self.bridge(caller, callee)


CALLER = ("SIP/trunk-00000001", "pbx-1500000000.1")
A = ("SIP/100-00000002", "pbx-1500000001.2")
A2 = ("SIP/100-00000003", "pbx-1500000002.3")
B = ("SIP/101-00000004", "pbx-1500000003.4")


def test_a_direct_call_is_one_call_although_no_linkedid_says_so() -> None:
    old = Old()
    old.incoming(CALLER, num="0501234567", cnam="Dana", exten="037001234")
    old.talk(CALLER, A)
    old.asks(CALLER)
    old.unlink(CALLER, A)
    old.hangup(A)
    old.hangup(CALLER)
    assert streams.names(old.facts) == [
        "CallStarted", "CallRinging", "ParticipantJoined", "CallAnswered", "ParticipantLeft", "CallEnded",
    ]  # fmt: skip
    record = old.ended()
    assert (record.direction, record.from_, record.from_name, record.did) == (
        facts.Direction.INBOUND, "0501234567", "Dana", "037001234",
    )  # fmt: skip
    assert record.result is facts.Result.ANSWERED
    assert (record.hangup_by, record.hangup_cause) == ("caller", 16)
    assert record.talk_seconds == 2.0
    assert [(p.extension, p.outcome) for p in record.participants] == [("100", "answered")]
    assert old.tracker.is_empty()


def test_a_dialled_leg_is_never_a_call_of_its_own() -> None:
    old = Old()
    old.incoming(CALLER, num="1", exten="2")
    old.channel(*A)
    assert streams.names(old.facts) == ["CallStarted"]
    old.dial(CALLER, A)
    old.state(*A, 5)
    old.dialled(CALLER, "NOANSWER")
    old.hangup(A, 0)
    old.hangup(CALLER)
    assert old.ended().result is facts.Result.NO_ANSWER
    assert not old.of(facts.CallMerged)


def test_a_busy_phone_makes_an_internal_call_busy() -> None:
    old = Old()
    old.incoming(A, num="100", exten="101")
    old.channel(*B)
    old.dial(A, B)
    old.hangup(B, 17)
    old.hangup(A, 17)
    record = old.ended()
    assert (record.direction, record.from_, record.to) == (facts.Direction.INTERNAL, "100", "101")
    assert (record.result, record.hangup_cause) == (facts.Result.BUSY, 17)


def test_a_queue_call_is_joined_by_agent_called_or_by_the_bridge_alone() -> None:
    for agents_are_told in (True, False):
        old = Old()
        old.incoming(CALLER, num="0501234567", exten="037001234")
        old.state(*CALLER, 6)
        old.say("Join", Channel=CALLER[0], Uniqueid=CALLER[1], Queue="support", Position=1, Count=1)
        old.channel(*A)
        if agents_are_told:
            old.say("AgentCalled", Queue="support", AgentCalled="SIP/100", ChannelCalling=CALLER[0],
                    DestinationChannel=A[0], Uniqueid=CALLER[1])  # fmt: skip
        old.state(*A, 5)
        old.state(*A, 6)
        old.say("Leave", Channel=CALLER[0], Uniqueid=CALLER[1], Queue="support", Count=0)
        old.say("AgentConnect", Queue="support", Uniqueid=CALLER[1], Channel=A[0], Member="SIP/100",
                BridgedChannel=A[1], HoldTime=3)  # fmt: skip
        old.bridge(CALLER, A)
        old.asks(A)
        old.unlink(CALLER, A)
        old.say("AgentComplete", Queue="support", Uniqueid=CALLER[1], Channel=A[0], Member="SIP/100",
                TalkTime=2, Reason="agent")  # fmt: skip
        old.hangup(A)
        old.hangup(CALLER)
        record = old.ended()
        assert (record.queue, record.result, record.hangup_by) == ("support", "answered", "agent")
        assert [(p.extension, p.outcome) for p in record.participants] == [("100", "answered")]
        assert record.direction is facts.Direction.INBOUND
        assert old.tracker.is_empty()


def test_an_attended_transfer_by_refer_masquerades_and_merges_the_calls() -> None:
    old = Old()
    old.incoming(CALLER, num="0501234567", exten="037001234")
    old.talk(CALLER, A)
    old.incoming(A2, num="100", exten="101")
    old.talk(A2, B)
    old.say("Transfer", TransferMethod="SIP", TransferType="Attended", Channel=A[0], Uniqueid=A[1],
            TargetChannel=A2[0], TargetUniqueid=A2[1])  # fmt: skip
    old.say("Masquerade", Clone=CALLER[0], CloneState="Up", Original=A2[0], OriginalState="Up")
    old.say("Rename", Channel=CALLER[0], Newname=CALLER[0] + "<MASQ>", Uniqueid=CALLER[1])
    old.say("Rename", Channel=A2[0], Newname=CALLER[0], Uniqueid=A2[1])
    old.say("Rename", Channel=CALLER[0] + "<MASQ>", Newname=A2[0] + "<ZOMBIE>", Uniqueid=CALLER[1])
    old.hangup((A2[0] + "<ZOMBIE>", CALLER[1]))
    old.hangup(A)
    assert [(m.linkedid, m.absorbed) for m in old.of(facts.CallMerged)] == [(CALLER[1], A2[1])]
    old.asks((CALLER[0], A2[1]))
    old.unlink((CALLER[0], A2[1]), B)
    old.hangup(B)
    old.hangup((CALLER[0], A2[1]))
    record = old.ended()
    assert (record.from_, record.direction, record.hangup_by) == ("0501234567", "inbound", "caller")
    assert [(t.kind, t.by, t.to) for t in record.transfers] == [("attended", "100", "101")]
    assert {p.extension: p.outcome for p in record.participants} == {
        "100": "transferred",
        "101": "answered",
    }
    assert old.tracker.is_empty()


def test_a_blind_transfer_by_refer_goes_on_with_the_next_phone() -> None:
    old = Old()
    old.incoming(CALLER, num="0501234567", exten="037001234")
    old.talk(CALLER, A)
    old.say("Transfer", TransferMethod="SIP", TransferType="Blind", Channel=A[0], Uniqueid=A[1],
            TargetChannel=CALLER[0], TransferExten="101", TransferContext="in")  # fmt: skip
    old.unlink(CALLER, A)
    old.hangup(A)
    old.talk(CALLER, B)
    old.asks(B)
    old.unlink(CALLER, B)
    old.hangup(B)
    old.hangup(CALLER)
    record = old.ended()
    assert [(t.kind, t.by, t.to) for t in record.transfers] == [("blind", "100", "101")]
    assert {p.extension: p.outcome for p in record.participants} == {
        "100": "transferred",
        "101": "answered",
    }
    assert record.hangup_by == "agent"


def test_hold_is_told_by_one_event_with_a_status() -> None:
    old = Old()
    old.incoming(CALLER, num="0501234567", exten="037001234")
    old.talk(CALLER, A)
    old.say("Hold", Status="On", Channel=A[0], Uniqueid=A[1])
    old.say("MusicOnHold", State="Start", Channel=CALLER[0], UniqueID=CALLER[1])
    old.say("MusicOnHold", State="Stop", Channel=CALLER[0], UniqueID=CALLER[1])
    old.say("Hold", Status="Off", Channel=A[0], Uniqueid=A[1])
    old.hangup(A)
    old.hangup(CALLER)
    record = old.ended()
    assert record.hold_seconds == 3.0
    assert record.talk_seconds == 2.0
    assert [f.by for f in old.of(facts.CallHeld)] == ["SIP/100"]


def test_click_to_dial_rings_the_agent_first() -> None:
    old = Old()
    old.channel(*A, num="0501234567")
    old.state(*A, 5)
    old.state(*A, 6)
    trunk = ("SIP/trunk-00000009", "pbx-1500000009.9")
    old.channel(*trunk)
    old.say("Dial", SubEvent="Begin", Channel=A[0], Destination=trunk[0], UniqueID=A[1], DestUniqueID=trunk[1],
            Dialstring="trunk/0501234567")  # fmt: skip
    old.state(*trunk, 5)
    old.state(*trunk, 6)
    old.bridge(A, trunk)
    old.asks(trunk)
    old.hangup(trunk)
    old.hangup(A)
    record = old.ended()
    assert (record.direction, record.from_, record.to) == ("outbound", "100", "0501234567")
    assert record.far_end_answered is not None
    assert record.hangup_by == "callee"
    assert [(p.extension, p.outcome) for p in record.participants] == [("100", "answered")]


def test_links_of_asterisk_one_four_are_conversations_too() -> None:
    old = Old()
    old.incoming(CALLER, num="0501234567", exten="037001234")
    old.channel(*A)
    old.say("Dial", Source=CALLER[0], Destination=A[0], SrcUniqueID=CALLER[1], DestUniqueID=A[1])
    old.state(*A, 6)
    old.say("Link", Channel1=CALLER[0], Channel2=A[0], Uniqueid1=CALLER[1], Uniqueid2=A[1])
    old.hangup(A)
    old.hangup(CALLER)
    record = old.ended()
    assert record.result is facts.Result.ANSWERED
    assert record.hangup_by == "agent"  # who asks is not told: who went first
