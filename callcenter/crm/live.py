"""The calls of the present as the desk sees them: who takes part with which phone, and who the other side is.

A call here is what an agent's screen needs while it lasts and through its wrap-up; the row in the database is written
from the tracker's record (calllog.py), never from this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from callcenter.crm import matching
from callcenter.telephony import facts, values

Key = tuple[str, str]  # (pbx, Linkedid)

RINGING = "ringing"
DIALING = "dialing"
TALKING = "talking"
HELD = "held"
CONSULTING = "consulting"
WRAPUP = "wrapup"

ASKED, TALKS = "ringing", "talking"  # what a colleague does who is consulted


@dataclass(slots=True)
class Leg:
    """One user's part in a call: the phone, and what it does."""

    user_id: int
    interface: str
    extension: str
    state: str
    since: float
    channel: str = ""
    rang: float | None = None
    joined: float | None = None  # picked up
    passed_on: bool = False  # the call, from here: the exchange does not call it a transfer
    asked: bool = (
        False  # by a colleague: the customer is not theirs, and the call not theirs to write up
    )
    wrapup_until: float | None = None
    wrapup_seconds: float | None = None


@values.value
class Dial:
    """A call that a user asked for: whom it is for is known before it rings."""

    user_id: int
    number: str
    party_id: int | None
    lead_id: int | None = None  # of a campaign


@dataclass(slots=True)
class LiveCall:
    """One call under its Linkedid; times are epoch seconds."""

    pbx: str
    id: str
    direction: facts.Direction
    from_: str
    from_name: str
    to: str
    did: str | None
    started: float
    queue: str | None = None
    queued: float | None = None
    ringing: float | None = None
    far_end_answered: float | None = None
    answered: float | None = None
    ended: float | None = None
    legs: dict[int, Leg] = field(default_factory=dict)
    held_by: set[str] = field(default_factory=set)
    held_here: bool = False  # by us, with a Redirect: only we can take it back
    transfer: dict[str, Any] | None = None  # {kind, to, state}
    recording: str = "off"
    dial: Dial | None = None
    match: matching.Match | None = None
    party_id: int | None = None  # as matched, or as an agent said
    party_name: str = ""
    said: bool = False  # an agent said who it is: no look-up changes that

    @property
    def key(self) -> Key:
        """Give (pbx, Linkedid)."""
        return self.pbx, self.id

    @property
    def far(self) -> str:
        """Give the number of the other side, as seen from the house."""
        return self.from_ if self.direction is facts.Direction.INBOUND else self.to

    def is_consulted(self) -> bool:
        """Say whether a colleague is asked about this call now."""
        return self.transfer is not None and self.transfer["state"] in (ASKED, TALKS)

    def asks(self, user_id: int | None, exten: str) -> Leg | None:
        """Take it that who holds the customer by the phone's keys asks whoever's phone begins to ring; return the asker's leg."""
        if self.is_consulted() or self.held_here:
            return None
        for leg in self.legs.values():
            if leg.state == HELD and leg.interface in self.held_by and leg.user_id != user_id:
                self.transfer = {"kind": "attended", "to": exten, "state": ASKED}
                return leg
        return None

    def meets(self) -> bool:
        """Take it that the colleague who is asked has answered; say whether that is new."""
        if self.transfer is None or self.transfer["state"] != ASKED:
            return False
        self.transfer = {**self.transfer, "state": TALKS}
        return True

    def passes(self) -> None:
        """Take it that the customer is with whoever is left: nobody holds, nobody is only asked."""
        self.held_by.clear()
        for leg in self.legs.values():
            leg.asked = False


@values.value
class Popped:
    """A card is to appear on a user's screens."""

    call: LiveCall
    leg: Leg


@values.value
class Updated:
    """A card that is there shows something else."""

    call: LiveCall
    leg: Leg


@values.value
class Relinked:
    """It was decided who the party is: cards are made anew."""

    call: LiveCall
    leg: Leg


@values.value
class Closed:
    """A user's part ended: ended | missed | answered_elsewhere | transferred | rejected; perhaps wrap-up begins."""

    call: LiveCall
    leg: Leg
    reason: str


@values.value
class Noticed:
    """Something is to be said to a user, by its code."""

    user_id: int
    level: str  # info | warn | bad
    code: str
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class LeadChanged:
    """The campaign's lead on a user's desk went on: look again."""

    user_id: int


Change = Popped | Updated | Relinked | Closed | Noticed | LeadChanged
