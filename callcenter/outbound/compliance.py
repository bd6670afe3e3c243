"""May this number be called now, for this purpose? One pure function from what is known to a verdict; the verdict is the receipt.

    marketing   a campaign's calls, and a click at a lead: every rule refuses
    service     returning a call, helping a customer: what forbids marketing only warns

Rules, in the order in which they are told
1. `number`      what is no number of the outside is never sold to; premium and blocked prefixes are never dialled
2. `abroad`      another country: `never`, `service` (not for marketing) or `always`
3. `list`        our do-not-call list and the state's registry; the mark on the number; the customer's own wish
4. `hours`       the calling hours where the number is, on that day; a number with several zones must be open in all
5. `attempts`    how often the number was called today, in seven days, and in this campaign

Each rule leaves a line in `checked`, also when it had nothing against the call: what was not checked cannot be proved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callcenter.outbound import hours

VERSION = "2026-1"
SERVICE, MARKETING = "service", "marketing"
PREMIUM = ("premium", "shared_cost")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the site and the campaign ask for."""

    week: hours.Week
    region: str = "IL"
    abroad: str = "service"  # never | service | always
    premium: bool = False
    blocked_prefixes: tuple[str, ...] = ()  # E.164
    per_day: int = 3
    per_week: int = 8
    max_attempts: int | None = None  # of the lead, in its campaign


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of a do-not-call list."""

    source: str  # own | registry
    since: str  # ISO date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """All that is known about one call that somebody wants to make; `local` is now, in each zone of the number."""

    purpose: str
    kind: str  # as phones.classify says
    e164: str | None
    local: tuple[datetime, ...]
    region: str = ""
    line_type: str = ""
    listed: Listed | None = None
    phone_blocked: bool = False
    phone_bad: bool = False
    wish: str = "unknown"  # the customer's: allowed | blocked | unknown
    today: int = 0
    week: int = 0
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not, or what to mind: a stable code, and the values of its sentence."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, and everything that led to it; `later` is when asking again makes sense (local, aware)."""

    allowed: bool
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]
    checked: Mapping[str, Any]
    lasting: bool = False  # waiting does not help: the lead is at its end
    later: datetime | None = None

    def receipt(self) -> dict[str, Any]:
        """Return it as it is kept with the attempt."""
        return {
            "version": VERSION,
            "allowed": self.allowed,
            "reasons": [_plain(reason) for reason in self.reasons],
            "warnings": [_plain(reason) for reason in self.warnings],
            "checked": dict(self.checked),
        }


def judge(question: Question, rules: Rules) -> Verdict:
    """Judge one call."""
    marketing = question.purpose == MARKETING
    never = [*_number(question, rules), *_abroad(question, rules)]
    wishes = _lists(question)
    closed, opens = _hours(question, rules.week)
    caps, tomorrow = _attempts(question, rules, opens) if marketing else ([], None)
    soft = [*wishes, *closed]
    reasons = [*never, *soft, *caps] if marketing else never
    lasting = bool(never or wishes or any(reason.code == "attempts_used" for reason in caps))
    later = None if lasting or not reasons else max(filter(None, (opens, tomorrow)), default=None)
    return Verdict(
        allowed=not reasons,
        reasons=tuple(reasons),
        warnings=() if marketing else tuple(soft),
        checked=_checked(question, rules),
        lasting=lasting and bool(reasons),
        later=later,
    )


def _number(question: Question, rules: Rules) -> list[Reason]:
    if question.e164 is None:
        # An extension or a star code is nobody's customer, and no list knows it.
        return [Reason("not_a_customer_number")] if question.purpose == MARKETING else []
    found = []
    if question.line_type in PREMIUM and not rules.premium:
        found.append(Reason("premium"))
    if any(question.e164.startswith(prefix) for prefix in rules.blocked_prefixes):
        found.append(Reason("blocked_prefix"))
    if question.phone_bad and question.purpose == MARKETING:
        found.append(Reason("bad_number"))
    return found


def _abroad(question: Question, rules: Rules) -> list[Reason]:
    if question.e164 is None or question.region in ("", rules.region):
        return []
    open_to = {"never": (), "service": (SERVICE,), "always": (SERVICE, MARKETING)}[rules.abroad]
    return [] if question.purpose in open_to else [Reason("abroad", {"region": question.region})]


def _lists(question: Question) -> list[Reason]:
    found = []
    if question.listed is not None:
        code = "in_registry" if question.listed.source == "registry" else "on_our_list"
        found.append(Reason(code, {"date": question.listed.since}))
    if question.phone_blocked and not found:
        found.append(Reason("number_blocked"))
    if question.wish == "blocked":
        found.append(Reason("customer_asked"))
    return found


def _hours(question: Question, week: hours.Week) -> tuple[list[Reason], datetime | None]:
    """Return what is closed, and when all zones of the number are open next."""
    opens = _all_open(question.local, week)
    for local in question.local:
        if week.is_open(local):
            continue
        time = opens.astimezone(local.tzinfo).isoformat() if opens else ""
        if name := week.holiday(local):
            return [Reason("holiday", {"holiday": name, "time": time})], opens
        span = week.spans[local.weekday()]
        if span is None:
            code = "shabbat" if local.weekday() == 5 else "closed_day"
            return [Reason(code, {"time": time})], opens
        values = {"start": hours.clock(span[0]), "end": hours.clock(span[1]), "time": time}
        return [Reason("outside_hours", values)], opens
    return [], opens


def _all_open(zones: Sequence[datetime], week: hours.Week) -> datetime | None:
    """Find the first moment at which it is open in every zone; None within the month."""
    if not zones:
        return None
    at = zones[0]
    for _ in range(4 * hours.MOST_DAYS_AHEAD):
        turns = [week.next_open(at.astimezone(local.tzinfo)) for local in zones]
        known = [turn for turn in turns if turn is not None]
        if len(known) < len(turns):
            return None
        latest = max(known)
        if latest <= at:
            return at
        at = latest
    return None


def _attempts(
    question: Question, rules: Rules, opens: datetime | None
) -> tuple[list[Reason], datetime | None]:
    """Return which cap is reached, and when the next day begins that may be called on."""
    found = []
    if rules.max_attempts is not None and question.attempts >= rules.max_attempts:
        found.append(Reason("attempts_used", {"limit": rules.max_attempts}))
    if question.today >= rules.per_day:
        found.append(Reason("attempts_today", {"n": question.today, "limit": rules.per_day}))
    if question.week >= rules.per_week:
        found.append(Reason("attempts_week", {"n": question.week, "limit": rules.per_week}))
    if not found or not question.local:
        return found, None
    midnight = hours.midnight_after(question.local[0])
    later = tuple(midnight.astimezone(local.tzinfo) for local in question.local)
    return found, _all_open(later, rules.week) or opens


def _checked(question: Question, rules: Rules) -> dict[str, Any]:
    """Write down what was looked at, with its values."""
    return {
        "purpose": question.purpose,
        "number": {"e164": question.e164, "kind": question.kind, "region": question.region, "line": question.line_type,
                   "bad": question.phone_bad},
        "abroad": rules.abroad,
        "list": None if question.listed is None else {
            "source": question.listed.source, "since": question.listed.since, "reason": question.listed.reason},
        "blocked": question.phone_blocked,
        "wish": question.wish,
        "hours": [
            {"zone": str(local.tzinfo), "local": local.isoformat(timespec="minutes"),
             "open": hours.write(rules.week.span(local)), "holiday": rules.week.holiday(local)}
            for local in question.local
        ],
        "attempts": {"today": question.today, "per_day": rules.per_day, "week": question.week,
                     "per_week": rules.per_week, "lead": question.attempts, "max": rules.max_attempts},
    }  # fmt: skip


def _plain(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, **reason.values}
