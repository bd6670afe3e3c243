"""From facts to screens: whose phone rings, who that is, and when a card comes, changes and goes.

Two subscribers of the switchboard, with the call log between them:

    meet     a call appears: who is the other side? One look-up, at once, so that the row carries the answer
    (calllog writes the row)
    on_fact  legs: the phones of our users, what each does; every change is told to `changed`, in order

A user's leg opens when their phone rings or dials and closes with a reason. One that was answered and spoke with somebody
outside closes into wrap-up. What the exchange merges is one card.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from callcenter.crm import agents, live, seats, who
from callcenter.telephony import facts, roles

_RING_REASONS = {
    facts.Outcome.MISSED: "missed",
    facts.Outcome.BUSY: "missed",
    facts.Outcome.REJECTED: "rejected",
    facts.Outcome.ANSWERED_ELSEWHERE: "answered_elsewhere",
}


class Desk:
    """Hold the calls of the present with the users in them."""

    def __init__(
        self,
        *,
        seating: seats.Seats,
        agents_: agents.Agents,
        who_: who.Who,
        wrapup_seconds: Callable[[str, str | None], float],
    ) -> None:
        """Take `wrapup_seconds(pbx, queue)`, the time after a call of that queue."""
        self.changed: list[Callable[[live.Change], None]] = []
        self.calls: dict[live.Key, live.LiveCall] = {}
        self._seats = seating
        self._agents = agents_
        self._who = who_
        self._wrapup_seconds = wrapup_seconds

    # ---- asked by others

    def of_user(self, user_id: int) -> list[live.LiveCall]:
        """Give the calls on a user's screen, wrap-up included, the oldest first."""
        return [call for call in self.calls.values() if user_id in call.legs]

    def find(self, user_id: int, linkedid: str) -> live.LiveCall | None:
        """Give a call in which the user takes part, by its Linkedid."""
        for call in self.calls.values():
            if call.id == linkedid and user_id in call.legs:
                return call
        return None

    def said(self, call: live.LiveCall, party_id: int, name: str) -> None:
        """Take who an agent says the party is, and show it to all who have the call."""
        self._who.said(call, party_id, name)
        self._relink(call)

    def consulting(self, call: live.LiveCall, leg: live.Leg) -> None:
        """Take it that a user asks a colleague while the customer waits."""
        self._set(call, leg, live.CONSULTING, time.time())
        self.refresh(call)

    def consulted(self, call: live.LiveCall, leg: live.Leg) -> None:
        """Take it that the user is with the customer again."""
        call.transfer = None
        self._set(call, leg, live.TALKING, time.time())
        self.refresh(call)

    def notice(self, user_id: int, level: str, code: str, call_id: str = "") -> None:
        """Say something to a user, by its code."""
        self._tell(live.Noticed(user_id, level, code, call_id))

    def lead_changed(self, user_id: int) -> None:
        """Say that the lead on a user's desk went on."""
        self._tell(live.LeadChanged(user_id))

    def close_wrapup(self, user_id: int, call: live.LiveCall) -> None:
        """Take a card away whose wrap-up is over."""
        leg = call.legs.pop(user_id, None)
        if leg is not None:
            self._tell(live.Closed(call, leg, "ended"))
        self._forget_if_over(call)

    def refresh(self, call: live.LiveCall) -> None:
        """Show a call again on every screen that has it."""
        for leg in list(call.legs.values()):
            self._tell(live.Updated(call, leg))

    # ---- facts

    def meet(self, pbx: str, fact: facts.Fact) -> None:
        """Make the call known and look up who it is; before the row is written."""
        match fact:
            case facts.CallStarted():
                call = self._who.met(pbx, fact)
                self.calls[call.key] = call
            case facts.CallRinging() | facts.FarEndAnswered() | facts.CallAnswered():
                known = self.calls.get((pbx, fact.linkedid))
                if known is not None and self._who.look_again(known, fact.at):
                    self._relink(known)

    def on_fact(self, pbx: str, fact: facts.Fact) -> None:
        """Open, change and close legs."""
        if isinstance(fact, facts.MemberChanged | facts.PhoneChanged | facts.QueueChanged):
            return
        call = self.calls.get((pbx, fact.linkedid))
        if call is None:
            return
        handler = _HANDLERS.get(type(fact))
        if handler is not None:
            handler(self, call, fact)

    def _started(self, call: live.LiveCall, fact: facts.CallStarted) -> None:
        self._open(call, roles.interface(fact.channel), fact.channel, live.DIALING, fact.at)

    def _queued(self, call: live.LiveCall, fact: facts.CallQueued) -> None:
        call.queue, call.queued = fact.queue, call.queued or fact.at

    def _rings(self, call: live.LiveCall, fact: facts.CallRinging) -> None:
        call.queue = fact.queue or call.queue
        call.ringing = call.ringing or fact.at
        own = call.dial is not None and not call.answered and not call.far_end_answered
        user = self._seats.user_of(call.pbx, fact.interface, fact.extension)
        dialing = own and call.dial is not None and user == call.dial.user_id
        state = live.DIALING if dialing else live.RINGING
        self._open(call, fact.interface, fact.channel, state, fact.at, fact.extension)

    def _ring_ended(self, call: live.LiveCall, fact: facts.RingEnded) -> None:
        leg = self._leg_of(call, fact.interface, fact.extension)
        if leg is not None and leg.state == live.RINGING:
            self._close(call, leg, _RING_REASONS.get(fact.outcome, "missed"), fact.at)
            self._colleague_gone(call, leg)

    def _joined(self, call: live.LiveCall, fact: facts.ParticipantJoined) -> None:
        answered = call.answered is not None
        state = live.DIALING if call.direction is facts.Direction.OUTBOUND and not answered else live.TALKING  # fmt: skip
        leg = self._open(call, fact.interface, fact.channel, state, fact.at, fact.extension)
        if leg is not None:
            leg.joined = leg.joined or fact.at
            self._set(call, leg, state, fact.at)

    def _answered(self, call: live.LiveCall, fact: facts.CallAnswered) -> None:
        call.answered = call.answered or fact.at
        for leg in list(call.legs.values()):
            if leg.joined is not None:
                self._set(call, leg, live.TALKING, fact.at)

    def _far_end_answered(self, call: live.LiveCall, fact: facts.FarEndAnswered) -> None:
        call.far_end_answered = fact.at
        self.refresh(call)

    def _held(self, call: live.LiveCall, fact: facts.CallHeld) -> None:
        call.held_by.add(fact.by)
        for leg in list(call.legs.values()):
            if leg.joined is not None and fact.by in ("", leg.interface):
                self._set(call, leg, live.HELD, fact.at)

    def _resumed(self, call: live.LiveCall, fact: facts.CallResumed) -> None:
        call.held_by.discard(fact.by)
        for leg in list(call.legs.values()):
            if leg.state in (live.HELD, live.CONSULTING) and not call.held_by & {"", leg.interface}:
                self._set(call, leg, live.TALKING, fact.at)

    def _transferred(self, call: live.LiveCall, fact: facts.CallTransferred) -> None:
        call.transfer = {"kind": fact.kind, "to": fact.to, "state": "done"}
        call.passes()
        for leg in list(call.legs.values()):
            if leg.interface != fact.by and leg.joined is not None:
                self._set(call, leg, live.TALKING, fact.at)

    def _left(self, call: live.LiveCall, fact: facts.ParticipantLeft) -> None:
        leg = self._leg_of(call, fact.interface, fact.extension)
        if leg is not None and leg.state != live.WRAPUP:
            moved = fact.outcome is facts.Outcome.TRANSFERRED or leg.passed_on
            if not moved:
                self._colleague_gone(call, leg)
            self._close(call, leg, "transferred" if moved else "ended", fact.at)

    def _colleague_gone(self, call: live.LiveCall, gone: live.Leg) -> None:
        """Take who asked a colleague back to the customer when the colleague would not, or left."""
        for leg in list(call.legs.values()):
            if leg is not gone and leg.state == live.CONSULTING and call.is_consulted():
                self.consulted(call, leg)

    def _merged(self, call: live.LiveCall, fact: facts.CallMerged) -> None:
        other = self.calls.pop((call.pbx, fact.absorbed), None)
        if other is None:
            return
        for user_id, leg in list(other.legs.items()):
            del other.legs[user_id]
            self._agents.leg(user_id, other.key, None, fact.at)
            self._tell(live.Closed(other, leg, "transferred"))
            if user_id not in call.legs and leg.state != live.WRAPUP:
                call.legs[user_id] = leg
                self._agents.leg(user_id, call.key, leg.state, fact.at)
                self._tell(live.Popped(call, leg))

    def _recording(self, call: live.LiveCall, fact: facts.Fact) -> None:
        call.recording = "on" if isinstance(fact, facts.RecordingStarted) else "off"
        self.refresh(call)

    def _over(self, call: live.LiveCall, fact: facts.CallEnded | facts.CallLost) -> None:
        call.ended = fact.at
        for leg in list(call.legs.values()):
            if leg.state != live.WRAPUP:
                self._close(call, leg, "missed" if leg.state == live.RINGING else "ended", fact.at)
        self._forget_if_over(call)

    # ---- legs

    def _open(
        self, call: live.LiveCall, interface: str, channel: str, state: str, at: float, extension: str = ""
    ) -> live.Leg | None:  # fmt: skip
        user = self._seats.user_of(call.pbx, interface, extension)
        if user is None:
            return None
        leg = call.legs.get(user)
        if leg is not None and leg.state != live.WRAPUP:
            leg.channel = channel or leg.channel
            return leg
        number = extension or interface.partition("/")[2]
        leg = live.Leg(user, interface, number, state, at, channel, at, asked=call.is_consulted())
        call.legs[user] = leg
        self._tell(live.Popped(call, leg))
        self._agents.leg(user, call.key, state, at)
        return leg

    def _set(self, call: live.LiveCall, leg: live.Leg, state: str, at: float) -> None:
        if leg.state == state or leg.state == live.WRAPUP:
            return
        if leg.state == live.CONSULTING and call.is_consulted():
            return  # with the colleague the line's music stops and starts; that is no going back
        leg.state, leg.since = state, at
        agent = self._agents.get(leg.user_id)
        if state == live.TALKING and self._wraps_up(call):
            agent.keeps_queue_away = True
        self._tell(live.Updated(call, leg))
        self._agents.leg(leg.user_id, call.key, state, at)

    def _close(self, call: live.LiveCall, leg: live.Leg, reason: str, at: float) -> None:
        spoke = leg.joined is not None and (call.answered or call.far_end_answered) is not None
        if spoke and not leg.asked and self._wraps_up(call):
            seconds = self._wrapup_seconds(call.pbx, call.queue)
            wrapup = self._agents.begin_wrapup(leg.user_id, call.key, at, seconds)
            leg.state, leg.since = live.WRAPUP, at
            leg.wrapup_until, leg.wrapup_seconds = wrapup.until, seconds
        else:
            call.legs.pop(leg.user_id, None)
        self._tell(live.Closed(call, leg, reason))
        self._agents.leg(leg.user_id, call.key, None, at)

    def _wraps_up(self, call: live.LiveCall) -> bool:
        outside = call.direction is not facts.Direction.INTERNAL
        return outside and self._wrapup_seconds(call.pbx, call.queue) > 0

    def _leg_of(self, call: live.LiveCall, interface: str, extension: str) -> live.Leg | None:
        user = self._seats.user_of(call.pbx, interface, extension)
        return call.legs.get(user) if user is not None else None

    def _forget_if_over(self, call: live.LiveCall) -> None:
        if call.ended is not None and not call.legs:
            self.calls.pop(call.key, None)

    def _relink(self, call: live.LiveCall) -> None:
        for leg in list(call.legs.values()):
            self._tell(live.Relinked(call, leg))

    def _tell(self, change: live.Change) -> None:
        for tell in self.changed:
            tell(change)


_HANDLERS: dict[type, Callable[[Desk, live.LiveCall, Any], None]] = {
    facts.CallStarted: Desk._started,
    facts.CallQueued: Desk._queued,
    facts.CallRinging: Desk._rings,
    facts.RingEnded: Desk._ring_ended,
    facts.ParticipantJoined: Desk._joined,
    facts.CallAnswered: Desk._answered,
    facts.FarEndAnswered: Desk._far_end_answered,
    facts.CallHeld: Desk._held,
    facts.CallResumed: Desk._resumed,
    facts.CallTransferred: Desk._transferred,
    facts.ParticipantLeft: Desk._left,
    facts.CallMerged: Desk._merged,
    facts.RecordingStarted: Desk._recording,
    facts.RecordingStopped: Desk._recording,
    facts.CallEnded: Desk._over,
    facts.CallLost: Desk._over,
}
