"""Health: from what the parts say of themselves to a list of troubles, in one place for banner, page, log and metrics.

A trouble is a code with its parameters and the time since when it is so; the words for a code are screenpop/troubles.py's.

Rules
1. A link that comes back within `GRACE_SECONDS` is no trouble: nobody could have read it.
2. What has no beginning of its own (a full disk, a lag) began when it was first seen: `before` carries that on.
3. A trouble changes seldom, for its changes are sent to every browser: figures that run stand on the page.
4. The worst is first, and of two alike the older. `INFO` is work that waits or failed: it stands on the page, in no banner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

GRACE_SECONDS = 2.0
LAG_SECONDS = 2.0
BEHIND_SECONDS = 3600.0  # a recording that is not transcribed after so long is behind
REFUSED_SECONDS = 3600.0  # how long a row that the database refused is spoken of
LOW_SHARE, FULL_SHARE = 0.1, 0.01
FULL_BYTES = 64 * 1024 * 1024


class Severity(IntEnum):
    """How bad a trouble is."""

    INFO = 1
    WARN = 2
    BAD = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One exchange's link; `state` is the phase of telephony/link.py, times are epoch seconds."""

    name: str
    state: str
    reason: str
    since: float
    lag_seconds: float = 0.0
    missing: Sequence[str] = ()  # what its snapshot could not tell, in the exchange's words
    retry_seconds: float = 60.0  # between two sign-ins after a refusal


@dataclass(frozen=True, slots=True)
class Fault:
    """What a part says is wrong, since when (epoch seconds)."""

    problem: str
    since: float


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far the recordings are: rows by state, the failures of a day by code, and when the oldest waiting one began."""

    states: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    oldest: float | None = None
    no_room_since: float | None = None  # the oldest that waits because the store is full
    pace: float = 0.0  # seconds of speech transcribed a second, of the last quarter of an hour
    seconds: float = 0.0  # of speech transcribed in all
    swept: float | None = None  # when a worker last looked for recordings whose time is over
    marked: int = 0  # of those, that go when their grace is over


@dataclass(frozen=True, slots=True)
class Disk:
    """Room where recordings are kept, in bytes."""

    folder: str
    free: int
    total: int

    @property
    def share(self) -> float:
        """Return the share that is free."""
        return self.free / self.total if self.total else 0.0

    @property
    def full(self) -> bool:
        """Say whether nothing more can be kept."""
        return self.share < FULL_SHARE or self.free < min(FULL_BYTES, self.total // 10)

    @property
    def low(self) -> bool:
        """Say whether it is time to act."""
        return self.full or self.share < LOW_SHARE


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at all parts; what was not asked is None."""

    now: float
    lines: Sequence[Line] = ()
    writing: Fault | None = None
    reading: Fault | None = None
    lookup: Fault | None = None
    rows_refused: int = 0
    refused_at: float | None = None
    recordings: Backlog | None = None
    disk: Disk | None = None
    workers_wanted: int = 0
    workers_alive: int = 0
    redis: Fault | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is not as it should be; `since` in epoch seconds, `setting` names where to look."""

    code: str
    severity: Severity
    since: float
    params: Mapping[str, str | int | float] = field(default_factory=dict)
    setting: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Give what it is the same trouble by, however its figures change."""
        return self.code, str(self.params.get("pbx", ""))


def troubles(seen: Seen, before: Sequence[Trouble] = ()) -> list[Trouble]:
    """Say what is wrong now, the worst first; `before` is what was said last."""
    known = {trouble.key: trouble.since for trouble in before}
    found = [*_lines(seen), *_database(seen), *_store(seen), *_recordings(seen)]
    dated = [_dated(trouble, known.get(trouble.key, seen.now)) for trouble in found]
    return sorted(dated, key=lambda trouble: (-trouble.severity, trouble.since, trouble.key))


def _dated(trouble: Trouble, since: float) -> Trouble:
    if trouble.since:
        return trouble
    return Trouble(trouble.code, trouble.severity, since, trouble.params, trouble.setting)


def _lines(seen: Seen) -> Iterator[Trouble]:
    for line in seen.lines:
        where: dict[str, str | int | float] = {"pbx": line.name}
        if line.state == "auth_failed":
            params = {**where, "reason": line.reason, "seconds": round(line.retry_seconds)}
            yield Trouble(
                "auth_failed", Severity.BAD, line.since, params, "pbx.username, pbx.secret"
            )
        elif line.state != "up":
            if seen.now - line.since >= GRACE_SECONDS:
                params = {**where, "reason": line.reason}
                yield Trouble("link_down", Severity.BAD, line.since, params, "pbx.host, pbx.port")
        else:
            if line.lag_seconds >= LAG_SECONDS:
                yield Trouble("lag", Severity.WARN, 0.0, where)
            if line.missing:
                params = {**where, "missing": "; ".join(line.missing)}
                yield Trouble("snapshot", Severity.WARN, line.since, params, "pbx.username")


def _database(seen: Seen) -> Iterator[Trouble]:
    if seen.writing is not None:
        params: dict[str, str | int | float] = {"reason": seen.writing.problem}
        yield Trouble("not_written", Severity.BAD, seen.writing.since, params, "database.url")
    if seen.reading is not None:
        params = {"reason": seen.reading.problem}
        yield Trouble("not_read", Severity.BAD, seen.reading.since, params, "database.url")
    elif seen.lookup is not None:
        params = {"reason": seen.lookup.problem}
        yield Trouble("lookup", Severity.BAD, seen.lookup.since, params, "database.url")
    if seen.refused_at is not None and seen.now - seen.refused_at < REFUSED_SECONDS:
        yield Trouble("refused", Severity.INFO, seen.refused_at, {"rows": seen.rows_refused})
    if seen.redis is not None:
        params = {"reason": seen.redis.problem}
        yield Trouble("redis", Severity.WARN, seen.redis.since, params, "web.redis_url")


def _store(seen: Seen) -> Iterator[Trouble]:
    room = seen.recordings.no_room_since if seen.recordings else None
    disk = seen.disk
    if disk is not None and (disk.low or room is not None):
        full = disk.full or room is not None
        code, severity = ("disk_full", Severity.BAD) if full else ("disk_low", Severity.WARN)
        params: dict[str, str | int | float] = {"folder": disk.folder}
        yield Trouble(code, severity, room or 0.0, params, "recordings.folder")
    missing = seen.workers_wanted - seen.workers_alive
    if missing > 0:
        severity = Severity.INFO if seen.workers_alive else Severity.WARN
        params = {"alive": seen.workers_alive, "wanted": seen.workers_wanted}
        yield Trouble("workers", severity, 0.0, params, "recordings.workers")


def _recordings(seen: Seen) -> Iterator[Trouble]:
    if seen.recordings is None:
        return
    oldest, failed = seen.recordings.oldest, seen.recordings.failed
    if oldest is not None and seen.now - oldest >= BEHIND_SECONDS:
        waiting = sum(seen.recordings.states.get(state, 0) for state in ("stored", "transcribing"))
        yield Trouble("behind", Severity.INFO, oldest, {"count": waiting})
    if failed:
        params: dict[str, str | int | float] = {
            "count": sum(failed.values()),
            "reasons": ", ".join(f"{code} {count}" for code, count in sorted(failed.items())),
        }
        yield Trouble("failed", Severity.INFO, 0.0, params, "pbx.recordings")
    if count := seen.recordings.states.get("no_model", 0):
        yield Trouble("no_model", Severity.INFO, 0.0, {"count": count}, "speech.models")
