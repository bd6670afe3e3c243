"""Customers and their numbers. A lead is a status of a party, not a table; a number belongs to many."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from callcenter.models.base import Base, digits_or_key


class Party(Base):
    """A person or an organisation whom we may speak with."""

    __tablename__ = "party"
    __table_args__ = (
        Index("ix_party_search", "search_key"),
        Index("ix_party_updated", "updated_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), default="person")  # person | organisation
    display: Mapped[str] = mapped_column(String(200))
    given: Mapped[str] = mapped_column(String(100), default="")
    family: Mapped[str] = mapped_column(String(100), default="")
    search_key: Mapped[str] = mapped_column(digits_or_key(400), default="")  # folded, see crm/names
    status: Mapped[str] = mapped_column(
        String(12), default="customer"
    )  # lead|prospect|customer|former
    language: Mapped[str] = mapped_column(String(5), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    email: Mapped[str] = mapped_column(String(200), default="")
    vip: Mapped[bool] = mapped_column(default=False)
    alert: Mapped[str] = mapped_column(String(300), default="")  # shown on the card, in red
    marketing: Mapped[str] = mapped_column(String(10), default="unknown")  # allowed|blocked|unknown
    do_not_record: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # key facts the administrator chose
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    last_contact_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    phones: Mapped[list[PartyPhone]] = relationship(back_populates="party")

    __mapper_args__ = {"version_id_col": version}


class PartyName(Base):
    """One word of a party's name, folded: typing the beginning of any word finds the party."""

    __tablename__ = "party_name"
    __table_args__ = (Index("ix_party_name_party", "party_id"),)

    word: Mapped[str] = mapped_column(digits_or_key(60), primary_key=True)
    party_id: Mapped[int] = mapped_column(
        ForeignKey("party.id", ondelete="CASCADE"), primary_key=True
    )


class Phone(Base):
    """One number, known by its E.164 form; it can be bad, shared or blocked apart from people."""

    __tablename__ = "phone"

    id: Mapped[int] = mapped_column(primary_key=True)
    e164: Mapped[str] = mapped_column(digits_or_key(20), unique=True)
    # The national significant number, reversed: a suffix search is a prefix search on this index.
    digits_reversed: Mapped[str] = mapped_column(digits_or_key(20), index=True)
    region: Mapped[str] = mapped_column(String(2), default="")
    line_type: Mapped[str] = mapped_column(String(12), default="")  # mobile | fixed | voip | ...
    quality: Mapped[str] = mapped_column(String(12), default="unverified")  # unverified | ok | bad
    do_not_call: Mapped[bool] = mapped_column(default=False)


class PartyPhone(Base):
    """A number of a party: families share one, a company has many."""

    __tablename__ = "party_phone"
    __table_args__ = (UniqueConstraint("party_id", "phone_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    phone_id: Mapped[int] = mapped_column(ForeignKey("phone.id"), index=True)
    label: Mapped[str] = mapped_column(String(40), default="")
    primary: Mapped[bool] = mapped_column(default=False)
    shared: Mapped[bool] = mapped_column(default=False)
    raw: Mapped[str] = mapped_column(String(60), default="")  # as entered
    last_chosen_at: Mapped[datetime | None]

    party: Mapped[Party] = relationship(back_populates="phones")
    phone: Mapped[Phone] = relationship()


class NumberChoice(Base):
    """Remember whom an agent chose for an ambiguous number on a line."""

    __tablename__ = "number_choice"
    __table_args__ = (UniqueConstraint("e164", "did"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    e164: Mapped[str] = mapped_column(String(20))
    did: Mapped[str] = mapped_column(String(40), default="")
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    chosen_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    chosen_at: Mapped[datetime]


class Note(Base):
    """What a person wrote about a party or a call; saved as it is typed."""

    __tablename__ = "note"
    __table_args__ = (
        UniqueConstraint("call_id", "author_id"),
        Index("ix_note_party", "party_id", "updated_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    text: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Task(Base):
    """Something to do for a party at a time; a callback is a task of kind `callback`."""

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_party", "party_id", "done_at"),
        Index("ix_task_assignee", "assignee_id", "done_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), default="task")  # task | callback
    party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    title: Mapped[str] = mapped_column(String(300))
    due_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Reminder(Base):
    """What somebody was told is due: once for each time for which a task or a lead's callback is promised."""

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("user_id", "source", "item_id", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    source: Mapped[str] = mapped_column(String(8))  # task | lead
    item_id: Mapped[int]
    due_at: Mapped[datetime]
    told_at: Mapped[datetime]
    again_at: Mapped[datetime | None]  # snoozed until then
    dealt_at: Mapped[datetime | None]


class Case(Base):
    """A problem of a party that stays open until it is solved."""

    __tablename__ = "case"
    __table_args__ = (Index("ix_case_party", "party_id", "closed_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    title: Mapped[str] = mapped_column(String(300))
    status: Mapped[str] = mapped_column(String(20), default="open")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
