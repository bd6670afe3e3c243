"""Alembic's entry: it runs on the engine that `upgrade` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from callcenter import models


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own column type by its short name."""
    return "UtcDateTime()" if isinstance(item, models.UtcDateTime) else False


engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=models.Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()
