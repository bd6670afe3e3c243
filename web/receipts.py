"""Receipts in the reader's words: what was checked before a call was dialled, as outbound/compliance.py kept it with the attempt."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy import orm as sa_orm

from callcenter import models
from callcenter.outbound import compliance
from web import formats, i18n

N_ = i18n.N_
MOST = 10
NUMBER = {
    "not_a_customer_number": N_("It is no customer's telephone number"),
    "premium": N_("It is a premium or shared-cost number"),
    "blocked_prefix": N_("Numbers that begin like this are blocked"),
    "bad_number": N_("The number is marked as bad"),
    "abroad": N_("The number is abroad ({region}), where dialing is off"),
}
LISTS = {
    "in_registry": N_('In the "Do Not Call Me" registry since {date}'),
    "on_our_list": N_("On our do-not-call list since {date}"),
    "number_blocked": N_("The number is blocked"),
    "customer_asked": N_("The customer asked not to be called for marketing"),
}
HOURS = ("outside_hours", "shabbat", "holiday", "closed_day")
CAPS = ("attempts_used", "attempts_today", "attempts_week")
WISHES = {
    "allowed": N_("On no do-not-call list; the customer allowed marketing"),
    "unknown": N_("On no do-not-call list; the customer was not asked"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One rule that was asked, and what it said."""

    tone: str  # ok | warn | bad
    text: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was checked before one attempt; without lines nothing was kept of it."""

    tone: str
    title: str
    lines: Sequence[Line]
    version: str
    at: datetime
    user_id: int
    number: str


def of_calls(
    session: sa_orm.Session, calls: Collection[models.Call]
) -> dict[int, models.DialAttempt]:
    """Return the attempts that became some calls, by the call: an attempt's id is its call's Linkedid."""
    dialled = {call.linkedid: call for call in calls if call.direction == "outbound"}
    attempt = models.DialAttempt
    rows = session.scalars(select(attempt).where(attempt.id.in_(dialled))) if dialled else ()
    return {dialled[row.id].id: row for row in rows if row.pbx == dialled[row.id].pbx}


def not_made(
    session: sa_orm.Session, party: models.Party, numbers: Collection[str]
) -> Sequence[models.DialAttempt]:
    """Return the newest attempts to reach a customer that became no call: refused by the rules, or failed."""
    attempt, call = models.DialAttempt, models.Call
    return session.scalars(
        select(attempt)
        .where(
            attempt.e164.in_(numbers),
            attempt.party_id == party.id,
            attempt.state.in_(("refused", "failed")),
            ~exists().where(call.linkedid == attempt.id, call.pbx == attempt.pbx),
        )
        .order_by(attempt.requested_at.desc(), attempt.id)
        .limit(MOST)
    ).all()


def read(attempt: models.DialAttempt, texts: i18n.Texts, habits: formats.Formats) -> Receipt:
    """Put an attempt's receipt into words."""
    kept: Mapping[str, Any] = attempt.receipt
    lines: tuple[Line, ...] = ()
    if "checked" in kept:
        lines = tuple(_lines(kept, texts, habits))
    tone, title = _verdict(kept, texts)
    return Receipt(
        tone=tone,
        title=title,
        lines=lines,
        version=str(kept.get("version", "")),
        at=attempt.requested_at,
        user_id=attempt.user_id,
        number=attempt.e164 or attempt.number,
    )


def _verdict(kept: Mapping[str, Any], texts: i18n.Texts) -> tuple[str, str]:
    if "checked" not in kept:
        return "", texts.say("What was checked before this call was not kept")
    if not kept["allowed"]:
        return "bad", texts.say("Checked before dialing: refused")
    if kept["warnings"]:
        return "warn", texts.say("Checked before dialing: allowed, with a warning")
    return "ok", texts.say("Checked before dialing: allowed")


def _lines(kept: Mapping[str, Any], texts: i18n.Texts, habits: formats.Formats) -> Iterator[Line]:
    """Yield what each rule said, in the order of the rules."""
    checked = kept["checked"]
    against = {reason["code"]: ("bad", reason) for reason in kept["reasons"]}
    against |= {reason["code"]: ("warn", reason) for reason in kept["warnings"]}
    marketing = checked["purpose"] == compliance.MARKETING
    yield Line(
        "ok",
        texts.say("Marketing call: every rule can refuse it")
        if marketing
        else texts.say("Service call: what forbids marketing only warns"),
    )
    dialled = texts.say("The number may be dialed")
    yield from _said(NUMBER, against, dialled, texts, habits)
    wish = WISHES.get(checked["wish"], WISHES["unknown"])
    yield from _said(LISTS, against, texts.say(wish), texts, habits)
    for place in checked["hours"]:
        closed = next((against[code][0] for code in HOURS if code in against), "ok")
        yield _hours(place, "ok" if _open(place) else closed, texts, habits)
    yield from _attempts(checked["attempts"], against, texts)


def _said(
    words: Mapping[str, str],
    against: Mapping[str, tuple[str, Mapping[str, Any]]],
    otherwise: str,
    texts: i18n.Texts,
    habits: formats.Formats,
) -> Iterator[Line]:
    found = [code for code in words if code in against]
    for code in found:
        tone, values = against[code]
        shown = {"region": str(values.get("region", ""))}
        if "date" in values:
            shown["date"] = habits.plain_date(date.fromisoformat(values["date"]))
        isolated = {name: _isolated(value) for name, value in shown.items()}
        yield Line(tone, texts.say(words[code], **isolated))
    if not found:
        yield Line("ok", otherwise)


def _open(place: Mapping[str, Any]) -> bool:
    """Say whether it was open in one zone of the number: all of them have to be."""
    begin, _, end = place["open"].partition("-")
    clock = f"{datetime.fromisoformat(place['local']):%H:%M}"
    return bool(not place["holiday"] and begin <= clock < end)


def _hours(place: Mapping[str, Any], tone: str, texts: i18n.Texts, habits: formats.Formats) -> Line:
    local = datetime.fromisoformat(place["local"])
    time = f"{habits.plain_date(local.date())} {local:%H:%M}"
    values = {"time": _isolated(time), "zone": _isolated(place["zone"])}
    if place["holiday"]:
        text = texts.say("It was {time} there ({zone}), a holiday: {holiday}", holiday=f"\u2068{place['holiday']}\u2069", **values)  # fmt: skip
    elif not place["open"]:
        text = texts.say("It was {time} there ({zone}), a day without calls", **values)
    else:
        span = _isolated(place["open"].replace("-", "–"))
        text = texts.say("It was {time} there ({zone}), calling hours {span}", span=span, **values)
    return Line(tone, text)


def _attempts(
    counted: Mapping[str, Any],
    against: Mapping[str, tuple[str, Mapping[str, Any]]],
    texts: i18n.Texts,
) -> Iterator[Line]:
    caps = {code: against[code][0] for code in CAPS if code in against}
    yield Line(
        caps.get("attempts_today") or caps.get("attempts_week") or "ok",
        texts.say(
            "Marketing calls to the number before it: {today} of {per_day} that day, {week} of {per_week} in seven days",
            **{name: _isolated(counted[name]) for name in ("today", "per_day", "week", "per_week")},
        ),
    )
    if counted["max"] is not None:
        values = {"lead": _isolated(counted["lead"]), "max": _isolated(counted["max"])}
        text = texts.say("Attempts in the campaign before it: {lead} of {max}", **values)
        yield Line(caps.get("attempts_used", "ok"), text)


def _isolated(value: object) -> str:
    return f"\u2066{value}\u2069"
