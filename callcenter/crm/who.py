"""Who is on the other side of a live call: looked up when it appears, again when its number shows, and as agents say."""

from __future__ import annotations

from typing import Protocol

import structlog

from callcenter import errors
from callcenter.crm import calllog, live, matching, phones
from callcenter.telephony import facts

log = structlog.get_logger(__name__)


class Matcher(Protocol):
    """What is used of lookup.Lookup."""

    def match(
        self,
        raw_number: str,
        *,
        did: str | None = None,
        now: float = 0.0,
        clicked_party_id: int | None = None,
        campaign_party_id: int | None = None,
    ) -> matching.Match: ...


class Who:
    """Match live calls, and write the answer beside the call's row."""

    def __init__(self, matcher: Matcher, to: calllog.CallLog, records: calllog.Records) -> None:
        self._matcher = matcher
        self._log = to
        self._records = records
        self._dials: dict[live.Key, live.Dial] = {}

    def expect(self, key: live.Key, dial: live.Dial) -> None:
        """Remember who asked for a call and for whom, before it rings."""
        self._dials[key] = dial

    def unexpect(self, key: live.Key) -> None:
        """Forget a call that will not come."""
        self._dials.pop(key, None)

    def met(self, pbx: str, fact: facts.CallStarted) -> live.LiveCall:
        """Make a live call of a new one, with its match."""
        call = live.LiveCall(
            pbx, fact.linkedid, fact.direction, fact.from_, fact.from_name, fact.to, fact.did, fact.at,
            dial=self._dials.pop((pbx, fact.linkedid), None),
        )  # fmt: skip
        self._identify(call, fact.at)
        return call

    def look_again(self, call: live.LiveCall, at: float) -> bool:
        """Match again when it shows only now where the call goes; say whether the answer changed."""
        if call.direction is facts.Direction.INBOUND and call.from_:
            return False  # who calls does not change, whatever becomes of the call
        record = self._records(call.pbx, call.id)
        if record is None:
            return False
        before = call.direction, call.far
        call.direction, call.from_, call.to = record.direction, record.from_, record.to
        call.from_name, call.did = record.from_name or call.from_name, record.did or call.did
        if (call.direction, call.far) == before or call.said:
            return False
        return self._identify(call, at)

    def said(self, call: live.LiveCall, party_id: int, name: str) -> None:
        """Take what an agent said; the row was written by whoever asked."""
        call.party_id, call.party_name, call.said = party_id, name, True

    def _identify(self, call: live.LiveCall, at: float) -> bool:
        """Look up the far number; without a database the call goes on without a name."""
        number = call.dial.number if call.dial else call.far
        before = call.party_id, call.match
        try:
            call.match = self._matcher.match(
                number,
                did=call.did,
                now=at,
                clicked_party_id=call.dial.party_id if call.dial else None,
            )
        except errors.CallCenterError as error:
            log.error("not matched", linkedid=call.id, problem=str(error)[:200])
            unknown = phones.Number(phones.EXTERNAL, phones.clean(number))
            call.match = matching.Match(matching.NONE, unknown, reasons=("not_asked",))
        call.party_id, call.party_name = call.match.party_id, call.match.name
        self._log.link(
            call.pbx,
            call.id,
            {
                "party_id": call.party_id,
                "match_state": call.match.state,
                "match_reasons": list(call.match.reasons),
                "name_snapshot": calllog.text(call.party_name, 200),
                "far_e164": call.match.number.e164,
            },
        )
        return before != (call.party_id, call.match)
