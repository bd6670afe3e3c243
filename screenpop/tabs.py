"""One connection of a user: what it has not acknowledged, what it watches; and what was sent to all of them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Browser:
    """One connection of a user."""

    sid: str
    engine_sid: str
    user_id: int
    session: str
    unacked: dict[int, Unacked] = field(default_factory=dict)  # by ack id


@dataclass(slots=True)
class Unacked:
    text: str
    due: float
    tries: int = 1


@dataclass(slots=True)
class Counts:
    """What was sent, for the system page and the benchmark."""

    sent: int = 0  # events of all kinds, a browser each
    pops: int = 0  # of them cards, which are to be acknowledged
    acked: int = 0
    sent_again: int = 0
    given_up: int = 0
