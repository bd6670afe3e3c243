"""The present, call by call: `CallTracker.feed(event)` returns the facts that an AMI event makes true; pure.

Rules
1. Asterisk's Linkedid is the call. It can change in the middle (attended transfer, pickup, parking) with no event of its
   own: every snapshot is believed, and when a channel's Linkedid changes, two calls are one (`CallMerged`).
2. Before Asterisk 12 there is no Linkedid: channels are one call once a Dial, a bridge, a masquerade or a queue joins
   them. A channel that nothing joins yet is not told, so a dialled leg is never a call of its own.
3. Who talks is a walk over the graph (graph.py), asked again whenever something was joined or parted.
4. A call ends when its last channel is gone. What can no longer be followed is told as `CallLost`, never forgotten.
5. Only events that tell of living channels may create one (moves.py): what comes after a Hangup raises no dead.
6. A call's clock never runs backwards, whatever the order of the events' timestamps.

The clock is the event's. What each event does is in moves.py; what a call is, in records.py.
"""

from __future__ import annotations

from collections.abc import Iterable

from callcenter.telephony import (
    events,
    facts,
    graph,
    listeners,
    moves,
    notices,
    records,
    results,
    roles,
)

_NOTHING: list[facts.CallFact] = []


class CallTracker:
    """Follow every call of one exchange; feed it events in order."""

    def __init__(self, known: roles.Roles | None = None) -> None:
        """Take what is known of phones and trunks."""
        self.roles = known or roles.Roles()
        self.graph = graph.Graph()
        self.asks_seen = False  # whether this exchange tells who asks to hang up (since 1.8)
        self.seeded = False  # since the last FullyBooted
        self._calls: dict[str, records.Call] = {}
        self._facts: list[facts.CallFact] = []

    def feed(self, event: events.Event) -> list[facts.CallFact]:
        """Take the next event and return what became true with it, in order."""
        handler = moves.HANDLERS.get(event.kind)
        if handler is None:
            return _NOTHING
        handler(self, event)
        return self._told() if self._facts else _NOTHING

    def record(self, linkedid: str) -> facts.CallRecord | None:
        """Tell a running call by its Linkedid, or by one that was absorbed into it."""
        call = self._calls.get(linkedid)
        return call.record() if call is not None and call.announced else None

    def calls(self) -> list[facts.CallRecord]:
        """Tell all running calls, in order of their start."""
        running = {call.id: call for call in self._calls.values() if call.announced}
        return [c.record() for c in sorted(running.values(), key=lambda c: c.started)]

    def running(self) -> int:
        """Count the running calls."""
        return len({call.id for call in self._calls.values() if call.announced})

    def ids(self) -> frozenset[str]:
        """Give every Linkedid of a call that runs, also of those that are one by now."""
        return frozenset(self._calls)

    def is_empty(self) -> bool:
        """Say whether nothing is held in memory."""
        return not self._calls and self.graph.is_empty()

    def lose(self, at: float, reason: str = "") -> list[facts.CallFact]:
        """Give up all calls: the exchange or the link to it is gone; `reason` is for the caller's log."""
        for call in sorted(dict.fromkeys(self._calls.values()), key=lambda c: c.started):
            self._lose(call, at)
        self._calls.clear()
        self.graph.clear()
        return self._told()

    def seed(self, snapshot: Iterable[events.Event], at: float) -> list[facts.CallFact]:
        """Take what lives now (CoreShowChannel, Status, BridgeInfoChannel events) for the present.

        Calls that were held and live no more are lost; channels not known yet become calls that began when they did.
        """
        self.seeded = True
        alive = [e for e in snapshot if e.kind in events.SNAPSHOT_EVENTS]
        names = {e.ids()[0] for e in alive}
        for call in dict.fromkeys(self._calls.values()):
            for channel in [c for c in call.channels if c.uniqueid not in names]:
                self.graph.remove(channel)
                call.channels.pop(channel, None)
            if not call.channels:
                self._lose(call, at)
                self._forget(call)
        for event in alive:
            notices.living(self, event, at)
        self.graph.pair_locals()
        for call in dict.fromkeys(self._calls.values()):
            self.announce(call)
            self.listen(call, at)
        return self._told()

    def _told(self) -> list[facts.CallFact]:
        told, self._facts = self._facts, []
        return told

    # What follows is for moves.py.

    def see(
        self, event: events.Event, prefix: str = "", *, born: bool = False
    ) -> graph.Channel | None:
        """Find the channel of a snapshot and believe what the snapshot says; `born` lets an unknown one come to life."""
        uniqueid, linkedid = event.ids(prefix)
        channel = self.graph.channels.get(uniqueid)
        if channel is None:
            name = event.channel_name(prefix) if born and uniqueid else ""
            if not name or listeners.is_listener(linkedid or uniqueid):
                return None
            channel = self._birth(event, prefix, uniqueid, linkedid, name)
        elif linkedid and linkedid != channel.linkedid:
            self._follow(channel, linkedid, event.at)
        device = channel.device
        if device.state < graph.UP:  # the last one that means anything
            state = event.state(prefix)
            if state > device.state:
                moves.change_state(self, channel, state, event)
        return channel

    def tell(self, call: records.Call, fact: facts.CallFact) -> None:
        """Add a fact; the first one of a call is always its start."""
        if not call.announced:
            self.announce(call, whoever=True)
        self._facts.append(fact)

    def announce(self, call: records.Call, *, whoever: bool = False) -> None:
        """Tell that a call started, once there is a person in it."""
        if call.announced or (call.first is None and not whoever):
            return
        call.announced = True
        way = call.told_direction()
        from_, from_name, to = results.ends(call, way)
        did = results.did(call) if way is facts.Direction.INBOUND else None
        first = call.first.name if call.first else next((c.device.name for c in call.channels), "")
        self._facts.append(
            facts.CallStarted(call.id, call.started, first, way, from_, from_name, to, did)
        )
        for name, value in call.variables.items():
            self._facts.append(facts.VariableSet(call.id, call.now, name, value))

    def merge(self, keep: records.Call, gone: records.Call, at: float) -> records.Call:
        """Make one call of two and return it; the one that was told survives one that was not."""
        if keep is gone:
            return keep
        if gone.announced and not keep.announced:
            keep, gone = gone, keep
        told = gone.announced
        keep.tick(at)
        keep.absorb(gone)
        for linkedid in gone.ids:
            self._calls[linkedid] = keep
        if told:
            self.tell(keep, facts.CallMerged(keep.id, keep.now, gone.id))
        return keep

    def join(self, one: graph.Channel, other: graph.Channel, at: float) -> None:
        """Believe that two channels are one call where no Linkedid says it (before Asterisk 12)."""
        if one.call is not other.call and not (one.linkedid and other.linkedid):
            self.merge(*_elder_first(one.call, other.call), at)

    def settle(self, near: Iterable[graph.Channel], at: float) -> None:
        """Look again at who hears whom, in every call that these channels touch."""
        touched: dict[records.Call, None] = {}
        for channel in near:
            if channel.bridge or channel.links:
                people = self.graph.hearing(channel)
                for person in people[1:]:
                    # A conference of callers, each under a Linkedid of his own, is one call.
                    if person.call is not people[0].call:
                        self.merge(*_elder_first(people[0].call, person.call), at)
                for person in people:
                    touched[person.call] = None
            touched[channel.call] = None
        ordered = sorted(touched, key=lambda c: c.started) if len(touched) > 1 else touched
        for call in ordered:
            if call.channels:
                self.listen(call, at)

    def listen(self, call: records.Call, at: float) -> None:
        """Let a call's clocks run or stand by who hears whom now, and tell what that changes."""
        now = call.tick(at)
        heard: dict[graph.Channel, list[graph.Channel]] = {}
        for channel in call.channels:
            if channel.device.role and channel not in heard and (channel.bridge or channel.links):
                people = self.graph.hearing(channel)
                if len(people) >= 2:
                    heard.update(dict.fromkeys(people, people))
        for channel in heard:
            if channel.call is call:
                moves.conversation(self, call, channel)
        if call.answered is None:
            return  # nobody talks or is held before the answer
        talking = held = False
        holder = ""
        for channel in call.customers():
            people = heard.get(channel, [])
            holders = [p for p in people if p.device.holding]
            if len(people) - len(holders) >= 2 and not channel.device.holding:
                talking = True
            elif (channel.device.music or channel.device.parked or holders) and not call.in_queue:
                held = True
                holder = holder or next((h.device.interface for h in holders), "")
        held = held and not talking
        if talking and call.talking_since is None:
            call.breaker = call.pulled = call.left_first = None
        elif talking and call.breaker is not None and not any(c.device is call.breaker for c in call.channels):  # fmt: skip
            call.breaker = None  # somebody left, the others talk on
        was_held = call.held_since is not None
        call.run(talking, held)
        if held and not was_held:
            call.holder = holder
            self.tell(call, facts.CallHeld(call.id, now, holder))
        elif was_held and not held:
            self.tell(call, facts.CallResumed(call.id, now, call.holder))

    def end(self, call: records.Call) -> None:
        """Tell the end of a call whose last channel is gone."""
        call.run(False, False)
        call.ended = call.now
        if call.announced or call.first is not None:  # else nobody was ever in it
            record = call.record(result=results.result(call))
            self.tell(call, facts.CallEnded(call.id, call.now, record))
        self._forget(call)

    def fail(self, failed: facts.OriginateFailed) -> None:
        """Tell of a call that was asked for and never came to be."""
        self._facts.append(failed)

    def lost(self, at: float, before: float | None) -> None:
        """Lose every call that began before the exchange did (all, if None)."""
        for call in dict.fromkeys(self._calls.values()):
            if before is None or call.started < before:
                for channel in list(call.channels):
                    self.graph.remove(channel)
                call.channels.clear()
                self._lose(call, at)
                self._forget(call)

    def _lose(self, call: records.Call, at: float) -> None:
        call.tick(at)
        call.run(False, False)
        if call.announced:
            record = call.record(result=facts.Result.LOST)
            self._facts.append(facts.CallLost(call.id, call.now, record))

    def _forget(self, call: records.Call) -> None:
        for linkedid in call.ids:
            self._calls.pop(linkedid, None)

    def _birth(
        self, event: events.Event, prefix: str, uniqueid: str, linkedid: str, name: str
    ) -> graph.Channel:
        device = graph.Device(name, self.roles)
        channel = graph.Channel(uniqueid, linkedid, device)
        call_id = linkedid or uniqueid
        call = self._calls.get(call_id)
        if call is None:
            call = records.Call(call_id, event.at, ids={call_id}, now=event.at)
            self._calls[call_id] = call
        channel.call = call
        call.channels[channel] = None
        self.graph.channels[uniqueid] = channel
        if device.role:
            device.number, device.caller_name = event.caller(prefix)
            device.exten = event.exten(prefix)
            device.incoming = notices.called_us(event, uniqueid, linkedid)
            if call.first is None or (uniqueid == call_id and not call.announced):
                call.first = device
        return channel

    def _follow(self, channel: graph.Channel, linkedid: str, at: float) -> None:
        channel.linkedid = linkedid
        call = channel.call
        if linkedid in call.ids:
            return
        other = self._calls.get(linkedid)
        if other is None:
            call.ids.add(linkedid)
            self._calls[linkedid] = call
        else:
            self.listen(self.merge(other, call, at), at)


def _elder_first(one: records.Call, other: records.Call) -> tuple[records.Call, records.Call]:
    return (one, other) if one.started <= other.started else (other, one)
