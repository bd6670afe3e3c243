"""Bytes to messages: nothing is lost or invented wherever TCP cuts, and nothing that a peer sends does harm."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter import errors
from callcenter.telephony import fields, wire
from tests.telephony import peer

NAMES = ["ישראל ישראלי", "Зоя Ёлкина", "Zoë", "김철수", "😀"]
STREAM = (
    peer.BANNER
    + b"Response: Success\r\nActionID: cc-1\r\nMessage: Authentication accepted\r\n\r\n"
    + b"".join(
        peer.event("Newchannel", CallerIDName=name, AccountCode="", Linkedid=f"1.{i}")
        for i, name in enumerate(NAMES)
    )
    + peer.event("VarSet", Variable="SIPCALLID", Value="x")
    + peer.event("VarSet", Variable="CC_CAMPAIGN", Value="7")
    + peer.event("RTCPSent", Report="0x1")
)


def in_pieces(framer: wire.Framer, data: bytes, size: int) -> list[wire.Message]:
    messages = []
    for i in range(0, len(data), size):
        messages += framer.feed(data[i : i + size])
    return messages


def test_a_callers_name_is_whole_at_every_cut_of_the_stream() -> None:
    for cut in range(len(STREAM)):
        framer = wire.Framer()
        messages = framer.feed(STREAM[:cut]) + framer.feed(STREAM[cut:])
        assert [m.get("CallerIDName") for m in messages if m.name == "Newchannel"] == NAMES, cut


def test_a_stream_that_comes_byte_by_byte_is_the_same_stream() -> None:
    whole = wire.Framer().feed(STREAM)
    assert len(whole) == 9
    assert in_pieces(wire.Framer(), STREAM, 1) == whole
    assert in_pieces(wire.Framer(), STREAM, 7) == whole


@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_a_file_with_bare_line_feeds_reads_like_one_with_crlf(size: int) -> None:
    bare = STREAM.replace(b"\r\n", b"\n")
    assert in_pieces(wire.Framer(), bare, size) == wire.Framer().feed(STREAM)


def test_a_file_that_begins_in_the_middle_of_a_message_loses_only_that_one() -> None:
    whole = wire.Framer().feed(STREAM)
    for start in range(len(peer.BANNER), len(STREAM)):
        framer = wire.Framer()
        rest = framer.feed(STREAM[start:])
        assert rest == whole[len(whole) - len(rest) :], start
        boundary = STREAM[start - 4 : start] == b"\r\n\r\n" or start == len(peer.BANNER)
        assert len(rest) >= STREAM[start:].count(b"\r\n\r\n") - (0 if boundary else 1), start


def test_the_last_message_of_a_file_may_lack_its_empty_line_but_not_half_a_header() -> None:
    framer = wire.Framer()
    assert framer.feed(b"Event: Hangup\r\nCause: 16\r\n") == []
    assert [m.get("Cause") for m in framer.finish()] == ["16"]
    framer = wire.Framer()
    assert framer.feed(b"Event: Hangup\r\nCause: 1") == []
    assert framer.finish() == []
    framer = wire.Framer()
    assert framer.feed(b"Event: Hangup\nCause: 16\n") == []
    assert [m.get("Cause") for m in framer.finish()] == ["16"]


def test_a_recording_with_several_banners_is_read_through() -> None:
    framer = wire.Framer()
    assert len(framer.feed(STREAM + STREAM)) == 18
    assert framer.banner == "Asterisk Call Manager/9.0.0"
    assert framer.stray == 0


def test_what_is_not_ami_is_counted_as_stray() -> None:
    framer = wire.Framer()
    assert framer.feed(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n{}\r\n\r\n") == []
    assert (framer.seen, framer.stray) == (0, 2)


def test_only_wanted_names_and_variables_are_kept_and_every_answer() -> None:
    framer = wire.Framer({b"Newchannel", b"VarSet"}, variables=[b"CC_", b"__CC_"], answers=b"cc-")
    ours = peer.event("QueueMember", ActionID="cc-9", Queue="support")
    others = peer.event("QueueMember", ActionID="xx-9", Queue="support")
    kept = framer.feed(STREAM + ours + others)
    assert [m.name for m in kept] == ["", *["Newchannel"] * 5, "VarSet", "QueueMember"]
    assert kept[-2].get("Variable") == "CC_CAMPAIGN"
    assert kept[-1].get("ActionID") == "cc-9"
    assert framer.seen == 11


def test_bytes_that_are_not_utf8_spoil_only_their_own_letters() -> None:
    framer = wire.Framer()
    (message,) = framer.feed(
        b"Event: Newchannel\r\nCallerIDName: Zo\xeb Smith\r\nLinkedid: 1.2\r\n\r\n"
    )
    assert message.get("CallerIDName") == "Zo\ufffd Smith"
    assert message.get("Linkedid") == "1.2"


@pytest.mark.parametrize("size", [100, 4096, 1 << 22])
@pytest.mark.parametrize("linkedid_first", [True, False])
def test_a_header_of_megabytes_is_discarded_named_by_its_linkedid_and_the_stream_goes_on(
    size: int, linkedid_first: bool
) -> None:
    headers = {"Linkedid": "17.4", "AppData": "x" * 3_000_000}
    if not linkedid_first:
        headers = dict(reversed(headers.items()))
    huge = peer.event("Newexten", **headers)
    framer = wire.Framer()
    messages = in_pieces(framer, STREAM + huge + STREAM, size)
    assert len(messages) == 18
    assert framer.oversized == 1
    assert list(framer.faults) == [wire.Oversized("Newexten", "17.4", len(huge) - 4)]


def test_memory_stays_bounded_while_an_endless_header_comes() -> None:
    framer = wire.Framer(limit=10_000)
    framer.feed(b"Event: X\r\nY: ")
    for _ in range(1000):
        framer.feed(b"z" * 1000)
        assert len(framer._held) <= 11_003


def test_a_message_of_just_the_limit_is_kept_however_it_is_cut() -> None:
    for over in (0, 1):
        message = b"Event: X\r\nY: " + b"z" * (987 + over)
        for size in (1, 500, 999, 1001, 1003, 5000):
            kept = in_pieces(wire.Framer(limit=1000), message + b"\r\n\r\n", size)
            assert len(kept) == (0 if over else 1), (over, size)


pieces = st.lists(
    st.sampled_from(
        [
            b"\r\n",
            b"\r\n\r\n",
            b"\n",
            b"\r",
            b"Event: ",
            b"Response: ",
            b"A",
            b": ",
            b"VarSet",
            b"\xd7",
            b"\x90",
        ]
        + [
            b"Asterisk Call Manager/1",
            b"\r\nVariable: CC_X",
            b"\r\nLinkedid: 1.2",
            b"x" * 700,
            b"\x00",
        ]
    ),
    max_size=30,
)


@given(pieces, st.integers(1, 40))
@settings(max_examples=400, deadline=None)
def test_no_bytes_raise_and_no_cut_changes_what_they_mean(parts: list[bytes], size: int) -> None:
    data = b"".join(parts)
    one, many = wire.Framer(limit=1000), wire.Framer(limit=1000)
    whole = one.feed(data) + one.finish()
    assert in_pieces(many, data, size) + many.finish() == whole
    for message in whole:
        assert all(isinstance(value, str) for value in message.headers.values())


@given(pieces)
@settings(max_examples=300, deadline=None)
def test_a_message_without_oddities_reads_as_one_with_them(parts: list[bytes]) -> None:
    text = ("Event: Odd\r\nA: 1\r\nB: " + b"".join(parts).decode("utf-8", "replace")).rstrip("\r\n")
    assert fields.parse(text + "\r\nno header") == fields.parse(text)


def test_repeated_headers_are_joined_where_they_are_lists_and_else_the_last_stands() -> None:
    text = "Event: X\r\nChanVariable: A=1\r\nChanVariable: B=2\r\nState: 1\r\nState: 2\r\nEmpty:"
    expected = {"Event": "X", "ChanVariable": "A=1\nB=2", "State": "2", "Empty": ""}
    assert fields.parse(text) == expected


def test_the_output_of_a_command_is_whole_in_the_old_spelling_and_the_new() -> None:
    new = "Response: Success\r\nActionID: 1\r\nMessage: Command output follows\r\nOutput: a: b\r\nOutput: \r\nOutput: c"
    assert fields.parse(new)["Output"] == "a: b\n\nc"
    old = "Response: Follows\r\nPrivilege: Command\r\nActionID: 1\r\na: b\n\nc\n--END COMMAND--"
    headers = fields.parse(old)
    assert headers["Output"] == "a: b\n\nc"
    assert headers["ActionID"] == "1"
    assert "a" not in headers


@pytest.mark.parametrize(
    "bad", [*map(chr, range(32)), "\x7f", "\x85", "\x9f", "\u2028", "\ud800", "\r\n\r\n"]
)
def test_no_control_character_leaves_in_a_value_or_a_key(bad: str) -> None:
    with pytest.raises(errors.Invalid, match="CallerID"):
        fields.encode({"Action": "Originate", "CallerID": f"a{bad}b"})
    with pytest.raises(errors.Invalid, match="Variable"):
        fields.encode({"Action": "Originate", "Variable": ["A=1", f"B={bad}"]})
    with pytest.raises(errors.Invalid):
        fields.encode({"Action": "Originate", f"X{bad}": "1"})


def test_an_action_keeps_its_order_its_letters_and_its_lists() -> None:
    encoded = fields.encode({"Action": "Originate", "CallerID": "דנה", "Variable": ["B=2", "A=1"]})
    assert (
        encoded.decode()
        == "Action: Originate\r\nCallerID: דנה\r\nVariable: B=2\r\nVariable: A=1\r\n\r\n"
    )


def test_a_header_longer_than_asterisk_reads_is_refused_by_name() -> None:
    fields.encode({"Action": "X", "Data": "x" * 1016})
    with pytest.raises(errors.Invalid, match="Data"):
        fields.encode({"Action": "X", "Data": "x" * 1017})


def test_an_object_of_jsonl_is_a_message_like_one_from_the_wire() -> None:
    made = wire.from_headers({"Event": "Hangup", "Cause": "16", "ChanVariable": ["A=1", "B=2"]})
    assert (made.name, made.get("Cause"), made.get("ChanVariable")) == ("Hangup", "16", "A=1\nB=2")
