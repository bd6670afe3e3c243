"""Click-to-dial: a number and perhaps the customer it was clicked at become a call, and its failure becomes words.

The attempt's row is written before anything is sent, and its id is the call's Linkedid: whatever happens next, the call is
tied to who asked for it and for whom.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Executable, bindparam, update
from sqlalchemy.orm import Session

from callcenter import db, errors, models
from callcenter.crm import live, phones, seats, visibility, who, writer
from callcenter.telephony import facts, originate, switchboard

_FAILURES = {
    facts.Result.BUSY: "busy",
    facts.Result.NO_ANSWER: "no_answer",
    facts.Result.CANCELLED: "",
    facts.Result.AGENT_NO_ANSWER: "agent_no_answer",
    facts.Result.FAILED: "refused",
}
_NO_SUCH_NUMBER = frozenset({1, 3, 22, 28})  # Q.850: unallocated, no route, changed, invalid format


def _settle(_dialect: str) -> Executable:
    table = models.DialAttempt.__table__
    return (
        update(models.DialAttempt)
        .where(table.c.id == bindparam("of_id"))
        .values(state=bindparam("new_state"), error=bindparam("new_error"))
        .execution_options(synchronize_session=None)
    )


SETTLED = writer.Kind("dial attempt", 6, _settle)


class Dialer:
    """Place calls for users, and follow what comes of them."""

    def __init__(
        self,
        *,
        board: switchboard.Switchboard,
        database: db.Database,
        seating: seats.Seats,
        who_: who.Who,
        to: writer.Writer,
        region: str,
    ) -> None:
        self.failed: list[Callable[[live.Dial, str, str], None]] = []  # (dial, call id, code)
        self._board, self._database, self._seats = board, database, seating
        self._who, self._writer, self._region = who_, to, region
        self._open: dict[live.Key, live.Dial] = {}

    async def dial(self, user_id: int, text: str, party_id: int | None = None) -> str:
        """Place a call for a user and return its id, the Linkedid.

        Raises:
            errors.Invalid: not a number that can be dialled, or the user has no phone.
            errors.NotFound: no such customer for this user.
            originate.NotPlaced: with the reason's code.
        """
        number = phones.dialable(text, self._region)
        seat, person = self._seats.seat(user_id), self._seats.person(user_id)
        if seat is None or person is None:
            raise errors.Invalid("extension", "no phone is assigned to you")
        line = self._board.line(seat.pbx)
        if line.board.reachable(seat.interface) is False:
            raise originate.NotPlaced("phone_unreachable")
        order = originate.Order(
            originate.new_id(), seat.interface, number, f"<{seat.extension}>",
            {"CC_KIND": "click", "CC_USER": str(user_id), "CC_PARTY": str(party_id or "")},
        )  # fmt: skip
        now = db.utcnow()
        await self._database.run(
            _record, order.id, line.name, person.viewer, party_id=party_id, number=number, now=now
        )
        dial = live.Dial(user_id, number, party_id)
        key = line.name, order.id
        self._open[key] = dial
        self._who.expect(key, dial)
        try:
            await originate.place(line.link, order, line.settings)
        except originate.NotPlaced as error:
            # Where the answer was lost the call may yet come: then it is known, and nobody sends a second one.
            if error.code != "link_down":
                self._forget(key)
            self._write(order.id, "failed", error.code)
            raise
        return order.id

    def on_fact(self, pbx: str, fact: facts.Fact) -> None:
        """Follow the calls that were asked for; a subscriber."""
        match fact:
            case facts.CallStarted():
                if (pbx, fact.linkedid) in self._open:
                    self._write(fact.linkedid, "placed", "")
            case facts.OriginateFailed():
                # A call that began tells its end itself; one that never did has only this.
                key = pbx, fact.linkedid
                if key in self._open and self._board.record(pbx, fact.linkedid) is None:
                    self._fail(key, "phone_unreachable")
            case facts.CallEnded() | facts.CallLost():
                self._ended(pbx, fact.record)

    def _ended(self, pbx: str, record: facts.CallRecord) -> None:
        key = pbx, record.id
        code = _FAILURES.get(record.result or facts.Result.LOST, "")
        if code == "refused" and record.hangup_cause in _NO_SUCH_NUMBER:
            code = "invalid_number"
        if code and key in self._open:
            self._fail(key, code)
        self._open.pop(key, None)

    def _fail(self, key: live.Key, code: str) -> None:
        dial = self._forget(key)
        self._write(key[1], "failed", code)
        if dial is not None:
            for tell in self.failed:
                tell(dial, key[1], code)

    def _forget(self, key: live.Key) -> live.Dial | None:
        self._who.unexpect(key)
        return self._open.pop(key, None)

    def _write(self, id_: str, state: str, error: str) -> None:
        values = {"of_id": id_, "new_state": state, "new_error": error}
        self._writer.put(SETTLED, id_, values)


def _record(
    session: Session,
    id_: str,
    pbx: str,
    viewer: visibility.Viewer,
    *,
    party_id: int | None,
    number: str,
    now: datetime,
) -> None:
    """Write the attempt; raise NotFound for a customer whom the user may not see."""
    if party_id is not None:
        visibility.get(session, viewer, models.Party, party_id)
    session.add(
        models.DialAttempt(
            id=id_, pbx=pbx, user_id=viewer.id, party_id=party_id, number=number, requested_at=now
        )
    )
