"""A call told from Asterisk's own records, as the tracker would have told it: legs and queue lines -> `CallRecord`; pure.

What the records cannot know stays unknown: hold, hangup causes, the number that was dialled (a CDR keeps the last
extension, not the first; FreePBX has a column for it), and who hung up a call that no queue served. The CDR's `answer` is
the moment when Asterisk picked up: for a queue that is the music, so the agent's moment is the queue_log's CONNECT.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from callcenter.telephony import facts, history, listeners, results, roles, seating

_GONE = ("COMPLETECALLER", "COMPLETEAGENT")
_CLOSE_SECONDS = 2.0


def fold(
    legs: Sequence[history.Leg], lines: Iterable[history.QueueLine], known: roles.Roles
) -> facts.CallRecord | None:
    """Tell one call of its legs and its queue's lines; None where no phone and no trunk had a part in it."""
    if listeners.is_listener(legs[0].linkedid):
        return None  # a supervisor who listened: no call of anybody's
    named = [one for one in legs if known.role(one.channel) or known.role(one.peer)]
    if not named:
        return None
    return _Folded(list(legs), sorted(lines, key=lambda line: line.at), known).record()


class _Folded:
    """One call, while it is read."""

    def __init__(
        self, legs: list[history.Leg], lines: list[history.QueueLine], known: roles.Roles
    ) -> None:
        self.roles, self.lines = known, lines
        oldest = min(legs, key=lambda one: one.start)
        self.id = oldest.linkedid
        firsts = [one for one in legs if one.uniqueid == self.id and known.role(one.channel)]
        self.first = next(iter(firsts), oldest)
        # What the first channel did comes in its own order; its legs tell how the call ended.
        self.legs = legs
        self.own = [one for one in legs if one.channel == self.first.channel] or [self.first]
        self.started = oldest.start
        self.ended = max([one.end for one in legs])
        self.trunk_first = known.role(self.first.channel) == roles.TRUNK
        self.phone_first = known.role(self.first.channel) == roles.PHONE
        self.direction = self._direction()
        self.entered = self._line("ENTERQUEUE")
        self.queue, self.queued = self._queue()
        self.seating = seating.Seating(
            known,
            self.first,
            self.lines,
            self.queued,
            outbound=self.direction is facts.Direction.OUTBOUND,
        )
        self.seats = self.seating.read(legs)

    def record(self) -> facts.CallRecord:
        """Tell the call."""
        answered, far_end = self._answered()
        result = self._result(answered)
        transfers = self._transfers()
        ringing = self._ringing()
        left = self._line("ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY")
        waited = answered if answered is not None else left.at if left else self.ended
        rung = answered if answered is not None else self.ended
        from_, name, to = self._ends()
        return facts.CallRecord(
            id=self.id, direction=self.direction, from_=from_, from_name=name, to=to,
            did=self._did() or None, queue=self.queue, started=self.started, far_end_answered=far_end,
            result=result, queued=self.queued, ringing=ringing, answered=answered, ended=self.ended,
            wait_seconds=_span(self.queued, waited), ring_seconds=_span(ringing, rung),
            talk_seconds=_span(answered, self.ended) or 0.0, hangup_by=self._hangup_by(result),
            participants=tuple(self._participants(transfers, spoken=answered is not None)), transfers=transfers,
        )  # fmt: skip

    def _line(self, *events: str) -> history.QueueLine | None:
        return next((line for line in self.lines if line.event in events), None)

    def _direction(self) -> facts.Direction:
        chosen = history.is_chosen(self.id)
        if self.trunk_first:
            return facts.Direction.OUTBOUND if chosen else facts.Direction.INBOUND
        peers = [self.roles.role(one.peer) for one in self.own]
        if roles.TRUNK in peers:
            return facts.Direction.OUTBOUND
        outside = results.is_outside(self.first.dialled) or results.is_outside(self.first.number)
        if chosen or (outside and roles.PHONE not in peers):
            return facts.Direction.OUTBOUND
        return facts.Direction.INTERNAL

    def _queue(self) -> tuple[str | None, float | None]:
        if self.entered is not None:
            return self.entered.queue, max(self.entered.at, self.started)
        leg = next((one for one in self.own if one.app == "Queue"), None)
        return (leg.data.partition(",")[0] or None, leg.start) if leg else (None, None)

    def _ends(self) -> tuple[str, str, str]:
        first = self.first
        if self.direction is facts.Direction.INBOUND:
            phone = next((s.extension for s in self.seats.values()), "") if not self.queue else ""
            return first.number, first.name, phone or self._did()
        if self.trunk_first:  # a campaign's customer; the number is known to whoever dialled
            agent = next((s.extension for s in self.seats.values() if s.answered is not None), "")
            return agent, "", ""
        own = self.roles.extension(roles.interface(first.channel))
        name = first.name if first.number == own else ""
        if self.direction is facts.Direction.INTERNAL:
            return own, name, results.said(first.dialled)
        sent = next((results.dialled(one.data) for one in self.own if one.app == "Dial"), "")
        asked = results.said(first.dialled) or (first.number if first.number != own else "")
        return own, name, sent if sent and (not asked or asked.endswith(sent)) else asked or sent

    def _did(self) -> str:
        if self.direction is not facts.Direction.INBOUND:
            return ""
        said = next((one.did for one in self.legs if one.did), "")
        # A CDR keeps the last extension: a phone's, a queue's name, where a transfer went to. None is a number of ours.
        outside = results.is_outside(self.first.dialled) and self._line("BLINDTRANSFER") is None
        return said or (self.first.dialled if outside else "")

    def _answered(self) -> tuple[float | None, float | None]:
        """Give when two people first heard each other, and when the one whom we dialled picked up."""
        if self.direction is facts.Direction.OUTBOUND and self.phone_first:
            legs = [o for o in self.own if self.roles.role(o.peer) == roles.TRUNK and o.is_answered]
            picked = min((o.answer for o in legs if o.answer is not None), default=None)
            return picked, picked
        spoke = [s.answered for s in self.seats.values() if s.answered is not None and not s.began]
        if self.direction is facts.Direction.OUTBOUND:
            far = min((o.answer for o in self.own if o.answer is not None), default=None)
            return min(spoke, default=None), far
        return min(spoke, default=None), None

    def _ringing(self) -> float | None:
        seats = [s.rang for s in self.seats.values() if s.rang is not None]
        far = [one.start for one in self.own if self.roles.role(one.peer) == roles.TRUNK]
        return min(seats or far, default=None)

    def _result(self, answered: float | None) -> facts.Result:
        if answered is not None:
            return facts.Result.ANSWERED
        outbound = self.direction is facts.Direction.OUTBOUND
        last = self.own[-1]
        if outbound and history.is_chosen(self.id):
            if self.phone_first and all(not one.is_answered and not one.peer for one in self.own):
                return facts.Result.AGENT_NO_ANSWER
            if self.trunk_first and any(one.is_answered or one.answer for one in self.own):
                return facts.Result.DROPPED
        if any(one.app == "VoiceMail" and one.is_answered for one in self.own):
            return facts.Result.VOICEMAIL
        if self.queued is not None and not outbound:
            gave_up = self._line("ABANDON") or (not self.lines and last.app == "Queue")
            return facts.Result.ABANDONED if gave_up else facts.Result.NO_ANSWER
        return self._of_dial()

    def _of_dial(self) -> facts.Result:
        dialled = [one for one in self.own if one.peer] or self.own
        last = dialled[-1]
        if last.disposition == "BUSY":
            return facts.Result.BUSY
        if last.disposition in ("FAILED", "CONGESTION"):
            return facts.Result.FAILED
        # Dial that ran out lets the dialplan go on, which is a leg more; a caller who hangs up ends it there.
        if last is self.own[-1] and last.app == "Dial":
            return facts.Result.CANCELLED
        return facts.Result.NO_ANSWER

    def _transfers(self) -> tuple[facts.Transfer, ...]:
        told = []
        for line in self.lines:
            if line.event not in ("BLINDTRANSFER", "ATTENDEDTRANSFER"):
                continue
            seat = self.seating.member(line.agent)
            if seat is not None:
                seat.passed_on = True
            blind = line.event == "BLINDTRANSFER"
            to = line.data[0] if blind and line.data else self._came_in(line.at, seat)
            if blind and any(
                o.app == "Park" and abs(o.start - line.at) <= _CLOSE_SECONDS for o in self.legs
            ):
                continue  # parking is done by a transfer, and is none
            by = seat.extension if seat else line.agent
            told.append(facts.Transfer("blind" if blind else "attended", by, to, line.at))
        return tuple(told)

    def _came_in(self, at: float, giver: seating.Seat | None) -> str:
        """Name the one to whom an attended transfer went: who was asked last, and stayed."""
        stayed = [
            seat
            for seat in self.seats.values()
            if seat is not giver and seat.answered is not None and (seat.left or 0.0) >= at
        ]
        return max(stayed, key=lambda seat: seat.answered or 0.0).extension if stayed else ""

    def _participants(
        self, transfers: tuple[facts.Transfer, ...], *, spoken: bool
    ) -> Iterable[facts.Participant]:
        given = {transfer.by: transfer.at for transfer in transfers}
        for seat in self.seats.values():
            if seat.began and not spoken:
                continue  # who called and reached nobody is `from`, and no participant
            left = seat.left
            if seat.extension in given and seat.answered is not None:
                left = min(left or self.ended, given[seat.extension] + 1)
            one = facts.Participant(
                seat.interface, seat.extension, seat.rang, seat.answered, left, None, seat.began
            )
            yield replace(one, outcome=self._outcome(seat))

    def _outcome(self, seat: seating.Seat) -> facts.Outcome:
        if seat.answered is not None:
            return facts.Outcome.TRANSFERRED if seat.passed_on else facts.Outcome.ANSWERED
        if seat.busy:
            return facts.Outcome.BUSY
        until = (seat.left or self.ended) + _CLOSE_SECONDS
        others = [s.answered for s in self.seats.values() if s is not seat and s.rang is not None]
        elsewhere = any(at is not None and (seat.rang or 0.0) <= at <= until for at in others)
        missed = any(
            line.event == "RINGNOANSWER" and self.seating.member(line.agent) is seat
            for line in self.lines
        )
        if elsewhere and not missed:
            return facts.Outcome.ANSWERED_ELSEWHERE
        return facts.Outcome.MISSED

    def _hangup_by(self, result: facts.Result) -> str | None:
        if result in (facts.Result.ABANDONED, facts.Result.CANCELLED):
            return "caller" if self.direction is not facts.Direction.OUTBOUND else "agent"
        last = next((line for line in reversed(self.lines) if line.event in _GONE), None)
        if last is None or last.at + _CLOSE_SECONDS < self.ended:
            return None  # no queue saw the end of it
        caller = "callee" if self.direction is facts.Direction.OUTBOUND else "caller"
        return caller if last.event == "COMPLETECALLER" else "agent"


def _span(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else max(0.0, end - start)
