"""Which calls are recorded: a default and its exceptions; and the same said in a dialplan's words. Pure.

The most particular word counts, and no other is asked then: what the customer wishes, the call's campaign, its queue, its
direction, the default. A call is asked about when its recording would begin; one that is being recorded stays so to its end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

CAMPAIGN, QUEUE, DIRECTION = "campaign", "queue", "direction"
SCOPES = (CAMPAIGN, QUEUE, DIRECTION)
DIRECTIONS = ("inbound", "outbound")
SAFE = re.compile(r"[A-Za-z0-9_.-]{1,80}")  # what may stand in a line of a dialplan
ALWAYS, NEVER = "1", "0"


@dataclass(frozen=True, slots=True)
class Rule:
    """One exception; `pbx` is empty but for a queue, and `value` is a queue's name, a campaign's id or a direction."""

    scope: str
    pbx: str
    value: str
    record: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """The default, and what differs from it."""

    record: bool = True
    exceptions: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Of:
    """What is known of a call when its recording would begin; `refuses` is the customer's wish."""

    pbx: str
    direction: str
    queue: str = ""
    campaign: str = ""
    refuses: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call is recorded, and whose word that is: customer, campaign, queue, direction or default."""

    record: bool
    why: str


def decide(rules: Rules, of: Of) -> Verdict:
    """Say whether a call is recorded."""
    if of.refuses:
        return Verdict(False, "customer")
    said = {(rule.scope, rule.pbx, rule.value): rule.record for rule in rules.exceptions}
    for scope, pbx, value in (
        (CAMPAIGN, "", of.campaign),
        (QUEUE, of.pbx, of.queue),
        (DIRECTION, "", of.direction),
    ):
        record = said.get((scope, pbx, value))
        if value and record is not None:
            return Verdict(record, scope)
    return Verdict(rules.record, "default")


def dialplan(rules: Rules, pbx: str) -> str:
    """Write the lines of an exchange's extensions.conf that record by these rules, as they stand in ours."""
    inbound, outbound = (_base(rules, direction) for direction in DIRECTIONS)
    queues = [r for r in rules.exceptions if r.scope == QUEUE and r.pbx == pbx]
    campaigns = [r for r in rules.exceptions if r.scope == CAMPAIGN]
    to_queue = _either("EXTEN", queues, inbound)
    dialled = _either("CC_CAMPAIGN", campaigns, outbound)
    waits = _either("CC_CAMPAIGN", campaigns, _either("EXTEN", queues, outbound))
    lines = [
        "[queues]", f" same => n,{_gosub(to_queue)}",
        "[direct]", f"exten => _1XXX,1,{_gosub(inbound)}",
        "[from-agents]",
        f"exten => _[+0]X!,1,Dial(PJSIP/${{EXTEN}}@trunk,${{RING_SECONDS}},tTkK{_option(dialled)})",
        "[cc-campaign-wait]", f"exten => _[a-z][a-z].,1,{_gosub(waits)}",
    ]  # fmt: skip
    unsaid = sum(not SAFE.fullmatch(rule.value) for rule in queues)
    if unsaid:
        lines.append(f"; {unsaid} more: a queue whose name cannot stand in such a line")
    return "\n".join(lines)


def _base(rules: Rules, direction: str) -> str:
    return ALWAYS if decide(rules, Of("", direction)).record else NEVER


def _either(variable: str, exceptions: Sequence[Rule], otherwise: str) -> str:
    """Write the condition that the exceptions make of what holds otherwise, as Asterisk's $[...] reads it."""
    named = [rule for rule in exceptions if SAFE.fullmatch(rule.value)]
    yes = " | ".join(f'"${{{variable}}}" = "{rule.value}"' for rule in named if rule.record)
    no = " & ".join(f'"${{{variable}}}" != "{rule.value}"' for rule in named if not rule.record)
    if otherwise == NEVER or not no:
        rest = otherwise
    else:
        rest = no if otherwise == ALWAYS else f"{no} & ({otherwise})"
    if not yes or rest == ALWAYS:
        return rest
    return yes if rest == NEVER else f"{yes} | ({rest})"


def _gosub(condition: str) -> str:
    if condition in (ALWAYS, NEVER):
        return "Gosub(record,customer,1)" if condition == ALWAYS else "NoOp(not recorded)"
    return f"GosubIf($[{condition}]?record,customer,1)"


def _option(condition: str) -> str:
    if condition in (ALWAYS, NEVER):
        return "U(record)" if condition == ALWAYS else ""
    return f"${{IF($[{condition}]?U(record))}}"
