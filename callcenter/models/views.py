"""Lists that people come back to: a filter with a name, and which one a list opens with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.models.base import Base


class SavedView(Base):
    """A filter of a list as its address has it. It grants nothing: what it shows is decided when it is opened."""

    __tablename__ = "saved_view"
    __table_args__ = (Index("ix_saved_view_list", "list", "owner_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    list: Mapped[str] = mapped_column(String(12))  # calls | customers | recordings
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(Text)
    shared: Mapped[str] = mapped_column(String(4), default="")  # "" | team | all
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]  # it can be brought back until the next one is deleted


class ListDefault(Base):
    """The view with which a list opens for somebody: the id of a saved one, or the code of a ready-made one."""

    __tablename__ = "list_default"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    list: Mapped[str] = mapped_column(String(12), primary_key=True)
    view: Mapped[str] = mapped_column(String(20))
