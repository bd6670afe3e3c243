"""What each agent is doing: declared by them, overruled by their calls, kept by the server, written as intervals.

    offline -> paused(reason) <-> ready                     what the agent declared
    ringing, talking, hold, consulting                      what their phone does: calls come first
    wrapup(until)                                           after a call; ends by itself, may be extended

Rules
1. The state shown is computed: a call's over wrap-up's, wrap-up's over the declared one. Times come from facts.
2. Who talks, wraps up, pauses or is away is paused in the exchange, so that no queue call comes. The pause is sent when the
   call is answered, not when it ends: between the end and a pause the next call would slip in.
3. What the exchange should believe and what it was told are kept apart (`Agent.told`): after a broken link it is told again.
4. Intervals are rows of `agent_state` by (user, since): the open one survives a restart and is read back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Executable, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.crm import calllog, writer

Key = tuple[str, str]  # (pbx, Linkedid)


class State(StrEnum):
    """What an agent is doing, as it is shown and written."""

    OFFLINE = "offline"
    READY = "ready"
    PAUSED = "paused"
    RINGING = "ringing"
    TALKING = "talking"
    HOLD = "hold"
    CONSULTING = "consulting"
    WRAPUP = "wrapup"


DECLARED = (State.OFFLINE, State.READY, State.PAUSED)
_BY_LEG = {
    "ringing": State.RINGING,
    "dialing": State.RINGING,
    "talking": State.TALKING,
    "held": State.HOLD,
    "consulting": State.CONSULTING,
}
_LOUDEST = (State.CONSULTING, State.TALKING, State.HOLD, State.RINGING)


@dataclass(slots=True)
class Wrapup:
    """The time after a call; epoch seconds."""

    call: Key
    since: float
    until: float


@dataclass(slots=True)
class Agent:
    """One agent's present."""

    user_id: int
    declared: State = State.OFFLINE
    declared_reason: str = ""
    legs: dict[Key, str] = field(default_factory=dict)
    keeps_queue_away: bool = False  # the present call will be followed by wrap-up
    wrapup: Wrapup | None = None
    armed: tuple[State, str] | None = None  # what follows the wrap-up
    reachable: bool | None = None  # None: nobody has said
    state: State = State.OFFLINE
    reason: str = ""
    since: float = 0.0
    told: tuple[bool, str] | None = None  # (paused, reason) as the exchange has it

    @property
    def until(self) -> float | None:
        """Give the end of the wrap-up that is shown, epoch seconds."""
        return self.wrapup.until if self.wrapup and self.state is State.WRAPUP else None

    @property
    def wanted(self) -> tuple[bool, str]:
        """Say whether the exchange should pause them, and why."""
        if self.declared is State.OFFLINE:
            return True, "offline"
        if self.wrapup is not None or (self.legs and self.keeps_queue_away):
            return True, "wrapup"
        return (True, self.declared_reason) if self.declared is State.PAUSED else (False, "")

    def compute(self) -> tuple[State, str]:
        """Give the state that follows from calls, wrap-up and declaration, with its reason."""
        shown = {_BY_LEG[leg] for leg in self.legs.values()}
        for state in _LOUDEST:
            if state in shown:
                both = state is State.TALKING and State.HOLD in shown
                return (State.CONSULTING if both else state), ""
        if self.wrapup is not None:
            return State.WRAPUP, ""
        return self.declared, self.declared_reason


def _interval(dialect: str) -> Executable:
    table: Any = models.AgentState.__table__
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = make(table).values(
        {name: bindparam(name) for name in ("user_id", "state", "reason", "since", "until")}
    )
    excluded = statement.excluded
    result: Executable = statement.on_conflict_do_update(
        index_elements=["user_id", "since"],
        set_={"state": excluded.state, "reason": excluded.reason, "until": excluded.until},
    )
    return result


INTERVAL = writer.Kind("agent state", 5, _interval)


class Agents:
    """Keep every agent's state; tells `changed` of each change, after writing it."""

    def __init__(self, to: writer.Writer) -> None:
        self.changed: list[Callable[[Agent], None]] = []
        self._writer = to
        self._agents: dict[int, Agent] = {}

    def get(self, user_id: int) -> Agent:
        """Give an agent; who was never seen is offline."""
        agent = self._agents.get(user_id)
        if agent is None:
            agent = self._agents[user_id] = Agent(user_id)
        return agent

    def all(self) -> list[Agent]:
        """Give every agent who was seen."""
        return list(self._agents.values())

    def declare(self, user_id: int, state: State, reason: str, at: float) -> Agent:
        """Take what an agent says of themselves; during a call or wrap-up it is what follows."""
        agent = self.get(user_id)
        if agent.wrapup is not None and state is not State.OFFLINE:
            agent.armed = (state, reason)
            self._tell(agent)
            return agent
        agent.declared, agent.declared_reason, agent.armed = state, reason, None
        if state is State.OFFLINE:
            agent.wrapup = None
        self.settle(agent, at)
        return agent

    def leg(self, user_id: int, call: Key, state: str | None, at: float) -> None:
        """Say what an agent's phone does in a call; None when it is out of it."""
        agent = self.get(user_id)
        if state is None:
            agent.legs.pop(call, None)
        else:
            agent.legs[call] = state
        if not agent.legs:
            agent.keeps_queue_away = False
        self.settle(agent, at)

    def begin_wrapup(self, user_id: int, call: Key, at: float, seconds: float) -> Wrapup:
        """Begin the wrap-up of a call; another one's, still open, ends unsaid."""
        agent = self.get(user_id)
        agent.wrapup = Wrapup(call, at, at + seconds)
        return agent.wrapup

    def end_wrapup(
        self, user_id: int, at: float, then: tuple[State, str] | None = None
    ) -> Wrapup | None:
        """End the wrap-up; the agent goes where `then` says, else where they armed, else back to what they declared."""
        agent = self.get(user_id)
        wrapup, agent.wrapup = agent.wrapup, None
        then = then or agent.armed
        if then is not None:
            agent.declared, agent.declared_reason = then
        agent.armed = None
        self.settle(agent, at)
        return wrapup

    def settle(self, agent: Agent, at: float) -> None:
        """Compute the state again; write and tell it when it changed."""
        state, reason = agent.compute()
        if (state, reason) != (agent.state, agent.reason):
            at = max(at, agent.since)
            if agent.since:
                self._write(agent, until=at)
            agent.state, agent.reason, agent.since = state, reason, at
            self._write(agent, until=None)
        self._tell(agent)

    def restore(self, rows: dict[int, tuple[State, str, float]]) -> None:
        """Take back what was declared before a restart; a wrap-up that was given back stands above it."""
        for user_id, (state, reason, since) in rows.items():
            agent = self.get(user_id)
            agent.declared, agent.declared_reason = state, reason
            if agent.wrapup is None:
                agent.state, agent.reason, agent.since = state, reason, since
                self._write(agent, until=None)

    def rewrap(self, user_id: int, call: Key, since: float, until: float) -> None:
        """Give a wrap-up back that a restart interrupted; its interval goes on."""
        agent = self.get(user_id)
        agent.wrapup = Wrapup(call, since, until)
        agent.state, agent.since = State.WRAPUP, since
        self._write(agent, until=None)
        self._tell(agent)

    def was_wrapping(self, user_id: int, since: float, until: float) -> None:
        """Close the interval of a wrap-up whose time ran out while nobody looked."""
        self._write(Agent(user_id, state=State.WRAPUP, since=since), until=until)

    def _tell(self, agent: Agent) -> None:
        for tell in self.changed:
            tell(agent)

    def _write(self, agent: Agent, *, until: float | None) -> None:
        self._writer.put(
            INTERVAL,
            (agent.user_id, agent.since),
            {
                "user_id": agent.user_id,
                "state": agent.state.value,
                "reason": calllog.text(agent.reason, 60),
                "since": calllog.when(agent.since),
                "until": calllog.when(until),
            },
        )


def last_declared(session: Session, now: float) -> dict[int, tuple[State, str, float]]:
    """Read what every agent declared last, and close what a restart left open in between."""
    a = models.AgentState
    moment = calllog.when(now)
    newest = (
        select(a.user_id, func.max(a.since).label("since"))
        .where(a.state.in_([s.value for s in DECLARED]))
        .group_by(a.user_id)
        .subquery()
    )
    rows = session.execute(
        select(a.user_id, a.state, a.reason, a.since, a.until).join(
            newest, (a.user_id == newest.c.user_id) & (a.since == newest.c.since)
        )
    ).all()
    found = {}
    for user_id, state, reason, since, until in rows:
        begins = since.timestamp() if until is None else now
        found[user_id] = (State(state), reason, begins)
    for row in session.scalars(select(a).where(a.until.is_(None))):
        kept = found.get(row.user_id)
        if kept is None or row.since.timestamp() != kept[2]:
            row.until = moment
    return found
