"""The words of transcripts and of notes of calls, folded, as a table that each database indexes in its own way.

The table is derived: `crm/wordindex.py` writes it in the transaction that writes the words. What stands behind it cannot get out of
step with it by anything that is done in SQL: on SQLite triggers keep an FTS5 table, on PostgreSQL the tsvector is a
generated column. A transcript or note that is deleted takes its document along.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import BigInteger, Connection, ForeignKey, Integer, Table, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.models.base import Base

COLUMNS = ("agent", "customer", "other", "agent_bare", "customer_bare", "other_bare")


class WordDocument(Base):
    """All that was said in one recording by side, or one note of a call: folded words with single spaces.

    `id` grows with the time of the call (wordindex.key), so that the newest come first without sorting.
    """

    __tablename__ = "word_document"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    transcript_id: Mapped[int | None] = mapped_column(
        ForeignKey("transcript.id", ondelete="CASCADE"), unique=True
    )
    note_id: Mapped[int | None] = mapped_column(
        ForeignKey("note.id", ondelete="CASCADE"), unique=True
    )
    agent: Mapped[str] = mapped_column(Text, default="")
    customer: Mapped[str] = mapped_column(Text, default="")
    other: Mapped[str] = mapped_column(Text, default="")  # a note, or speech of no known side
    # The same words without their Hebrew one-letter beginnings, where they have any.
    agent_bare: Mapped[str] = mapped_column(Text, default="")
    customer_bare: Mapped[str] = mapped_column(Text, default="")
    other_bare: Mapped[str] = mapped_column(Text, default="")


_NAMES = ", ".join(COLUMNS)
_OLD = ", ".join(f"old.{name}" for name in COLUMNS)
_NEW = ", ".join(f"new.{name}" for name in COLUMNS)
_INTO = "INSERT INTO word_index"
_FORGET = f"{_INTO}(word_index, rowid, {_NAMES}) VALUES ('delete', old.id, {_OLD});"
_KEEP = f"{_INTO}(rowid, {_NAMES}) VALUES (new.id, {_NEW});"


def _vector(name: str, place: str) -> str:
    """Return SQL that spells a column's words as a tsvector's; `place` is a position and a weight, which tells the side."""
    return (
        f"CASE WHEN {name} = '' THEN '' ELSE replace({name}, ' ', ':{place} ') || ':{place} ' END"
    )


_PLACES = {"agent": "1A", "customer": "2B", "other": "3C"}
_VECTOR = " || ".join(_vector(name, _PLACES[name.removesuffix("_bare")]) for name in COLUMNS)

# Words are parted and folded by us, so the tokenizers of both databases have nothing to decide: the `ascii` one of FTS5 parts at
# what is neither a letter nor a digit nor beyond ASCII, and the text of a tsvector is read word by word.
INDEX = {
    "sqlite": (
        f"CREATE VIRTUAL TABLE word_index USING fts5({_NAMES}, content='word_document', content_rowid='id', tokenize='ascii', prefix='2 3 4')",
        f"CREATE TRIGGER word_document_made AFTER INSERT ON word_document BEGIN {_KEEP} END",
        f"CREATE TRIGGER word_document_gone AFTER DELETE ON word_document BEGIN {_FORGET} END",
        f"CREATE TRIGGER word_document_changed AFTER UPDATE ON word_document BEGIN {_FORGET} {_KEEP} END",
    ),
    "postgresql": (
        f"ALTER TABLE word_document ADD COLUMN vector tsvector GENERATED ALWAYS AS (({_VECTOR})::tsvector) STORED",
        "CREATE INDEX ix_word_document_vector ON word_document USING gin (vector)",
    ),
}  # fmt: skip
UNINDEX = {"sqlite": ("DROP TABLE word_index",), "postgresql": ()}
TABLE = cast(Table, WordDocument.__table__)


@event.listens_for(TABLE, "after_create")
def _index(_table: Table, connection: Connection, **_: object) -> None:
    for statement in INDEX[connection.dialect.name]:
        connection.exec_driver_sql(statement)


@event.listens_for(TABLE, "before_drop")
def _unindex(_table: Table, connection: Connection, **_: object) -> None:
    for statement in UNINDEX[connection.dialect.name]:
        connection.exec_driver_sql(statement)
