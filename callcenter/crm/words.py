"""Words as they are searched in what was said and noted, the same for what is kept and for what is typed.

A word is a run of letters and digits with the marks that belong into it: vowel points and accents, a geresh or gershayim, an
apostrophe, marks of direction. Folded it has none of these, no case, no final letters, no yo, and plain digits. A word
that was typed finds every word that begins with it: endings are many in Hebrew and Russian. Words in "quotes" are found as they
are, one after another. Hebrew writes "and, the, in, from, to, that, as" onto the word: what remains of a word without one or two of
these letters is kept beside it, if it has three letters at least, so that the bare word finds it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

LONGEST_WORD = 60
LONGEST_QUERY = 300
MOST_TERMS = 8
SHORTEST_BEGINNING = 2
SHORTEST_BARE = 3

_QUOTES = "'\"`׳״’‘”“"
# Combining marks and marks of direction, which stand inside words; not maqaf, paseq and sof pasuq, which part them.
_MARKS = (
    "\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\u20d0-\u20ff\ufe20-\ufe2f\ufeff"
)
# Every way through it is one way, so that a hostile text takes no longer than another.
_WORD = re.compile(rf"[^\W_](?:[{_MARKS}]*(?:[{_QUOTES}][{_MARKS}{_QUOTES}]*)?[^\W_])*[{_MARKS}]*")
_FINAL = str.maketrans("ךםןףץ", "כמנפצ")
_ONTO = frozenset("והבלמשכ")
_HEBREW = re.compile("[א-ת]+")


@dataclass(frozen=True, slots=True)
class Token:
    """A folded word and where it stands in its text."""

    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Term:
    """What must be there: words one after another as they are (`whole`), or one word of which this is the beginning."""

    words: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Query:
    """All the terms that must be there; `cut` where more was typed than is looked for."""

    terms: tuple[Term, ...]
    cut: bool = False


@lru_cache(maxsize=50_000)
def fold(word: str) -> str:
    """Return a word as it is searched; empty where nothing of it is a letter or a digit."""
    if word.isascii() and word.isalnum():  # most words are plain, and need no more
        return word.lower()[:LONGEST_WORD]
    if _HEBREW.fullmatch(word):
        return word.translate(_FINAL)[:LONGEST_WORD]
    plain = unicodedata.normalize("NFKC", _bare_of_marks(word)).casefold().translate(_FINAL)
    # Folding may open a sign into several, not all of them letters: they are one word all the same.
    return "".join(c for c in _bare_of_marks(plain) if c.isalnum())[:LONGEST_WORD]


def _bare_of_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Cf"))


def tokens(text: str) -> Iterator[Token]:
    """Yield the words of a text, in order."""
    for found in _WORD.finditer(text):
        if word := fold(found.group()[: 4 * LONGEST_WORD]):
            yield Token(word, found.start(), found.end())


def folded(text: str) -> list[str]:
    """Return the folded words of a text, in order."""
    return [token.word for token in tokens(text)]


def bare(word: str) -> tuple[str, ...]:
    """Return what remains of a folded Hebrew word without the one or two letters that may be written onto it."""
    if not _HEBREW.fullmatch(word):
        return ()
    rests: list[str] = []
    while len(rests) < 2 and word[0] in _ONTO and len(word) > SHORTEST_BARE:
        word = word[1:]
        rests.append(word)
    return tuple(rests)


def parse(text: str) -> Query:
    """Read what was typed: any text is a query, and nothing in it is an operator but quotes around words."""
    typed = text[:LONGEST_QUERY]
    terms: dict[Term, None] = {}
    for piece, quoted in _pieces(typed):
        found = tuple(folded(piece))
        if quoted and found:
            terms[Term(found, True)] = None
        elif not quoted:
            terms.update({Term((w,), len(w) < SHORTEST_BEGINNING): None for w in found})
    return Query(tuple(terms)[:MOST_TERMS], len(text) > LONGEST_QUERY or len(terms) > MOST_TERMS)


_QUOTED = re.compile(r'(?<!\S)["“”״]([^"“”״]*(?:["“”״](?=\w)[^"“”״]*)*)(?:["“”״](?!\w)|\Z)')


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Part a text at its quotes; one between two letters, as in an acronym, is none."""
    at = 0
    for found in _QUOTED.finditer(text):
        yield text[at : found.start()], False
        yield found.group(1), True
        at = found.end()
    yield text[at:], False


def places(term: Term, words: Sequence[str]) -> Iterator[int]:
    """Yield the places of the words that a term finds."""
    first, length = term.words[0], len(term.words)
    for i, word in enumerate(words):
        if not term.whole:
            if word.startswith(first) or any(rest.startswith(first) for rest in bare(word)):
                yield i
        elif word == first and tuple(words[i : i + length]) == term.words:
            yield from range(i, i + length)


def found(query: Query, said: Sequence[Sequence[str]]) -> list[list[set[int]]] | None:
    """Return, of each term and each run of words, the places where it is; None where a term is nowhere."""
    of_terms = []
    for term in query.terms:
        hits = [set(places(term, run)) for run in said]
        if not any(hits):
            return None
        of_terms.append(hits)
    return of_terms
