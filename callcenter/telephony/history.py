"""What Asterisk itself wrote down of its calls: lines of its CDR and its queue_log, made into values; pure.

AMI keeps no history. A CDR is a *leg*: one channel with the one that it was joined to, written when the leg ends, so a
call that still runs has none, or not all of them. The queue_log has a line an event, as it happens. Both know whole
seconds only. A call is all legs of one Linkedid; legs that share a channel are one call as well (an attended transfer
begins as two).

`cdr_csv` leaves out columns that cdr.conf does not ask for: the Linkedid comes with `newcdrcolumns`, the Uniqueid with
`loguniqueid`. Without a Linkedid the Uniqueid stands for it; a line with neither cannot be used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from callcenter.telephony import events, values

Clock = Callable[[str], float | None]  # a time as the exchange writes it -> epoch seconds

_ALWAYS = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer",
    "end", "duration", "billsec", "disposition", "amaflags",
)  # fmt: skip
_NEW = ("peeraccount", "linkedid", "sequence")
_ID = re.compile(r"(?:.+-)?([0-9]{9,11})\.[0-9]+")
_CLID = re.compile(r'\s*"?(.*?)"?\s*<([^<>]*)>\s*')
_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_SLACK_SECONDS = 2.0


@values.value
class Leg:
    """One line of the CDR; times are epoch seconds."""

    linkedid: str
    uniqueid: str
    sequence: int
    start: float
    answer: float | None
    end: float
    number: str  # of who called
    name: str
    dialled: str  # the last dialplan extension
    context: str
    channel: str
    peer: str  # the channel that was called, or empty
    app: str
    data: str
    disposition: str  # ANSWERED | NO ANSWER | BUSY | FAILED | CONGESTION
    did: str = ""
    recording: str = ""  # a file's name, where the exchange's dialplan writes it down (FreePBX)

    @property
    def is_answered(self) -> bool:
        """Say whether it was picked up."""
        return self.disposition == "ANSWERED" and self.answer is not None


@values.value
class QueueLine:
    """One line of the queue_log; `at` is epoch seconds, `data` what stands behind the event's name."""

    at: float
    callid: str  # the caller's Uniqueid
    queue: str
    agent: str  # the member's name, or its Interface
    event: str
    data: tuple[str, ...] = ()


@values.value
class Columns:
    """Say what the lines of a cdr_csv hold, by their number of columns."""

    names: tuple[str, ...]

    @property
    def has_linkedid(self) -> bool:
        """Say whether calls can be known by their Linkedid."""
        return "linkedid" in self.names

    @property
    def has_uniqueid(self) -> bool:
        """Say whether legs can be known at all, where there is no Linkedid."""
        return "uniqueid" in self.names


def columns(fields: Sequence[str]) -> Columns | None:
    """Tell which columns a cdr_csv line has; None for a line that is none."""
    count = len(fields)
    if count not in range(16, 22):
        return None
    tail: tuple[str, ...] = ()
    new = _NEW if count >= 19 else ()
    if (extra := count - 16 - len(new)) == 2:
        tail = ("uniqueid", "userfield")
    elif extra == 1:
        tail = ("uniqueid",) if _ID.fullmatch(fields[16]) else ("userfield",)
    return Columns((*_ALWAYS, *tail, *new))


def leg(row: Mapping[str, str], clock: Clock) -> Leg | None:
    """Make a leg of a CDR's named columns; None where it tells neither whose it is nor when."""
    uniqueid = row.get("uniqueid", "")
    linkedid = row.get("linkedid", "") or uniqueid
    start = clock(row.get("start", "") or row.get("calldate", ""))
    if not linkedid or start is None:
        return None
    seconds, talked = _whole(row.get("duration", "")), _whole(row.get("billsec", ""))
    disposition = row.get("disposition", "").upper()
    end, answer = clock(row.get("end", "")), clock(row.get("answer", ""))
    if end is None:
        end = start + seconds
    if answer is None and disposition == "ANSWERED":
        answer = end - talked
    name, number = _caller(row.get("clid", ""))
    number = number or row.get("src", "")
    if number.lower() in events.UNKNOWN:
        number = ""
    return Leg(
        linkedid=linkedid, uniqueid=uniqueid or linkedid, sequence=_whole(row.get("sequence", "")), start=start,
        answer=answer, end=max(start, end), number=number, name=name,
        dialled=row.get("dst", ""), context=row.get("dcontext", ""), channel=row.get("channel", ""),
        peer=row.get("dstchannel", ""), app=row.get("lastapp", ""), data=row.get("lastdata", ""),
        disposition=disposition, did=row.get("did", "") or _called(row.get("userfield", "")), recording=row.get("recordingfile", ""),
    )  # fmt: skip


def queue_line(text: str) -> QueueLine | None:
    """Make a value of a queue_log line; None where it is of no call."""
    parts = text.rstrip("\r\n").split("|")
    if len(parts) < 5:
        return None
    at = seconds(parts[0])
    if at is None or parts[1] in ("", "NONE") or parts[4] == "QUEUESTART":
        return None
    return QueueLine(at, parts[1], parts[2], parts[3], parts[4], tuple(parts[5:]))


def seconds(text: str) -> float | None:
    """Read epoch seconds, whole or with a fraction."""
    whole, _, fraction = text.partition(".")
    if not whole.isdecimal() or len(whole) > 11 or (fraction and not fraction.isdecimal()):
        return None
    return float(text)


def born(uniqueid: str) -> float | None:
    """Give the second in which a channel was made, where its id tells; ids that we choose tell nothing."""
    found = _ID.fullmatch(uniqueid)
    return float(found[1]) if found else None


def is_chosen(linkedid: str) -> bool:
    """Say whether somebody chose this id with Originate's ChannelId, rather than Asterisk."""
    return _ID.fullmatch(linkedid) is None


def calls(legs: Iterable[Leg]) -> dict[str, list[Leg]]:
    """Gather legs by call, each under the Linkedid of the call that began first."""
    found: dict[str, dict[Leg, None]] = {}
    for each in legs:
        found.setdefault(each.linkedid, {})[each] = None
    eldest = {key: min(each.start for each in group) for key, group in found.items()}
    place: dict[str, tuple[str, float]] = {}  # channel -> the call that had it last, and until when
    absorbed: dict[str, str] = {}
    for one in sorted((one for group in found.values() for one in group), key=_order):
        for channel in filter(None, (one.channel, one.peer)):
            other, until = place.get(channel, ("", 0.0))
            mine = _root(absorbed, one.linkedid)
            theirs = _root(absorbed, other) if other else mine
            if theirs != mine and one.start <= until + _SLACK_SECONDS:
                older, younger = sorted((mine, theirs), key=lambda key: (eldest[key], key))
                absorbed[younger] = older
            place[channel] = one.linkedid, max(until, one.end)
    gathered: dict[str, list[Leg]] = {}
    for key, group in found.items():
        gathered.setdefault(_root(absorbed, key), []).extend(group)
    return {key: sorted(group, key=_order) for key, group in gathered.items()}


def _order(one: Leg) -> tuple[float, int]:
    return one.start, one.sequence


def _root(absorbed: Mapping[str, str], key: str) -> str:
    while key in absorbed:
        key = absorbed[key]
    return key


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _called(userfield: str) -> str:
    """Take the userfield for the number that was called, where the dialplan put one there (config/asterisk)."""
    return userfield if _NUMBER.fullmatch(userfield) else ""


def _caller(clid: str) -> tuple[str, str]:
    found = _CLID.fullmatch(clid)
    if found is None:
        return "", ""
    name, number = found[1].replace('""', '"').strip('"'), found[2]
    return "" if name.lower() in events.UNKNOWN else name, number
