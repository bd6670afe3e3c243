"""What a user's screens show at one moment: who they are, their calls as cards, their queues, the system. No sending here."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from callcenter import health
from callcenter.crm import agents, center, live, matching, phones
from screenpop import cards, troubles

Translate = Callable[[str, str], str]  # (language, text) -> text


class Present:
    """Read the center for one user at a time."""

    def __init__(self, of: center.Center, translate: Translate) -> None:
        self._center = of
        self._translate = translate
        self.troubles: tuple[health.Trouble, ...] = ()
        self.clock = clock(of.settings.site.timezone)

    def say(self, user_id: int) -> cards.Say:
        """Give the texts in a user's language."""
        language = self.language(user_id)
        return lambda text: self._translate(language, text)

    def language(self, user_id: int) -> str:
        """Give a user's language."""
        person = self._center.seats.person(user_id)
        return person.language if person else self._center.settings.site.language

    def card(self, call: live.LiveCall, leg: live.Leg, hidden: frozenset[int]) -> cards.Card:
        """Make a user's card of a call, its late slots empty."""
        language = self.language(leg.user_id)
        profile = self._center.queues.profile(call.pbx, call.queue)
        match = call.match or _UNKNOWN
        caller = match.chosen.row.language if match.chosen else ""
        scene = cards.Scene(
            id=call.id,
            pbx=call.pbx,
            state=leg.state,
            direction=call.direction,
            caller_name=call.from_name if call.far == call.from_ else "",
            match=match,
            party_id=call.party_id,
            party_name=call.party_name,
            queue=call.queue,
            queue_label=profile.label(language) if profile else "",
            greeting=profile.greeting(caller or language) if profile else "",
            did=call.did,
            started=call.started,
            queued=call.queued,
            ringing=call.ringing,
            answered=call.answered,
            ended=call.ended,
            recording=call.recording,
            wrapup=wrapup(leg),
            said=call.said,
            with_=self._colleague(call, leg),
            transfer=self._transfer(call, leg),
        )
        return cards.build(scene, cards.Viewer(leg.user_id, self.say(leg.user_id), hidden))

    def brief(self, call: live.LiveCall, leg: live.Leg) -> dict[str, Any]:
        """Give what of a call changes while it lasts."""
        return {
            "state": leg.state,
            "since": leg.since,
            "direction": call.direction.value,
            "ringing": call.ringing,
            "far_end_answered": call.far_end_answered,
            "answered": call.answered,
            "ended": call.ended,
            "held": bool(call.held_by),
            "recording": call.recording,
            "transfer": self._transfer(call, leg),
            "with": [
                {"extension": other.extension, "name": self._name(other.user_id)}
                for other in call.legs.values()
                if other.user_id != leg.user_id and other.joined is not None
            ],
            "wrapup": cards.wrapup(wrapup(leg)),
        }

    def me(self, user_id: int) -> dict[str, Any]:
        """Give who a user is here, what they do and where they serve."""
        of = self._center
        person, seat = of.seats.person(user_id), of.seats.seat(user_id)
        mine = {member.queue: member for member in of.queues.of_user(user_id)}
        names = sorted(set(mine) | of.own_queues(user_id))
        return {
            "id": user_id,
            "name": person.name if person else "",
            "role": person.viewer.role if person else "",
            "extension": seat.extension if seat else None,
            **self.agent(of.agents.get(user_id)),
            "queues": [
                {
                    "queue": name,
                    "label": self._label(user_id, name),
                    "member": name in mine,
                    "paused": name in mine and mine[name].paused,
                }
                for name in names
            ],
        }

    def agent(self, agent: agents.Agent) -> dict[str, Any]:
        """Give an agent's state as their pill shows it."""
        armed = agent.armed
        return {
            "state": agent.state.value,
            "reason": agent.reason,
            "since": agent.since or None,
            "until": agent.until,
            "reachable": agent.reachable is not False,
            "next": {"state": armed[0].value, "reason": armed[1]} if armed else None,
        }

    def queues(self, user_id: int) -> list[dict[str, Any]]:
        """Give who waits in the queues that concern a user."""
        of = self._center
        pbx, person = of.pbx_of(user_id), of.seats.person(user_id)
        names = {member.queue for member in of.queues.of_user(user_id)}
        if person is not None and person.viewer.role != "agent":
            names |= of.queues.names(pbx)
        told = []
        for name in sorted(names):
            waiting = of.queues.waiting.get((pbx, name))
            told.append(
                {
                    "queue": name,
                    "label": self._label(user_id, name),
                    "waiting": waiting.waiting if waiting else 0,
                    "oldest": waiting.oldest if waiting else None,
                }
            )
        return told

    def system(self, user_id: int) -> dict[str, Any]:
        """Give how the links and the database are, and what is wrong in the words of a user's role."""
        pbx = []
        for name, line in self._center.board.lines.items():
            state = line.link.state
            pbx.append({"name": name, "state": state.phase.value, "since": state.since})
        person = self._center.seats.person(user_id)
        role = person.viewer.role if person else ""
        told = troubles.banner(self.troubles, role, self.say(user_id), self.clock)
        database = "trouble" if self._center.writer.trouble else "ok"
        return {"pbx": pbx, "database": database, "troubles": told}

    def _colleague(self, call: live.LiveCall, leg: live.Leg) -> str:
        """Name the colleague at the other end of an internal call."""
        if call.direction.value != "internal":
            return ""
        other = call.to if leg.extension == call.from_ else call.from_
        user = self._center.seats.user_of(call.pbx, "", other)
        return self._name(user) if user is not None else ""

    def _transfer(self, call: live.LiveCall, leg: live.Leg) -> dict[str, Any] | None:
        """Give where a call is being passed on, with the name of the colleague or the queue."""
        if call.transfer is None:
            return None
        to = call.transfer["to"]
        user = self._center.seats.user_of(call.pbx, "", to)
        name = self._name(user) if user is not None else self._label(leg.user_id, to)
        return {**call.transfer, "label": cards.clean(name, cards.LONGEST_NAME)}

    def _name(self, user_id: int) -> str:
        person = self._center.seats.person(user_id)
        return person.name if person else ""

    def _label(self, user_id: int, queue: str) -> str:
        profile = self._center.queues.profile(self._center.pbx_of(user_id), queue)
        return profile.label(self.language(user_id)) if profile else queue


def clock(timezone: str) -> troubles.Clock:
    """Write when something began: HH:MM in that zone, with the day where it was another."""
    zone = ZoneInfo(timezone)

    def shown(at: float) -> str:
        then, now = (datetime.fromtimestamp(t, zone) for t in (at, time.time()))
        return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%d.%m} {then:%H:%M}"

    return shown


def wrapup(leg: live.Leg) -> tuple[float, float] | None:
    """Give a leg's wrap-up: its end and its length."""
    if leg.wrapup_until is None or leg.wrapup_seconds is None:
        return None
    return leg.wrapup_until, leg.wrapup_seconds


_UNKNOWN = matching.Match(matching.NONE, phones.Number(phones.EXTERNAL, ""))
