"""Raw AMI bytes to facts: our link beside bare panoramisk with an empty callback, on the same stream over loopback.

The streams are the recorded logs of tests/ami, repeated: *clean* holds only events that the tracker asks for, *noisy* has
three VarSet or Newexten after each of them. Another process feeds them. Events a second *on one core* are counted by the
processor's time from the connection to the stream's end, so that other work on a shared machine falls out of the figures;
by the clock they are printed beside it. Each is the best of some runs: what disturbs a run only ever slows it down.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path

import panoramisk

from callcenter.telephony import ami, calls, events, link, wire

LOGS = Path(__file__).parent.parent / "tests" / "ami"
EVENTS = 40_000
RUNS = 3
NOISE = (b"VarSet", b"Newexten")
ENDS = (
    b"Shutdown",
    b"FullyBooted",
)  # panoramisk hangs up on the one, the stream brings its own of the other
END = b"BenchmarkEnd"
_EVENT = re.compile(rb"Event: (\w+)\r\n(?:.+\r\n)+\r\n")

Sink = Callable[[list[wire.Message]], None]


def streams(logs: Iterable[Path]) -> dict[str, tuple[int, bytes]]:
    """Give (number of events, bytes) of the clean and the noisy stream."""
    clean: list[bytes] = []
    noisy: list[bytes] = []
    for log in logs:
        found = [(m[1], m[0]) for m in _EVENT.finditer(log.read_bytes()) if m[1] not in ENDS]
        noise = itertools.cycle([data for name, data in found if name in NOISE] or [b""])
        for name, data in found:
            if name in events.NAMES and name not in NOISE:
                clean.append(data)
                noisy += [data, *itertools.islice(noise, 3)]
    return {kind: _repeated(parts) for kind, parts in (("clean", clean), ("noisy", noisy))}


def _repeated(parts: Sequence[bytes]) -> tuple[int, bytes]:
    times = max(1, EVENTS // len(parts))
    return len(parts) * times, b"".join(parts) * times


def feed(path: str) -> None:
    """Serve one client: banner, sign-in, the stream, its end; the port is the first line printed."""
    data = Path(path).read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        client, _ = server.accept()
        with client:
            client.sendall(b"Asterisk Call Manager/9.0.0\r\n")
            login = b""
            while b"\r\n\r\n" not in login:
                login += client.recv(4096)
            action_id = re.search(rb"ActionID: ([^\r]+)", login)
            assert action_id is not None
            client.sendall(b"Response: Success\r\nActionID: %s\r\n\r\n" % action_id[1])
            client.sendall(b"Event: FullyBooted\r\n\r\n" + data + b"Event: %s\r\n\r\n" % END)
            while client.recv(4096):  # until the client has read it all, and leaves
                pass


async def bare_panoramisk(port: int) -> None:
    """Read the stream with panoramisk as it comes and a callback that does nothing."""
    end = asyncio.Event()
    manager = panoramisk.Manager(
        host="127.0.0.1", port=port, username="u", secret="s", loop=asyncio.get_running_loop()
    )
    manager.connection_lost = lambda exc: None
    manager.register_event(
        "*", lambda manager, event: end.set() if event.event == END.decode() else None
    )
    manager.connect()
    await end.wait()
    manager.close()


async def our_link(port: int, sink: Sink) -> None:
    """Read the stream with our link, every kept message passed to the sink."""
    end = asyncio.Event()

    def take(pbx: str, messages: list[wire.Message]) -> None:
        if messages[-1].name == END.decode():
            end.set()
            messages.pop()
        sink(messages)

    connected = link.AmiLink(
        "bench",
        ami.Address("127.0.0.1", port, "u", "s"),
        on_messages=take,
        names=events.NAMES | {END},
        variables=events.VARIABLES,
        timing=link.Timing(ping_seconds=3600),  # the feeder answers nothing
    )
    connected.start()
    await end.wait()
    await connected.close()


def headers_sink() -> Sink:
    """Parse every message's headers and do nothing with them."""

    def sink(messages: list[wire.Message]) -> None:
        for message in messages:
            message.headers  # noqa: B018 - parsed on first access

    return sink


def facts_sink() -> Sink:
    """Feed the tracker, as the switchboard does."""
    feed_tracker, of = calls.CallTracker().feed, events.of

    def sink(messages: list[wire.Message]) -> None:
        now = time.time()
        for message in messages:
            feed_tracker(of(message, now))

    return sink


async def _timed(
    path: str, read: Callable[[int], Coroutine[None, None, None]]
) -> tuple[float, float]:
    """Give the seconds that a client took for a stream, by the clock and of the processor."""
    feeder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.bench_ami", "feed", path),
        stdout=asyncio.subprocess.PIPE,
    )
    assert feeder.stdout is not None
    port = int(await feeder.stdout.readline())
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.wait_for(read(port), 300)
    taken = time.perf_counter() - wall, time.process_time() - cpu
    await feeder.wait()
    return taken


def main() -> bool:
    """Print events a second of each client, beside panoramisk's in the same run; say whether the targets are reached."""
    clients: dict[str, Callable[[int], Coroutine[None, None, None]]] = {
        "panoramisk 1.4, empty callback": bare_panoramisk,
        "link, headers parsed": lambda port: our_link(port, headers_sink()),
        "link and call tracker": lambda port: our_link(port, facts_sink()),
    }
    rates: dict[tuple[str, str], float] = {}
    print(
        f"{'AMI bytes to facts, events/s':42}{'a core':>10}{'by clock':>10}{'µs each':>9}{'x panoramisk':>14}"
    )
    for kind, (count, data) in streams(sorted(LOGS.glob("*.ami"))).items():
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            for client, read in clients.items():
                runs = [asyncio.run(_timed(file.name, read)) for _ in range(RUNS)]
                cpu = min(cpu for _, cpu in runs)
                rates[kind, client] = count / cpu
                ratio = rates[kind, client] / rates[kind, next(iter(clients))]
                clock = count / min(wall for wall, _ in runs)
                print(
                    f"{kind + ', ' + client:42}{count / cpu:>10,.0f}{clock:>10,.0f}"
                    f"{cpu / count * 1e6:>9.1f}{ratio:>14.1f}",
                    flush=True,
                )
    baseline, _, ours = clients
    reached = {
        "clean: at least 150,000 events/s to facts": rates["clean", ours] >= 150_000,
        "clean: at least twice panoramisk": rates["clean", ours] >= 2 * rates["clean", baseline],
        "noisy: at least 300,000 events/s to facts": rates["noisy", ours] >= 300_000,
    }
    for target, met in reached.items():
        print(f"  {'reached' if met else 'MISSED '}  {target}")
    return all(reached.values())


if __name__ == "__main__":
    if sys.argv[1:2] == ["feed"]:
        feed(sys.argv[2])
    else:
        sys.exit(not main())
