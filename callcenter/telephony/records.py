"""What is known of one call: its timestamps, its people, its clockwork; and the `CallRecord` told from them; pure.

Timestamps are the state: nothing here says "ringing" or "talking" but from when to when.

- `answered`: two people first heard each other. An IVR or a queue that picks up is nobody.
- **talk** runs while the customer (the caller of an inbound call, the line we dialled of an outbound one, anybody of an
  internal one) hears a person and neither holds; **hold** while, after the answer, the customer hears music, is parked or
  is put on hold. Neither runs while a transferred customer waits for the next phone to answer.
- A participant is a person whose phone rang, was dialled, or took part; one row per Interface. A phone that rings again
  keeps its first `rang`; an answer outranks every later miss.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from callcenter.telephony import facts, graph, results

_ANSWERS = (facts.Outcome.ANSWERED, facts.Outcome.TRANSFERRED)


@dataclass(slots=True)
class Seat:
    """One phone's part in a call, while it is being learned."""

    interface: str
    extension: str
    rang: float | None = None
    answered: float | None = None
    left: float | None = None
    outcome: facts.Outcome | None = None
    began: bool = False

    def conclude(self, outcome: facts.Outcome, at: float) -> None:
        """Say what became of the phone; an answer outranks what came after it."""
        if self.outcome not in _ANSWERS or outcome in _ANSWERS:
            self.outcome = outcome
            self.left = at

    def told(self) -> facts.Participant:
        """Tell the part as a value."""
        outcome = self.outcome or (facts.Outcome.ANSWERED if self.answered is not None else None)
        return facts.Participant(
            self.interface, self.extension, self.rang, self.answered, self.left, outcome, self.began
        )


@dataclass(slots=True, eq=False)
class Call:
    """All channels under one Linkedid, and what they have done so far."""

    id: str
    started: float
    ids: set[str] = field(default_factory=set)  # this one and those absorbed into it
    channels: graph.Channels = field(default_factory=dict)
    announced: bool = False
    now: float = 0.0  # the call's own clock: it never runs backwards, whatever the events say
    first: graph.Device | None = None  # the first person's device: who began it
    variables: dict[str, str] = field(default_factory=dict)
    seats: dict[str, Seat] = field(default_factory=dict)
    transfers: list[facts.Transfer] = field(default_factory=list)
    legs: list[results.Leg] = field(default_factory=list)  # who was dialled in vain
    gone: list[tuple[graph.Device, int | None]] = field(default_factory=list)
    breaker: graph.Device | None = None  # who asked first to hang up, since people last talked
    left_first: graph.Device | None = None  # who left the conversation first, asked or not
    stopped: bool = (
        False  # Asterisk itself ended the conversation: shut down, or a limit was reached
    )
    asked_cause: int | None = None
    pulled: graph.Device | None = None  # the phone from which the customer was taken, unasked
    asked: bool = False  # whether Asterisk tells who asks to hang up
    dialled_number: str = ""
    dialled_trunk: bool = False
    dialled_phone: str = ""  # the extension first dialled
    queue: str | None = None
    in_queue: bool = False
    queued: float | None = None
    left_queue: float | None = None
    abandoned: bool = False
    said_complete: str = ""  # the queue's own word for who hung up
    voicemail: bool = False
    ringing: float | None = None
    rang_until: float | None = None  # when the last phone that was not picked up fell silent
    far_end: float | None = None
    answered: float | None = None
    ended: float | None = None
    talked: float = 0.0
    held: float = 0.0
    talking_since: float | None = None
    held_since: float | None = None
    holder: str = ""
    direction: facts.Direction | None = None  # fixed by the answer

    def tick(self, at: float) -> float:
        """Advance the call's clock and read it."""
        if at > self.now:
            self.now = at
        return self.now

    def seat(self, device: graph.Device) -> Seat:
        """Find or make the row of a phone."""
        seat = self.seats.get(device.interface)
        if seat is None:
            seat = self.seats[device.interface] = Seat(device.interface, device.extension)
            seat.began = device is self.first and device.incoming
        return seat

    def people(self) -> list[graph.Channel]:
        """List the living channels of people."""
        return [c for c in self.channels if c.device.role]

    def customers(self) -> list[graph.Channel]:
        """List the living channels whose ears count for talk and hold."""
        people = self.people()
        direction = self.direction or self.told_direction()
        if direction is facts.Direction.INBOUND:
            return [c for c in people if c.device is self.first] or people
        if direction is facts.Direction.OUTBOUND:
            return [c for c in people if c.device.is_trunk] or people
        return people

    def run(self, talking: bool, held: bool) -> None:
        """Let the clocks of talk and hold run or stand from now on."""
        if talking and self.talking_since is None:
            self.talking_since = self.now
        elif not talking and self.talking_since is not None:
            self.talked += self.now - self.talking_since
            self.talking_since = None
        if held and self.held_since is None:
            self.held_since = self.now
        elif not held and self.held_since is not None:
            self.held += self.now - self.held_since
            self.held_since = None

    def told_direction(self) -> facts.Direction:
        """Say where the call began and where it goes, as far as is known."""
        return self.direction or results.direction(self)

    def absorb(self, other: Call) -> None:
        """Take in another call that turned out to be this one; what the elder began is what counts."""
        self.run(False, False)
        other.run(False, False)
        self.tick(other.now)
        self.ids |= other.ids
        if other.started < self.started or (self.first is None and other.first is not None):
            self._inherit(other)
        self.variables = {**other.variables, **self.variables}
        for key, theirs in other.seats.items():
            ours = self.seats.setdefault(key, theirs)
            theirs.began = theirs.began and theirs.interface == (
                self.first and self.first.interface
            )
            if ours is not theirs:
                ours.rang = _first(ours.rang, theirs.rang)
                ours.answered = _first(ours.answered, theirs.answered)
                if theirs.outcome is not None:
                    ours.conclude(theirs.outcome, theirs.left or self.now)
        self.transfers = sorted(self.transfers + other.transfers, key=lambda t: t.at)
        self.legs += other.legs
        self.gone += other.gone
        self.voicemail = self.voicemail or other.voicemail
        for channel in other.channels:
            channel.call = self
        self.channels |= other.channels
        other.channels = {}

    def _inherit(self, elder: Call) -> None:
        for name in (
            "started", "first", "direction", "dialled_number", "dialled_trunk", "dialled_phone", "queue", "in_queue",
            "queued", "left_queue", "abandoned", "ringing", "far_end", "answered", "talked", "held", "said_complete",
        ):  # fmt: skip
            value = getattr(elder, name)
            if value is not None or name in ("first", "direction"):
                setattr(self, name, value)

    def record(self, *, result: facts.Result | None = None) -> facts.CallRecord:
        """Tell the call as a value; with a result, it is over."""
        over = result is not None
        direction = self.told_direction()
        from_, from_name, to = results.ends(self, direction)
        did = results.did(self) if direction is facts.Direction.INBOUND else None
        until = self.answered if self.answered is not None else self.ended
        if self.far_end is not None and self.first is not None and self.first.is_trunk:
            until = self.far_end  # a campaign's customer has picked up, and waits
        elif result is facts.Result.VOICEMAIL:
            until = self.rang_until
        queued_until = self.answered if self.answered is not None else self.left_queue or self.ended
        return facts.CallRecord(
            id=self.id,
            direction=direction,
            from_=from_,
            from_name=from_name,
            to=to,
            did=did,
            queue=self.queue,
            started=self.started,
            variables=dict(self.variables),
            far_end_answered=self.far_end if direction is facts.Direction.OUTBOUND else None,
            result=result,
            queued=self.queued,
            ringing=self.ringing,
            answered=self.answered,
            ended=self.ended,
            hold_seconds=_round(self.held + _since(self.held_since, self.now)) or 0.0,
            wait_seconds=_span(self.queued, queued_until),
            ring_seconds=_span(self.ringing, until),
            talk_seconds=_round(self.talked + _since(self.talking_since, self.now))
            if result is not facts.Result.LOST and (over or self.answered is not None)
            else None,
            hangup_by=results.hangup_by(self, result) if over else None,
            hangup_cause=results.hangup_cause(self) if over else None,
            participants=tuple(seat.told() for seat in self.seats.values()),
            transfers=tuple(self.transfers),
        )


def _first(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else min(a, b)


def _since(start: float | None, now: float) -> float:
    return 0.0 if start is None else now - start


def _round(seconds: float) -> float:
    return round(seconds, 6)


def _span(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else _round(max(0.0, end - start))
