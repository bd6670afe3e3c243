"""Event streams made by hand, in the spelling of old and new Asterisk versions, for what no recording shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from callcenter.telephony import calls, events, facts, roles

T = TypeVar("T")

PHONES = ("SIP/1??-*", "PJSIP/1???-*", "PJSIP/1??-*")
TRUNKS = ("SIP/trunk-*", "PJSIP/trunk-*", "IAX2/trunk-*")


class Stream:
    """Feed a tracker event by event, a second after each other, and keep what it tells."""

    def __init__(self) -> None:
        self.tracker = calls.CallTracker(roles.Roles(TRUNKS, PHONES))
        self.at = 1000.0
        self.facts: list[facts.CallFact] = []

    def say(self, event: str, **headers: object) -> list[facts.CallFact]:
        """Feed one event; `Cause_txt` stands for a header with a hyphen."""
        self.at += 1.0
        told = self.tracker.feed(
            events.parse(
                event,
                {key.replace("_", "-"): str(value) for key, value in headers.items()},
                self.at,
            )
        )
        self.facts += told
        return told

    def of(self, kind: type[T]) -> list[T]:
        """List the facts of one kind."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def ended(self) -> facts.CallRecord:
        """Give the one call that ended."""
        (end,) = self.of(facts.CallEnded)
        return end.record


def names(told: Iterable[facts.Fact]) -> list[str]:
    """Name facts in order."""
    return [type(fact).__name__ for fact in told]
