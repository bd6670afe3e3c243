"""The gate's reasons in the reader's words: may I call or not, why, and until when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from callcenter.outbound import compliance
from web import formats, i18n

N_ = i18n.N_
REFUSALS = {
    "not_a_customer_number": N_("Do not call. This is not a customer's telephone number."),
    "premium": N_("Premium and shared-cost numbers are not dialed from here."),
    "blocked_prefix": N_("Numbers that begin like this are not dialed from here."),
    "bad_number": N_("Do not call. The number is marked as bad."),
    "abroad": N_("The number is abroad. Dialing abroad is off."),
    "in_registry": N_('Do not call. The number is in the "Do Not Call Me" registry.'),
    "on_our_list": N_("Do not call. The number is on our do-not-call list since {date}."),
    "number_blocked": N_("Do not call. The number is blocked."),
    "customer_asked": N_("Do not call. The customer asked not to be called."),
    "outside_hours": N_("Do not call now. Calling hours there are {start} to {end}."),
    "shabbat": N_("Do not call now. Shabbat until {time}."),
    "holiday": N_("Do not call now. Holiday: {holiday}, until {time}."),
    "closed_day": N_("Do not call now. Calls begin again: {time}."),
    "attempts_used": N_("Do not call again in this campaign. All attempts were used ({limit})."),
    "attempts_today": N_("Do not call today. Attempts made: {n}, limit: {limit}."),
    "attempts_week": N_("Do not call this week. Attempts made: {n}, limit: {limit}."),
}
_MARKETING = N_("Service call – marketing is not allowed in it")
_LATE = N_("It is outside of calling hours there")
_HOURS = ("outside_hours", "shabbat", "holiday", "closed_day")


def refusal(
    reasons: Iterable[compliance.Reason], texts: i18n.Texts, habits: formats.Formats
) -> str:
    """Say why a call may not be made."""
    return " ".join(
        texts.say(REFUSALS[reason.code], **_values(reason.values, habits)) for reason in reasons
    )


def warning(reasons: Iterable[compliance.Reason], texts: i18n.Texts) -> str:
    """Say what to mind in a call that may be made."""
    said = dict.fromkeys(_LATE if reason.code in _HOURS else _MARKETING for reason in reasons)
    return ". ".join(texts.say(text) for text in said)


def _values(values: Mapping[str, Any], habits: formats.Formats) -> dict[str, str]:
    """Write dates and times as the reader does; whatever reads from left to right stands isolated."""
    written: dict[str, Callable[[Any], str]] = {
        "date": lambda value: habits.plain_date(date.fromisoformat(value)),
        "time": lambda value: (
            habits.plain_moment(datetime.fromisoformat(value)) if value else formats.NONE
        ),
    }
    return {name: written.get(name, _isolated)(value) for name, value in values.items()}


def _isolated(value: Any) -> str:
    return f"\u2068{value}\u2069"
