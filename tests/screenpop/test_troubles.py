"""Every trouble has its words, each reader the words of their role, and hostile values stay values."""

from __future__ import annotations

import functools

import pytest

from callcenter import health
from screenpop import delays, present, troubles
from web import i18n

SINCE = 1_795_600_920.0
BAD, WARN, INFO = health.Severity.BAD, health.Severity.WARN, health.Severity.INFO
PARAMS = {
    "pbx": "main", "reason": "no route", "seconds": 60, "rows": 2, "missing": "x", "folder": "f",
    "alive": 0, "wanted": 2, "count": 3, "reasons": "missing 3",
}  # fmt: skip


def trouble(code: str, severity: health.Severity = BAD, **params: str) -> health.Trouble:
    return health.Trouble(code, severity, SINCE, {**PARAMS, **params})


def clock(at: float) -> str:
    return present.clock("Asia/Jerusalem")(at)


@functools.cache
def texts() -> dict[str, i18n.Texts]:
    return i18n.load()


def english(text: str) -> str:
    return text


def codes() -> list[str]:
    """Give every code that health can say, from looks in which all is wrong."""
    fault = health.Fault("x", 1.0)
    lines = [
        health.Line("a", "down", "", 1.0),
        health.Line("b", "auth_failed", "", 1.0),
        health.Line("c", "up", "", 1.0, lag_seconds=9.0, missing=("x",)),
    ]
    backlog = health.Backlog({"stored": 1, "no_model": 1}, {"missing": 1}, oldest=1.0)
    seen = health.Seen(
        9e4, lines, fault, fault, None, 1, 9e4 - 1, backlog, health.Disk("f", 0, 9), 1, 0, fault
    )
    other = health.Seen(9e4, lookup=fault, disk=health.Disk("f", 5 << 30, 99 << 30))
    return sorted({t.code for look in (seen, other) for t in health.troubles(look)})


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("code", codes())
def test_every_trouble_has_three_texts_in_every_language(code: str, language: str) -> None:
    say = texts()[language].translations.gettext
    told = troubles.told(trouble(code), say, clock)
    assert told.what and told.meanwhile and told.then
    assert "{" not in told.what + told.meanwhile + told.then
    assert told.reason == "no route"


def test_fifteen_troubles_are_known_and_all_were_tried() -> None:
    assert len(codes()) == 15


def test_an_agent_reads_one_line_about_calls_and_nothing_of_disks() -> None:
    some = [trouble("link_down"), trouble("disk_full"), trouble("workers", WARN)]
    (line,) = troubles.banner(some, "agent", english, clock)
    assert line["text"].startswith("The telephone link is down since")
    assert "main" not in line["text"] and line["code"] == "link_down"
    keeper = troubles.banner(some, "admin", english, clock)
    assert [one["code"] for one in keeper] == ["link_down", "disk_full", "workers"]
    assert "main" in keeper[0]["text"] and "Calls still ring" in keeper[0]["text"]


def test_two_exchanges_that_are_down_are_one_line_to_an_agent() -> None:
    some = [trouble("link_down", pbx="a"), trouble("link_down", pbx="b")]
    assert len(troubles.banner(some, "agent", english, clock)) == 1
    assert len(troubles.banner(some, "supervisor", english, clock)) == 2


def test_work_that_waits_or_failed_is_in_no_banner() -> None:
    some = [trouble(code, INFO) for code in ("behind", "failed", "no_model", "refused")]
    assert troubles.banner(some, "admin", english, clock) == []


def test_braces_in_a_name_are_no_placeholders() -> None:
    told = troubles.told(trouble("link_down", pbx="{since.__class__}"), english, clock)
    assert "{since.__class__}" in told.what


def test_delays_are_counted_below_their_bounds() -> None:
    some = delays.Delays((0.001, 0.01))
    assert some.quantile(0.5) is None
    for seconds in (0.0005, 0.001, 0.002, 5.0, -1.0):
        some.observe(seconds)
    assert list(some.cumulative()) == [(0.001, 3), (0.01, 4), (float("inf"), 5)]
    assert (some.total, some.quantile(0.5), some.quantile(0.99)) == (5, 0.001, float("inf"))
    assert some.sum_seconds == pytest.approx(5.0035)
