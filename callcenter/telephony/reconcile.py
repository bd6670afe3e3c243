"""What one exchange says in hindsight: its CDR and queue_log, read as they grow, told as whole calls.

`news` returns each call that something was written about since the last time; a call may be told more than once, since
its legs are written one by one (an attended transfer's first leg ends before the call does). Everything here blocks:
it is called on a thread.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from callcenter import settings
from callcenter.telephony import facts, folding, history, journals, roles, tables

OVERLAP_SECONDS = 600.0  # legs of one call are written apart: so much is read again at a start
LINES_SECONDS = 6 * 3600.0  # how long before its end a call may have joined its queue


@dataclass(frozen=True, slots=True)
class Told:
    """A call as Asterisk wrote it down, every Linkedid that it had, and the recordings that it names."""

    record: facts.CallRecord
    linkedids: tuple[str, ...]
    recordings: tuple[str, ...] = ()

    @property
    def started(self) -> float:
        """Give when it began."""
        return self.record.started

    @property
    def ended(self) -> float:
        """Give when the last leg ended that is written down."""
        return self.record.ended or self.record.started


class Historian:
    """Read the records of one exchange; `problem` says why they cannot be read, or is empty."""

    def __init__(self, pbx: settings.Pbx, *, zone: str) -> None:
        """Take the exchange's settings, and the office's time zone."""
        self.pbx, self.problem = pbx, ""
        self._roles = roles.Roles(pbx.trunks, pbx.phones)
        clock = journals.CdrClock(pbx.cdr_timezone, zone)
        self._cdr: journals.CdrFile | tables.CdrTable | None = None
        if pbx.cdr:
            table = journals.is_address(pbx.cdr)
            self._cdr = (
                tables.CdrTable(pbx.cdr, clock) if table else journals.CdrFile(Path(pbx.cdr), clock)
            )
        self._queue = journals.QueueLogFile(Path(pbx.queue_log)) if pbx.queue_log else None
        self._legs: dict[str, dict[history.Leg, None]] = {}
        self._lines: dict[str, dict[history.QueueLine, None]] = {}
        self._about: set[str] = set()  # calls of which something was read and not told yet

    @property
    def is_set(self) -> bool:
        """Say whether there is anything to read."""
        return self._cdr is not None

    def news(self, since: float) -> list[Told]:
        """Tell the calls about which something was written; at first, since about that time, later since the last."""
        if self._cdr is None:
            return []
        try:
            legs = self._cdr.read(since)
            for leg in legs:
                self._legs.setdefault(leg.linkedid, {})[leg] = None
                self._about.add(leg.linkedid)
            # Only the first reading of the queue_log looks back, and that must be to where these calls joined.
            oldest = min((leg.start for leg in legs), default=since)
            first = max(min(since, oldest) - 5.0, since - LINES_SECONDS)
            for line in self._queue.read(first) if self._queue else ():
                self._lines.setdefault(line.callid, {})[line] = None
                self._about.add(line.callid)
        except OSError as error:
            self.problem = str(error)
            return []
        self.problem = ""
        about, self._about = self._about, set()
        told = [t for t in self._tell(self._all()) if about.intersection(t.linkedids)] if about else []  # fmt: skip
        self._forget(max((leg.end for leg in legs), default=0.0))
        return told

    def between(self, begin: float, end: float) -> list[Told]:
        """Tell the calls that began in a stretch of time, in order; nothing is remembered of it.

        Raises:
            OSError: the records cannot be read.
        """
        if self._cdr is None:
            return []
        late = min(end + tables.LONGEST_CALL_SECONDS, time.time() + 1)
        legs = self._cdr.between(begin - OVERLAP_SECONDS, late)
        lines: dict[str, dict[history.QueueLine, None]] = {}
        for line in self._queue.between(begin - OVERLAP_SECONDS, late) if self._queue else ():
            lines.setdefault(line.callid, {})[line] = None
        told = self._tell(legs, lines)
        return sorted((t for t in told if begin <= t.started < end), key=lambda t: t.started)

    def _all(self) -> Iterable[history.Leg]:
        return (leg for group in self._legs.values() for leg in group)

    def _tell(
        self,
        legs: Iterable[history.Leg],
        lines: dict[str, dict[history.QueueLine, None]] | None = None,
    ) -> list[Told]:
        known = self._lines if lines is None else lines
        told = []
        for group in history.calls(legs).values():
            channels = {leg.uniqueid for leg in group} | {leg.linkedid for leg in group}
            heard = [line for channel in channels for line in known.get(channel, ())]
            record = folding.fold(group, heard, self._roles)
            if record is not None:
                ids = dict.fromkeys([record.id, *(leg.linkedid for leg in group)])
                told.append(Told(record, tuple(ids), _files(group)))
        return told

    def _forget(self, newest: float) -> None:
        """Keep what legs to come may belong to."""
        if not newest:
            return
        for key in [
            key
            for key, group in self._legs.items()
            if max(leg.end for leg in group) < newest - OVERLAP_SECONDS
        ]:
            del self._legs[key]
        for callid in [
            callid
            for callid, lines in self._lines.items()
            if max(line.at for line in lines) < newest - LINES_SECONDS
        ]:
            del self._lines[callid]


def _files(legs: Sequence[history.Leg]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(leg.recording for leg in legs if leg.recording))
