"""The floor: who talks, waits and pauses now, for each supervisor what is theirs to see; pushed as a whole, then as changes.

A row is shown whole or not at all; a change sends the rows that differ, and null for those that are gone. What changes all
the time (durations) is not sent: rows carry moments, the browser counts. Whose agents: `visibility.leads`. Whose calls: with
such an agent in them, or of a queue of a led team. Who the customer is is told only of a call that such an agent is in,
which is when the rule opens the customer too.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from callcenter.crm import center, listening, live, queueing, seats, visibility
from callcenter.reports import today as numbers
from callcenter.telephony import facts
from screenpop import cards, server, today

PAUSE_SECONDS = 0.5  # between two changes that a browser is sent
KEEPERS = frozenset({"supervisor", "manager", "admin"})
Rows = dict[str, dict[str, Any]]
Sections = dict[str, Rows]
_LIVE = (facts.MemberChanged, facts.QueueChanged, facts.PhoneChanged)


class Board:
    """Keep the open floors true."""

    def __init__(self, of: center.Center, ears: listening.Listening) -> None:
        self.server: server.Server | None = None
        self._of, self._ears = of, ears
        self.today = today.Today(of)
        self.today.watched = lambda: self.server is not None and bool(self.server.watchers())
        self.today.changed.append(self.touch)
        self._sent: dict[int, Sections] = {}
        self._task: asyncio.Task[None] | None = None
        of.desk.changed.append(lambda _: self.touch())
        of.agents.changed.append(lambda _: self.touch())
        of.seats.changed.append(lambda _: self.touch())
        of.board.subscribers.append(self._on_fact)
        ears.changed.append(self.touch)

    def whole(self, user_id: int) -> dict[str, Any] | None:
        """Give all that a user's floor shows; None for who has none."""
        person = self._of.seats.person(user_id)
        if person is None or person.viewer.role not in KEEPERS:
            return None
        sections = self._sections(person)
        self._sent[user_id] = sections
        return {"whole": True, "at": time.time(), **sections}

    def touch(self) -> None:
        """Take it that something changed: whoever watches hears of it soon."""
        if self._task is None and self.server is not None and self.server.watchers():
            self._task = asyncio.get_running_loop().create_task(self._tell(), name="floor")

    async def close(self) -> None:
        """Leave off."""
        await self.today.stop()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def _on_fact(self, _pbx: str, fact: facts.Fact) -> None:
        if isinstance(fact, (*_LIVE, facts.CallQueued, facts.CallEnded, facts.CallLost)):
            self.touch()

    async def _tell(self) -> None:
        await asyncio.sleep(PAUSE_SECONDS)
        self._task = None
        if self.server is None:
            return
        for user_id in self.server.watchers():
            person = self._of.seats.person(user_id)
            if person is None or person.viewer.role not in KEEPERS:
                continue
            now = self._sections(person)
            changed = changes(self._sent.get(user_id, {}), now)
            self._sent[user_id] = now
            if changed:
                self.server.show(user_id, "floor", {"whole": False, "at": time.time(), **changed})

    # ---- what a viewer sees

    def _sections(self, person: seats.Person) -> Sections:
        mine = {
            id_: other
            for id_, other in self._of.seats.people().items()
            if id_ != person.viewer.id and visibility.leads(person.viewer, other.viewer)
        }
        return {
            "agents": {str(i): self._agent(person, i, mine[i]) for i in mine if self._is_seated(i, mine[i])},
            "queues": self._queues(person, set(mine)),
            "calls": {call.id: self._call(call, mine) for call in self._calls(person, set(mine))},
            "today": self._today(person),
        }  # fmt: skip

    def _is_seated(self, user_id: int, other: seats.Person) -> bool:
        return other.viewer.role == "agent" or (
            other.viewer.role == "supervisor" and self._of.seats.seat(user_id) is not None
        )

    def _agent(self, person: seats.Person, user_id: int, other: seats.Person) -> dict[str, Any]:
        of = self._of
        agent, seat = of.agents.get(user_id), of.seats.seat(user_id)
        call = next((c for c in of.desk.of_user(user_id) if c.ended is None), None)
        return {
            "id": user_id,
            "name": cards.clean(other.name, cards.LONGEST_NAME),
            "teams": sorted(filter(None, map(of.seats.team, other.viewer.team_ids))),
            "extension": seat.extension if seat else None,
            "state": agent.state.value,
            "reason": agent.reason,
            "since": agent.since or None,
            "until": agent.until,
            "reachable": agent.reachable is not False,
            "call": None if call is None else {"id": call.id, **self._other_side(call)},
            "queues": [
                {"label": self._label(person, of.pbx_of(user_id), m.queue), "paused": m.paused}
                for m in of.queues.of_user(user_id)
            ],
            "listeners": [
                {"by": self._name(e.user_id), "me": e.user_id == person.viewer.id, "mode": e.mode, "since": e.since}
                for e in self._ears.at(user_id)
            ],
            "may_listen": visibility.may_listen(person.viewer, other.viewer),
        }  # fmt: skip

    def _other_side(self, call: live.LiveCall) -> dict[str, Any]:
        """Name whom an agent talks with: a customer by name and number, a colleague by name."""
        number = call.match.number.display if call.match else call.far
        name = call.party_name if call.party_id is not None else ""
        if call.direction is facts.Direction.INTERNAL:
            name = " – ".join(self._name(leg.user_id) for leg in call.legs.values())
        return {
            "name": cards.clean(name, cards.LONGEST_NAME),
            "number": cards.clean(number, 40),
            "direction": call.direction.value,
        }

    def _calls(self, person: seats.Person, mine: set[int]) -> list[live.LiveCall]:
        led = self._led_queues(person)
        return [
            call
            for call in self._of.desk.calls.values()
            if call.ended is None
            and (
                person.viewer.sees_all
                or mine & call.legs.keys()
                or (call.pbx, call.queue or "") in led
            )
        ]

    def _call(self, call: live.LiveCall, mine: dict[int, seats.Person]) -> dict[str, Any]:
        known = [leg for id_, leg in call.legs.items() if id_ in mine]
        state = next((leg.state for leg in known), live.TALKING if call.answered else "waiting")
        if not known and call.queued is None and call.answered is None:
            state = live.RINGING
        side = self._other_side(call)
        if not known:
            side["name"] = ""
        begun = call.answered or call.queued or call.started
        return {
            "id": call.id, **side, "state": state, "queue": call.queue, "since": begun,
            "agents": [self._name(leg.user_id) for leg in known],
        }  # fmt: skip

    def _queues(self, person: seats.Person, mine: set[int]) -> Rows:
        of = self._of
        wanted = self._led_queues(person)
        if not person.viewer.sees_all:
            wanted |= {(of.pbx_of(i), m.queue) for i in mine for m in of.queues.of_user(i)}
        found: Rows = {}
        for pbx, name in sorted(wanted):
            line = of.board.lines.get(pbx)
            waiting = of.queues.waiting.get((pbx, name)) or queueing.Waiting()
            states = [m.state for m in line.board.members(name)] if line else []
            found[f"{pbx}/{name}"] = {
                "queue": name, "label": self._label(person, pbx, name),
                "waiting": waiting.waiting, "oldest": waiting.oldest,
                "free": states.count("available"), "talking": states.count("busy"),
                "ringing": states.count("ringing"), "paused": states.count("paused"),
                "away": states.count("unavailable"),
            }  # fmt: skip
        return found

    def _today(self, person: seats.Person) -> Rows:
        """Give the day so far of the queues all of whose calls are open to the viewer, and of all of them together."""
        day, led = self.today, self._led_queues(person)
        found = {
            key: each for key, each in day.numbers.items() if person.viewer.sees_all or key in led
        }
        several = len(self._of.board.lines) > 1
        span = {"since": day.begin, "until": day.end}
        rows = {
            f"{pbx}/{name}": today.row(
                each, queue=name, label=self._label(person, pbx, name), pbx=pbx if several else "", **span
            )
            for (pbx, name), each in sorted(found.items())
        }  # fmt: skip
        if day.end:
            rows[""] = today.row(numbers.together(found), opens=person.viewer.sees_all, **span)
        return rows

    def _led_queues(self, person: seats.Person) -> set[tuple[str, str]]:
        queues, viewer = self._of.queues, person.viewer
        if viewer.sees_all:
            return {(pbx, name) for pbx in self._of.board.lines for name in queues.names(pbx)}
        led = viewer.led_team_ids if viewer.supervises else frozenset[int]()
        return {key for key, profile in queues.profiles.items() if profile.team_id in led}

    def _label(self, person: seats.Person, pbx: str, queue: str) -> str:
        profile = self._of.queues.profile(pbx, queue)
        return profile.label(person.language) if profile else queue

    def _name(self, user_id: int) -> str:
        person = self._of.seats.person(user_id)
        return cards.clean(person.name, cards.LONGEST_NAME) if person else ""


def changes(before: Sections, now: Sections) -> dict[str, dict[str, Any]]:
    """Give the rows that differ, None for those that are gone; sections in which nothing changed are left out."""
    found: dict[str, dict[str, Any]] = {}
    for section, rows in now.items():
        old = before.get(section, {})
        new: dict[str, Any] = {key: row for key, row in rows.items() if old.get(key) != row}
        new.update(dict.fromkeys(old.keys() - rows.keys()))
        if new:
            found[section] = new
    return found
