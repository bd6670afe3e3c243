"""What counts as a trouble, how bad it is and since when: a table of looks and what follows from each."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest

import callcenter
from callcenter import health

NOW = 1_800_000_000.0
GIB = 1 << 30


def line(state: str = "up", since: float = NOW - 600, **more: Any) -> health.Line:
    return health.Line("main", state, more.pop("reason", ""), since, **more)


def backlog(**more: Any) -> health.Backlog:
    return health.Backlog(**more)


LOST = health.Fault("database is locked", NOW - 30)
TABLE: list[tuple[str, dict[str, Any], list[tuple[str, str, float]]]] = [
    ("all is well", {"lines": [line()]}, []),
    ("down", {"lines": [line("down", reason="refused")]}, [("link_down", "BAD", NOW - 600)]),
    ("down for a moment", {"lines": [line("down", NOW - 1)]}, []),
    ("not up yet", {"lines": [line("connecting", NOW - 1)]}, []),
    ("never up", {"lines": [line("connecting", NOW - 9)]}, [("link_down", "BAD", NOW - 9)]),
    ("refused at once", {"lines": [line("auth_failed", NOW)]}, [("auth_failed", "BAD", NOW)]),
    ("late", {"lines": [line(lag_seconds=3.2)]}, [("lag", "WARN", NOW)]),
    ("late while down", {"lines": [line("down", lag_seconds=9.0)]}, [("link_down", "BAD", NOW - 600)]),
    ("blind", {"lines": [line(missing=["QueueStatus: denied"])]}, [("snapshot", "WARN", NOW - 600)]),
    ("not written", {"writing": LOST}, [("not_written", "BAD", NOW - 30)]),
    ("not asked", {"lookup": LOST}, [("lookup", "BAD", NOW - 30)]),
    ("not read, said once", {"lookup": LOST, "reading": LOST}, [("not_read", "BAD", NOW - 30)]),
    ("refused rows", {"rows_refused": 2, "refused_at": NOW - 60}, [("refused", "INFO", NOW - 60)]),
    ("refused long ago", {"rows_refused": 2, "refused_at": NOW - 4000}, []),
    ("no redis", {"redis": LOST}, [("redis", "WARN", NOW - 30)]),
    ("room", {"disk": health.Disk("f", 90 * GIB, 100 * GIB)}, []),
    ("little room", {"disk": health.Disk("f", 9 * GIB, 100 * GIB)}, [("disk_low", "WARN", NOW)]),
    ("no room", {"disk": health.Disk("f", 0, 100 * GIB)}, [("disk_full", "BAD", NOW)]),
    ("a small disk with room", {"disk": health.Disk("f", 30 << 20, 100 << 20)}, []),
    ("no disk to ask", {"disk": health.Disk("f", 0, 0)}, [("disk_full", "BAD", NOW)]),
    ("what waits for room says so", {"disk": health.Disk("f", 90, 100), "recordings": backlog(no_room_since=NOW - 50)}, [("disk_full", "BAD", NOW - 50)]),
    ("one of two workers", {"workers_wanted": 2, "workers_alive": 1}, [("workers", "INFO", NOW)]),
    ("no worker", {"workers_wanted": 2}, [("workers", "WARN", NOW)]),
    ("workers elsewhere", {"workers_wanted": 0, "workers_alive": 0}, []),
    ("a quarter of an hour", {"recordings": backlog(states={"stored": 3}, oldest=NOW - 900)}, []),
    ("two hours", {"recordings": backlog(states={"stored": 3}, oldest=NOW - 7200)}, [("behind", "INFO", NOW - 7200)]),
    ("failed", {"recordings": backlog(failed={"missing": 2})}, [("failed", "INFO", NOW)]),
    ("no model", {"recordings": backlog(states={"no_model": 4})}, [("no_model", "INFO", NOW)]),
    (
        "the worst first, then the older",
        {"lines": [line("down"), health.Line("b", "auth_failed", "", NOW - 900)], "redis": LOST, "writing": LOST},
        [("auth_failed", "BAD", NOW - 900), ("link_down", "BAD", NOW - 600), ("not_written", "BAD", NOW - 30), ("redis", "WARN", NOW - 30)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("what", "seen", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_what_is_seen_becomes_these_troubles(
    what: str, seen: dict[str, Any], expected: list[tuple[str, str, float]]
) -> None:
    found = health.troubles(health.Seen(NOW, **seen))
    assert [(t.code, t.severity.name, t.since) for t in found] == expected


def test_what_has_no_beginning_began_when_it_was_first_seen() -> None:
    full = health.Seen(NOW, disk=health.Disk("f", 0, GIB), workers_wanted=1)
    first = health.troubles(full)
    later = health.troubles(dataclasses.replace(full, now=NOW + 60), first)
    assert {t.code: t.since for t in later} == {"disk_full": NOW, "workers": NOW}
    over = health.troubles(health.Seen(NOW + 90), later)
    again = health.troubles(dataclasses.replace(full, now=NOW + 99), over)
    assert over == [] and {t.since for t in again} == {NOW + 99}


def test_a_trouble_that_goes_on_is_the_same_value_so_nobody_is_told_twice() -> None:
    down = health.Seen(NOW, lines=[line("down")], writing=LOST, disk=health.Disk("f", 5, 100))
    first = health.troubles(down)
    later = dataclasses.replace(down, now=NOW + 9, disk=health.Disk("f", 4, 100))
    assert health.troubles(later, first) == first


def test_each_exchange_has_a_trouble_of_its_own() -> None:
    lines = [health.Line(name, "up", "", NOW - 9, lag_seconds=3.0) for name in ("a", "b")]
    found = health.troubles(health.Seen(NOW, lines=lines))
    assert [t.params["pbx"] for t in found] == ["a", "b"]


def test_the_version_that_is_shown_is_the_packages() -> None:
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
    assert callcenter.__version__ == project["project"]["version"]
