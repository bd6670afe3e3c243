"""What each user's screens show: changes of the desk become events for those whom they concern, and a snapshot on demand.

The card goes out at once with what is in memory; the late slots are read on a thread and follow as `card.enrich`. Who may
be named on a card is decided here, for each viewer, before the card is made.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from callcenter import errors, health
from callcenter.crm import agents, center, live, notes
from callcenter.telephony import facts
from screenpop import cards, delays, late, present, server, sight

log = structlog.get_logger(__name__)

QUEUE_STATS_SECONDS = 1.0
A_FEW, PAUSE_SECONDS = 5, 0.05  # 100 users a second


class Screens:
    """Listen to the center and speak to the browsers."""

    def __init__(
        self, of: center.Center, translate: present.Translate, *, version: str = ""
    ) -> None:
        self.center = of
        self._version = version
        self.server: server.Server | None = None
        self.due: Callable[[int], list[dict[str, Any]]] = lambda _user: []  # reminders.py
        self.present = present.Present(of, translate)
        self.delays = delays.Delays()
        self._sight = sight.Sight(of.database, scope=of.settings.calls.card_scope)
        self._late = late.Late(of.database)
        self._shown: dict[tuple[int, live.Key], cards.Card] = {}  # late slots, by user and call
        self._enriching: set[asyncio.Task[None]] = set()
        self._stats: asyncio.Task[None] | None = None
        self._stats_sent: dict[int, list[dict[str, Any]]] = {}
        self._system_sent: dict[int, dict[str, Any]] = {}
        self._agent_sent: dict[int, tuple[Any, ...]] = {}
        of.desk.changed.append(self._changed)
        of.agents.changed.append(self._agent_changed)
        of.seats.changed.append(self._reseated)
        of.board.subscribers.append(self._on_fact)
        of.board.states.append(self._system_changed)

    # ---- changes

    def _changed(self, change: live.Change) -> None:
        match change:
            case live.Noticed():
                self.notice(change.user_id, change.level, change.code, call_id=change.call_id)
            case live.Popped(call, leg):
                if self._pop(call, leg):
                    self._measure(call.pbx)
            case live.LeadChanged(user_id):
                self._push(user_id, "lead.changed", {})
            case live.Relinked(call, leg):
                self._pop(call, leg)
            case live.Updated(call, leg):
                self._push(
                    leg.user_id,
                    "call.update",
                    {"id": call.id, "call": self.present.brief(call, leg)},
                )
            case live.Closed(call, leg, reason):
                wrapup = cards.wrapup(present.wrapup(leg))
                if wrapup is None:
                    self._shown.pop((leg.user_id, call.key), None)
                    self._sight.forget(leg.user_id, call)
                payload = {"id": call.id, "reason": reason, "wrapup": wrapup}
                self._push(leg.user_id, "call.end", payload)

    def _pop(self, call: live.LiveCall, leg: live.Leg) -> bool:
        """Send a card to a user's browsers; say whether there is one."""
        if self.server is None or not self.server.present(leg.user_id):
            return False
        hidden = self._sight.hidden(self.center.seats.person(leg.user_id), call)
        self.server.push(
            leg.user_id, "call.pop", {"card": self.present.card(call, leg, hidden)}, ack=True
        )
        task = asyncio.get_running_loop().create_task(self._enrich(call, leg.user_id, hidden))
        self._enriching.add(task)
        task.add_done_callback(self._enriching.discard)
        return True

    def _measure(self, pbx: str) -> None:
        """Note how long ago the bytes came in from which this pop was made."""
        line = self.center.board.lines.get(pbx)
        if line is not None and line.arrived:
            self.delays.observe(time.time() - line.arrived)

    async def _enrich(self, call: live.LiveCall, user_id: int, hidden: frozenset[int]) -> None:
        slots = await self._slots(call, user_id, hidden)
        if slots and user_id in call.legs:
            self._shown[user_id, call.key] = slots
            self._push(user_id, "card.enrich", {"id": call.id, "card": slots})

    async def _slots(self, call: live.LiveCall, user_id: int, hidden: frozenset[int]) -> cards.Card:
        person = self.center.seats.person(user_id)
        if person is None:
            return {}
        party = None if call.party_id in hidden else call.party_id
        try:
            return await self._late.read(call, party, person)
        except errors.CallCenterError as error:
            log.error("card not enriched", linkedid=call.id, problem=str(error)[:200])
            return {}

    def _agent_changed(self, agent: agents.Agent) -> None:
        told = (agent.state, agent.reason, agent.since, agent.until, agent.reachable, agent.armed)
        if self._agent_sent.get(agent.user_id) == told:
            return
        self._agent_sent[agent.user_id] = told
        self._push(agent.user_id, "agent.state", self.present.agent(agent))

    def _reseated(self, users: set[int]) -> None:
        if self.server is None:
            return
        loop = asyncio.get_running_loop()
        for user in users & set(self.server.users()):
            gone = self.center.seats.person(user) is None
            again = self.server.end_user(user) if gone else self.server.renew(user)
            task = loop.create_task(again)
            self._enriching.add(task)
            task.add_done_callback(self._enriching.discard)

    def _on_fact(self, _pbx: str, fact: facts.Fact) -> None:
        if isinstance(fact, facts.QueueChanged) and self._stats is None:
            self._stats = asyncio.get_running_loop().create_task(self._tell_stats())

    async def _tell_stats(self) -> None:
        """Tell everybody who waits, a few at a time, so that no pop waits for it; a user hears it once a second at most."""
        if self.server is None:
            return
        await asyncio.sleep(QUEUE_STATS_SECONDS)
        users = self.server.users()
        for at in range(0, len(users), A_FEW):
            for user in users[at : at + A_FEW]:
                queues = self.present.queues(user)
                if self._stats_sent.get(user) != queues:
                    self._stats_sent[user] = queues
                    self._push(user, "queue.stats", {"queues": queues})
            await asyncio.sleep(PAUSE_SECONDS)
        self._stats = None

    def tell_troubles(self, troubles: Sequence[health.Trouble]) -> None:
        """Take what is wrong now, and say it to everybody in their own words."""
        self.present.troubles = tuple(troubles)
        self._system_changed()

    def _system_changed(self) -> None:
        for user in self.server.users() if self.server is not None else ():
            told = self.present.system(user)
            if self._system_sent.get(user) != told:
                self._system_sent[user] = told
                self._push(user, "system.state", {"system": told})

    def notice(
        self, user_id: int, level: str, code: str, text: str = "", call_id: str = ""
    ) -> None:
        """Say something to a user, by its code; `text` in their language when it has one."""
        payload = {"level": level, "code": code, "text": text, "id": call_id}
        self._push(user_id, "notice", payload)

    def offers_changed(self) -> None:
        """Let every browser ask again what it offers: outcomes, reasons of a pause."""
        if self.server is not None:
            for user in self.server.users():
                self._push(user, "offers.changed", {})

    def _push(self, user_id: int, event: str, payload: dict[str, Any]) -> None:
        if self.server is not None:
            self.server.push(user_id, event, payload)

    # ---- the present

    async def snapshot(self, user_id: int) -> dict[str, Any]:
        """Give all that a user's screens show now; the last thing read is the number of the last event."""
        person = self.center.seats.person(user_id)
        for call in self.center.desk.of_user(user_id):
            if (user_id, call.key) not in self._shown:
                hidden = self._sight.hidden(person, call)
                self._shown[user_id, call.key] = await self._slots(call, user_id, hidden)
        shown = []
        for call in self.center.desk.of_user(user_id):
            hidden = self._sight.hidden(person, call)
            card = self.present.card(call, call.legs[user_id], hidden)
            shown.append({**card, **self._shown.get((user_id, call.key), {})})
        system = self._system_sent[user_id] = self.present.system(user_id)
        return {
            "seq": self.server.seq(user_id) if self.server else 0,
            "version": self._version,
            "now": time.time(),
            "me": self.present.me(user_id),
            "calls": shown,
            "queues": self.present.queues(user_id),
            "system": system,
            "due": self.due(user_id),
        }

    async def card(self, call: live.LiveCall, user_id: int) -> cards.Card:
        """Give a user's whole card of one call."""
        hidden = self._sight.hidden(self.center.seats.person(user_id), call)
        late_slots = self._shown[user_id, call.key] = await self._slots(call, user_id, hidden)
        return {**self.present.card(call, call.legs[user_id], hidden), **late_slots}

    def note_saved(self, call: live.LiveCall, author_id: int, note: notes.Saved) -> None:
        """Show what was written to whoever opens the card next."""
        for user_id in call.legs:
            shown = self._shown.get((user_id, call.key))
            if shown is not None and user_id == author_id:
                shown["note"] = {"text": note.text, "version": note.version}
            elif shown is not None:
                del self._shown[user_id, call.key]

    async def close(self) -> None:
        """Leave off what is being read."""
        if self._stats is not None:
            self._stats.cancel()
        for task in list(self._enriching):
            task.cancel()
        if self._enriching:
            await asyncio.wait(self._enriching)
        self._late.close()
        self._sight.close()
