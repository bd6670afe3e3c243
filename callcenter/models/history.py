"""When an exchange was not heard, and how far its own records have been read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.models.base import Base


class ReconcileMark(Base):
    """How far we are with an exchange: what happened before `since` is not our concern."""

    __tablename__ = "reconcile_mark"

    pbx: Mapped[str] = mapped_column(String(40), primary_key=True)
    since: Mapped[datetime]  # when we first listened to it
    read_until: Mapped[datetime]  # the end of the newest call that was read in its records
    seen_at: Mapped[datetime]  # the last moment at which the line was known to be up
    read_at: Mapped[datetime | None]  # when its records were last read
    problem: Mapped[str] = mapped_column(String(300), default="")  # why they cannot be read


class Outage(Base):
    """A stretch of time in which we did not hear an exchange; the open one has no end."""

    __tablename__ = "outage"
    __table_args__ = (Index("ix_outage_pbx", "pbx", "began"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pbx: Mapped[str] = mapped_column(String(40))
    began: Mapped[datetime]
    ended: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(20), default="")  # stopped | link
