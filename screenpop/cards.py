"""From a call and whom it may be with to the card a person sees: plain values, ready for any screen. Pure.

Rules
1. Nothing is trusted: names and notes are stripped of control and bidi characters and cut. HTML is never made here, and what
   looks like it stays text.
2. What the viewer may not see is not in the card: a hidden customer leaves the number and "Customer of another team".
3. Slots are always there, in fixed order; what comes late (contacts, tasks, cases, notes) fills its slot later by `enrich`.
4. Texts come in the viewer's language through `say`; states and kinds are codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from callcenter.crm import matching, phones
from callcenter.telephony import facts, values

Card = dict[str, Any]
Say = Callable[[str], str]

LONGEST_NAME = 120
LONGEST_TEXT = 400
MOST_ALERTS = 2
_LAST_DIGITS = "The last {n} digits are the same"
_REASONS = {
    "exact": "The number is on the customer's card",
    "remembered": "Chosen for this number last time",
    "open_case": "An open case mentions this number",
    "switchboard": "Same company switchboard",
    "household": "Same household",
}
# Controls, and characters that turn the direction of the text around them or hide in it.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+"
)


@values.value
class Viewer:
    """Who looks at the card: what may be seen was decided before, and is given as the parties that may not be."""

    user_id: int
    say: Say
    hidden: Collection[int] = ()


@values.value
class Scene:
    """All about one user's part in one call that the card tells; times are epoch seconds."""

    id: str
    pbx: str
    state: str
    direction: facts.Direction
    caller_name: str
    match: matching.Match
    party_id: int | None
    party_name: str
    queue: str | None
    queue_label: str
    greeting: str
    did: str | None
    started: float
    queued: float | None
    ringing: float | None
    answered: float | None
    ended: float | None
    recording: str
    wrapup: tuple[float, float] | None  # (until, seconds)
    said: bool = False
    with_: str = ""  # the colleague at the other end of an internal call
    transfer: Mapping[str, Any] | None = None


def clean(text: str | None, length: int = LONGEST_TEXT) -> str:
    """Strip what cannot be seen and cut a text from outside."""
    if not text:
        return ""
    seen = _UNSEEN.sub(" ", text).strip()
    return seen if len(seen) <= length else seen[: length - 1] + "…"


def build(scene: Scene, viewer: Viewer) -> Card:
    """Make the card as it is when it appears, with the late slots empty."""
    say = viewer.say
    match = scene.match
    party = scene.party_id if scene.party_id not in viewer.hidden else None
    chosen = _row(match, party)
    return {
        "id": scene.id,
        "pbx": scene.pbx,
        "state": scene.state,
        "direction": scene.direction.value,
        "number": number(match.number),
        "name": _name(scene, viewer),
        "party_id": party,
        "match": _match(scene, viewer),
        "chips": _chips(chosen, say) if chosen else [],
        "alerts": _alerts(chosen, say) if chosen else [],
        "why": {
            "queue": scene.queue,
            "label": scene.queue_label or clean(scene.queue, 80),
            "wait_seconds": _waited(scene),
            "did": _line(scene.did, match.number.home),
            "calls_24h": None,
        },
        "contacts": None,
        "last": None,
        "say": clean(scene.greeting),
        "cases": None,
        "tasks": None,
        "notes": None,
        "note": {"text": "", "version": 0},
        "started": scene.started,
        "queued": scene.queued,
        "ringing": scene.ringing,
        "answered": scene.answered,
        "ended": scene.ended,
        "recording": scene.recording,
        "wrapup": wrapup(scene.wrapup),
        "outcome_id": None,
        "transfer": dict(scene.transfer) if scene.transfer else None,
    }


def number(of: phones.Number) -> dict[str, Any]:
    """Give a number as the card shows it."""
    kind = {phones.WITHHELD: "withheld", phones.INTERNAL: "internal"}.get(of.kind, "external")
    shown = "" if kind == "withheld" else clean(of.display, 40)
    return {"e164": of.e164, "display": shown, "kind": kind}


def _line(did: str | None, home: str) -> str | None:
    """Give the number of ours that was called, as people here write it."""
    e164 = phones.parse(did, home)[0] if did else None
    return phones.display(e164, home) if e164 else clean(did, 40) or None


def wrapup(of: tuple[float, float] | None) -> dict[str, float] | None:
    """Give a wrap-up's end and length."""
    return None if of is None else {"until": of[0], "seconds": of[1]}


def reasons(codes: Sequence[str], say: Say) -> list[str]:
    """Say why a customer was found, in words; codes that say nothing to a person are left out."""
    told = []
    for code in codes:
        name, _, value = code.partition(":")
        if name == "last_digits":
            told.append(say(_LAST_DIGITS).format(n=value))
        elif name in _REASONS:
            told.append(say(_REASONS[name]))
    return told


def _name(scene: Scene, viewer: Viewer) -> str:
    if scene.party_id is not None:
        if scene.party_id in viewer.hidden:
            return viewer.say("Customer of another team")
        return clean(scene.party_name, LONGEST_NAME)
    if scene.with_:
        return clean(scene.with_, LONGEST_NAME)
    name = clean(scene.caller_name, LONGEST_NAME)
    digits = sum(c.isdigit() for c in name)
    return (
        "" if digits > len(name) // 2 else name
    )  # exchanges put the number where they know no name


def _match(scene: Scene, viewer: Viewer) -> dict[str, Any]:
    match = scene.match
    state = match.state
    if scene.said and scene.party_id is not None:
        state = matching.CHOSEN
    if scene.party_id in viewer.hidden and scene.party_id is not None:
        return {"state": state, "reasons": [], "candidates": []}
    seen = [c for c in match.candidates if c.party_id not in viewer.hidden]
    if scene.party_id is None and state == matching.AMBIGUOUS and not seen:
        state = matching.NONE
    return {
        "state": state,
        "reasons": reasons(match.reasons, viewer.say),
        "candidates": [
            {
                "party_id": c.party_id,
                "name": clean(c.name, LONGEST_NAME),
                "why": ", ".join(reasons(c.reasons, viewer.say)),
                "detail": clean(c.detail, 120),
            }
            for c in seen[: matching.MOST_CANDIDATES]
        ],
    }


def _row(match: matching.Match, party_id: int | None) -> matching.Row | None:
    if party_id is None:
        return None
    return next((c.row for c in match.candidates if c.party_id == party_id), None)


def _chips(row: matching.Row, say: Say) -> list[dict[str, str]]:
    chips = []
    if row.vip:
        chips.append({"kind": "vip", "text": say("VIP")})
    if row.status and row.status != "customer":
        chips.append({"kind": "status", "text": row.status})
    if row.language:
        chips.append({"kind": "language", "text": row.language})
    if row.kind == "organisation":
        chips.append({"kind": "organisation", "text": clean(row.name, 40)})
    if row.city:
        chips.append({"kind": "city", "text": clean(row.city, 40)})
    return chips


def _alerts(row: matching.Row, say: Say) -> list[dict[str, str]]:
    alerts = []
    if row.alert:
        alerts.append({"level": "bad", "icon": "alert", "text": clean(row.alert, 200)})
    if row.do_not_record:
        alerts.append({"level": "bad", "icon": "rec-off", "text": say("Do not record")})
    if row.marketing == "blocked" or row.do_not_call:
        alerts.append({"level": "warn", "icon": "ban", "text": say("Do not call for marketing")})
    return alerts[:MOST_ALERTS]


def _waited(scene: Scene) -> float | None:
    if scene.queued is None:
        return None
    until = scene.answered or scene.ringing
    return None if until is None else round(max(0.0, until - scene.queued), 1)
