"""which calls are recorded, how long recordings are kept, and those that a legal hold keeps"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.models import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _exceptions(name: str, said: sa.Column[bool] | sa.Column[int]) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("pbx", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        said,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("scope", "pbx", "value", name=op.f(f"uq_{name}_scope")),
    )


def upgrade() -> None:
    policy = op.create_table(
        "recording_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record", sa.Boolean(), nullable=False),
        sa.Column("notice", sa.JSON(), nullable=False),
        sa.Column("keep_days", sa.Integer(), nullable=True),
        sa.Column("keep_transcripts", sa.Boolean(), nullable=False),
        sa.Column("swept_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_policy")),
    )
    op.bulk_insert(policy, [{"id": 1, "record": True, "notice": {}, "keep_transcripts": True}])
    _exceptions("recording_rule", sa.Column("record", sa.Boolean(), nullable=False))
    _exceptions("retention_rule", sa.Column("keep_days", sa.Integer(), nullable=True))
    op.create_table(
        "legal_hold",
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_legal_hold_call_id_call")),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_legal_hold_by_id_user")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_legal_hold")),
    )
    with op.batch_alter_table("recording") as table:
        table.add_column(sa.Column("notice", sa.JSON(), nullable=False, server_default="{}"))
        table.add_column(sa.Column("delete_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("deleted_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("kept", sa.Boolean(), nullable=False, server_default="0"))
    op.create_index("ix_recording_age", "recording", ["state", "started_at"])
    op.create_index("ix_recording_delete", "recording", ["delete_at", "id"])
    op.create_index("ix_dnc_source", "dnc_entry", ["source", "id"])


def downgrade() -> None:
    op.drop_index("ix_dnc_source", table_name="dnc_entry")
    op.drop_index("ix_recording_delete", table_name="recording")
    op.drop_index("ix_recording_age", table_name="recording")
    for name in ("kept", "deleted_at", "delete_at", "notice"):
        op.drop_column("recording", name)
    for name in ("legal_hold", "retention_rule", "recording_rule", "recording_policy"):
        op.drop_table(name)
