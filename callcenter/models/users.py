"""The people who work here, their teams, their phones, their sessions and what they did when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.models.base import Base

ROLES = ("agent", "supervisor", "manager", "admin")


class Team(Base):
    """People who work together; a supervisor sees the teams that they lead."""

    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)


class User(Base):
    """An account. `listens` grants hearing recordings to an administrator, who has it not by default."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(12), default="agent")
    language: Mapped[str] = mapped_column(String(5), default="he")
    theme: Mapped[str] = mapped_column(String(5), default="auto")  # auto | light | dark
    listens: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    totp_secret: Mapped[str] = mapped_column(String(64), default="")  # empty: no second step
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)  # the last one used: none twice


class RecoveryCode(Base):
    """A code that stands in once for the second step; kept as a hash only."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))


class KnownDevice(Base):
    """A browser in which an account signed in before: others' guessing does not hold it back."""

    __tablename__ = "known_device"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    seen_at: Mapped[datetime]


class Membership(Base):
    """A user in a team, perhaps as the one who leads it."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("team_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    leads: Mapped[bool] = mapped_column(default=False)


class ExtensionAssignment(Base):
    """Who sat at which phone from when to when; a hot desk never rewrites the past."""

    __tablename__ = "extension_assignment"
    __table_args__ = (Index("ix_extension_assignment_open", "pbx", "extension", "until"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pbx: Mapped[str] = mapped_column(String(40), default="")
    extension: Mapped[str] = mapped_column(String(40))
    interface: Mapped[str] = mapped_column(String(80))  # as queues name it: PJSIP/1001
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class AgentState(Base):
    """A stretch of time in one state; the open one (`until` is null) is the present."""

    __tablename__ = "agent_state"
    __table_args__ = (
        UniqueConstraint("user_id", "since"),  # an interval is written again when it ends
        Index("ix_agent_state_user", "user_id", "until"),
        Index("ix_agent_state_since", "since"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    # offline | ready | paused | ringing | talking | hold | consulting | wrapup
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(60), default="")
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class WebSession(Base):
    """A signed-in browser; deleting the row signs it out. The key is kept as a hash only."""

    __tablename__ = "web_session"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(60), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")


class Audit(Base):
    """Who did what to what, when and from where. Written once: crm/audit.py refuses a change of a row."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_object", "object_type", "object_id"),
        Index("ix_audit_action", "action", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    action: Mapped[str] = mapped_column(String(60))
    object_type: Mapped[str] = mapped_column(String(40), default="")
    object_id: Mapped[str] = mapped_column(String(80), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    address: Mapped[str] = mapped_column(String(60), default="")


class PauseReason(Base):
    """Why an agent is not taking calls; the label is per language."""

    __tablename__ = "pause_reason"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    labels: Mapped[dict[str, str]]
    allowed_minutes: Mapped[int | None]
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
