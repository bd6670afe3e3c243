"""indexes for figures"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_call_moment", "call", [sa.text("coalesce(queued, started)")])
    op.create_index("ix_agent_state_since", "agent_state", ["since"])


def downgrade() -> None:
    op.drop_index("ix_agent_state_since", table_name="agent_state")
    op.drop_index("ix_call_moment", table_name="call")
