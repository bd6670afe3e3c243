"""saved views, and indexes for what is rare in the list of calls"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.models import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# Word for word as models/calls.py has them.
CAMPAIGN = {
    "sqlite": "json_extract(variables, '$.CC_CAMPAIGN')",
    "postgresql": "(variables ->> 'CC_CAMPAIGN')",
}
PARTIAL = {
    "missed": (
        ["started", "id", "far_e164"],
        "(direction || '') = 'inbound' AND answered IS NULL AND ended IS NOT NULL AND merged_into IS NULL",
    ),
    "unsaid": (
        ["started", "id"],
        "coalesce(outcome_id, 0) = 0 AND answered IS NOT NULL AND ended IS NOT NULL"
        " AND direction != 'internal' AND merged_into IS NULL",
    ),
    "talked": (["far_e164", "started"], "answered IS NOT NULL AND merged_into IS NULL"),
    "long": (
        ["started", "id", "talk_seconds"],
        "talk_seconds >= 600 AND merged_into IS NULL",
    ),
}


def upgrade() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("list", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("shared", sa.String(length=4), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name=op.f("fk_saved_view_owner_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    op.create_index("ix_saved_view_list", "saved_view", ["list", "owner_id"])
    op.create_table(
        "list_default",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("list", sa.String(length=12), nullable=False),
        sa.Column("view", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_list_default_user_id_user")
        ),
        sa.PrimaryKeyConstraint("user_id", "list", name=op.f("pk_list_default")),
    )
    for name, (columns, condition) in PARTIAL.items():
        op.create_index(
            f"ix_call_{name}",
            "call",
            columns,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
    code = CAMPAIGN[op.get_bind().dialect.name]
    op.execute(f"CREATE INDEX ix_call_campaign ON call ({code}, started) WHERE {code} IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_call_campaign", table_name="call")
    for name in PARTIAL:
        op.drop_index(f"ix_call_{name}", table_name="call")
    op.drop_table("list_default")
    op.drop_index("ix_saved_view_list", table_name="saved_view")
    op.drop_table("saved_view")
