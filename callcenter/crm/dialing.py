"""Click-to-dial: a number and perhaps the customer it was clicked at become a call, and its failure becomes words.

The attempt's row is written before anything is sent, and its id is the call's Linkedid: whatever happens next, the call is
tied to who asked for it and for whom. In the same transaction the gate is asked (outbound/gate.py): a call that may not be
made is refused with its reasons, and the receipt of what was checked stays with the attempt in either case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, bindparam, update
from sqlalchemy.orm import Session

from callcenter import db, errors, models, settings
from callcenter.crm import live, phones, seats, visibility, who, writer
from callcenter.outbound import compliance, gate, leads
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


@dataclass(frozen=True, slots=True)
class Placed:
    """A call that was asked for: its id, the Linkedid, and what its agent must mind."""

    id: str
    warnings: tuple[compliance.Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wish:
    """One call that somebody wants."""

    id: str
    pbx: str
    viewer: visibility.Viewer
    number: str
    party_id: int | None
    purpose: str | None
    lead_id: int | None
    now: datetime


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
        config: settings.Settings,
    ) -> None:
        self.failed: list[Callable[[live.Dial, str, str], None]] = []  # (dial, call id, code)
        self.ended: list[Callable[[live.Dial, live.Key, str], None]] = []  # (dial, call, result)
        self._board, self._database, self._seats = board, database, seating
        self._who, self._writer, self._config = who_, to, config
        self._open: dict[live.Key, live.Dial] = {}

    def waits_for(self, key: live.Key) -> bool:
        """Say whether a call that was asked for is still followed."""
        return key in self._open

    async def dial(
        self,
        user_id: int,
        text: str,
        party_id: int | None = None,
        *,
        purpose: str | None = None,
        lead_id: int | None = None,
    ) -> Placed:
        """Place a call for a user; without a `purpose` the customer's record says what it is for.

        Raises:
            errors.Invalid: not a number that can be dialled, or the user has no phone.
            errors.NotFound: no such customer for this user.
            errors.Conflict: the lead is not on the user's desk any more.
            gate.Refused: the call may not be made, with the reasons.
            originate.NotPlaced: with the reason's code.
        """
        number = phones.dialable(text, self._config.site.region)
        seat, person = self._seats.seat(user_id), self._seats.person(user_id)
        if seat is None or person is None:
            raise errors.Invalid("extension", "no phone is assigned to you")
        line = self._board.line(seat.pbx)
        if line.board.reachable(seat.interface) is False:
            raise originate.NotPlaced("phone_unreachable")
        wish = _Wish(
            originate.new_id(),
            line.name,
            person.viewer,
            number,
            party_id,
            purpose,
            lead_id,
            db.utcnow(),
        )
        verdict, order = await self._database.run(_record, wish, seat, self._config)
        if not verdict.allowed:
            raise gate.Refused(verdict)
        dial = live.Dial(user_id, number, party_id, lead_id)
        key = line.name, order.id
        self._open[key] = dial
        self._who.expect(key, dial)
        try:
            await originate.place(line.link, order, line.settings)
        except originate.NotPlaced as error:
            # Where the answer was lost the call may yet come: then it is known, and nobody sends a second one.
            if error.code != "link_down":
                self._forget(key)
                self._tell_ended(dial, key, error.code)
            self._write(order.id, "failed", error.code)
            raise
        return Placed(order.id, verdict.warnings)

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
        result = record.result or facts.Result.LOST
        code = _FAILURES.get(result, "")
        if code == "refused" and record.hangup_cause in _NO_SUCH_NUMBER:
            code = "invalid_number"
        if code and key in self._open:
            self._fail(key, code)
            return
        dial = self._open.pop(key, None)
        if dial is not None:
            self._tell_ended(dial, key, result.value)

    def _fail(self, key: live.Key, code: str) -> None:
        dial = self._forget(key)
        self._write(key[1], "failed", code)
        if dial is not None:
            for tell in self.failed:
                tell(dial, key[1], code)
            self._tell_ended(dial, key, code)

    def _tell_ended(self, dial: live.Dial, key: live.Key, result: str) -> None:
        for tell in self.ended:
            tell(dial, key, result)

    def _forget(self, key: live.Key) -> live.Dial | None:
        self._who.unexpect(key)
        return self._open.pop(key, None)

    def _write(self, id_: str, state: str, error: str) -> None:
        values = {"of_id": id_, "new_state": state, "new_error": error}
        self._writer.put(SETTLED, id_, values)


def _record(
    session: Session, wish: _Wish, seat: seats.Seat, config: settings.Settings
) -> tuple[compliance.Verdict, originate.Order]:
    """Ask the gate and write the attempt with its receipt; raise NotFound for a customer whom the user may not see."""
    lead = leads.own(session, wish.viewer.id, wish.lead_id, wish.now) if wish.lead_id else None
    campaign = session.get_one(models.Campaign, lead.campaign_id) if lead else None
    party_id = lead.party_id if lead else wish.party_id
    if lead is None and party_id is not None:
        visibility.get(session, wish.viewer, models.Party, party_id)
    if lead is not None and (lead.state == "calling" or campaign is None or campaign.state != "running"):  # fmt: skip
        raise errors.Conflict("the lead is in a call, or its campaign does not run")
    purpose = (
        compliance.MARKETING if lead else wish.purpose or gate.purpose(session, party_id, wish.now)
    )
    verdict = gate.ask(
        session, wish.number, config=config, purpose=purpose, now=wish.now, party_id=party_id, lead=lead,
        campaign=campaign,
    )  # fmt: skip
    session.add(
        models.DialAttempt(
            id=wish.id, pbx=wish.pbx, user_id=wish.viewer.id, party_id=party_id, number=wish.number,
            requested_at=wish.now, state="placing" if verdict.allowed else "refused",
            error="" if verdict.allowed else verdict.reasons[0].code, purpose=purpose,
            e164=verdict.checked["number"]["e164"], receipt=verdict.receipt(), lead_id=wish.lead_id,
        )
    )  # fmt: skip
    if lead is not None and verdict.allowed:
        leads.begin(session, lead, wish.viewer.id, wish.id)
    elif lead is not None:
        leads.put_off(lead, verdict, wish.now)
    return verdict, _order(wish, seat, party_id, campaign)


def _order(
    wish: _Wish, seat: seats.Seat, party_id: int | None, campaign: models.Campaign | None
) -> originate.Order:
    variables: dict[str, Any] = {
        "CC_KIND": "click", "CC_USER": wish.viewer.id, "CC_PARTY": "" if party_id is None else party_id,
    }  # fmt: skip
    if campaign is not None:
        variables |= {"CC_CAMPAIGN": campaign.id, "CC_LEAD": wish.lead_id}
    caller = campaign.caller_id if campaign and campaign.caller_id else seat.extension
    texts = {name: str(value) for name, value in variables.items()}
    return originate.Order(wish.id, seat.interface, wish.number, f"<{caller}>", texts)
