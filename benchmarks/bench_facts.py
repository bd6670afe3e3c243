"""Raw AMI bytes to facts in one process, without a socket: framing, decoding, calls and queues.

The streams are the recorded logs of tests/ami, repeated under fresh ids and times: *recorded* is what came over the wire,
*kept* only what the tracker reads, *noisy* has three VarSet or Newexten after each of those. Panoramisk reads the same
bytes beside it, with a callback that does nothing. Each figure is the best of some runs. What the fast way tells must be
what the slow way tells: every event decoded, wanted or not, all its headers parsed, one by one.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import re
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import panoramisk
from panoramisk import ami_protocol

from callcenter.telephony import calls, events, fields, queues, roles, wire

LOGS = Path(__file__).parent.parent / "tests" / "ami"
EVENTS = 20_000
RUNS = 3
CHUNK_BYTES = 16_384
SET_AT = 66_000  # panoramisk's own rate on the machine for which the targets were set
TARGETS = {"recorded": 150_000, "noisy": 300_000}
_EVENT = re.compile(rb"Event: (\w+)\r\n(?:[^\r\n]+\r\n)+\r\n")
_OWN_ID = re.compile(rb"\bcc-")
_NOISE = (b"VarSet", b"Newexten")


def streams(logs: Iterable[Path]) -> dict[str, list[bytes]]:
    """Give the events of each stream, one after the other."""
    found = [(m[1], m[0]) for log in logs for m in _EVENT.finditer(log.read_bytes())]
    # Panoramisk closes its connection on these two, which are no part of a working day.
    found = [(name, data) for name, data in found if name not in (b"Shutdown", b"FullyBooted")]
    kept = [data for name, data in found if name in events.NAMES and name not in _NOISE]
    noise = itertools.cycle([data for name, data in found if name in _NOISE])
    noisy = [part for data in kept for part in (data, *itertools.islice(noise, 3))]
    return {"kept": kept, "recorded": [data for _, data in found], "noisy": noisy}


def repeated(parts: list[bytes]) -> tuple[int, bytes]:
    """Repeat a stream until it is long enough; each time its ids and times are new."""
    once, times = b"".join(parts), max(1, EVENTS // len(parts))
    clock = re.compile(rb"\b1[0-9]{9}(?=\.)")

    def again(turn: int) -> bytes:
        moved = clock.sub(lambda m: b"%d" % (int(m[0]) + turn * 100_000), once)
        return _OWN_ID.sub(b"cc%d-" % turn, moved)

    return len(parts) * times, b"".join(again(turn) for turn in range(times))


def _chunks(data: bytes) -> Iterator[bytes]:
    return (data[i : i + CHUNK_BYTES] for i in range(0, len(data), CHUNK_BYTES))


def facts(data: bytes) -> int:
    """Read a stream as the switchboard does; give the number of facts."""
    known = roles.Roles(["PJSIP/trunk-*"], ["PJSIP/1???-*"])
    feed_calls, feed_queues = calls.CallTracker(known).feed, queues.QueueBoard(known).feed
    framer, of, told = wire.Framer(events.NAMES, variables=events.VARIABLES), events.of, 0
    for chunk in _chunks(data):
        for message in framer.feed(chunk):
            event = of(message, 0.0)
            told += len(feed_calls(event)) + len(feed_queues(event))
    return told


def truth(data: bytes) -> int:
    """Give the number of facts when nothing is filtered and nothing is fast."""
    known = roles.Roles(["PJSIP/trunk-*"], ["PJSIP/1???-*"])
    tracker, board, told = calls.CallTracker(known), queues.QueueBoard(known), 0
    for text in data.decode("utf-8", "replace").split("\r\n\r\n")[:-1]:
        headers = fields.parse(text)
        event = events.parse(headers["Event"], headers, 0.0)
        told += len(tracker.feed(event)) + len(board.feed(event))
    return told


def panoramisk_alone(data: bytes) -> int:
    """Read a stream with panoramisk's own protocol and an empty callback."""

    async def read() -> None:
        manager = panoramisk.Manager(loop=asyncio.get_running_loop())
        manager.register_event("*", lambda manager, event: None)
        protocol = ami_protocol.AMIProtocol()
        protocol.connection_made(None)
        protocol.factory = manager
        protocol.encoding = "utf8"
        for chunk in _chunks(data):
            protocol.data_received(chunk)

    asyncio.run(read())
    return 0


def _rate(read: Callable[[bytes], int], count: int, data: bytes) -> float:
    best = float("inf")
    for _ in range(RUNS):
        gc.collect()
        begin = time.process_time()
        read(data)
        best = min(best, time.process_time() - begin)
    return count / best


def main() -> bool:
    """Print events a second of processor time, ours beside panoramisk's; say whether the targets are reached."""
    met = True
    print(
        f"{'raw bytes to facts, one core':34}{'events/s':>12}{'panoramisk':>12}{'ratio':>8}{'at 66,000':>12}"
    )
    for kind, parts in streams(sorted(LOGS.glob("*.ami"))).items():
        count, data = repeated(parts)
        told, true = facts(data), truth(data)
        assert told == true > 0, f"{kind}: {told} facts, and {true} without the fast way"
        ours, theirs = _rate(facts, count, data), _rate(panoramisk_alone, count, data)
        target = TARGETS.get(kind, 0)
        good = ours >= target and (not target or ours >= 2 * theirs)
        met = met and good
        verdict = "" if good else f"   below {target:,} or twice panoramisk"
        print(
            f"{kind:34}{ours:>12,.0f}{theirs:>12,.0f}{ours / theirs:>8.1f}{ours / theirs * SET_AT:>12,.0f}{verdict}"
        )
    return met
