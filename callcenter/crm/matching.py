"""Who may be calling: candidates ranked, the decision, and why. Pure; `lookup.py` brings the rows.

Rules:
1. Rank: the record that was clicked, the campaign's member, an open case, the last contact, the primary number, a
   person before an organisation. Each reason adds its points, so the score explains itself.
2. One exact candidate is `strong` and is linked. Several are `ambiguous`: nobody is linked until the agent says who it
   is. What an agent chose before for this number on this line is `chosen`, and is shown as remembered.
3. A weak candidate (only the last digits are the same) is a hint and is never linked by itself.
4. The clicked record and the campaign's member are known by themselves, whatever numbers they have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from callcenter.crm import phones
from callcenter.telephony import values

STRONG = "strong"
WEAK = "weak"
AMBIGUOUS = "ambiguous"
CHOSEN = "chosen"
NONE = "none"
ANONYMOUS = "anonymous"
INTERNAL = "internal"

MOST_CANDIDATES = 5
RECENT_SECONDS = 30 * 86400.0

# Reason -> points. A reason may carry a value after a colon: `last_digits:8`.
POINTS = {
    "exact": 50,
    "last_digits": 20,
    "only_one": 30,
    "clicked": 50,
    "campaign": 45,
    "remembered": 40,
    "open_case": 15,
    "recent": 10,
    "known": 5,
    "primary": 5,
    "person": 2,
    "household": 0,
    "switchboard": 0,
    "shared": 0,
}


class Row(NamedTuple):
    """A party beside a number, as the database knows them; times are epoch seconds.

    A tuple, because a frozen dataclass of so many fields costs more to make than the rest of the decision.
    """

    party_id: int
    name: str
    kind: str = "person"  # person | organisation
    status: str = "customer"
    city: str = ""
    language: str = ""
    vip: bool = False
    alert: str = ""
    marketing: str = "unknown"
    do_not_record: bool = False
    owner_id: int | None = None
    team_id: int | None = None
    last_contact: float | None = None
    e164: str = ""
    label: str = ""
    primary: bool = False
    shared: bool = False
    do_not_call: bool = False
    open_cases: int = 0


def with_cases(row: Row, open_cases: int) -> Row:
    """Return the row knowing how many cases the party has open."""
    return row._replace(open_cases=open_cases)


@values.value
class Context:
    """What else is known when the call is matched."""

    clicked_party_id: int | None = None
    campaign_party_id: int | None = None
    remembered_party_id: int | None = None
    now: float = 0.0


@values.value
class Candidate:
    """A party who may be calling; `detail` tells namesakes apart, `row` has what a card shows."""

    party_id: int
    name: str
    score: int  # 0..100
    reasons: tuple[str, ...]
    detail: str
    row: Row


@values.value
class Match:
    """The decision; `party_id` is set only where the call may be linked by itself."""

    state: str  # strong | weak | ambiguous | chosen | none | anonymous | internal
    number: phones.Number
    party_id: int | None = None
    score: int = 0
    reasons: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()

    @property
    def chosen(self) -> Candidate | None:
        """Return the candidate who is linked."""
        return next((c for c in self.candidates if c.party_id == self.party_id), None)

    @property
    def name(self) -> str:
        """Return the linked party's name, or nothing."""
        return found.name if (found := self.chosen) else ""


UNMATCHED = {
    phones.WITHHELD: (ANONYMOUS, ("withheld",)),
    phones.INTERNAL: (INTERNAL, ("extension",)),
    phones.OWN: (NONE, ("own_number",)),
    phones.IGNORED: (NONE, ("ignored",)),
    phones.SHORT: (NONE, ("short_number",)),
}


_NOTHING = Context()


def decide(
    number: phones.Number,
    exact: Sequence[Row],
    weak: Sequence[Row] = (),
    context: Context = _NOTHING,
) -> Match:
    """Rank the rows and decide who it is; `weak` is looked at only where `exact` is empty.

    Rows of the clicked and the campaign's party belong in `exact` even without this number (`Row.e164` empty).
    """
    rows = exact or weak
    if not rows:
        state, reasons = UNMATCHED.get(number.kind, (NONE, ("unknown_number",)))
        return Match(state, number, reasons=reasons)
    if len(exact) == 1:  # nine calls of ten
        sharing = "shared" if exact[0].shared else ""
        only = _candidate(exact[0], number, context, alone=True, weak=False, sharing=sharing)
        return Match(STRONG, number, only.party_id, only.score, only.reasons, (only,))
    known = {context.clicked_party_id, context.campaign_party_id} - {None}
    sharing = _sharing(exact)
    alone = len({row.party_id for row in exact}) == 1
    ranked = sorted(
        (
            _candidate(row, number, context, alone=alone, weak=not exact, sharing=sharing)
            for row in rows
        ),
        key=lambda c: (*_certainty(c, context), -c.score, -(c.row.last_contact or 0), c.party_id),
    )
    candidates = tuple(_once(ranked))[:MOST_CANDIDATES]
    best = candidates[0]
    if not exact:
        return Match(WEAK, number, None, best.score, best.reasons, candidates)
    if alone or best.party_id in known:
        return Match(STRONG, number, best.party_id, best.score, best.reasons, candidates)
    if best.party_id == context.remembered_party_id:
        return Match(CHOSEN, number, best.party_id, best.score, best.reasons, candidates)
    return Match(AMBIGUOUS, number, None, best.score, ("several",), candidates)


def _candidate(
    row: Row, number: phones.Number, context: Context, *, alone: bool, weak: bool, sharing: str
) -> Candidate:
    reasons = tuple(_reasons(row, number, context, alone=alone, weak=weak, sharing=sharing))
    score = 0
    for reason in reasons:
        score += POINTS[reason if reason in POINTS else reason.partition(":")[0]]
    return Candidate(row.party_id, row.name, min(100, score), reasons, row.city, row)


def _reasons(
    row: Row, number: phones.Number, context: Context, *, alone: bool, weak: bool, sharing: str
) -> list[str]:
    """Return the codes, the most telling first."""
    found = []
    if row.party_id == context.clicked_party_id:
        found.append("clicked")
    if row.party_id == context.campaign_party_id:
        found.append("campaign")
    if row.party_id == context.remembered_party_id and not weak:
        found.append("remembered")
    if weak:
        found.append(f"last_digits:{same_digits(row.e164, number.national)}")
    elif row.e164 == number.e164:
        found.append("exact")
    if alone:
        found.append("only_one")
    if row.open_cases:
        found.append("open_case")
    if row.last_contact is not None:
        recent = context.now - row.last_contact <= RECENT_SECONDS
        found.append("recent" if recent else "known")
    if row.primary:
        found.append("primary")
    if row.kind == "person":
        found.append("person")
    if sharing and row.e164 == number.e164:
        found.append(sharing)
    return found


def _sharing(rows: Sequence[Row]) -> str:
    """Say what kind of number several have together: a switchboard, a family's, or merely the same."""
    theirs = {row.party_id: row for row in rows if row.e164}
    if len(theirs) < 2:
        return "shared" if any(row.shared for row in rows) else ""
    if any(row.kind == "organisation" for row in theirs.values()):
        return "switchboard"
    families = {row.name.split()[-1:][0] if row.name.split() else "" for row in theirs.values()}
    return "household" if len(families) == 1 else "shared"


def _certainty(candidate: Candidate, context: Context) -> tuple[bool, bool, bool]:
    """Return what no sum of lesser reasons may outweigh, for sorting."""
    party = candidate.party_id
    return (
        party != context.clicked_party_id,
        party != context.campaign_party_id,
        party != context.remembered_party_id,
    )


def _once(ranked: Sequence[Candidate]) -> list[Candidate]:
    """Keep each party's best line."""
    best: dict[int, Candidate] = {}
    for candidate in ranked:
        best.setdefault(candidate.party_id, candidate)
    return list(best.values())


def same_digits(a: str, b: str) -> int:
    """Count the digits that two numbers share from their end."""
    count = 0
    for x, y in zip(reversed(a), reversed(b), strict=False):
        if x != y:
            break
        count += 1
    return count
