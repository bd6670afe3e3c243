"""What must hold over every recorded log, whatever happened in it."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from callcenter import replay
from callcenter.telephony import calls, events, facts, queues, roles, wire

LOGS = sorted((Path(__file__).parents[1] / "ami").glob("*.ami"))
IDS = [log.name for log in LOGS]
TRUNKS, PHONES = ("PJSIP/trunk-*",), ("PJSIP/1???-*",)


def known() -> roles.Roles:
    return roles.Roles(TRUNKS, PHONES)


def stream(log: Path) -> list[wire.Message]:
    return list(replay.messages(log))


def told(stream: list[wire.Message]) -> list[facts.Fact]:
    return list(replay.told(stream, known()))


def renamed(log: Path, mark: str) -> list[wire.Message]:
    """Read a log with every id, and every serial of a channel's name, of its own."""
    text = log.read_bytes()
    text = re.sub(rb"\b(1[0-9]{9}\.[0-9]+)(?=\r\n)", rb"%s\1" % mark.encode(), text)
    text = re.sub(rb"^(Timestamp: )[^0-9]+", rb"\1", text, flags=re.M)
    text = text.replace(b"cc-", mark.encode() + b"cc-")
    text = re.sub(rb"(BridgeUniqueid: )", rb"\1" + mark.encode(), text)
    framer = wire.Framer(events.NAMES, variables=events.VARIABLES)
    return framer.feed(text) + framer.finish()


def test_there_are_logs() -> None:
    assert len(LOGS) > 40


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_the_same_log_twice_gives_the_same_facts(log: Path) -> None:
    assert told(stream(log)) == told(stream(log))


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_every_started_call_ends_merges_or_is_lost_exactly_once(log: Path) -> None:
    running: set[str] = set()
    for fact in told(stream(log)):
        match fact:
            case facts.CallStarted():
                assert fact.linkedid not in running
                running.add(fact.linkedid)
            case facts.CallMerged():
                running.remove(fact.absorbed)
                assert fact.linkedid in running
            case facts.CallEnded() | facts.CallLost():
                running.remove(fact.linkedid)
            case facts.OriginateFailed():
                pass
            case _ if hasattr(fact, "linkedid"):
                assert fact.linkedid in running, fact
    assert not running


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_times_never_run_backwards_within_a_call(log: Path) -> None:
    last: dict[str, float] = {}
    for fact in told(stream(log)):
        if isinstance(fact, facts.OfCall) and not isinstance(fact, facts.OriginateFailed):
            if isinstance(fact, facts.CallMerged):
                last[fact.linkedid] = max(last[fact.linkedid], last.pop(fact.absorbed))
            assert fact.at >= last.get(fact.linkedid, 0.0), fact
            last[fact.linkedid] = fact.at
    for record in replay.records(stream(log), known()):
        times = (record.started, record.queued, record.ringing)
        present = [t for t in (*times, record.answered, record.ended) if t is not None]
        assert all(record.started <= t for t in present)
        assert record.ended is None or all(t <= record.ended for t in present)
        for person in record.participants:
            steps = [t for t in (person.rang, person.answered, person.left) if t is not None]
            assert steps == sorted(steps), person


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_starting_anywhere_raises_nothing_and_leaves_nothing(log: Path) -> None:
    messages = stream(log)
    for start in range(0, len(messages), 3):
        tracker, board = calls.CallTracker(known()), queues.QueueBoard(known())
        for message in messages[start:]:
            event = events.of(message, 0.0)
            tracker.feed(event)
            board.feed(event)
        tracker.lose(event.at)
        assert tracker.is_empty()


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_any_event_may_be_missing(log: Path) -> None:
    messages = stream(log)
    for gap in range(0, len(messages), 2):
        told(messages[:gap] + messages[gap + 1 :])


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_nothing_stays_in_memory_once_all_have_hung_up(log: Path) -> None:
    tracker = calls.CallTracker(known())
    living = set()
    for message in stream(log):
        event = events.of(message, 0.0)
        tracker.feed(event)
        uniqueid, _ = event.ids()
        if uniqueid and event.kind == "Newchannel":
            living.add(uniqueid)
        elif uniqueid and event.kind == "Hangup":
            living.discard(uniqueid)
    if not living:
        assert tracker.is_empty()
        assert tracker.calls() == []


def restarts(log: Path) -> bool:
    """Tell whether the exchange was restarted while this log was written."""
    raw = log.read_bytes()
    return b"Shutdown: " in raw or raw.count(b"Event: FullyBooted") > 1


# A restart ends the other log's calls as well, and should.
UNBROKEN = [log for log in LOGS if not restarts(log)]
# Without a clock, a boot is not older or younger than a call.
CLOCKLESS = [
    log for log in LOGS if not log.name.startswith(("asterisk_killed", "ami_disconnected"))
]


@pytest.mark.parametrize("log", UNBROKEN, ids=lambda log: log.stem)
def test_two_interleaved_logs_give_the_union_of_their_facts(log: Path) -> None:
    other = LOGS[(LOGS.index(log) + 7) % len(LOGS)]
    if restarts(other):
        other = LOGS[0]
    one, two = renamed(log, "x"), renamed(other, "y")
    boots = ("FullyBooted", "Shutdown")
    one, two = ([m for m in log if m.name not in boots] for log in (one, two))
    mixed = [m for pair in itertools.zip_longest(one, two) for m in pair if m is not None]

    def ended(messages: list[wire.Message]) -> list[str]:
        of_calls = [f for f in told(messages) if isinstance(f, facts.OfCall)]
        return sorted(repr(f) for f in of_calls if not isinstance(f, facts.CallLost))

    assert ended(mixed) == sorted(ended(one) + ended(two))


@pytest.mark.parametrize("log", CLOCKLESS, ids=lambda log: log.stem)
def test_without_timestamps_the_calls_are_the_same_and_in_order(log: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.ami"
    bare.write_bytes(re.sub(rb"Timestamp: [0-9.]+\r\n", b"", log.read_bytes()))

    def gist(path: Path) -> list[tuple[object, ...]]:
        return [
            (r.id, r.direction, r.from_, r.to, r.queue, r.result, r.hangup_by, r.hangup_cause,
             tuple((p.extension, p.outcome) for p in r.participants), len(r.transfers), r.answered is None)
            for r in replay.records(stream(path), known())
        ]  # fmt: skip

    assert gist(bare) == gist(log)
