"""Recordings and transcripts. Their state is a column, so a restart resumes where it stopped."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from callcenter.models.base import Base


class Recording(Base):
    """One recorded call: two files, one a side, and how far they have come.

    expected -> stored -> transcribing -> done; or failed, missing, empty, no_model, each with `reason`. One whose time is over
    is `deleted`: its sound is gone, and the row says since when.
    """

    __tablename__ = "recording"
    __table_args__ = (
        UniqueConstraint("pbx", "file"),
        Index("ix_recording_state", "state", "id"),
        Index("ix_recording_age", "state", "started_at"),
        Index("ix_recording_delete", "delete_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call.id"), index=True)
    pbx: Mapped[str] = mapped_column(String(40))
    linkedid: Mapped[str] = mapped_column(String(150), index=True)
    file: Mapped[str] = mapped_column(String(400))  # as the exchange names it
    state: Mapped[str] = mapped_column(String(14), default="expected")
    reason: Mapped[str] = mapped_column(String(300), default="")  # "code: what happened", or empty
    # Whose channel MixMonitor ran on, so whose voice its r() file holds.
    heard: Mapped[str] = mapped_column(String(10), default="customer")
    language: Mapped[str] = mapped_column(String(5), default="")  # spoken, known when transcribed
    stored: Mapped[dict[str, str]] = mapped_column(
        default=dict
    )  # stereo|agent|customer, or mixed -> path in store
    sha256: Mapped[dict[str, str]] = mapped_column(default=dict)  # the same keys -> checksum
    peaks: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # agent|customer|mixed -> heights 0..100
    seconds: Mapped[float | None]
    bytes: Mapped[int | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]  # nobody touches it before: being worked on, or waiting
    notice: Mapped[dict[str, str]] = mapped_column(default=dict)  # what callers were told of it
    delete_at: Mapped[datetime | None]  # its time is over: its sound goes then, unless it is kept
    deleted_at: Mapped[datetime | None]
    kept: Mapped[bool] = mapped_column(default=False)  # somebody took it out of what goes

    transcript: Mapped[Transcript | None] = relationship(back_populates="recording", uselist=False)


class Transcript(Base):
    """What was said in a recording, by which engine and model."""

    __tablename__ = "transcript"

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[int] = mapped_column(ForeignKey("recording.id"), unique=True)
    engine: Mapped[str] = mapped_column(String(40))
    model: Mapped[str] = mapped_column(String(100))
    language: Mapped[str] = mapped_column(String(5))
    confidence: Mapped[float | None]
    work_seconds: Mapped[float | None]  # how long the engine took
    created_at: Mapped[datetime]

    recording: Mapped[Recording] = relationship(back_populates="transcript")
    segments: Mapped[list[Segment]] = relationship(
        back_populates="transcript", order_by="Segment.t0", cascade="all, delete-orphan"
    )


class Segment(Base):
    """One stretch of speech of one side; times are seconds from the recording's start."""

    __tablename__ = "segment"

    id: Mapped[int] = mapped_column(primary_key=True)
    transcript_id: Mapped[int] = mapped_column(ForeignKey("transcript.id"), index=True)
    side: Mapped[str] = mapped_column(String(10))  # agent | customer
    t0: Mapped[float]
    t1: Mapped[float]
    text: Mapped[str] = mapped_column(Text)
    words: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # {w, t0, t1, c}

    transcript: Mapped[Transcript] = relationship(back_populates="segments")


class RecordingPolicy(Base):
    """What holds for all recordings; one row."""

    __tablename__ = "recording_policy"

    id: Mapped[int] = mapped_column(primary_key=True)
    record: Mapped[bool] = mapped_column(default=True)
    notice: Mapped[dict[str, str]] = mapped_column(
        default=dict
    )  # how callers are told, by language
    keep_days: Mapped[int | None]  # null: for good
    keep_transcripts: Mapped[bool] = mapped_column(default=True)  # when the sound goes
    swept_at: Mapped[datetime | None]  # when a worker last looked for what goes


class RecordingRule(Base):
    """An exception from which calls are recorded, for a queue of an exchange, a campaign or a direction."""

    __tablename__ = "recording_rule"
    __table_args__ = (UniqueConstraint("scope", "pbx", "value"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(10))  # queue | campaign | direction
    pbx: Mapped[str] = mapped_column(String(40), default="")  # of a queue alone
    value: Mapped[str] = mapped_column(String(80))
    record: Mapped[bool]


class RetentionRule(Base):
    """An exception from how long recordings are kept, for a queue of an exchange or a campaign."""

    __tablename__ = "retention_rule"
    __table_args__ = (UniqueConstraint("scope", "pbx", "value"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(10))  # queue | campaign
    pbx: Mapped[str] = mapped_column(String(40), default="")
    value: Mapped[str] = mapped_column(String(80))
    keep_days: Mapped[int | None]  # null: for good


class LegalHold(Base):
    """A call whose recordings nothing deletes, and why."""

    __tablename__ = "legal_hold"

    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))
    by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime]
