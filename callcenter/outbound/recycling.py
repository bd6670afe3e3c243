"""What becomes of a lead after a call: done, again after a while, or a callback; pure.

What the agent said comes first, what the exchange saw second. The campaign's retry rules are minutes by the code of either:
an outcome that has none is the end of the lead, and so is a result that can never change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OPEN, CALLBACK, DONE = "open", "callback", "done"
DO_NOT_CALL, BAD_NUMBER = "do_not_call", "bad_number"

# Minutes until the next try, where the campaign says nothing. `answered` is a talk of which nobody said what came of it.
USUAL: Mapping[str, int] = {
    "busy": 15, "no_answer": 120, "voicemail": 240, "cancelled": 30, "failed": 60, "refused": 60, "dropped": 30,
    "lost": 60, "answered": 1440,
}  # fmt: skip
# The agent's own phone or the exchange was at fault: the customer noticed nothing, and no try is counted.
NOT_CALLED = frozenset({"agent_no_answer", "phone_unreachable", "link_down", "not_placed"})
NEVER = frozenset({"invalid_number"})
LONGEST_MINUTES = 60 * 24 * 90


@dataclass(frozen=True, slots=True)
class Said:
    """What the agent said: the outcome's code, and what it does."""

    code: str
    success: bool = False
    effect: str = ""  # "" | do_not_call | bad_number
    callback: bool = False  # and a time was given


@dataclass(frozen=True, slots=True)
class Next:
    """Where the lead goes; `minutes` from now where it is open, and `counted` when this was a try."""

    state: str
    reason: str = ""
    minutes: int = 0
    counted: bool = True


def after(
    result: str, said: Said | None, *, retry: Mapping[str, Any], tries: int, most: int
) -> Next:
    """Decide; `tries` counts this one."""
    if said is not None:
        return _said(said, retry, tries, most)
    if result in NOT_CALLED:
        return Next(OPEN, counted=False)
    if result in NEVER:
        return Next(DONE, BAD_NUMBER)
    return _again(minutes(retry, result, USUAL["failed"]), tries, most)


def minutes(retry: Mapping[str, Any], code: str, otherwise: int | None = None) -> int | None:
    """Return the rule for a code: the campaign's, else the usual one, else `otherwise`."""
    found = retry.get(code, USUAL.get(code, otherwise))
    return None if found is None else min(max(int(found), 0), LONGEST_MINUTES)


def _said(said: Said, retry: Mapping[str, Any], tries: int, most: int) -> Next:
    if said.effect in (DO_NOT_CALL, BAD_NUMBER):
        return Next(DONE, said.effect)
    if said.success:
        return Next(DONE, "success")
    if said.callback:
        return Next(CALLBACK)  # what was promised is kept, whatever the count
    rule = minutes(retry, said.code)
    return Next(DONE, "final") if rule is None else _again(rule, tries, most)


def _again(wait: int | None, tries: int, most: int) -> Next:
    return Next(DONE, "attempts") if tries >= most else Next(OPEN, minutes=wait or 0)
