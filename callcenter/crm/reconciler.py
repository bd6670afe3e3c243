"""When the records of the exchanges are read: at a start, as soon as a line is up again, and every few seconds.

An outage begins when we stop or with the last that a line told before it went down, and ends when the tracker knows again
what lives on the exchange. After a kill it began when the line was last known to be up: written at every look, and by every
row. A little too early does no harm, since what was seen live is not touched unless the records know better.

What was read and could not be written waits in memory; how far the records are read is written only up to there.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callcenter import db, errors, models, settings
from callcenter.crm import identifying, reconciling, traces
from callcenter.telephony import completing, link, reconcile, switchboard

log = structlog.get_logger(__name__)

UP_SECONDS = 3.0  # how long a first look waits for the line: calls that run are then known
LATE_SECONDS = 300.0  # how long an outage is of interest to calls that ended in it
STUCK_SECONDS = 120.0  # after its end was written, until a call that still runs here is doubted
RETRY_SECONDS = 2.0
CHUNK = 200  # calls a transaction, so that live rows are not kept waiting

Calls = list[tuple[int, reconcile.Told]]  # by the row's id
Found = Callable[[str, Sequence[tuple[int, reconcile.Told]]], None]
Flush = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class _Book:
    """What is known of one exchange's records."""

    historian: reconcile.Historian
    since: float = 0.0  # when we first listened
    read_until: float = 0.0
    outages: dict[int, completing.Away] = field(default_factory=dict)  # by row
    open_outage: int | None = None
    down_since: float | None = None  # the line went down, and no row says so yet
    was_up: bool = False
    waiting: dict[str, reconcile.Told] = field(default_factory=dict)
    older: dict[str, reconcile.Told] = field(default_factory=dict)  # than `since`, by their clock
    lost: set[int] = field(default_factory=set)  # rows of lost calls that were told
    searched: set[int] = field(default_factory=set)  # outages whose recordings were looked through


class Reconciler:
    """Complete the call log from the exchanges' own records.

    `found` are told, on a thread, of every call that was not seen from end to end: what else of it was missed? `traces` are
    asked for recordings that nobody expects.
    """

    def __init__(
        self,
        config: settings.Settings,
        database: db.Database,
        board: switchboard.Switchboard,
        *,
        flush: Flush,
    ) -> None:
        """Take `flush`, which returns when the rows of all that was heard are written."""
        self.found: list[Found] = []
        self.traces: list[traces.Find] = []
        self._settings, self._database, self._board, self._flush = config, database, board, flush
        zone = config.site.timezone
        self._books = {pbx.name: _Book(reconcile.Historian(pbx, zone=zone)) for pbx in config.pbx}
        self._news = asyncio.Event()
        self._looking = asyncio.Lock()  # one look at a time: two would make one row twice
        self._task: asyncio.Task[None] | None = None
        board.states.append(self._link_changed)

    async def begin(self) -> None:
        """Read how far we were, before the exchanges are listened to."""
        for name, book in self._books.items():
            await self._database.run(_begin, name, book, now=time.time())

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._follow(), name="reconciler")

    async def stop(self) -> None:
        """End, and write since when we do not hear the exchanges."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for name, book in self._books.items():
            with contextlib.suppress(SQLAlchemyError):
                await asyncio.to_thread(self._note, name, book, up=False, now=time.time())

    def _link_changed(self) -> None:
        now = time.time()
        for name, line in self._board.lines.items():
            book, up = self._books[name], line.link.state.phase is link.Phase.UP
            if book.was_up and not up:
                # A line that falls silent is given up seconds later: what was said meanwhile was not heard either.
                book.down_since = book.down_since or min(now, line.link.heard_at or now)
            elif up and not book.was_up:
                self._news.set()
            book.was_up = up

    async def _follow(self) -> None:
        wait = UP_SECONDS
        while True:
            with contextlib.suppress(TimeoutError):
                # Not wait_for: before Python 3.12 it may swallow the cancellation that ends us.
                async with asyncio.timeout(wait):
                    await self._news.wait()
            self._news.clear()
            wait = self._settings.ledger.every_seconds
            for name in self._books:
                try:
                    await self.look(name)
                except (SQLAlchemyError, errors.CallCenterError, OSError, TimeoutError) as error:
                    problem = str(error).splitlines()[:1]
                    log.warning("not reconciled, tried again", pbx=name, problem=problem)
                    wait = min(wait, RETRY_SECONDS)

    async def look(self, pbx: str) -> int:
        """Read what is new in the records of an exchange, and return how many rows were made or completed."""
        async with self._looking:
            return await self._look(pbx, self._board.lines[pbx], self._books[pbx])

    async def _look(self, pbx: str, line: switchboard.Line, book: _Book) -> int:
        if line.link.state.phase is link.Phase.UP:
            with contextlib.suppress(TimeoutError):  # the snapshot is on its way through the line
                async with asyncio.timeout(UP_SECONDS):
                    await line.seeded.wait()
        up, now, running = line.seeded.is_set(), time.time(), line.tracker.ids()
        # Or the end of a call that the tracker has just let go would be written over what we write.
        await line.told.wait()
        await self._flush()
        made, touched = await asyncio.to_thread(self._work, pbx, running, up=up, now=now)
        if made:
            log.info("calls reconciled", pbx=pbx, calls=len(made))
        if any(now - told.ended > STUCK_SECONDS for told in book.waiting.values()):
            line.link.look_again()  # the exchange wrote the end of a call that we think goes on
        for tell in self.found:
            await asyncio.to_thread(tell, pbx, made + touched)
        return len(made)

    def _work(
        self, pbx: str, running: frozenset[str], *, up: bool, now: float
    ) -> tuple[Calls, Calls]:
        """Look, on a thread: read, compare, write; return what was made or completed, and what an outage touched."""
        book = self._books[pbx]
        self._note(pbx, book, up=up, now=now)
        earliest = max(book.since, now - self._settings.ledger.look_back_days * 86_400)
        since = max(book.read_until - reconcile.OVERLAP_SECONDS, earliest)
        for told in book.historian.news(since):
            if told.ended >= book.since:
                book.waiting[told.record.id] = told
                book.read_until = max(book.read_until, min(told.ended, now))  # clocks are set
            else:
                book.older[told.record.id] = told
        seats = self._database.call(reconciling.Seats.read)
        away = [a for a in book.outages.values() if (a.ended or now) > now - 86_400 * 4]
        made: Calls = []
        touched: Calls = []
        with identifying.Identifier(self._database, self._settings) as identify:
            look = reconciling.Look(pbx, now, running, away, identify, seats)
            waiting = list(book.waiting.values())
            for start in range(0, len(waiting), CHUNK):
                some = waiting[start : start + CHUNK]
                settled = self._database.call(reconciling.settle, look, some)
                made += settled.reconciled
                touched += settled.touched
                left = {told.record.id for told in settled.waiting}
                for told in some:
                    if told.record.id not in left:
                        book.waiting.pop(told.record.id, None)
            if up:
                lost = self._database.call(_close, look, book)
                book.lost.update(row_id for row_id, _ in lost)
                touched += lost + self._traced(look, book)
        self._database.call(_note_read, pbx, book, now=now)
        return made, touched

    def _traced(self, look: reconciling.Look, book: _Book) -> Calls:
        """Find the calls of the recordings that nobody expects; those that still run are asked for again."""
        calls: Calls = []
        older = {linkedid: told for told in book.older.values() for linkedid in told.linkedids}
        for outage, began in traces.ripe(book.outages, book.searched, now=look.now).items():
            seen = [trace for find in self.traces for trace in find(look.pbx, began)]
            calls += self._database.call(traces.told, look, seen, older) if seen else []
            if not look.running.intersection(trace.linkedid for trace in seen):
                book.searched.add(outage)
        return calls

    def _note(self, pbx: str, book: _Book, *, up: bool, now: float) -> None:
        before = book.down_since, book.open_outage, dict(book.outages)
        try:
            self._database.call(_note_line, pbx, book, up=up, now=now)
        except SQLAlchemyError:  # it is written the next time
            book.down_since, book.open_outage, book.outages = before
            raise


def _when(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _mark(session: Session, pbx: str, now: float) -> models.ReconcileMark:
    mark = session.get(models.ReconcileMark, pbx)
    if mark is None:
        at = _when(now)
        mark = models.ReconcileMark(pbx=pbx, since=at, read_until=at, seen_at=at, problem="")
        session.add(mark)
    return mark


def _begin(session: Session, pbx: str, book: _Book, *, now: float) -> None:
    mark = _mark(session, pbx, now)
    # The records know whole seconds: a call that ended in this one may stand there as ended before it.
    book.since, book.read_until = mark.since.timestamp() - 1.0, mark.read_until.timestamp()
    outage = models.Outage
    recent = (
        outage.pbx == pbx,
        outage.ended.is_(None) | (outage.ended > _when(now) - timedelta(4)),
    )
    for row in session.scalars(select(outage).where(*recent).order_by(outage.id)):
        ended = row.ended.timestamp() if row.ended else None
        book.outages[row.id] = completing.Away(row.began.timestamp(), ended)
        if ended is None:
            book.open_outage = row.id
    if book.open_outage is None:
        began = max(mark.seen_at.timestamp(), _last_written(session, pbx, mark.seen_at))
        _open(session, pbx, book, began=began, reason="stopped")


def _last_written(session: Session, pbx: str, after: datetime) -> float:
    """Give the last moment of which a row tells that was written live: so long we certainly lived."""
    call, last = models.Call, 0.0
    for column in (call.started, call.answered, call.ended):
        mine = (call.pbx == pbx, call.source == "live", column > after, column <= db.utcnow())
        found = session.scalar(select(func.max(column)).where(*mine))
        last = max(last, found.timestamp() if found else 0.0)
    return last


def _open(session: Session, pbx: str, book: _Book, *, began: float, reason: str) -> None:
    row = models.Outage(pbx=pbx, began=_when(began), reason=reason)
    session.add(row)
    session.flush()
    book.outages[row.id], book.open_outage = completing.Away(began), row.id


def _note_line(session: Session, pbx: str, book: _Book, *, up: bool, now: float) -> None:
    """Write since when we hear the exchange, or do not."""
    mark = _mark(session, pbx, now)
    went, book.down_since = book.down_since, None
    if book.open_outage is None and (went is not None or not up):
        _open(session, pbx, book, began=went or now, reason="link" if went else "stopped")
    if up:
        mark.seen_at = _when(now)
        if book.open_outage is not None:
            row = session.get_one(models.Outage, book.open_outage)
            row.ended = _when(now)
            book.outages[row.id] = completing.Away(row.began.timestamp(), now)
            book.open_outage = None


def _close(session: Session, look: reconciling.Look, book: _Book) -> Calls:
    reconciling.date_lost(session, look)
    closed = reconciling.close_orphans(session, look)
    if closed:
        log.warning("calls lost: the exchange has no record of them", pbx=look.pbx, calls=closed)
    return reconciling.lost_lately(session, look, book.lost)


def _note_read(session: Session, pbx: str, book: _Book, *, now: float) -> None:
    mark = _mark(session, pbx, now)
    unsettled = [told.ended for told in book.waiting.values()]
    mark.read_until = _when(min([book.read_until, *unsettled]))
    mark.read_at, mark.problem = _when(now), book.historian.problem[:300]
