"""Prometheus: what the system page shows, as metrics. docs/metrics.md lists them, and a test compares the two.

Nothing is counted here. The parts count as they work and a scrape reads them; what costs a question (rows, room) is the
monitor's last look, so a scrape costs the calls nothing. Who may read is a setting; to everybody else the page does not exist.
"""

from __future__ import annotations

import hmac
import ipaddress
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

import callcenter
from callcenter import health
from callcenter.crm import agents, center
from callcenter.telephony import link, switchboard
from screenpop import floor
from web import keys, monitor, security

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Families = Iterator[Any]
Sample = tuple[tuple[str, ...], float]


def _gauge(name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> Any:
    return _filled(GaugeMetricFamily(f"callcenter_{name}", text, labels=labels), samples)


def _counter(name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> Any:
    return _filled(CounterMetricFamily(f"callcenter_{name}", text, labels=labels), samples)


def _filled(family: Any, samples: Iterable[Sample]) -> Any:
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def _one(value: float) -> list[Sample]:
    return [((), float(value))]


class Parts(Collector):
    """Read the parts at each scrape."""

    def __init__(self, of: monitor.Monitor) -> None:
        self._of = of

    def collect(self) -> Families:
        """Yield every metric; without live parts those that have no value yet stay empty."""
        self._of.look()
        seen, live = self._of.seen, self._of.floor
        version = [((callcenter.__version__,), 1.0)]
        yield _gauge("build_info", "The version that runs.", ("version",), version)
        yield _gauge("troubles", "What is wrong, by code.", ("code", "severity"), [
            ((code, severity), count) for (code, severity), count in Counter(
                (one.code, one.severity.name.lower()) for one in self._of.troubles
            ).items()
        ])  # fmt: skip
        yield from _lines(self._of.lines, seen.now)
        failures = self._of.board.failures if self._of.board else 0
        yield _counter(
            "subscriber_failures", "Facts that a part of ours failed at.", (), _one(failures)
        )
        yield from _recordings(seen)
        if live is not None:
            yield from _writer(live.center, seen)
            yield from _browsers(live)
            yield from _people(live.center)


def _lines(lines: Iterable[switchboard.Status], now: float) -> Families:
    lines, by = list(lines), ("pbx",)

    def each(field: str) -> list[Sample]:
        return [((line.name,), float(getattr(line, field))) for line in lines]

    yield _gauge("line_state", "1 for the state that a link is in.", ("pbx", "state"), [
        ((line.name, phase.value), float(line.state == phase.value)) for line in lines for phase in link.Phase
    ])  # fmt: skip
    yield _gauge("line_state_since_seconds", "When that state began, epoch.", by, each("since"))
    yield _gauge("line_lag_seconds", "Between arrival and work.", by, each("lag_seconds"))
    yield _gauge("line_batches_waiting", "Reads not worked off yet.", by, each("waiting"))
    yield _gauge("calls", "Calls that run now.", by, each("calls"))
    yield _counter("events", "Events that we take, of the exchange.", by, each("events"))
    yield _counter("facts", "Facts concluded from them.", by, each("facts"))
    yield _counter("messages_oversized", "Messages discarded for size.", by, each("oversized"))
    yield _gauge("snapshot_missing", "Parts that the last snapshot lacked.", by, [
        ((line.name,), float(len(line.missing))) for line in lines
    ])  # fmt: skip


def _recordings(seen: health.Seen) -> Families:
    kept = seen.recordings or health.Backlog()
    states = [((state,), float(count)) for state, count in sorted(kept.states.items())]
    oldest = seen.now - kept.oldest if kept.oldest else 0.0
    yield _gauge("recordings", "Recordings by state.", ("state",), states)
    yield _gauge(
        "recordings_oldest_waiting_seconds", "Age of the oldest that waits.", (), _one(oldest)
    )
    yield _gauge("recordings_marked", "Recordings that retention deletes.", (), _one(kept.marked))
    swept = seen.now - kept.swept if kept.swept else 0.0
    yield _gauge("retention_swept_seconds", "Age of retention's last sweep.", (), _one(swept))
    yield _gauge("transcribed_seconds", "Speech transcribed in all.", (), _one(kept.seconds))
    yield _gauge(
        "transcription_pace_ratio",
        "Seconds of speech transcribed a second, of the last 15 minutes.",
        (),
        _one(kept.pace),
    )
    workers = [(("wanted",), seen.workers_wanted), (("alive",), seen.workers_alive)]
    yield _gauge("workers", "Worker processes of ours.", ("state",), workers)
    disk = [] if seen.disk is None else [(("free",), seen.disk.free), (("total",), seen.disk.total)]
    yield _gauge("disk_bytes", "Room where recordings are kept.", ("kind",), disk)
    read = seen.now - seen.reading.since if seen.reading else 0.0
    yield _gauge(
        "database_read_trouble_seconds", "How long it cannot be read; 0: it can.", (), _one(read)
    )


def _writer(of: center.Center, seen: health.Seen) -> Families:
    lookup = seen.now - seen.lookup.since if seen.lookup else 0.0
    trouble = seen.now - seen.writing.since if seen.writing else 0.0
    yield _gauge("writer_rows_waiting", "Rows not committed yet.", (), _one(of.writer.depth))
    yield _counter("writer_rows", "Rows written.", (), _one(of.writer.written))
    yield _counter(
        "writer_rows_refused", "Rows that the database would never take.", (), _one(of.writer.refused)
    )  # fmt: skip
    yield _gauge(
        "writer_trouble_seconds", "How long nothing can be written; 0: it can.", (), _one(trouble)
    )
    yield _gauge(
        "lookup_trouble_seconds", "How long callers cannot be looked up; 0: they can.", (), _one(lookup)
    )  # fmt: skip


def _browsers(live: floor.Floor) -> Families:
    counts, delays = live.server.counts, live.screens.delays
    buckets = [
        ("+Inf" if bound == float("inf") else f"{bound:g}", float(below))
        for bound, below in delays.cumulative()
    ]
    yield HistogramMetricFamily(
        "callcenter_pop_delay_seconds",
        "From the arrival of the exchange's bytes to the card's leaving for the browser.",
        buckets=buckets,
        sum_value=delays.sum_seconds,
    )
    yield _gauge("browsers", "Browsers connected.", (), _one(live.server.browsers))
    yield _gauge("people", "People with a browser.", (), _one(len(live.server.users())))
    yield _counter("browser_events", "Events sent, of all kinds.", (), _one(counts.sent))
    yield _counter("pops", "Cards by what became of them.", ("outcome",), [
        (("sent",), counts.pops), (("acknowledged",), counts.acked),
        (("sent_again",), counts.sent_again), (("given_up",), counts.given_up),
    ])  # fmt: skip


def _people(of: center.Center) -> Families:
    doing = Counter(agent.state.value for agent in of.agents.all())
    states = [((state.value,), float(doing[state.value])) for state in agents.State]
    yield _gauge("agents", "Agents by state.", ("state",), states)
    waiting = [(key, float(queue.waiting)) for key, queue in of.queues.waiting.items()]
    yield _gauge("queue_waiting", "Callers who wait.", ("pbx", "queue"), waiting)
    now = time.time()
    longest = [
        (key, max(0.0, now - queue.oldest) if queue.oldest and queue.waiting else 0.0)
        for key, queue in of.queues.waiting.items()
    ]
    yield _gauge("queue_longest_wait_seconds", "The longest wait.", ("pbx", "queue"), longest)


def registry(of: monitor.Monitor) -> CollectorRegistry:
    """Make the registry of one application."""
    made = CollectorRegistry()
    made.register(Parts(of))
    return made


def may_read(request: web.Request) -> bool:
    """Say whether the settings let this request read the metrics: by its token, or by where it comes from."""
    allowed = request.app[keys.SETTINGS].web
    token = allowed.metrics_token.get_secret_value()
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if token and kind.lower() == "bearer":
        return hmac.compare_digest(given.strip().encode(), token.encode())
    try:
        where = ipaddress.ip_address(security.address(request))
    except ValueError:
        return False
    # Behind a proxy that the settings do not name everybody has the proxy's address: that is nobody's.
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    if forwarded and (request.remote or "") not in allowed.trusted_proxies:
        return False
    return any(where in ipaddress.ip_network(each) for each in allowed.metrics_from)


async def show(request: web.Request) -> web.StreamResponse:
    """Answer with all metrics, or as if there were no such page."""
    if not may_read(request):
        raise web.HTTPNotFound
    body = generate_latest(registry(request.app[keys.MONITOR]))
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})
