"""Which phones had a part in a call, and what each did, as legs and queue lines tell it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from callcenter.telephony import history, roles

_ORIGINATED = ("AppDial2", "AppDial", "AppQueue")


@dataclass(slots=True)
class Seat:
    """One phone's part; times are epoch seconds or None."""

    interface: str
    extension: str
    rang: float | None = None
    answered: float | None = None
    left: float | None = None
    busy: bool = False
    passed_on: bool = False
    began: bool = False


class Seating:
    """The phones of one call, while it is read."""

    def __init__(
        self,
        known: roles.Roles,
        first: history.Leg,
        lines: Sequence[history.QueueLine],
        queued: float | None,
        *,
        outbound: bool,
    ) -> None:
        self.seats: dict[str, Seat] = {}
        self.roles, self.first, self.lines = known, first, lines
        self.queued, self.outbound = queued, outbound

    def read(self, legs: Iterable[history.Leg]) -> dict[str, Seat]:
        """Give every phone that had a part in these legs, by Interface."""
        seats = self.seats
        for one in sorted(legs, key=lambda one: one.start):
            if self.roles.role(one.channel) == roles.PHONE:
                self._present(one)
            if self.roles.role(one.peer) == roles.PHONE:
                self._called(one)
        for line in self.lines:
            if line.event == "CONNECT" and (seat := self.member(line.agent)) is not None:
                seat.answered = min(seat.answered, line.at) if seat.answered else line.at
        return seats

    def _seat(self, channel: str) -> Seat:
        interface = roles.interface(channel)
        if interface not in self.seats:
            self.seats[interface] = Seat(interface, self.roles.extension(interface))
        return self.seats[interface]

    def _present(self, one: history.Leg) -> None:
        """A phone whose own channel this is: it called, or was there before and goes on."""
        missed = one.app in _ORIGINATED and not one.is_answered
        seat = self._seat(one.channel)
        asked = one.channel == self.first.channel and self.outbound
        if one.channel == self.first.channel and not history.is_chosen(self.first.linkedid):
            seat.began = True
        elif asked and seat.rang is None:
            seat.rang = one.start
        if not missed and (seat.answered is None or one.channel == self.first.channel):
            seat.answered = earlier(seat.answered, one.answer)
        seat.left = max(seat.left or 0.0, one.end)
        seat.busy = seat.busy or (missed and one.disposition == "BUSY")

    def _called(self, one: history.Leg) -> None:
        """A phone that was called from this leg's channel, or by the queue that it waits in."""
        seat = self._seat(one.peer)
        queued = one.app == "Queue"
        rang = max(one.start, self.queued) if queued and self.queued is not None else one.start
        seat.rang = earlier(seat.rang, rang)
        # The queue's own answer is the music; its first agent's is the CONNECT.
        if one.is_answered and not (queued and one.start < self._connected()):
            seat.answered = earlier(seat.answered, one.answer)
        seat.left = max(seat.left or 0.0, one.end)
        seat.busy = seat.busy or one.disposition == "BUSY"

    def _connected(self) -> float:
        return next((line.at for line in self.lines if line.event == "CONNECT"), 0.0)

    def member(self, agent: str) -> Seat | None:
        """Find the phone of a queue's member: by Interface, by extension, else the only one that was picked up."""
        for seat in self.seats.values():
            if agent in (seat.interface, seat.extension):
                return seat
        digits = {seat.extension: seat for seat in self.seats.values() if seat.extension in agent}
        if digits:
            return digits[max(digits, key=len)]
        spoke = [seat for seat in self.seats.values() if seat.answered is not None]
        return spoke[0] if len(spoke) == 1 else None


def earlier(one: float | None, other: float | None) -> float | None:
    """Give the earlier of two times, of which either may not be known."""
    return one if other is None else other if one is None else min(one, other)
