"""The late slots of a card: the last contacts, what is open, what was written; read on a thread after the card is out.

Every pop asks, so this is nearly as hot as the look-up: on one interpreter a thread that works for five milliseconds delays
the next pop by as much. The cards of one moment go to the thread together, a little later than the pops, which then have the
interpreter for themselves. The statements are the visibility rule's own, but compiled once for each *shape* of viewer (role,
number of teams): stand-ins take the places of the viewer's ids, and are exchanged for the real ones when it is run.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import BindParameter, Dialect, PoolProxiedConnection, bindparam, func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from callcenter import db, errors, models
from callcenter.crm import live, seats, visibility
from screenpop import cards

LONGEST_NOTE = 400
MOST = 5
GATHER_SECONDS = 0.05  # nobody reads so fast
Statement: TypeAlias = Any  # a Select; its type would list every column
Shape = tuple[str, int, int]
# Exchange, Linkedid, customer, number, who looks.
Asked = tuple[str, str, int | None, str | None, seats.Person]
_ME, _TEAM, _LED = -1_000_001, -2_000_000, -3_000_000

_call, _part, _note = models.Call, models.CallParticipant, models.Note
_task, _case, _user, _outcome = models.Task, models.Case, models.User, models.Outcome


class Late:
    """Read slots on a thread of its own, with a connection held for it."""

    def __init__(self, database: db.Database) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="late")
        self._connection: PoolProxiedConnection | None = None
        self._cursor: Any = None
        self._waiting: list[tuple[Asked, asyncio.Future[cards.Card]]] = []
        self._going: set[asyncio.Task[None]] = set()
        self._compiled: dict[Shape, dict[str, tuple[str, Sequence[str], dict[str, Any]]]] = {}

    async def read(
        self, call: live.LiveCall, party_id: int | None, person: seats.Person
    ) -> cards.Card:
        """Read the slots that a person may see; `party_id` is None for a stranger or a hidden customer.

        Raises DatabaseAway where the database cannot be asked.
        """
        e164 = call.match.number.e164 if call.match else None
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[cards.Card] = loop.create_future()
        self._waiting.append(((call.pbx, call.id, party_id, e164, person), answer))
        if len(self._waiting) == 1:
            going = loop.create_task(self._gather())
            self._going.add(going)
            going.add_done_callback(self._going.discard)
        return await answer

    async def _gather(self) -> None:
        """Read what was asked within a moment in one trip to the thread."""
        await asyncio.sleep(GATHER_SECONDS)
        asked, self._waiting = self._waiting, []
        reading = asyncio.get_running_loop().run_in_executor(
            self._thread, self._read_all, [one for one, _ in asked]
        )
        await asyncio.wait([reading])
        error = reading.exception()  # whoever asked is told, whatever it was
        read = [error] * len(asked) if error else reading.result()
        for (_, answer), found in zip(asked, read, strict=True):
            if answer.done():
                continue  # whoever asked is gone
            if isinstance(found, BaseException):
                answer.set_exception(found)
            else:
                answer.set_result(found)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=True)
        self._drop()

    def _read_all(self, asked: Sequence[Asked]) -> list[cards.Card | BaseException]:
        found: list[cards.Card | BaseException] = []
        with self._one_look():
            for one in asked:
                try:
                    found.append(self._read(*one))
                except (ValueError, TypeError, LookupError) as error:
                    found.append(error)  # a row that cannot be read spoils its own card alone
        return found

    def _read(
        self, pbx: str, linkedid: str, party_id: int | None, e164: str | None, person: seats.Person
    ) -> cards.Card:
        values: dict[str, Any] = {
            "pbx": pbx,
            "linkedid": linkedid,
            "party": -1 if party_id is None else party_id,
            "e164": e164 or "-",
            "author": person.viewer.id,
            "since": self._moment(db.utcnow() - timedelta(hours=24)),
        }

        def ask(name: str) -> list[Any]:
            return self._rows(name, person.viewer, values)

        return _slots(ask, person, known=party_id is not None)

    @contextmanager
    def _one_look(self) -> Iterator[None]:
        """Ask everything of one state of the database: SQLite then locks the file once instead of six times."""
        try:
            cursor = self._cursor or self._connect()
            if not self._database.is_sqlite:
                yield
                return
            cursor.execute("BEGIN")
            yield
            cursor.execute("ROLLBACK")
        except (SQLAlchemyError, self._database.engine.dialect.loaded_dbapi.Error) as error:
            self._drop()
            raise errors.DatabaseAway(f"the database cannot be asked: {error}") from error

    def _rows(self, name: str, viewer: visibility.Viewer, values: dict[str, Any]) -> list[Any]:
        teams, led = sorted(viewer.team_ids), sorted(viewer.led_team_ids)
        shape = viewer.role, len(teams), len(led)
        statements = self._compiled.get(shape)
        if statements is None:
            statements = self._compiled[shape] = self._compile(shape)
        sql, order, fixed = statements[name]
        real = {_ME: viewer.id}
        real.update({_TEAM - i: team for i, team in enumerate(teams)})
        real.update({_LED - i: team for i, team in enumerate(led)})
        parameters = tuple(
            values[key] if key in values else real.get(fixed[key], fixed[key]) for key in order
        )
        self._cursor.execute(sql, parameters)
        return list(self._cursor.fetchall())

    def _connect(self) -> Any:
        connection = self._connection = self._database.engine.raw_connection()
        if not self._database.is_sqlite:
            connection.driver_connection.autocommit = True  # type: ignore[union-attr]
        self._cursor = connection.cursor()
        return self._cursor

    def _drop(self) -> None:
        broken, self._connection, self._cursor = self._connection, None, None
        if broken is not None:
            broken.invalidate()

    def _compile(self, shape: Shape) -> dict[str, tuple[str, Sequence[str], dict[str, Any]]]:
        """Write the statements for one shape of viewer, with stand-ins for ids."""
        role, teams, led = shape
        viewer = visibility.Viewer(
            _ME, role, frozenset(_TEAM - i for i in range(teams)), frozenset(_LED - i for i in range(led))
        )  # fmt: skip
        made_by: Callable[..., Dialect] = type(self._database.engine.dialect)
        dialect = made_by(paramstyle="qmark" if self._database.is_sqlite else "format")
        made: dict[str, tuple[str, Sequence[str], dict[str, Any]]] = {}
        for name, statement in _statements(viewer).items():
            compiled = statement.compile(
                dialect=dialect, compile_kwargs={"render_postcompile": True}
            )
            made[name] = str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params)
        return made

    def _moment(self, at: datetime) -> datetime | str:
        return at.strftime("%Y-%m-%d %H:%M:%S.%f") if self._database.is_sqlite else at


def _slots(ask: Callable[[str], list[Any]], person: seats.Person, *, known: bool) -> cards.Card:
    contacts = [_contact(row, person.language) for row in ask("contacts")] if known else []
    of_call = ask("of_call")
    mine = next((row for row in of_call if row[3] == person.viewer.id), None)
    written = [row for row in of_call if row[3] != person.viewer.id and row[0]]
    written += ask("notes") if known else []
    return {
        "contacts": contacts,
        "last": contacts[0] if contacts else None,
        "cases": [_open(row, ("id", "number", "title", "status", "due_at")) for row in ask("cases")] if known else [],
        "tasks": [_open(row, ("id", "kind", "title", "due_at")) for row in ask("tasks")] if known else [],
        "notes": [_written(row) for row in written[:MOST]],
        "note": {"text": mine[0], "version": mine[4]} if mine else {"text": "", "version": 0},
        "calls_24h": ask("count")[0][0] + 1,
    }  # fmt: skip


def _statements(viewer: visibility.Viewer) -> dict[str, Statement]:
    party: BindParameter[int] = bindparam("party", 0)
    here = _call.linkedid != bindparam("linkedid", "")
    see: Callable[[Any], Any] = lambda model: visibility.visible(viewer, model)  # noqa: E731
    this = (
        select(_call.id)
        .where(_call.pbx == bindparam("pbx", ""), _call.linkedid == bindparam("linkedid", ""))
        .scalar_subquery()
    )
    return {
        "contacts": _contacts(see, party, here),
        "tasks": select(_task.id, _task.kind, _task.title, _task.due_at)
        .where(_task.party_id == party, _task.done_at.is_(None), see(_task))
        .order_by(_task.due_at.is_(None), _task.due_at, _task.id)
        .limit(MOST),
        "cases": select(_case.id, _case.number, _case.title, _case.status, _case.due_at)
        .where(_case.party_id == party, _case.closed_at.is_(None), see(_case))
        .order_by(_case.due_at.is_(None), _case.due_at, _case.id)
        .limit(MOST),
        "notes": select(_note.text, _note.updated_at, _user.name)
        .join(_user, _user.id == _note.author_id)
        .where(
            _note.party_id == party,
            _note.text != "",
            or_(_note.call_id.is_(None), _note.call_id != func.coalesce(this, -1)),
            see(_note),
        )
        .order_by(_note.updated_at.desc(), _note.id.desc())
        .limit(MOST),
        "of_call": select(_note.text, _note.updated_at, _user.name, _note.author_id, _note.version)
        .join(_user, _user.id == _note.author_id)
        .where(_note.call_id == this)
        .order_by(_note.updated_at.desc()),
        "count": select(func.count()).where(
            or_(_call.party_id == party, _call.far_e164 == bindparam("e164", "")),
            _call.started >= bindparam("since", None, type_=_call.__table__.c.started.type),
            _call.merged_into.is_(None),
            here,
        ),
    }


def _contacts(see: Callable[[Any], Any], party: Any, here: Any) -> Statement:
    agent = (
        select(_user.name)
        .join(_part, _part.user_id == _user.id)
        .where(_part.call_id == _call.id)
        .order_by(_part.answered.is_(None), _part.answered.desc())
        .limit(1)
        .correlate(_call)
        .scalar_subquery()
    )
    note = (
        select(_note.text)
        .where(_note.call_id == _call.id, _note.text != "")
        .order_by(_note.updated_at.desc())
        .limit(1)
        .correlate(_call)
        .scalar_subquery()
    )
    return (
        select(_call.id, _call.started, _call.direction, _call.result, agent, note, _outcome.labels)
        .outerjoin(_outcome, _outcome.id == _call.outcome_id)
        .where(_call.party_id == party, here, _call.merged_into.is_(None), see(_call))
        .order_by(_call.started.desc(), _call.id.desc())
        .limit(MOST)
    )


def _contact(row: Any, language: str) -> dict[str, Any]:
    labels = json.loads(row[6]) if isinstance(row[6], str) else row[6] or {}
    return {
        "id": row[0],
        "at": _epoch(row[1]),
        "direction": row[2],
        "agent": row[4] or "",
        "result": row[3],
        "outcome": labels.get(language) or labels.get("en") or "",
        "note": cards.clean(row[5], 120),
    }


def _open(row: Any, names: Sequence[str]) -> dict[str, Any]:
    told = dict(zip(names, row, strict=True))
    told["title"] = cards.clean(told["title"])
    told["due_at"] = _epoch(told["due_at"])
    return told


def _written(row: Any) -> dict[str, Any]:
    return {"author": row[2], "at": _epoch(row[1]), "text": cards.clean(row[0], LONGEST_NOTE)}


def _epoch(at: datetime | str | None) -> float | None:
    """Give epoch seconds; SQLite keeps times as UTC text without a zone."""
    if isinstance(at, str):
        at = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return at.timestamp() if at else None
