"""Calls and who took part. A call is unique by PBX and Linkedid: writing it twice leaves one row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
    func,
    literal_column,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql.functions import GenericFunction

from callcenter.models.base import Base


class Call(Base):
    """All that happened under one Linkedid. `result` is technical, `outcome` is the agent's word."""

    __tablename__ = "call"
    __table_args__ = (
        UniqueConstraint("pbx", "linkedid"),
        Index("ix_call_started", "started", "id"),
        Index("ix_call_party", "party_id", "started"),
        Index("ix_call_far", "far_e164", "started"),
        # Lists are read by time: what is rare among many must not be looked for in all of them.
        Index("ix_call_queue", "queue", "started"),
        Index("ix_call_result", "result", "started"),
        Index("ix_call_outcome", "outcome_id", "started"),
        Index("ix_call_direction", "direction", "started"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pbx: Mapped[str] = mapped_column(String(40))
    linkedid: Mapped[str] = mapped_column(String(150))
    direction: Mapped[str] = mapped_column(String(10))
    from_raw: Mapped[str] = mapped_column(String(80), default="")
    from_name: Mapped[str] = mapped_column(String(120), default="")
    to_raw: Mapped[str] = mapped_column(String(80), default="")
    far_e164: Mapped[str | None] = mapped_column(String(20))  # the number of the party outside
    did: Mapped[str | None] = mapped_column(String(80))
    queue: Mapped[str | None] = mapped_column(String(80))
    started: Mapped[datetime]
    queued: Mapped[datetime | None]
    ringing: Mapped[datetime | None]
    far_end_answered: Mapped[datetime | None]
    answered: Mapped[datetime | None]
    ended: Mapped[datetime | None] = mapped_column(index=True)
    wait_seconds: Mapped[float | None]
    ring_seconds: Mapped[float | None]
    talk_seconds: Mapped[float | None]
    hold_seconds: Mapped[float] = mapped_column(default=0.0)
    wrapup_seconds: Mapped[float | None]
    result: Mapped[str | None] = mapped_column(String(20))
    hangup_by: Mapped[str | None] = mapped_column(String(10))
    hangup_cause: Mapped[int | None]
    transfers: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    variables: Mapped[dict[str, str]] = mapped_column(default=dict)
    party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    # strong | weak | ambiguous | chosen | none | anonymous | internal
    match_state: Mapped[str] = mapped_column(String(12), default="none")
    match_reasons: Mapped[list[str]] = mapped_column(default=list)
    name_snapshot: Mapped[str] = mapped_column(String(200), default="")
    outcome_id: Mapped[int | None] = mapped_column(ForeignKey("outcome.id"))
    outcome_at: Mapped[datetime | None]
    merged_into: Mapped[str | None] = mapped_column(String(150))  # the Linkedid that absorbed it
    source: Mapped[str] = mapped_column(String(12), default="live")  # live | reconciled

    participants: Mapped[list[CallParticipant]] = relationship(
        back_populates="call", order_by="CallParticipant.id"
    )


# The moment to which a call belongs in figures, exactly as reports/conditions.py spells it.
Index("ix_call_moment", func.coalesce(Call.queued, Call.started))


# What is rare among all calls and asked for in lists. An index serves a query that has its condition word for word, so both take
# it from here; constants stand in it as they are, for of a value that is sent along a database does not know what it will be.
# Columns that begin another index stand in it as expressions: SQLite, which has no statistics, takes any equality for rare.
LONG_SECONDS = 600


class campaign_code(GenericFunction[str]):
    """Give the campaign that a call's variables name, or null."""

    type = String()
    inherit_cache = True


@compiles(campaign_code, "sqlite")
def _campaign_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"json_extract({compiler.process(element.clauses, **kw)}, '$.CC_CAMPAIGN')"


@compiles(campaign_code, "postgresql")
def _campaign_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)} ->> 'CC_CAMPAIGN')"


def missed(call: Any) -> ColumnElement[bool]:
    """Say that somebody called and nobody answered."""
    inbound = call.direction.concat(literal_column("''")) == literal_column("'inbound'")
    return and_(inbound, call.answered.is_(None), call.ended.is_not(None), *_whole(call))


def unsaid(call: Any) -> ColumnElement[bool]:
    """Say that people talked and nobody said what came of it."""
    outside = call.direction != literal_column("'internal'")
    talked = (call.answered.is_not(None), call.ended.is_not(None))
    none = func.coalesce(call.outcome_id, literal_column("0")) == literal_column("0")
    return and_(none, *talked, outside, *_whole(call))


def talked(call: Any) -> ColumnElement[bool]:
    """Say that people talked, whoever called whom: its index answers by itself whether a number was reached since."""
    return and_(call.answered.is_not(None), *_whole(call))


def long(call: Any) -> ColumnElement[bool]:
    """Say that people talked for long."""
    return and_(call.talk_seconds >= literal_column(str(LONG_SECONDS)), *_whole(call))


def _whole(call: Any) -> tuple[ColumnElement[bool], ...]:
    return (call.merged_into.is_(None),)


for _name, _columns, _condition in (
    ("missed", (Call.started, Call.id, Call.far_e164), missed(Call)),
    ("unsaid", (Call.started, Call.id), unsaid(Call)),
    ("talked", (Call.far_e164, Call.started), talked(Call)),
    ("long", (Call.started, Call.id, Call.talk_seconds), long(Call)),
):
    Index(f"ix_call_{_name}", *_columns, sqlite_where=_condition, postgresql_where=_condition)
_campaign = campaign_code(Call.variables)
Index(
    "ix_call_campaign", _campaign, Call.started,
    sqlite_where=_campaign.is_not(None), postgresql_where=_campaign.is_not(None),
)  # fmt: skip


class CallParticipant(Base):
    """A person's phone in a call, and what became of it."""

    __tablename__ = "call_participant"
    __table_args__ = (
        UniqueConstraint("call_id", "interface"),
        Index("ix_call_participant_user", "user_id", "call_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"))
    interface: Mapped[str] = mapped_column(String(120))
    extension: Mapped[str] = mapped_column(String(80))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    rang: Mapped[datetime | None]
    answered: Mapped[datetime | None]
    left: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))

    call: Mapped[Call] = relationship(back_populates="participants")


class DialAttempt(Base):
    """A call that a person asked for; its id is the ChannelId, hence the call's Linkedid."""

    __tablename__ = "dial_attempt"
    __table_args__ = (Index("ix_dial_attempt_number", "e164", "requested_at"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    pbx: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    number: Mapped[str] = mapped_column(String(40))
    requested_at: Mapped[datetime]
    # placing | placed | failed; refused: the check before the call said no
    state: Mapped[str] = mapped_column(String(20), default="placing")
    error: Mapped[str] = mapped_column(String(40), default="")
    e164: Mapped[str | None] = mapped_column(String(20))
    purpose: Mapped[str] = mapped_column(String(10), default="service")  # service | marketing
    receipt: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what was checked, see outbound/
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"), index=True)
    result: Mapped[str | None] = mapped_column(String(20))
    ended_at: Mapped[datetime | None]
    outcome_id: Mapped[int | None] = mapped_column(ForeignKey("outcome.id"))
    settled_at: Mapped[datetime | None]  # the lead went on from this attempt: once


class Outcome(Base):
    """What an agent can say came of a call; archived rather than deleted."""

    __tablename__ = "outcome"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    labels: Mapped[dict[str, str]]  # by language
    digit: Mapped[int | None]
    success: Mapped[bool] = mapped_column(default=False)
    callback: Mapped[bool] = mapped_column(default=False)  # asks for a time to call back
    # What else it does: "" | do_not_call (the number goes onto the list) | bad_number (it is marked)
    effect: Mapped[str] = mapped_column(String(12), default="")
    scope: Mapped[str] = mapped_column(String(10), default="all")  # all | campaign: its calls alone
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)


class QueueProfile(Base):
    """How a queue of the exchange is called, greeted and measured here."""

    __tablename__ = "queue_profile"
    __table_args__ = (UniqueConstraint("pbx", "queue"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pbx: Mapped[str] = mapped_column(String(40))
    queue: Mapped[str] = mapped_column(String(80))
    labels: Mapped[dict[str, str]]
    greetings: Mapped[dict[str, str]] = mapped_column(default=dict)  # the line to say, by language
    language: Mapped[str] = mapped_column(String(5), default="")
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    wrapup_seconds: Mapped[int] = mapped_column(default=30)
    target_seconds: Mapped[int] = mapped_column(default=20)


class OwnNumber(Base):
    """One of our own lines, so that it is never taken for a customer's."""

    __tablename__ = "own_number"

    id: Mapped[int] = mapped_column(primary_key=True)
    e164: Mapped[str] = mapped_column(String(20), unique=True)
    label: Mapped[str] = mapped_column(String(100), default="")
