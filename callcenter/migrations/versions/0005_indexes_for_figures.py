"""indexes for figures and for lists that are narrowed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None


LISTS = (("result", "result"), ("outcome", "outcome_id"), ("direction", "direction"))


def upgrade() -> None:
    op.drop_index("ix_call_queue", table_name="call")
    op.create_index("ix_call_queue", "call", ["queue", "started"])
    for name, column in LISTS:
        op.create_index(f"ix_call_{name}", "call", [column, "started"])
    op.create_index("ix_call_moment", "call", [sa.text("coalesce(queued, started)")])
    op.create_index("ix_agent_state_since", "agent_state", ["since"])


def downgrade() -> None:
    op.drop_index("ix_agent_state_since", table_name="agent_state")
    op.drop_index("ix_call_moment", table_name="call")
    for name, _ in LISTS:
        op.drop_index(f"ix_call_{name}", table_name="call")
    op.drop_index("ix_call_queue", table_name="call")
    op.create_index("ix_call_queue", "call", ["queue"])
