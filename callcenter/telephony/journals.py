"""Asterisk's own records where they lie: Master.csv and queue_log as files, or as tables reached by an SQLAlchemy address.

Files grow at their end and are in order of time, so a place in them is found by bisecting for a time, and reading goes on
from where it stopped. A file that was rotated away is read to its end (as NAME.1) before the new one is begun; one that
was cut short is read from its beginning; a line that is not whole yet is left for the next time.

The times of a CDR have no zone. With `usegmtime` they are UTC, else the exchange's own. Where the settings do not say
which, the ids tell: the first part of an Uniqueid is the second in which the channel was made.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from callcenter.telephony import history

STEP_SECONDS = 7200.0  # a clock is set by an hour when somebody mistook the zone
CHUNK_BYTES = 1 << 16
LONGEST_LINE_BYTES = 1 << 16
MOST_BYTES = 256 << 20  # of one file at once; a look-back that would be longer begins later
_ID_SLACK_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading stopped: in which file, and before which byte."""

    inode: int
    offset: int


def is_address(source: str) -> bool:
    """Say whether a setting is a database's address rather than a file's path."""
    return "://" in source


class File:
    """One growing file of lines, read from where it stopped; `at` gives a line's time, epoch seconds."""

    def __init__(self, path: Path, at: Callable[[str], float | None]) -> None:
        self.path = path
        self.place: Place | None = None
        self._at = at

    def read(self, since: float) -> list[str]:
        """Return the lines that came since the last time; at first, those from about `since` on.

        Raises:
            OSError: the file cannot be read. One that is not there yet has no lines.
        """
        lines: list[str] = []
        place = self.place
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return self._rest(place) if place else []
        with file:
            state = os.fstat(file.fileno())
            if place is None:
                lines += self._before(file, since)
                offset = bisect(file, since, self._at)
            elif place.inode != state.st_ino:
                lines += self._rest(place)
                offset = 0
            else:
                offset = place.offset if place.offset <= state.st_size else 0
            fresh, offset = _whole_lines(file, offset)
            self.place = Place(state.st_ino, offset)
        return lines + fresh

    def between(self, begin: float, end: float) -> Iterator[str]:
        """Yield the lines of a stretch of time, of the file and of the one that was rotated away before it.

        Some a little earlier or later come too: where the exchange's clock was set, the lines are not in order, and one may
        say that its call ended before it began.
        """
        for path in (self.path.with_name(self.path.name + ".1"), self.path):
            try:
                file = path.open("rb")
            except FileNotFoundError:
                continue
            with file:
                file.seek(bisect(file, begin - STEP_SECONDS, self._at))
                for raw in file:
                    line = raw.decode("utf-8", "replace")
                    at = self._at(line)
                    if at is not None and at > end + STEP_SECONDS:
                        break
                    yield line

    def _rest(self, place: Place) -> list[str]:
        """Read what was added to the file before it was rotated away."""
        old = self.path.with_name(self.path.name + ".1")
        try:
            with old.open("rb") as file:
                if os.fstat(file.fileno()).st_ino == place.inode:
                    return _whole_lines(file, place.offset)[0]
        except FileNotFoundError:
            pass
        return []

    def _before(self, file: BinaryIO, since: float) -> list[str]:
        """Read the rotated file as well, where the present one began only later than asked for."""
        first = self._at(file.readline(LONGEST_LINE_BYTES).decode("utf-8", "replace"))
        if first is not None and first <= since:
            return []
        try:
            with self.path.with_name(self.path.name + ".1").open("rb") as old:
                return _whole_lines(old, bisect(old, since, self._at))[0]
        except FileNotFoundError:
            return []


def bisect(file: BinaryIO, since: float, at: Callable[[str], float | None]) -> int:
    """Find the offset of the first line whose time is not before `since`, in a file in order of time."""
    low, high = 0, file.seek(0, os.SEEK_END)
    low = max(0, high - MOST_BYTES)
    while high - low > CHUNK_BYTES:
        middle = (low + high) // 2
        found = _time_after(file, middle, at)
        if found is not None and found < since:
            low = middle
        else:
            high = middle
    file.seek(low)
    if low:
        file.readline(LONGEST_LINE_BYTES)
    while True:
        here = file.tell()
        line = file.readline(LONGEST_LINE_BYTES)
        found = at(line.decode("utf-8", "replace"))
        if not line or (found is not None and found >= since):
            return here


def _time_after(file: BinaryIO, offset: int, at: Callable[[str], float | None]) -> float | None:
    """Give the time of the first whole line behind an offset that tells one."""
    file.seek(offset)
    file.readline(LONGEST_LINE_BYTES)
    for _ in range(20):
        line = file.readline(LONGEST_LINE_BYTES)
        if not line:
            return None
        if (found := at(line.decode("utf-8", "replace"))) is not None:
            return found
    return None


def _whole_lines(file: BinaryIO, offset: int) -> tuple[list[str], int]:
    file.seek(offset)
    data = file.read(MOST_BYTES)
    end = data.rfind(b"\n") + 1
    return data[:end].decode("utf-8", "replace").splitlines(), offset + end


class CdrClock:
    """Read the times of a CDR: in the zone that the settings name, else in the one that the calls' ids speak for."""

    def __init__(self, zone: str, local: str) -> None:
        """Take the zone of the settings, or "" to find out, and that of the office."""
        self.candidates: tuple[tzinfo, ...] = (ZoneInfo(zone),) if zone else (UTC, ZoneInfo(local))
        self.zone: tzinfo = self.candidates[0]
        self._known: dict[str, float] = {}

    def __call__(self, text: str) -> float | None:
        """Give epoch seconds of a time such as 2026-11-25 18:54:55, or None."""
        found = self._known.get(text)
        if found is None:
            found = _epoch(text, self.zone)
            if found is None:
                return None
            if len(self._known) > 50_000:
                self._known.clear()
            self._known[text] = found
        return found

    def learn(self, told: Iterable[tuple[str, str]]) -> None:
        """Choose the zone by (Uniqueid, start) of some legs; most begin as their channel is made."""
        if len(self.candidates) == 1:
            return
        votes = dict.fromkeys(self.candidates, 0)
        for uniqueid, start in told:
            born = history.born(uniqueid)
            for zone in self.candidates:
                at = _epoch(start, zone)
                if born is not None and at is not None and -2 <= at - born < _ID_SLACK_SECONDS:
                    votes[zone] += 1
        best = max(votes, key=lambda zone: votes[zone])
        if votes[best] and best is not self.zone:
            self.zone = best
            self._known.clear()


def _epoch(text: str, zone: tzinfo) -> float | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=zone)).timestamp()


def naive(at: float) -> datetime:
    """Give epoch seconds as UTC without its zone, as a table keeps it."""
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None)


def cdr_fields(line: str) -> Sequence[str]:
    """Part a line of cdr_csv."""
    try:
        return next(csv.reader([line], strict=False), [])
    except csv.Error:
        return []


class CdrFile:
    """The legs of a Master.csv."""

    def __init__(self, path: Path, clock: CdrClock) -> None:
        self._clock = clock
        self._file = File(path, self._ended)
        self._learned = False

    def read(self, since: float) -> list[history.Leg]:
        """Return the legs that were written since the last time, at first those from about `since` on."""
        self._learn()
        return list(self._legs(self._file.read(since)))

    def between(self, begin: float, end: float) -> list[history.Leg]:
        """Return the legs that ended in a stretch of time."""
        self._learn()
        return list(self._legs(self._file.between(begin, end)))

    def _learn(self) -> None:
        """See by the newest lines in which zone the exchange writes: now and then the office's clocks change."""
        try:
            with self._file.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - CHUNK_BYTES))
                tail = file.read(CHUNK_BYTES).decode("utf-8", "replace").splitlines()
        except OSError:
            return  # read() says so
        told = []
        for line in tail[-200:]:
            fields = cdr_fields(line)
            names = history.columns(fields)
            if names is not None:
                row = dict(zip(names.names, fields, strict=True))
                told.append((row.get("uniqueid") or row.get("linkedid", ""), row["start"]))
        self._clock.learn(told)

    def _legs(self, lines: Iterable[str]) -> Iterator[history.Leg]:
        for line in lines:
            fields = cdr_fields(line)
            names = history.columns(fields)
            if names is None:
                continue
            leg = history.leg(dict(zip(names.names, fields, strict=True)), self._clock)
            if leg is not None:
                yield leg

    def _ended(self, line: str) -> float | None:
        fields = cdr_fields(line)
        return self._clock(fields[11]) if history.columns(fields) else None


class QueueLogFile:
    """The lines of a queue_log."""

    def __init__(self, path: Path) -> None:
        self._file = File(path, _queue_time)

    def read(self, since: float) -> list[history.QueueLine]:
        """Return the lines that were written since the last time, at first those from about `since` on."""
        return _queue_lines(self._file.read(since))

    def between(self, begin: float, end: float) -> list[history.QueueLine]:
        """Return the lines of a stretch of time."""
        return _queue_lines(self._file.between(begin, end))


def _queue_lines(lines: Iterable[str]) -> list[history.QueueLine]:
    return [found for line in lines if (found := history.queue_line(line)) is not None]


def _queue_time(line: str) -> float | None:
    return history.seconds(line.partition("|")[0])
