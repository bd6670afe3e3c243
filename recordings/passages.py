"""The passages of a transcript or a note that a search means, read from themselves, with the words marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import orm as sa_orm
from sqlalchemy import select

from callcenter import models
from callcenter.crm import wordindex, words

FEWEST_LINES = 3  # shown where so many have words; more where it takes more to show each word once
AROUND = 60  # characters shown before the first and after the last marked word that is near


@dataclass(frozen=True, slots=True)
class Line:
    """An utterance or a note: (text, is a word that was asked for); `at` seconds into the recording, None for a note."""

    pieces: tuple[tuple[str, bool], ...]
    at: float | None = None
    side: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """One utterance, or one note, of a run of words, which it continues at word `first`."""

    text: str
    at: float | None
    side: str
    run: int
    first: int
    tokens: tuple[words.Token, ...]


def lines(query: words.Query, pieces: Sequence[Piece]) -> tuple[Line, ...]:
    """Return the passages of a document with the words of a query; nothing where it no longer has them all."""
    runs: list[list[str]] = [[] for _ in range(1 + max((p.run for p in pieces), default=0))]
    for piece in pieces:
        runs[piece.run] += [token.word for token in piece.tokens]
    found = words.found(query, runs)
    if found is None:
        return ()
    of_terms = [[_inside(piece, hits[piece.run]) for piece in pieces] for hits in found]
    shown = {next(i for i, where in enumerate(hits) if where) for hits in of_terms}
    marks = [{place for hits in of_terms for place in hits[i]} for i in range(len(pieces))]
    others = (i for i, where in enumerate(marks) if where and i not in shown)
    shown |= set(islice(others, max(0, FEWEST_LINES - len(shown))))
    return tuple(
        Line(mark(pieces[i].text, pieces[i].tokens, marks[i]), pieces[i].at, pieces[i].side)
        for i in sorted(shown)
    )


def read(session: sa_orm.Session, side: str, rows: Sequence[Any]) -> dict[int, list[Piece]]:
    """Read of each document what was said (by one side, or all), in order of speaking, or the note."""
    note, said = models.Note, models.Segment
    notes = dict(
        session.execute(
            select(note.id, note.text).where(note.id.in_([r.note_id for r in rows if r.note_id]))
        ).all()
    )
    transcripts = [r.transcript_id for r in rows if r.transcript_id]
    spoken: dict[int, list[tuple[str, float, str]]] = {}
    for of, by, t0, text in session.execute(
        select(said.transcript_id, said.side, said.t0, said.text)
        .where(said.transcript_id.in_(transcripts))
        .order_by(said.t0, said.id)
    ):
        if not side or wordindex.column(by) == side:
            spoken.setdefault(of, []).append((by, t0, text))
    return {
        r.id: _noted(notes.get(r.note_id, "")) if r.note_id else _said(spoken.get(r.transcript_id, []))
        for r in rows
    }  # fmt: skip


def _noted(text: str) -> list[Piece]:
    return [Piece(text, None, "", 0, 0, tuple(words.tokens(text)))]


def _said(spoken: Sequence[tuple[str, float, str]]) -> list[Piece]:
    """Part what was said into runs, one a side: words of one side may be one after another though the other spoke between."""
    runs: dict[str, int] = {}
    lengths: dict[int, int] = {}
    pieces = []
    for by, t0, text in spoken:
        run = runs.setdefault(wordindex.column(by), len(runs))
        tokens = tuple(words.tokens(text))
        pieces.append(Piece(text, t0, by, run, lengths.get(run, 0), tokens))
        lengths[run] = lengths.get(run, 0) + len(tokens)
    return pieces


def _inside(piece: Piece, places: set[int]) -> set[int]:
    """Return the places of a run that are in one piece of it, counted from the piece's beginning."""
    return {i for i in range(len(piece.tokens)) if piece.first + i in places}


def mark(text: str, tokens: Sequence[words.Token], meant: set[int]) -> tuple[tuple[str, bool], ...]:
    """Cut a text around the first word that is meant, and part it so that the words can be marked."""
    hits = [tokens[i] for i in sorted(meant)]
    if not hits:
        return ((text[: 2 * AROUND], False),)
    begin = max(0, hits[0].start - AROUND)
    end = min(len(text), hits[0].end + 2 * AROUND)
    pieces: list[tuple[str, bool]] = [("…", False)] if begin else []
    at = begin
    for token in hits:
        if token.end <= end:
            pieces += [(text[at : token.start], False), (text[token.start : token.end], True)]
            at = token.end
    pieces += [(text[at:end], False), ("…" if end < len(text) else "", False)]
    return tuple(piece for piece in pieces if piece[0])
