"""Who sits where: the open rows of `extension_assignment` and the people in them, kept in memory for the hot path.

The map is read again (`refresh`) when somebody in this process changes an assignment and every few seconds besides
(center.py), because the command line and other processes change it too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import db, models
from callcenter.crm import visibility


@dataclass(frozen=True, slots=True)
class Person:
    """A user who can have a phone, with all that a card for them depends on."""

    viewer: visibility.Viewer
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Seat:
    """A phone and who sits at it; `pbx` is empty when the assignment does not name one."""

    pbx: str
    extension: str
    interface: str
    user_id: int


@dataclass(frozen=True, slots=True)
class _Plan:
    people: dict[int, Person]
    seats: tuple[Seat, ...]
    teams: dict[int, str]


def _read(session: Session) -> _Plan:
    a, u = models.ExtensionAssignment, models.User
    seats = session.execute(
        select(a.pbx, a.extension, a.interface, a.user_id)
        .join(u, u.id == a.user_id)
        .where(a.until.is_(None), u.active)
        .order_by(a.id)
    )
    taken = tuple(Seat(*row) for row in seats)
    teams: dict[int, set[int]] = {}
    led: dict[int, set[int]] = {}
    m = models.Membership
    for user_id, team_id, leads in session.execute(select(m.user_id, m.team_id, m.leads)):
        teams.setdefault(user_id, set()).add(team_id)
        if leads:
            led.setdefault(user_id, set()).add(team_id)
    people = {}
    rows = session.execute(select(u.id, u.role, u.listens, u.name, u.language).where(u.active))
    for id_, role, listens, name, language in rows:
        own, lead = frozenset(teams.get(id_, ())), frozenset(led.get(id_, ()))
        viewer = visibility.Viewer(id_, role, own, lead, listens)
        people[id_] = Person(viewer, name, language)
    names = {row.id: row.name for row in session.execute(select(models.Team.id, models.Team.name))}
    return _Plan(people, taken, names)


class Seats:
    """Answer at once which user a phone is, and which phone a user has."""

    def __init__(self, database: db.Database) -> None:
        self.changed: list[
            Callable[[set[int]], None]
        ] = []  # told the users whose seat or role changed
        self._database = database
        self._plan = _Plan({}, (), {})
        self._by_phone: dict[tuple[str, str], int] = {}
        self._by_user: dict[int, Seat] = {}

    async def refresh(self) -> None:
        """Read the map now, and tell of whom it changed for."""
        self._take(await self._database.run(_read))

    def user_of(self, pbx: str, interface: str, extension: str = "") -> int | None:
        """Give the user whose phone this is: by its Interface, else by its extension (a queue's Local member)."""
        known = self._by_phone
        for phone in (interface, extension):
            if phone:
                user = known.get((pbx, phone))
                if user is None:
                    user = known.get(("", phone))
                if user is not None:
                    return user
        return None

    def seat(self, user_id: int) -> Seat | None:
        """Give the phone of a user, if they sit at one."""
        return self._by_user.get(user_id)

    def person(self, user_id: int) -> Person | None:
        """Give what is known of a user, if the account is active."""
        return self._plan.people.get(user_id)

    def seats(self) -> tuple[Seat, ...]:
        """Give every seat that is taken."""
        return self._plan.seats

    def people(self) -> dict[int, Person]:
        """Give everybody whose account is active, by id."""
        return self._plan.people

    def team(self, team_id: int) -> str:
        """Name a team."""
        return self._plan.teams.get(team_id, "")

    def _take(self, plan: _Plan) -> None:
        before, self._plan = self._plan, plan
        if plan == before:
            return
        self._by_phone = {}
        self._by_user = {}
        for seat in plan.seats:
            self._by_phone[seat.pbx, seat.interface] = seat.user_id
            self._by_phone[seat.pbx, seat.extension] = seat.user_id
            self._by_user[seat.user_id] = seat
        touched = {seat.user_id for seat in set(before.seats) ^ set(plan.seats)}
        for id_ in before.people.keys() | plan.people.keys():
            if before.people.get(id_) != plan.people.get(id_):
                touched.add(id_)
        for tell in self.changed:
            tell(touched)
