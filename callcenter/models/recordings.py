"""Recordings and transcripts. Their state is a column, so a restart resumes where it stopped."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from callcenter.models.base import Base


class Recording(Base):
    """One recorded call: two files, one a side, and how far they have come.

    expected -> stored -> transcribing -> done; or failed, missing, empty, no_model, each with `reason`.
    """

    __tablename__ = "recording"
    __table_args__ = (
        UniqueConstraint("pbx", "file"),
        Index("ix_recording_state", "state", "id"),
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
