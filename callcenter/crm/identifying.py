"""Who called, for calls that are written in hindsight: one look-up for all of a reading, opened when it is first asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from callcenter import db, errors, settings
from callcenter.crm import calllog, lookup, matching, phones, reconciling

log = structlog.get_logger(__name__)


class Identifier:
    """Say who called, on the thread that writes; the look-up opens only when it is asked."""

    def __init__(self, database: db.Database, config: settings.Settings) -> None:
        self._database, self._settings = database, config
        self._lookup: lookup.Lookup | None = None

    def __enter__(self) -> reconciling.Identify:
        return self._ask

    def __exit__(self, *_: object) -> None:
        if self._lookup is not None:
            self._lookup.close()

    def _ask(self, number: str, did: str | None, at: float, clicked: int | None) -> Mapping[str, Any]:  # fmt: skip
        try:
            self._lookup = self._lookup or lookup.Lookup.of(self._database, self._settings)
            found = self._lookup.match(number, did=did, now=at, clicked_party_id=clicked)
        except errors.CallCenterError as error:
            log.error("not matched", problem=str(error)[:200])
            unknown = phones.Number(phones.EXTERNAL, phones.clean(number))
            found = matching.Match(matching.NONE, unknown, reasons=("not_asked",))
        return {
            "party_id": found.party_id,
            "match_state": found.state,
            "match_reasons": list(found.reasons),
            "name_snapshot": calllog.text(found.name, 200),
            "far_e164": found.number.e164,
        }
