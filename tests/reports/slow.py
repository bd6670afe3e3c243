"""The slow and obvious way: random calls and filters, and figures from every row of theirs by the pure functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import visibility
from callcenter.reports import conditions, metrics, periods, queries

ZONE = ZoneInfo("Asia/Jerusalem")
# Days around both changes of the clock in 2026: 27 March has 23 hours, 25 October 25.
DAYS = (
    date(2026, 3, 26),
    date(2026, 3, 27),
    date(2026, 3, 28),
    date(2026, 10, 24),
    date(2026, 10, 25),
)
NOW = datetime(2026, 10, 26, tzinfo=UTC)
USERS = (1, 2, 3)  # 1 leads team 1 of 1 and 2; 3 is alone in team 2
BOSS = visibility.Viewer(9, "manager")
LEADER = visibility.Viewer(1, "supervisor", frozenset({1}), frozenset({1}))
ALONE = visibility.Viewer(3, "agent", frozenset({2}))

tenths = st.integers(0, 3000).map(lambda n: n / 10)
moments = st.builds(
    lambda day, second: periods.midnight(day, ZONE) + timedelta(seconds=second / 10),
    st.sampled_from(DAYS), st.integers(-36_000, 900_000),
)  # fmt: skip


def later(start: datetime) -> st.SearchStrategy[datetime | None]:
    return st.one_of(st.none(), tenths.map(lambda s: start + timedelta(seconds=s)))


@st.composite
def parts(draw: st.DrawFn, at: datetime, number: int) -> dict[str, Any]:
    return {
        "interface": f"PJSIP/{number}", "extension": str(number),
        "user_id": draw(st.sampled_from((None, *USERS))),
        "rang": draw(later(at)), "answered": draw(later(at)), "left": draw(later(at)),
        "outcome": draw(st.sampled_from((None, "missed", "answered", "rejected", "answered_elsewhere"))),
    }  # fmt: skip


@st.composite
def stories(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    at = draw(moments)
    results = (
        None,
        "answered",
        "abandoned",
        "no_answer",
        "voicemail",
        "dropped",
        "agent_no_answer",
        "lost",
    )
    call = {
        "direction": draw(st.sampled_from(("inbound", "outbound", "internal"))),
        "started": at, "queued": draw(later(at)), "answered": draw(later(at)), "ended": draw(later(at)),
        "result": draw(st.sampled_from(results)),
        "queue": draw(st.sampled_from((None, "support", "sales"))),
        "variables": draw(st.sampled_from(({}, {"CC_CAMPAIGN": "5"}, {"CC_CAMPAIGN": "fiber", "CC_X": "1"}))),
        "wait_seconds": draw(st.one_of(st.none(), tenths)), "talk_seconds": draw(st.one_of(st.none(), tenths)),
        "hold_seconds": draw(tenths), "wrapup_seconds": draw(st.one_of(st.none(), tenths)),
        "outcome_id": draw(st.sampled_from((None, 1, 2))),
        "merged_into": draw(st.sampled_from((None, None, None, "other"))),
    }  # fmt: skip
    count = draw(st.integers(0, 3))
    return call, [draw(parts(at, 1000 + n)) for n in range(count)]


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, str, datetime, datetime | None]:
    since = draw(moments)
    until = draw(
        st.one_of(
            st.none(), st.integers(1, 2_000_000).map(lambda s: since + timedelta(seconds=s / 10))
        )
    )
    states = ("offline", "ready", "paused", "ringing", *sorted(metrics.BUSY_STATES))
    return draw(st.sampled_from(USERS)), draw(st.sampled_from(states)), since, until


@st.composite
def asked(draw: st.DrawFn) -> conditions.Wanted:
    first, last = sorted((draw(st.sampled_from(DAYS)), draw(st.sampled_from(DAYS))))
    period = periods.Period(first, last, ZONE)
    return conditions.Wanted(
        period.begin, period.end, zone=ZONE.key,
        queue=draw(st.sampled_from(("", "", "support", conditions.NONE))),
        campaign=draw(st.sampled_from(("", "", "5", conditions.NONE))),
        direction=draw(st.sampled_from(("", "", "inbound", "outbound"))),
        agent_id=draw(st.sampled_from((None, None, 2))), team_id=draw(st.sampled_from((None, None, 1))),
        of_agents=draw(st.booleans()), hour=draw(st.sampled_from((None, None, 1, 23))),
    )  # fmt: skip


def stamp(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


# ---- the slow and obvious way


def visible_to(viewer: visibility.Viewer, call: metrics.CallRow) -> bool:
    """Say who sees a call, none of which has a customer: managers, who took part, who leads who took part or the queue."""
    mine = {viewer.id} | ({1, 2} if viewer.role == "supervisor" else set())
    leads_queue = viewer.role == "supervisor" and call.queue == "support"
    return viewer.sees_all or leads_queue or any(p.user_id in mine for p in call.parts)


def watched_by(viewer: visibility.Viewer, wanted: conditions.Wanted) -> set[int]:
    users = (
        set(USERS) if viewer.sees_all else {1, 2} if viewer.role == "supervisor" else {viewer.id}
    )
    if wanted.team_id is not None:
        users &= {1, 2}
    return users & {wanted.agent_id} if wanted.agent_id is not None else users


def read(session: Session) -> list[metrics.CallRow]:
    targets = {
        q.queue: float(q.target_seconds) for q in session.scalars(select(models.QueueProfile))
    }
    rows = session.scalars(select(models.Call).where(models.Call.merged_into.is_(None)))
    return [
        metrics.CallRow(
            id=c.id, direction=c.direction, started=c.started.timestamp(), queued=stamp(c.queued),
            answered=stamp(c.answered), ended=stamp(c.ended), result=c.result, queue=c.queue,
            campaign=c.variables.get("CC_CAMPAIGN"), wait_seconds=c.wait_seconds, talk_seconds=c.talk_seconds,
            hold_seconds=c.hold_seconds, wrapup_seconds=c.wrapup_seconds, success=c.outcome_id == 1,
            target_seconds=targets.get(c.queue or "", 20.0),
            parts=tuple(
                metrics.ParticipantRow(p.user_id, stamp(p.rang), stamp(p.answered), stamp(p.left), p.outcome)
                for p in c.participants
            ),
        )
        for c in rows
    ]  # fmt: skip


def wanted_calls(report: queries.Report, calls: list[metrics.CallRow]) -> list[metrics.CallRow]:
    w, found = report.wanted, []
    for call in calls:
        fits = w.begin.timestamp() <= call.at < w.end.timestamp() and visible_to(
            report.viewer, call
        )
        fits = fits and w.direction in ("", call.direction)
        fits = fits and (not w.queue or (call.queue or conditions.NONE) == w.queue)
        fits = fits and (not w.campaign or (call.campaign or conditions.NONE) == w.campaign)
        if fits and (w.hour is None or periods.hour_of(call.at, ZONE) == w.hour):
            found.append(call)
    return found


TEAMS = {1: {1}, 2: {1}, 3: {2}}


def keys_of(by: str, call: metrics.CallRow, part: metrics.ParticipantRow | None) -> set[Hashable]:
    if by in ("agent", "team"):
        assert part is not None and part.user_id is not None
        return {part.user_id} if by == "agent" else set(TEAMS[part.user_id])
    return {
        {
            "day": periods.day_of(call.at, ZONE), "hour": periods.hour_of(call.at, ZONE),
            "queue": call.queue or "", "campaign": call.campaign or "", "": "",
        }[by]
    }  # fmt: skip


def slow(
    report: queries.Report, calls: list[metrics.CallRow], by: str
) -> dict[Hashable, dict[str, float]]:
    groups: dict[Hashable, list[metrics.Seen]] = {}
    short = report.rules.short_seconds
    for call in wanted_calls(report, calls):
        if not report.wanted.sees_agents:
            for key in keys_of(by, call, None):
                groups.setdefault(key, []).append(metrics.Seen(call, call.parts, short))
            continue
        users = watched_by(report.viewer, report.wanted)
        own: dict[Hashable, list[metrics.ParticipantRow]] = {}
        for part in call.parts:
            if part.user_id in users:
                for key in keys_of(by, call, part):
                    own.setdefault(key, []).append(part)
        for key, theirs in own.items():
            groups.setdefault(key, []).append(metrics.Seen(call, tuple(theirs), short))
    own = () if report.wanted.sees_agents else metrics.OWN
    return {
        key: {code: value for code, value in metrics.tally(seen).items() if code not in own}
        for key, seen in groups.items()
    }


def slow_time(
    report: queries.Report, rows: list[models.AgentState], by: str
) -> dict[Hashable, dict[str, float]]:
    """Ask metrics of every hour of the clock apart, or of every stretch."""
    w = report.wanted
    if by in ("queue", "campaign") or not w.sees_time or w.hour is not None:
        return {}
    users = watched_by(report.viewer, w if w.sees_agents else dataclasses.replace(w, agent_id=None))
    mine = [
        metrics.StateSpan(r.user_id, r.state, r.since.timestamp(), stamp(r.until))
        for r in rows
        if r.user_id in users
    ]
    pieces: list[tuple[Hashable, float, float]] = []
    if by in ("day", "hour"):
        begin = w.begin.timestamp()
        while begin < w.end.timestamp():
            named = periods.day_of(begin, ZONE) if by == "day" else periods.hour_of(begin, ZONE)
            pieces.append((named, begin, begin + 3600))
            begin += 3600
    found: dict[Hashable, list[metrics.Tally]] = {}
    now = report.now.timestamp()
    for key, begin, end in pieces:
        found.setdefault(key, []).append(metrics.time_of(mine, begin, end, now))
    if by not in ("day", "hour"):
        for span in mine:
            for key in keys_of(by, None, metrics.ParticipantRow(span.user_id)) if by else {""}:  # type: ignore[arg-type]
                found.setdefault(key, []).append(
                    metrics.time_of([span], w.begin.timestamp(), w.end.timestamp(), now)
                )
    added = {key: metrics.add(times) for key, times in found.items()}
    return {key: time for key, time in added.items() if time["signed_in"] > 0}
