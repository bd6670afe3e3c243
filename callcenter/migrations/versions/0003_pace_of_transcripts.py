"""how long a transcript took, from which the pace of the line is told"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("transcript") as table:
        table.add_column(sa.Column("work_seconds", sa.Double(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("transcript") as table:
        table.drop_column("work_seconds")
