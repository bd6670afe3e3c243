"""Schema changes by Alembic; `upgrade(database)` brings a database to the present."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from callcenter.db import Database


def config(database: Database) -> Config:
    """Return Alembic's configuration for this database, without a file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.attributes["engine"] = database.engine
    return made


def upgrade(database: Database) -> None:
    """Bring the schema to the newest version."""
    command.upgrade(config(database), "head")
