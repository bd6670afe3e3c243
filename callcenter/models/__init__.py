"""Every table, one file per family of nouns; import them from here: `models.Call`."""

from __future__ import annotations

from callcenter.models.base import Base, UtcDateTime
from callcenter.models.calls import (
    Call,
    CallParticipant,
    DialAttempt,
    Outcome,
    OwnNumber,
    QueueProfile,
)
from callcenter.models.history import Outage, ReconcileMark
from callcenter.models.outbound import (
    Campaign,
    CampaignSeat,
    DncEntry,
    ImportBatch,
    ImportRow,
    Lead,
)
from callcenter.models.people import (
    Case,
    Note,
    NumberChoice,
    Party,
    PartyName,
    PartyPhone,
    Phone,
    Reminder,
    Task,
)
from callcenter.models.recordings import (
    LegalHold,
    Recording,
    RecordingPolicy,
    RecordingRule,
    RetentionRule,
    Segment,
    Transcript,
)
from callcenter.models.users import (
    ROLES,
    AgentState,
    Audit,
    ExtensionAssignment,
    KnownDevice,
    Membership,
    PauseReason,
    RecoveryCode,
    Team,
    User,
    WebSession,
)
from callcenter.models.views import ListDefault, SavedView
from callcenter.models.words import COLUMNS as WORD_COLUMNS
from callcenter.models.words import WordDocument

__all__ = [
    "ROLES",
    "WORD_COLUMNS",
    "AgentState",
    "Audit",
    "Base",
    "Call",
    "CallParticipant",
    "Campaign",
    "CampaignSeat",
    "Case",
    "DialAttempt",
    "DncEntry",
    "ExtensionAssignment",
    "ImportBatch",
    "ImportRow",
    "KnownDevice",
    "Lead",
    "LegalHold",
    "ListDefault",
    "Membership",
    "Note",
    "NumberChoice",
    "Outage",
    "Outcome",
    "OwnNumber",
    "Party",
    "PartyName",
    "PartyPhone",
    "PauseReason",
    "Phone",
    "QueueProfile",
    "ReconcileMark",
    "Recording",
    "RecordingPolicy",
    "RecordingRule",
    "RecoveryCode",
    "Reminder",
    "RetentionRule",
    "SavedView",
    "Segment",
    "Task",
    "Team",
    "Transcript",
    "User",
    "UtcDateTime",
    "WebSession",
    "WordDocument",
]
