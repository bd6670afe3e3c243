"""Phones that listen to a call (ChanSpy): their channels, known by the ids that we gave them; pure.

A listener is no call: its channel carries a Linkedid of its own that begins with PREFIX. The trackers pass over it, so that
it is in no list and no figure, and the folding of Asterisk's records passes over its leg. Here it is followed instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from callcenter.telephony import events, facts, graph

PREFIX: Final = "cc-listen-"
RINGING, LISTENING, GONE = "ringing", "listening", "gone"
_NOTHING: list[facts.Fact] = []


def is_listener(linkedid: str) -> bool:
    """Say whether an id is a listener's."""
    return linkedid.startswith(PREFIX)


class Ears:
    """Follow the listeners of one exchange; feed it every event that names one."""

    def __init__(self) -> None:
        self._states: dict[str, tuple[str, str]] = {}  # id -> (channel, state)

    def feed(self, event: events.Event) -> list[facts.Fact]:
        """Take an event and return what became true with it."""
        uniqueid, _ = event.ids()
        if not is_listener(uniqueid):
            return _NOTHING
        channel = event.channel_name()
        match event.kind:
            case "Newchannel":
                return self._become(uniqueid, channel, RINGING, event.at)
            case "Newstate" if event.state() == graph.UP:
                return self._become(uniqueid, channel, LISTENING, event.at)
            case "Hangup":
                if self._states.pop(uniqueid, None) is None:
                    return _NOTHING
                return [facts.ListenerChanged(uniqueid, event.at, channel, GONE, event.cause)]
        return _NOTHING

    def seed(self, living: Iterable[events.Event], at: float) -> list[facts.Fact]:
        """Take the channels that live now (CoreShowChannel) for the present; tell what differs."""
        told: list[facts.Fact] = []
        alive = set()
        for event in living:
            uniqueid, _ = event.ids()
            if is_listener(uniqueid):
                alive.add(uniqueid)
                up = event.state() == graph.UP
                told += self._become(
                    uniqueid, event.channel_name(), LISTENING if up else RINGING, at
                )
        for uniqueid in self._states.keys() - alive:
            channel, _ = self._states.pop(uniqueid)
            told.append(facts.ListenerChanged(uniqueid, at, channel, GONE))
        return told

    def _become(self, uniqueid: str, channel: str, state: str, at: float) -> list[facts.Fact]:
        if self._states.get(uniqueid, ("", ""))[1] == state:
            return _NOTHING
        self._states[uniqueid] = channel, state
        return [facts.ListenerChanged(uniqueid, at, channel, state)]
