"""What we conclude from AMI events: frozen values, in the past tense, in the order in which they became true.

Every fact carries the call's Linkedid and `at`, epoch seconds from the event that made it true; one about a person's phone names
its Interface (`PJSIP/1001`) and extension (`1001`). calls.py, queues.py and listeners.py make them; an ended call is a `CallRecord`."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from callcenter.telephony import values


class Direction(StrEnum):
    """Say where a call began and where it went."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class Result(StrEnum):
    """Say how a call ended technically; what came of it in business is the outcome, said by the agent."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"  # inbound: hung up while waiting in a queue
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"  # refused, congested, no such number, unreachable
    CANCELLED = "cancelled"  # the caller hung up while it rang, outside of a queue
    AGENT_NO_ANSWER = "agent_no_answer"  # click-to-dial: our own phone was not picked up
    DROPPED = "dropped"  # campaign: a person answered and no agent came
    VOICEMAIL = "voicemail"
    LOST = "lost"  # we lost sight of it; reconciled later


class Outcome(StrEnum):
    """Say what became of one participant's phone."""

    ANSWERED = "answered"
    MISSED = "missed"
    BUSY = "busy"
    REJECTED = "rejected"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    TRANSFERRED = "transferred"  # answered, and passed the call on


@values.value
class Participant:
    """Tell what one phone did in a call; times are epoch seconds or None."""

    interface: str
    extension: str
    rang: float | None = None
    answered: float | None = None
    left: float | None = None
    outcome: Outcome | None = None
    began: bool = False  # this phone made the call: it is `from`, and did not ring


@values.value
class Transfer:
    """Tell who passed a call on, to whom and when."""

    kind: str  # blind | attended
    by: str
    to: str
    at: float


@values.value
class CallRecord:
    """Tell all that is known of one call, running or finished; times are epoch seconds or None."""

    id: str  # the Linkedid
    direction: Direction
    from_: str
    from_name: str
    to: str
    did: str | None
    queue: str | None
    started: float
    variables: dict[str, str] = field(default_factory=dict)  # our CC_* channel variables
    far_end_answered: float | None = None
    result: Result | None = None  # None while it runs
    queued: float | None = None
    ringing: float | None = None
    answered: float | None = None  # when two people first could hear each other
    ended: float | None = None
    hold_seconds: float = 0.0
    wait_seconds: float | None = None
    ring_seconds: float | None = None
    talk_seconds: float | None = None
    hangup_by: str | None = None  # caller | agent | callee | system
    hangup_cause: int | None = None
    participants: tuple[Participant, ...] = ()
    transfers: tuple[Transfer, ...] = ()


@values.value
class OfCall:
    """What every fact about a call carries: its Linkedid, and when the event came that made it true."""

    linkedid: str
    at: float


@values.value
class CallStarted(OfCall):
    """A new Linkedid appeared: somebody is calling."""

    channel: str
    direction: Direction
    from_: str
    from_name: str
    to: str
    did: str | None


@values.value
class CallQueued(OfCall):
    """The caller joined a queue and waits."""

    queue: str
    position: int


@values.value
class CallRinging(OfCall):
    """A person's phone began to ring for this call: the moment of the screen pop."""

    interface: str
    extension: str
    channel: str
    queue: str | None


@values.value
class RingEnded(OfCall):
    """A phone stopped ringing without being answered."""

    interface: str
    extension: str
    outcome: Outcome  # missed, busy, rejected, answered_elsewhere


@values.value
class FarEndAnswered(OfCall):
    """The person whom we dialled picked up."""

    number: str


@values.value
class CallAnswered(OfCall):
    """Two people can hear each other for the first time in this call."""


@values.value
class ParticipantJoined(OfCall):
    """A person's phone was picked up and is part of the call."""

    interface: str
    extension: str
    channel: str


@values.value
class ParticipantLeft(OfCall):
    """A person's phone left the call; the call may go on with others."""

    interface: str
    extension: str
    outcome: Outcome  # answered or transferred


@values.value
class CallHeld(OfCall):
    """One side put the other on hold."""

    by: str  # the Interface that holds, or "" when it is not a phone of ours


@values.value
class CallResumed(OfCall):
    """The hold ended."""

    by: str


@values.value
class CallTransferred(OfCall):
    """The call was passed on, blind or after talking."""

    kind: str
    by: str
    to: str


@values.value
class CallMerged(OfCall):
    """Two calls turned out to be one, by transfer or pickup; `absorbed` exists no more."""

    absorbed: str


@values.value
class VariableSet(OfCall):
    """One of our own channel variables (CC_*) was set."""

    name: str
    value: str


@values.value
class RecordingStarted(OfCall):
    """MixMonitor writes a file for this call; `file` is the exchange's path."""

    channel: str
    file: str


@values.value
class RecordingStopped(OfCall):
    """MixMonitor stopped; the file is complete when its header agrees with its size."""

    channel: str


@values.value
class OriginateFailed(OfCall):
    """A call that we asked for could not be placed."""

    reason: str  # busy, no_answer, failed, agent_no_answer, ...
    cause: int | None


@values.value
class CallEnded(OfCall):
    """The last channel is gone; the record is complete."""

    record: CallRecord


@values.value
class CallLost(OfCall):
    """We can no longer follow this call: the link or the exchange went away. The record is what was known."""

    record: CallRecord


CallFact = (
    CallStarted | CallQueued | CallRinging | RingEnded | FarEndAnswered | CallAnswered | ParticipantJoined | ParticipantLeft | CallHeld
    | CallResumed | CallTransferred | CallMerged | VariableSet | RecordingStarted | RecordingStopped | OriginateFailed | CallEnded | CallLost
)  # fmt: skip


@values.value
class MemberChanged:
    """A queue member signed in or out, was paused, or its phone changed state."""

    at: float
    queue: str
    interface: str
    extension: str
    state: str  # available | ringing | busy | paused | unavailable | gone
    pause_reason: str = ""


@values.value
class PhoneChanged:
    """A phone became reachable or unreachable."""

    at: float
    interface: str
    extension: str
    reachable: bool


@values.value
class QueueChanged:
    """The number of callers who wait in a queue changed."""

    at: float
    queue: str
    waiting: int
    oldest: float | None  # epoch seconds at which the longest-waiting caller joined


@values.value
class ListenerChanged(OfCall):
    """A supervisor's phone that listens to a call rang, picked up, or is gone; `linkedid` is its own, never a call's."""

    channel: str
    state: str  # ringing | listening | gone; `cause` is Q.850, when it is gone
    cause: int | None = None


QueueFact = MemberChanged | PhoneChanged | QueueChanged
Fact = CallFact | QueueFact | ListenerChanged
