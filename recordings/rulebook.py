"""The rules of recording as they are kept: one row with the default and the note of consent, and a row for each exception.

They are read anew for every call, so that a change counts for the next one, whichever process made it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import audit, choices, stamps
from recordings import periods, rules

LONGEST_NOTICE = 300
ONLY = 1  # the one row's id
Named = tuple[str, str, str]  # scope, exchange, value
_Rule = TypeVar("_Rule", models.RecordingRule, models.RetentionRule)


def policy(session: Session, *, lock: bool = False) -> models.RecordingPolicy:
    """Return the row of the default; a new one, not added yet, where nobody ever changed anything."""
    query = select(models.RecordingPolicy).where(models.RecordingPolicy.id == ONLY)
    found = session.scalar(query.with_for_update() if lock else query)
    return found or models.RecordingPolicy(
        id=ONLY, record=True, notice={}, keep_days=None, keep_transcripts=True, swept_at=None
    )


def exceptions(session: Session) -> list[models.RecordingRule]:
    """Return the exceptions, the most particular first."""
    row = models.RecordingRule
    found = session.scalars(select(row).order_by(row.pbx, row.value, row.id))
    return sorted(found, key=lambda each: rules.SCOPES.index(each.scope))


def read(session: Session) -> rules.Rules:
    """Return the rules as they are now."""
    rows = exceptions(session)
    told = tuple(rules.Rule(row.scope, row.pbx, row.value, row.record) for row in rows)
    return rules.Rules(policy(session).record, told)


def decide(
    session: Session, *, pbx: str, linkedid: str, direction: str, queue: str, campaign: str, party: str
) -> rules.Verdict:  # fmt: skip
    """Say whether a call that two people talk in is recorded; `party` is the customer it was made to, as its variable says."""
    who, call = models.Party, models.Call
    wish = select(who.do_not_record).join(call, call.party_id == who.id)
    refuses = session.scalar(wish.where(call.pbx == pbx, call.linkedid == linkedid))
    if not refuses and party.isascii() and party.isdecimal() and len(party) < 10:
        refuses = session.scalar(select(who.do_not_record).where(who.id == int(party)))
    of = rules.Of(pbx, direction, queue, campaign, bool(refuses))
    return rules.decide(read(session), of)


def note(session: Session, recording_id: int) -> None:
    """Keep with a recording what callers are told about it now: another note later does not change what was said."""
    if notice := policy(session).notice:
        row = models.Recording
        told = update(row).where(row.id == recording_id).values(notice=notice)
        session.execute(told.execution_options(synchronize_session=False))


def stamp(row: models.RecordingPolicy) -> str:
    """Return the state of what the form of the default changes."""
    return stamps.of(row.record, row.notice)


def change(session: Session, by: audit.By, values: Mapping[str, Any], *, seen: str) -> None:
    """Change the default and the note."""
    row = policy(session, lock=True)
    stamps.check(stamp(row), seen)
    before = {"record": row.record, "notice": row.notice}
    row.record, row.notice = values.get("record") == "1", _notice(values)
    session.add(row)
    after = {"record": row.record, "notice": row.notice}
    audit.note(session, by, "recording_policy_changed", ("recording", ""), audit.changes(before, after))  # fmt: skip


def _notice(values: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for code in choices.LANGUAGES:
        text = " ".join(str(values.get(f"notice_{code}", "")).split())
        if len(text) > LONGEST_NOTICE or not text.isprintable():
            raise errors.Invalid(f"notice_{code}", "too_long")
        if text:
            found[code] = text
    return found


def named(of: str) -> Named:
    """Part `scope/exchange/value`, as a form names what an exception is for."""
    scope, _, rest = of.partition("/")
    pbx, _, value = rest.partition("/")
    return scope, pbx, value


def check(
    session: Session, of: Named, queues: Collection[tuple[str, str]],
    *, scopes: Collection[str] = rules.SCOPES,
) -> None:  # fmt: skip
    """Raise Invalid where there is nothing that an exception could be for."""
    scope, pbx, value = of
    there = scope in scopes and {
        rules.DIRECTION: not pbx and value in rules.DIRECTIONS,
        rules.QUEUE: (pbx, value) in queues,
        rules.CAMPAIGN: not pbx and _campaign(session, value),
    }.get(scope, False)
    if not there:
        raise errors.Invalid("of", "names no queue, campaign or direction of ours")


def _campaign(session: Session, value: str) -> bool:
    known = value.isascii() and value.isdecimal() and len(value) < 10 and value == str(int(value))
    return known and session.get(models.Campaign, int(value)) is not None


def put(session: Session, by: audit.By, of: Named, *, record: bool) -> None:
    """Make an exception from what is recorded, or change the one that is there."""
    before = _put(session, models.RecordingRule, of, "record", record)
    audit.note(session, by, "recording_rule_set", (of[0], _id(of)), {"record": [before, record]})


def keep_for(session: Session, by: audit.By, of: Named, *, days: int | None) -> None:
    """Make an exception from how long is kept, or change the one that is there; None keeps for good."""
    before = _put(session, models.RetentionRule, of, "keep_days", days)
    audit.note(session, by, "retention_rule_set", (of[0], _id(of)), {"days": [before, days]})


def _put(session: Session, model: Any, of: Named, column: str, value: Any) -> Any:
    scope, pbx, name = of
    query = select(model).where(model.scope == scope, model.pbx == pbx, model.value == name)
    found = session.scalar(query.with_for_update())
    before = getattr(found, column) if found else None
    if found is None:
        session.add(model(scope=scope, pbx=pbx, value=name, **{column: value}))
    else:
        setattr(found, column, value)
    return before


def remove(session: Session, by: audit.By, key: int) -> models.RecordingRule:
    """Take an exception from what is recorded away, and return it."""
    found = _taken(session, models.RecordingRule, key)
    of = found.scope, found.pbx, found.value
    audit.note(session, by, "recording_rule_removed", (found.scope, _id(of)), {"record": found.record})  # fmt: skip
    return found


def keep_as_others(session: Session, by: audit.By, key: int) -> models.RetentionRule:
    """Take an exception from how long is kept away, and return it."""
    found = _taken(session, models.RetentionRule, key)
    of = found.scope, found.pbx, found.value
    audit.note(session, by, "retention_rule_removed", (found.scope, _id(of)), {"days": found.keep_days})  # fmt: skip
    return found


def _taken(session: Session, model: type[_Rule], key: int) -> _Rule:
    found = session.get(model, key)
    if found is None:
        raise errors.NotFound("no such rule")
    session.delete(found)
    return found


def _id(of: Named) -> str:
    return f"{of[1]}/{of[2]}" if of[1] else of[2]


def kept_stamp(row: models.RecordingPolicy) -> str:
    """Return the state of what the form of how long is kept changes."""
    return stamps.of(row.keep_days, row.keep_transcripts)


def kept(values: Mapping[str, Any]) -> tuple[int | None, bool]:
    """Read of a form for how many days all is kept, None for good, and whether transcripts stay."""
    days = choices.whole(values, "keep_days", least=1, most=periods.MOST_DAYS)
    return days, values.get("keep_transcripts") == "1"


def change_kept(session: Session, by: audit.By, values: Mapping[str, Any], *, seen: str) -> None:
    """Change how long all is kept."""
    row = policy(session, lock=True)
    stamps.check(kept_stamp(row), seen)
    days, transcripts = kept(values)
    changed = audit.changes(
        {"days": row.keep_days, "transcripts": row.keep_transcripts}, {"days": days, "transcripts": transcripts}
    )  # fmt: skip
    row.keep_days, row.keep_transcripts = days, transcripts
    session.add(row)
    audit.note(session, by, "retention_changed", ("recording", ""), changed)
