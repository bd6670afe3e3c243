"""Asking each database's own index for the documents with some words.

FTS5 walks the documents of a word from the newest on, so that the newest of a common word come at once. PostgreSQL has two ways, and
no good guess which one is short: from the newest document on until enough have the words, or all that have them by the GIN
index. A look at the newest documents tells a common word from a rare one, and the rare one's documents are fenced off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    cast,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
)  # fmt: skip
from sqlalchemy import orm as sa_orm
from sqlalchemy.dialects.postgresql import TSQUERY

from callcenter import models
from callcenter.crm import wordindex, words
from callcenter.models import words as words_table

PROBED = 1_000  # newest documents looked at
COMMON = 20  # of those with the words, from which on these are common
_SPOKEN = (*wordindex.SIDES, "other")
_WEIGHTS = {"agent": "A", "customer": "B", "": ""}
_WORDS = table("word_index", column("rowid"), column("word_index"))
_ID = words_table.TABLE.c.id


@dataclass(frozen=True, slots=True)
class Index:
    """The column of the documents' ids, and the conditions under which the index finds the words."""

    ids: ColumnElement[int]
    conditions: tuple[ColumnElement[bool], ...] = ()

    @property
    def is_the_table(self) -> bool:
        """Say whether the ids are those of the table of documents itself."""
        return self.ids is _ID


def index(session: sa_orm.Session, query: words.Query, side: str, below: int | None) -> Index:
    """Return how to find the documents with all of the words, those below an id."""
    if session.get_bind().dialect.name == "sqlite":
        return Index(_WORDS.c.rowid, (_WORDS.c.word_index.op("MATCH")(_fts(query, side)),))
    conditions = _vector(query, side)
    earlier = [] if below is None else [below > _ID]
    newest = select(_ID).where(*earlier).order_by(_ID.desc())
    floor = session.scalar(newest.offset(PROBED).limit(1))
    if floor is not None:
        probed = select(func.count()).select_from(words_table.TABLE).where(floor <= _ID, *earlier)
        if (session.scalar(probed.where(*conditions)) or 0) >= COMMON:
            return Index(_ID, tuple(conditions))
    fenced = select(_ID).where(*conditions).offset(0).subquery()
    return Index(fenced.c.id)


def _fts(query: words.Query, side: str) -> str:
    """Return a query of FTS5. Words hold letters and digits alone, so that nothing in them is an operator."""
    spoken = (side,) if side else _SPOKEN
    plain, both = " ".join(spoken), " ".join([*spoken, *(f"{name}_bare" for name in spoken)])
    anywhere = f"{{{both}}} : " if side else ""
    terms = [
        f'{{{plain}}} : "{" ".join(term.words)}"' if term.whole else f'{anywhere}"{term.words[0]}" *'
        for term in query.terms
    ]  # fmt: skip
    return " AND ".join(f"({term})" for term in terms)


def _vector(query: words.Query, side: str) -> list[ColumnElement[bool]]:
    weight = _WEIGHTS[side]
    ways = [("" if term.whole else "*", word) for term in query.terms for word in term.words]
    spelled = " & ".join(f"'{word}'" + (f":{begins}{weight}" if begins or weight else "") for begins, word in ways)  # fmt: skip
    vector: ColumnElement[Any] = literal_column("word_document.vector")
    found: list[ColumnElement[bool]] = [vector.op("@@")(cast(literal(spelled), TSQUERY))]
    return found + [_in_a_row(term, side) for term in query.terms if term.whole]


def _in_a_row(term: words.Term, side: str) -> ColumnElement[bool]:
    """Say that words stand one after another; the vector has no room for the places of all."""
    row = f"% {' '.join(term.words)} %"
    columns = [getattr(models.WordDocument, name) for name in ((side,) if side else _SPOKEN)]
    return or_(*((" " + each + " ").like(row) for each in columns))
