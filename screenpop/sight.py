"""Whether the person whose phone rings may see who it is: the visibility rule, answered for a card in microseconds.

What the match already tells (owner and team) decides almost always. Only where it does not (had they a call with the customer
before?) is the database asked, by the same rule in SQL, on a connection held for this. No answer means no.
"""

from __future__ import annotations

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from callcenter import db, models
from callcenter.crm import live, matching, seats, visibility

log = structlog.get_logger(__name__)


class Sight:
    """Say which of a call's possible parties a viewer may not see; for the loop's thread alone.

    With `card_scope = "caller"` whoever's phone the exchange rings sees who calls, for this call: a card that hides the caller
    from the one who must answer serves nobody, and their row among the call's participants tells that they saw it. With
    "visible" the rule decides alone. Its answer for a ringing phone is then kept until it is picked up: the present call's own
    row must not open the customer to somebody who has not spoken with them yet. Who is talking with the customer may see them.
    """

    def __init__(self, database: db.Database, *, scope: str = "caller") -> None:
        self._database = database
        self._scope = scope
        self._connection: Connection | None = None
        self._ringing: dict[tuple[int, live.Key], tuple[frozenset[int], frozenset[int]]] = {}

    def hidden(self, person: seats.Person | None, call: live.LiveCall) -> frozenset[int]:
        """Give the parties of a call, linked or possible, who are hidden from a person."""
        match = call.match
        rows = {c.party_id: c.row for c in match.candidates} if match else {}
        parties = set(rows)
        if call.party_id is not None:
            parties.add(call.party_id)
        if not parties:
            return frozenset()
        if person is None:
            return frozenset(parties)
        viewer = person.viewer
        if viewer.sees_all:
            return frozenset()
        leg = call.legs.get(viewer.id)
        if leg is not None and self._scope == "caller":
            return frozenset()
        talked = {call.party_id} if leg is not None and leg.joined is not None else set()
        unclear = {p for p in parties - talked if p not in rows or not _plainly(viewer, rows[p])}
        return self._asked(viewer, call, frozenset(unclear)) if unclear else frozenset()

    def forget(self, user_id: int, call: live.LiveCall) -> None:
        """Forget what was answered for a card that is gone."""
        self._ringing.pop((user_id, call.key), None)

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _asked(
        self, viewer: visibility.Viewer, call: live.LiveCall, parties: frozenset[int]
    ) -> frozenset[int]:
        key = viewer.id, call.key
        known = self._ringing.get(key)
        if known is None or known[0] != parties:
            known = self._ringing[key] = parties, parties - self._seen(viewer, parties)
        return known[1]

    def _seen(self, viewer: visibility.Viewer, parties: frozenset[int]) -> set[int]:
        party = models.Party
        query = select(party.id).where(party.id.in_(parties), visibility.visible(viewer, party))
        try:
            if self._connection is None:
                engine = self._database.engine
                self._connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            return set(self._connection.scalars(query))
        except SQLAlchemyError as error:
            log.error("visibility not asked", problem=str(error)[:200])
            self.close()
            return set()


def _plainly(viewer: visibility.Viewer, row: matching.Row) -> bool:
    """Say whether owner and team alone let the viewer see the customer."""
    if row.owner_id is None and row.team_id is None:
        return True
    teams = viewer.team_ids | viewer.led_team_ids
    return row.owner_id == viewer.id or (row.team_id is not None and row.team_id in teams)
