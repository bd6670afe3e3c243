"""the index of words of transcripts and notes, filled in steps

What it makes is derived from other tables: where a later program needs another form of it, its migration drops this one and makes it
anew, so that its form is taken from the models. The steps commit one by one; a migration that was stopped begins again, and
goes on after the documents that are there.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcenter.crm import wordindex
from callcenter.models import words

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    there = sa.inspect(op.get_bind()).has_table(words.TABLE.name)
    with op.get_context().autocommit_block():
        if not there:
            with op.get_bind().engine.begin() as connection:
                if connection.dialect.name == "sqlite":  # else each statement would commit itself
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                words.TABLE.create(connection)
        wordindex.fill(op.get_bind().engine)


def downgrade() -> None:
    for statement in words.UNINDEX[op.get_bind().dialect.name]:
        op.execute(statement)
    op.drop_table("word_document")
