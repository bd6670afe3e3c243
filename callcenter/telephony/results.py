"""Verdicts over a call: its direction, its two ends, its result, who hung up and why; pure.

Every verdict is a function of what the call has seen (records.Call), so it can be asked of a running call as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callcenter.telephony import facts

if TYPE_CHECKING:
    from callcenter.telephony import graph, records

TAKEN = "PICKUP"  # not Dial's word but ours: another phone picked the call up
NORMAL = 16
BUSY, NO_RESPONSE, NO_ANSWER, REJECTED, ELSEWHERE = 17, 18, 19, 21, 26  # Q.850
_SAYS_NOTHING = (None, 0, 16, ELSEWHERE)
_OUTSIDE = re.compile(r"\+[0-9]{4,}|[0-9]{7,}|[*#]?0[0-9]{4,}")
_DIALABLE = re.compile(r"[+*#]?[0-9][0-9*#]*")
_SIP_USER = re.compile(r"(?:^|/)(?:sips?:)?(\+?[0-9*#]{2,})(?:@|$|:|;|/|&)")


@dataclass(frozen=True, slots=True)
class Leg:
    """A device that was dialled and did not answer."""

    device: graph.Device
    status: str  # Dial's word: BUSY, NOANSWER, CANCEL, CONGESTION, CHANUNAVAIL, ...
    cause: int | None
    elsewhere: bool = False

    @property
    def is_busy(self) -> bool:
        """Say whether it was busy."""
        return self.cause == BUSY or (self.status == "BUSY" and self.cause in _SAYS_NOTHING)

    @property
    def is_rejected(self) -> bool:
        """Say whether a person refused."""
        return self.cause == REJECTED or (self.is_busy and self.device.rang is not None)

    @property
    def is_unanswered(self) -> bool:
        """Say whether it rang out, or nobody was there in time."""
        # Dial says NOANSWER of a refusal (21) and of an unknown number (1) as well: the cause knows better.
        silent = self.status == "NOANSWER" and self.cause in _SAYS_NOTHING
        return silent or self.cause in (NO_ANSWER, NO_RESPONSE)

    @property
    def is_cancelled(self) -> bool:
        """Say whether the one who dialled gave up."""
        gave_up = self.status in ("CANCEL", "ABORT")
        return gave_up or (not self.status and self.cause in _SAYS_NOTHING)


def is_outside(number: str) -> bool:
    """Say whether a dialled text looks like a number of the outside world rather than an extension."""
    return _OUTSIDE.fullmatch(number) is not None


def dialled(dial_string: str) -> str:
    """Find the number in Dial's own words: `0501234567@trunk`, `trunk/sip:050...@host`, `SIP/trunk/050...`."""
    found = _SIP_USER.search(dial_string.strip())
    return found[1] if found else ""


def direction(call: records.Call) -> facts.Direction:
    """Judge where a call began and where it goes; a Linkedid alone does not say."""
    first = call.first
    kind = call.variables.get("CC_KIND")
    if kind == "campaign":
        return facts.Direction.OUTBOUND
    if first is None:
        return facts.Direction.INTERNAL
    if first.is_trunk:
        return facts.Direction.INBOUND if first.incoming else facts.Direction.OUTBOUND
    if call.dialled_trunk:
        return facts.Direction.OUTBOUND
    if call.dialled_phone:
        return facts.Direction.INTERNAL
    if kind == "click" or is_outside(first.exten) or is_outside(call.dialled_number):
        return facts.Direction.OUTBOUND
    if not first.incoming and (first.up is None or is_outside(first.number)):
        # Our own phone was called by nobody: somebody asked for this call (click-to-dial).
        return facts.Direction.OUTBOUND
    return facts.Direction.INTERNAL


def ends(call: records.Call, way: facts.Direction) -> tuple[str, str, str]:
    """Give from, from's name and to, each as Asterisk told it."""
    first = call.first
    if first is None:
        return "", "", call.dialled_number
    if way is facts.Direction.INBOUND:
        did = said(first.exten)
        direct = call.dialled_phone if call.queue is None else ""
        return first.number, first.caller_name, direct or did
    if first.is_trunk:  # a campaign's customer, whom we called: the agent comes later, from a queue
        agent = next((s.extension for s in call.seats.values() if s.answered is not None), "")
        return agent, "", call.variables.get("CC_NUMBER") or call.dialled_number or first.number
    if way is facts.Direction.INTERNAL:
        to = said(first.exten) or call.dialled_phone or call.dialled_number
        return first.extension, _own_name(first), to
    return first.extension, _own_name(first), _outside_number(call, first)


def did(call: records.Call) -> str | None:
    """Give the number of ours that the caller dialled."""
    return (said(call.first.exten) or None) if call.first is not None else None


def _outside_number(call: records.Call, first: graph.Device) -> str:
    """Choose among the number as dialled by hand and as sent out; a prefix for the line is not part of it."""
    asked = call.variables.get("CC_NUMBER") or said(first.exten)
    sent = call.dialled_number
    if not asked and not first.incoming and is_outside(first.number):
        asked = first.number  # click-to-dial shows the customer's number on the agent's phone
    if sent and (not asked or (asked.endswith(sent) and len(sent) >= 5)):
        return sent
    return asked or sent


def said(exten: str) -> str:
    """Give a dialplan extension if somebody can have dialled it: `s` and `h` are Asterisk's own."""
    return exten if _DIALABLE.fullmatch(exten) else ""


def _own_name(first: graph.Device) -> str:
    return first.caller_name if first.incoming else ""


def result(call: records.Call) -> facts.Result:
    """Judge how a finished call ended."""
    if call.answered is not None:
        return facts.Result.ANSWERED
    way, first = call.told_direction(), call.first
    if way is facts.Direction.OUTBOUND and first is not None and not first.incoming:
        if first.is_phone and first.up is None:
            return facts.Result.AGENT_NO_ANSWER
        if first.is_trunk and first.up is not None:
            return facts.Result.DROPPED
    if call.voicemail:
        return facts.Result.VOICEMAIL
    if call.queued is not None and way is not facts.Direction.OUTBOUND:
        # QueueCallerAbandon comes at a time-out as well: what counts is who asked to hang up, where Asterisk tells that.
        gave_up = call.breaker is first if call.asked else call.abandoned
        return facts.Result.ABANDONED if gave_up else facts.Result.NO_ANSWER
    return _of_legs(call)


def _of_legs(call: records.Call) -> facts.Result:
    legs = [leg for leg in call.legs if leg.device.role and not leg.elsewhere]
    caller_left = call.breaker is not None and call.breaker is call.first
    if caller_left and (not legs or any(leg.is_cancelled for leg in legs)):
        return facts.Result.CANCELLED
    last = [leg for leg in legs if leg.device.is_trunk] or legs
    if any(leg.is_unanswered for leg in last):
        return facts.Result.NO_ANSWER
    if any(leg.is_busy for leg in last):
        return facts.Result.BUSY
    if last and all(leg.is_cancelled for leg in last):
        return facts.Result.NO_ANSWER if call.ringing is not None else facts.Result.FAILED
    if last or call.told_direction() is facts.Direction.OUTBOUND:
        return facts.Result.FAILED
    return facts.Result.NO_ANSWER


def _party(call: records.Call, device: graph.Device) -> str:
    way = call.told_direction()
    if way is facts.Direction.INTERNAL:
        return "caller" if device is call.first else "callee"
    if device.is_phone:
        return "agent"
    return "caller" if way is facts.Direction.INBOUND else "callee"


def hangup_by(call: records.Call, verdict: facts.Result | None) -> str | None:
    """Say who ended the call: caller, agent, callee or system; of a call lost from sight nobody knows."""
    if verdict is facts.Result.LOST:
        return None
    ended_it = call.breaker or call.left_first
    if call.stopped and call.breaker is None:
        return "system"
    if ended_it is not None:
        return _party(call, ended_it)
    if call.said_complete in ("caller", "agent"):
        if call.said_complete == "caller" and call.first is not None:
            return _party(call, call.first)
        return "agent"
    refused = [leg for leg in call.legs if leg.is_busy or leg.is_rejected]
    if call.answered is None and refused and verdict is not facts.Result.NO_ANSWER:
        return _party(call, refused[-1].device)
    return "system"


def hangup_cause(call: records.Call) -> int | None:
    """Give the Q.850 cause that decided: of the far end that could not be had, else of who hung up first."""
    if call.answered is None and call.breaker is not call.first:
        for leg in reversed(call.legs):
            if leg.cause and not leg.elsewhere:
                return leg.cause
    for device, cause in call.gone:
        if device is call.breaker:
            # Version 22 gives 0 for a caller who just hangs up: that is normal clearing.
            return cause or call.asked_cause or NORMAL
    causes = [cause for device, cause in call.gone if device.role and cause is not None]
    return causes[0] if causes else None
