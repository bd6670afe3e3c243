"""Headers under every spelling, and who is whose by name."""

from __future__ import annotations

import pytest

from callcenter.telephony import events, fields, roles, spelling, wire

TEXT = (
    "Event: DialBegin\r\nTimestamp: 1700000000.5\r\nChannel: PJSIP/trunk-00000001\r\nChannelState: 4\r\n"
    "CallerIDNum: 050\r\nCallerIDName: <unknown>\r\nExten: 100\r\nUniqueid: 1.1\r\nLinkedid: 1.0\r\n"
    "DestChannel: PJSIP/1001-00000002\r\nDestChannelState: 0\r\nDestUniqueid: 1.2\r\nDestLinkedid: 1.0\r\nDialString: 1001"
)


def test_headers_looked_up_in_the_text_are_those_that_were_parsed() -> None:
    parsed, looked = fields.parse(TEXT), events.of(wire.Message("DialBegin", TEXT), 1.0)
    for key in [*parsed, "Linked", "Dest", "annel", "Absent"]:
        if key != "Event":  # the first line is the name, and is known
            assert looked.get(key) == parsed.get(key, ""), key
            assert looked.has(key) == (key in parsed)


def test_both_snapshots_of_an_event_are_read_alike_from_text_and_from_objects() -> None:
    for event in (
        events.of(wire.Message("DialBegin", TEXT), 1.0),
        events.parse("DialBegin", fields.parse(TEXT), 1.0),
    ):
        assert event.at == 1700000000.5
        assert (event.ids(), event.state()) == (("1.1", "1.0"), 4)
        assert (event.ids("Dest"), event.state("Dest")) == (("1.2", "1.0"), 0)
        assert (event.ids("Retriever"), event.state("Retriever")) == (("", ""), -1)
        assert event.channel_name("Dest") == "PJSIP/1001-00000002"
        assert event.caller() == ("050", "")


@pytest.mark.parametrize("cut", range(0, len(TEXT), 3))
def test_a_message_cut_anywhere_is_read_without_harm(cut: int) -> None:
    event = events.of(wire.Message("DialBegin", TEXT[:cut] or "x"), 7.0)
    for prefix in ("", "Dest"):
        assert TEXT.count(event.ids(prefix)[0]) and event.state(prefix) in (-1, 0, 4)
    assert event.at in (7.0, 1700000000.5) or 0.0 < event.at <= 1700000000.5


@pytest.mark.parametrize(
    ("name", "headers", "kind"),
    [
        ("Dial", {"SubEvent": "Begin"}, "DialBegin"), ("Dial", {"SubEvent": "End"}, "DialEnd"), ("Dial", {}, "DialBegin"),
        ("Bridge", {"Bridgestate": "Link"}, "Link"), ("Bridge", {"Bridgestate": "Unlink"}, "Unlink"),
        ("Hold", {"Status": "On"}, "Hold"), ("Hold", {"Status": "Off"}, "Unhold"), ("Hold", {}, "Hold"),
        ("MusicOnHold", {"State": "Start"}, "MusicOnHoldStart"), ("MusicOnHold", {"State": "Stop"}, "MusicOnHoldStop"),
        ("Join", {}, "QueueCallerJoin"), ("Leave", {}, "QueueCallerLeave"), ("Newchannel", {}, "Newchannel"),
    ],
)  # fmt: skip
def test_old_events_go_by_their_new_names(name: str, headers: dict[str, str], kind: str) -> None:
    assert events.parse(name, headers, 1.0).kind == kind
    text = "\r\n".join([f"Event: {name}", *(f"{k}: {v}" for k, v in headers.items())])
    assert events.of(wire.Message(name, text), 1.0).kind == kind


def test_every_name_worth_decoding_is_bytes_and_the_noise_is_not_among_them() -> None:
    assert b"Newchannel" in events.NAMES
    assert not {b"Newexten", b"RTCPSent", b"Cdr", b"CEL"} & events.NAMES


@pytest.mark.parametrize("stamp", ["nan", "inf", "-1", "1e99", "x", ""])
def test_a_timestamp_that_is_none_does_not_count(stamp: str) -> None:
    assert events.parse("Newchannel", {"Timestamp": stamp}, 5.0).at == 5.0


@pytest.mark.parametrize(
    ("uniqueid", "second"),
    [
        ("1700000000.12", 1.7e9),
        ("pbx-1-1700000000.12", 1.7e9),
        ("cc-click-7", 0.0),
        ("", 0.0),
        ("17.1", 0.0),
    ],
)
def test_a_uniqueid_tells_the_second_of_its_birth(uniqueid: str, second: float) -> None:
    assert spelling.born(uniqueid) == second


@pytest.mark.parametrize(
    ("name", "interface"),
    [
        ("PJSIP/1001-0000002a", "PJSIP/1001"), ("SIP/my-trunk-00000001", "SIP/my-trunk"), ("DAHDI/1-1", "DAHDI/1"),
        ("Local/1001@ctx-00000001;2", "Local/1001@ctx"), ("SIP/100-00000001<ZOMBIE>", "SIP/100"), ("PJSIP/1001", "PJSIP/1001"),
        ("SIP/100-00000001<MASQ>", "SIP/100"), ("IAX2/trunk-12345", "IAX2/trunk"), ("", ""),
    ],
)  # fmt: skip
def test_an_interface_is_a_channels_name_without_its_serial(name: str, interface: str) -> None:
    assert roles.interface(name) == interface


def test_phones_and_trunks_are_told_apart_by_what_is_known() -> None:
    guess, both = roles.Roles(), roles.Roles(["SIP/gw-*"], ["SIP/anna-*"])
    assert [guess.role(n) for n in ("PJSIP/1001-0000002a", "PJSIP/trunk-00000001", "Local/1@x-00000001;1")] == [
        roles.PHONE, roles.TRUNK, roles.NOBODY,
    ]  # fmt: skip
    assert [both.role(n) for n in ("SIP/gw-00000001", "SIP/anna-00000001", "SIP/100-00000001", "SIP/x-00000001")] == [
        roles.TRUNK, roles.PHONE, roles.PHONE, roles.TRUNK,
    ]  # fmt: skip
    assert roles.Roles(["SIP/gw-*"]).role("SIP/anna-00000001") == roles.PHONE
    assert roles.Roles(phones=["SIP/1*"]).role("SIP/200-00000001") == roles.TRUNK
    guess.learn_member("PJSIP/anna")
    assert guess.role("PJSIP/anna-00000001") == roles.PHONE


def test_an_extension_is_the_endpoints_name_unless_told_otherwise() -> None:
    known = roles.Roles(extensions={"PJSIP/anna": "1007"})
    assert known.extension("PJSIP/anna") == "1007"
    assert known.extension("PJSIP/1001") == "1001"
