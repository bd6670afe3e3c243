"""Two views of one call made one: what was seen live, and what is known from before or from Asterisk's records; pure.

What was seen live is the truth, to the fraction of a second. It is doubted only where it fell into an outage: a call that
we met in its middle seems to have begun, rung and been answered when we came. There, and where nothing was seen, the other
view counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from callcenter.telephony import facts, values

_LATE_SECONDS = 1.0  # an outage ends by our clock, and events have the exchange's
_WHOLE_SECOND = 1.0  # a call that ended in one may have ended at its last moment
_SAME_SECONDS = 1.5  # Asterisk's records know whole seconds
_TIMES = ("started", "queued", "ringing", "answered", "far_end_answered", "ended")
_WHO = ("from_", "from_name", "to", "did", "queue")
_ANSWERS = (facts.Outcome.ANSWERED, facts.Outcome.TRANSFERRED)


@values.value
class Away:
    """A stretch of time in which we did not hear the exchange; epoch seconds, `ended` is None while it lasts."""

    began: float
    ended: float | None = None

    def holds(self, at: float) -> bool:
        """Say whether what seems to have been at this time may have been otherwise."""
        return self.began <= at and (self.ended is None or at <= self.ended + _LATE_SECONDS)

    def touches(self, begin: float, end: float | None) -> bool:
        """Say whether a call of this time was not seen from end to end; the records know the second in which it ended."""
        return (end is None or end + _WHOLE_SECOND > self.began) and (
            self.ended is None or begin <= self.ended + _LATE_SECONDS
        )


def resumed(past: facts.CallRecord, live: facts.CallRecord) -> facts.CallRecord:
    """Tell a running call that a restarted tracker met in its middle, with what was known of it before."""
    times: dict[str, Any] = {
        name: _first(getattr(past, name), getattr(live, name)) for name in _TIMES[:-1]
    }
    who: dict[str, Any] = {name: getattr(past, name) or getattr(live, name) for name in _WHO}
    result = live.result
    if result is not None and result is not facts.Result.LOST and times["answered"] is not None:
        result = facts.Result.ANSWERED
    elif result is facts.Result.CANCELLED and times["queued"] is not None:
        result = facts.Result.ABANDONED
    seats = {p.interface: p for p in live.participants}
    before = {p.interface: p for p in past.participants}
    people = [_resumed_seat(before.get(key), seats.get(key)) for key in {**before, **seats}]
    merged = replace(
        live, direction=past.direction, result=result, participants=tuple(people),
        variables={**past.variables, **live.variables}, transfers=_union(past.transfers, live.transfers),
        hold_seconds=past.hold_seconds + live.hold_seconds, **times, **who,
    )  # fmt: skip
    return _spans(merged)


def _resumed_seat(
    before: facts.Participant | None, now: facts.Participant | None
) -> facts.Participant:
    if before is None or now is None:
        found = before or now
        assert found is not None
        return found
    spoke = before.answered is not None and now.answered is None
    return replace(
        now, rang=_first(before.rang, now.rang), answered=_first(before.answered, now.answered),
        outcome=before.outcome if spoke else now.outcome,
    )  # fmt: skip


def completed(
    seen: facts.CallRecord, told: facts.CallRecord, away: Sequence[Away]
) -> facts.CallRecord:
    """Tell a call that was seen in part, or not to its end, with what Asterisk wrote down of it."""

    def doubted(at: float | None) -> bool:
        return at is not None and any(each.holds(at) for each in away)

    def better(mine: float | None, theirs: float | None) -> float | None:
        if mine is None or theirs is None:
            return theirs if mine is None else mine
        return theirs if doubted(mine) and abs(mine - theirs) > _SAME_SECONDS else mine

    over = seen.ended is not None and seen.result not in (None, facts.Result.LOST)
    times: dict[str, Any] = {
        name: better(getattr(seen, name), getattr(told, name)) for name in _TIMES[:-1]
    }
    times["ended"] = better(seen.ended, told.ended) if over else told.ended
    from_middle = doubted(seen.started)
    chosen, other = (told, seen) if from_middle else (seen, told)
    who: dict[str, Any] = {name: getattr(chosen, name) or getattr(other, name) for name in _WHO}
    result = seen.result if over and not away else told.result
    if seen.answered is not None and over:
        result = seen.result
    seats = {p.interface: p for p in seen.participants}
    others = {p.interface: p for p in told.participants}
    people = []
    for key in {**seats, **others}:
        mine, theirs = seats.get(key), others.get(key)
        if mine is None or theirs is None:
            people += [p for p in (mine, theirs) if p is not None]
            continue
        times_of: dict[str, Any] = {
            n: better(getattr(mine, n), getattr(theirs, n)) for n in ("rang", "answered")
        }
        left = better(mine.left, theirs.left) if over else theirs.left
        known = mine.outcome is not None and (mine.outcome in _ANSWERS or theirs.answered is None)
        outcome = mine.outcome if known and over else theirs.outcome
        people.append(replace(mine, left=left, outcome=outcome, **times_of))
    merged = replace(
        seen, direction=chosen.direction, result=result, participants=tuple(people),
        hangup_by=seen.hangup_by or told.hangup_by, transfers=seen.transfers or told.transfers, **times, **who,
    )  # fmt: skip
    return _spans(merged)


def differs(one: facts.CallRecord, other: facts.CallRecord) -> bool:
    """Say whether two views of a call disagree by more than the seconds of Asterisk's records explain."""
    if any(_apart(getattr(one, name), getattr(other, name)) for name in _TIMES):
        return True
    if one.result is not other.result or one.direction is not other.direction:
        return True
    if any(getattr(one, name) != getattr(other, name) for name in _WHO):
        return True
    mine = {p.interface: p for p in one.participants}
    theirs = {p.interface: p for p in other.participants}
    if mine.keys() != theirs.keys():
        return True
    return any(
        p.outcome is not theirs[key].outcome
        or _apart(p.answered, theirs[key].answered)
        or _apart(p.left, theirs[key].left)
        for key, p in mine.items()
    )


def _apart(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) > _SAME_SECONDS


def _spans(record: facts.CallRecord) -> facts.CallRecord:
    """Compute the durations anew from the times."""
    end = record.ended
    waited = record.answered if record.answered is not None else end
    wait = record.wait_seconds if record.answered is None else None
    talk = record.talk_seconds
    if record.answered is not None and end is not None:
        talk = max(0.0, end - record.answered - record.hold_seconds)
    return replace(
        record,
        wait_seconds=wait if wait is not None else _span(record.queued, waited),
        ring_seconds=_span(record.ringing, waited),
        talk_seconds=talk,
    )


def _span(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else max(0.0, end - start)


def _first(one: float | None, other: float | None) -> float | None:
    return one if other is None else other if one is None else min(one, other)


def _union(
    before: tuple[facts.Transfer, ...], now: tuple[facts.Transfer, ...]
) -> tuple[facts.Transfer, ...]:
    return tuple(sorted(dict.fromkeys((*before, *now)), key=lambda transfer: transfer.at))
