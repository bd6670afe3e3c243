"""Campaigns: whom to call, who calls them now, what was checked before each call, and how the list came in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.models.base import Base


class Campaign(Base):
    """A list of people to call for one purpose, with its script and its rules."""

    __tablename__ = "campaign"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    state: Mapped[str] = mapped_column(String(10), default="draft")  # draft|running|paused|ended
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)  # null: anybody
    scripts: Mapped[dict[str, str]] = mapped_column(default=dict)  # by language
    caller_id: Mapped[str] = mapped_column(String(40), default="")  # empty: as the agent's phone
    hours: Mapped[dict[str, str]] = mapped_column(
        default=dict
    )  # narrows the site's; fri -> 09:00-12:00
    max_attempts: Mapped[int] = mapped_column(default=6)
    retry: Mapped[dict[str, Any]] = mapped_column(default=dict)  # result or outcome -> minutes
    outcomes: Mapped[list[str]] = mapped_column(default=list)  # codes, in order; empty: all
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class CampaignSeat(Base):
    """The campaign that an agent works on now."""

    __tablename__ = "campaign_seat"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    since: Mapped[datetime]


class Lead(Base):
    """One number of one person in one campaign.

    open -> calling -> open (again at `next_at`), callback (at `next_at`, by its owner) or done (with `reason`). A lease
    says whose desk it is on; past its end anybody may have the lead. While it is `calling`, only the attempt ends that.
    """

    __tablename__ = "lead"
    __table_args__ = (
        UniqueConstraint("campaign_id", "phone_id"),
        Index("ix_lead_next", "campaign_id", "state", text("priority DESC"), "next_at"),
        Index("ix_lead_callback", "callback_user_id", "state", "next_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    phone_id: Mapped[int] = mapped_column(ForeignKey("phone.id"), index=True)
    name: Mapped[str] = mapped_column(String(200), default="")  # as the list has it
    facts: Mapped[dict[str, str]] = mapped_column(default=dict)  # further columns of the list
    state: Mapped[str] = mapped_column(String(10), default="open")  # open|calling|callback|done
    # success | final | attempts | do_not_call | bad_number | refused
    reason: Mapped[str] = mapped_column(String(20), default="")
    priority: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    reached: Mapped[bool] = mapped_column(default=False)  # somebody was spoken with
    next_at: Mapped[datetime]
    leased_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    lease_until: Mapped[datetime | None]
    attempt_id: Mapped[str | None] = mapped_column(String(64))  # the dial_attempt under way
    last_result: Mapped[str] = mapped_column(String(20), default="")
    last_outcome_id: Mapped[int | None] = mapped_column(ForeignKey("outcome.id"))
    callback_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    notified_at: Mapped[datetime | None]  # its owner was told that the callback is due
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    row: Mapped[int | None]  # of the file, the first after the headings is 1
    made_party: Mapped[bool] = mapped_column(default=False)  # the import made the customer as well
    created_at: Mapped[datetime]


class DncEntry(Base):
    """A number that must not be called for marketing; kept by its digits, so that it needs no customer."""

    __tablename__ = "dnc_entry"
    __table_args__ = (UniqueConstraint("e164", "source"), Index("ix_dnc_source", "source", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    e164: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(12), default="own")  # own | registry
    reason: Mapped[str] = mapped_column(String(200), default="")
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    added_at: Mapped[datetime]
    until: Mapped[datetime | None]  # null: for good


class ImportBatch(Base):
    """One file of leads. Its state is a column and `position` counts the rows that are done, so a restart goes on.

    mapping -> waiting -> running -> done; or failed with `problem`; done -> undoing -> undone.
    """

    __tablename__ = "import_batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    path: Mapped[str] = mapped_column(String(400))  # in the folder of imports
    state: Mapped[str] = mapped_column(String(10), default="mapping", index=True)
    problem: Mapped[str] = mapped_column(String(300), default="")
    encoding: Mapped[str] = mapped_column(String(20), default="")
    header: Mapped[list[str]] = mapped_column(default=list)
    mapping: Mapped[dict[str, str]] = mapped_column(default=dict)  # "3" (a column) -> field
    has_header: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]  # rows, once the whole file was read
    added: Mapped[int] = mapped_column(default=0)
    matched: Mapped[int] = mapped_column(default=0)  # of those added: the customer was known
    bad: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)  # not undone: already called
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    finished_at: Mapped[datetime | None]


class ImportRow(Base):
    """A row that was not taken, as it stands in the file, and why."""

    __tablename__ = "import_row"
    __table_args__ = (UniqueConstraint("batch_id", "row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"))
    row: Mapped[int]
    cells: Mapped[list[str]] = mapped_column(default=list)
    reason: Mapped[str] = mapped_column(String(30))
    detail: Mapped[str] = mapped_column(Text, default="")
