"""The index finds exactly what a slow reader of every transcript and note finds, whatever is typed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from callcenter import db, models
from callcenter.crm import notes, words
from recordings import indexes
from tests import servers
from tests.recordings.talks import NOW, a_call, an_author, find, say

VOCABULARY = [
    "שלום", "שָׁלוֹם", "והשלום", "לום", "בית", "הבית", "ובבית", "כסף", "כספים", 'צה"ל', "צהל", "ל", "לא", "елка", "Ёлка", "ёлки",
    "Dana", "dan", "DANAE", "über", "uber", "12", "１２", "123", "a_b", "a", "b", "👍", "100%", "ж'б", "-", "\x01", "NEAR", "AND", "*",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(VOCABULARY), max_size=6).map(" ".join)
SIDES = st.sampled_from(["agent", "customer", "mixed"])
TALKS = st.lists(st.lists(st.tuples(SIDES, TEXTS), max_size=3), min_size=1, max_size=4)
WORD = st.sampled_from(VOCABULARY) | st.sampled_from(VOCABULARY).map(lambda word: word[:2])
PHRASE = st.lists(WORD, min_size=1, max_size=3).map(lambda several: f'"{" ".join(several)}"')
QUERIES = st.lists(WORD | PHRASE, min_size=1, max_size=3).map(" ".join)


def slowly(query: words.Query, runs: Sequence[Sequence[str]]) -> bool:
    """Read everything, in the plainest way."""
    for term in query.terms:
        if term.whole:
            row = f" {' '.join(term.words)} "
            there = any(row in f" {' '.join(run)} " for run in runs)
        else:
            beginnings = [form for run in runs for w in run for form in (w, *words.bare(w))]
            there = any(form.startswith(term.words[0]) for form in beginnings)
        if not there:
            return False
    return bool(query.terms)


@servers.on_both()
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    talks=TALKS,
    written=st.lists(TEXTS, max_size=3),
    typed=QUERIES,
    side=st.sampled_from(["", "agent", "customer"]),
    common=st.booleans(),
)
def test_the_index_finds_exactly_what_a_slow_reader_finds(
    database: db.Database,
    talks: list[list[tuple[str, str]]],
    written: list[str],
    typed: str,
    side: str,
    common: bool,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indexes, "PROBED", 0 if common else 1_000)
        patch.setattr(indexes, "COMMON", 0)
        check(database, talks, written, typed, side)


def check(
    database: db.Database,
    talks: list[list[tuple[str, str]]],
    written: list[str],
    typed: str,
    side: str,
) -> None:
    """Write it all, and hold what the index finds against what a slow reader finds."""
    query = words.parse(typed)
    expected = set()
    with database.session() as session:
        for model in (models.Segment, models.Transcript, models.Recording, models.Note, models.Call, models.User):  # fmt: skip
            session.execute(delete(model))
        author = an_author(session)
        for said in talks:
            made = say(session, said)
            runs = [
                [w for by, heard in said if by == one for w in words.folded(heard)]
                for one in ("agent", "customer", "mixed")
                if not side or one == side
            ]
            if slowly(query, runs):
                expected.add(("said", made))
        for text in written:
            note = notes.save(session, a_call(session).id, author, text, version=0, now=NOW)
            if not side and slowly(query, [words.folded(text)]):
                expected.add(("noted", note.id))
    with database.session() as session:
        hits = find(session, typed, side=side)
        made_of = {
            row.recording_id: row.id for row in session.execute(select(models.Transcript.id, models.Transcript.recording_id))
        }  # fmt: skip
        assert {
            ("noted", hit.note_id) if hit.note_id else ("said", made_of[hit.recording_id])
            for hit in hits
        } == expected
        assert [hit.id for hit in hits] == sorted((hit.id for hit in hits), reverse=True)


HOSTILE = ['"', '""', '" "', "'", "*", "(", "a OR b", "NEAR(a b, 2)", "agent : a", "a NOT b", "-a", "{agent} : a", "\x00", "a\x00b",
     "👍", "👍🏽" * 5000, "א" * 10_000, "a " * 5_000, '"' * 10_000, "\u0301" * 10_000, "a\u0301" * 5_000, "\ud800", "%", "_", "\\",
     "a:*", "a & b | !c", "<->", "'); DROP TABLE call; --", "\u202e\u202d", "״״״", '"א"ב"ג']  # fmt: skip


@servers.on_both()
def test_any_text_is_a_query_and_none_is_an_operator(database: db.Database) -> None:
    with database.session() as session:
        say(session, [("agent", "unrelated")])
        say(session, [("agent", "or near not agent zebra")])
        for typed in HOSTILE:
            assert len(words.parse(typed).terms) <= words.MOST_TERMS
            for hit in find(session, typed):
                assert hit.lines
            assert len(find(session, f"{typed} zebra"[-200:])) <= 1
