"""Finding words: exactly what a slow reader of every transcript and note finds, newest first, and nothing that is not open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from callcenter import db, errors, models
from callcenter.crm import notes, visibility, words
from recordings import indexes, jobs, search
from tests import servers
from tests.crm import test_visibility as people

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
MANAGER = visibility.Viewer(1, "manager")
Said = Sequence[tuple[str, str]]


def a_call(session: Session, at: datetime = NOW, **changed: object) -> models.Call:
    count = session.query(models.Call).count()
    call = models.Call(
        pbx="main", linkedid=f"l{count}", direction="inbound", started=at, **changed
    )  # fmt: skip
    session.add(call)
    session.flush()
    return call


def say(session: Session, said: Said, at: datetime = NOW, **changed: object) -> int:
    """Make a call with a recording in which this is said; return the transcript."""
    call = a_call(session, at, **changed)
    recording = models.Recording(
        call_id=call.id, pbx="main", linkedid=call.linkedid, file=call.linkedid, started_at=at
    )
    session.add(recording)
    session.flush()
    made = models.Transcript(
        recording_id=recording.id, engine="e", model="m", language="he", created_at=NOW
    )
    for i, (side, heard) in enumerate(said):
        made.segments.append(models.Segment(side=side, t0=2.0 * i, t1=2.0 * i + 1, text=heard))
    session.add(made)
    session.flush()
    return made.id


def an_author(session: Session) -> int:
    user = models.User(login="a", name="a", role="agent", password_hash="-", created_at=NOW)
    session.add(user)
    session.flush()
    return user.id


def find(session: Session, typed: str, **narrowed: object) -> list[search.Hit]:
    wanted = search.Wanted(words.parse(typed), **narrowed)  # type: ignore[arg-type]
    return list(search.search(session, MANAGER, wanted, limit=100).hits)


def found(database: db.Database, typed: str, **narrowed: object) -> list[str]:
    """Return what is marked in the passages that are found."""
    with database.session() as session:
        return [
            part
            for hit in find(session, typed, **narrowed)
            for line in hit.lines
            for part, meant in line.pieces
            if meant
        ]


TYPED = [
    ("שלום", ["שָׁלוֹם"]),
    ("חשבונית", ["והחשבונית"]),
    ("החשבונית", ["והחשבונית"]),
    ("צהל", ['צה"ל']),
    ('צה"ל', ['צה"ל']),
    ("ג׳ורג", ["ג'ורג"]),
    ("елка", ["Ёлка"]),
    ("ЁЛ", ["Ёлка"]),
    ("cafe", ["Café"]),
    ("12", ["１２３"]),
    ('"שלום לך"', ["שָׁלוֹם", "לך"]),
    ('"לך שלום"', []),
    ('"חשבונית"', []),
    ("לך café", ["לך", "Café"]),
    ("לך nowhere", []),
    ("שלו", ["שָׁלוֹם"]),
    ("לומ", ["שָׁלוֹם"]),  # what remains without its first letter, as of every such word
    ("אברמוביץ", ["אברמוביץ"]),
    ('"לוי אברמוביץ"', ["לוי", "אברמוביץ"]),
]


@servers.on_both()
def test_words_are_found_as_people_type_them(database: db.Database) -> None:
    with database.session() as session:
        say(
            session,
            [("agent", "שָׁלוֹם לך, והחשבונית של ג'ורג׳"), ("customer", 'צה"ל Ёлка, Café １２３')],
        )
        say(session, [("agent", "לוי־אברמוביץ")], NOW - timedelta(days=1))
    for typed, marked in TYPED:
        assert found(database, typed) == marked, typed


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


@servers.on_both()
def test_what_is_deleted_redone_or_rewritten_leaves_no_ghost(database: db.Database) -> None:
    with database.session() as session:
        author = an_author(session)
        first = say(session, [("agent", "zebra")])
        call = a_call(session)
        note = notes.save(session, call.id, author, "zebra", version=0, now=NOW)
    with database.session() as session:
        notes.save(session, call.id, author, "lion", version=note.version, now=NOW)
        recording = session.get_one(models.Transcript, first).recording_id
    assert found(database, "zebra") == ["zebra"] and found(database, "lion") == ["lion"]
    with database.session() as session:
        jobs.forget_transcript(session, recording)
    assert found(database, "zebra") == []
    with database.session() as session:
        session.execute(delete(models.Note))
        say(session, [("agent", "tiger"), ("customer", "tiger too")])
    assert found(database, "lion") == []
    with database.session() as session:  # by a hand that the index does not see
        session.execute(update(models.Segment).values(text="mouse"))
    assert found(database, "tiger") == []


def open_ones(session: Session, viewer: visibility.Viewer, typed: str) -> tuple[set[int], set[int]]:
    hits = search.search(session, viewer, search.Wanted(words.parse(typed)), limit=500).hits
    return {h.call_id for h in hits if h.recording_id}, {h.call_id for h in hits if h.note_id}


@servers.on_both()
def test_everybody_finds_what_they_may_hear_or_read_and_nothing_else(database: db.Database) -> None:
    with database.session() as session:
        world = people.build(session)
        session.execute(update(models.Segment).values(text="zebra"))
        for note in session.scalars(select(models.Note)):
            note.text = "zebra"
        for said in session.scalars(select(models.Segment)):
            said.text = "zebra again"
    with database.session() as session:
        for login in people.PEOPLE:
            viewer = visibility.viewer(session, world.users[login])
            seen = people.expected(login)
            heard = {world.calls[name] for name in seen["Recording"]}
            read = {world.calls[name] for name in seen["Note"] if name in world.calls}
            assert open_ones(session, viewer, "zebra") == (heard, read), login
        nobody = visibility.Viewer(1, "stranger")
        assert open_ones(session, nobody, "zebra") == (set(), set())


@servers.on_both()
def test_side_period_agent_and_queue_narrow_together(database: db.Database) -> None:
    with database.session() as session:
        agent = an_author(session)
        for days, queue in ((0, "support"), (1, "sales"), (2, "support"), (3, "support")):
            said = [("agent", "zebra"), ("customer", "lion")]
            made = say(session, said, NOW - timedelta(days=days), queue=queue)
            call = session.scalars(
                select(models.Recording.call_id).join(models.Transcript).where(models.Transcript.id == made)
            ).one()  # fmt: skip
            if days != 2:
                session.add(
                    models.CallParticipant(call_id=call, interface="x", extension="1", user_id=agent)
                )  # fmt: skip
    with database.session() as session:
        count = lambda typed, **narrowed: len(find(session, typed, **narrowed))  # noqa: E731
        assert count("zebra") == 4 and count("zebra lion") == 4
        assert count("zebra", side="customer") == 0 and count("zebra", side="agent") == 4
        assert count("zebra lion", side="agent") == 0
        assert count("zebra", queue="support") == 3 and count("zebra", agent_id=agent) == 3
        assert count("zebra", queue="support", agent_id=agent) == 2
        since = NOW - timedelta(days=2)
        assert count("zebra", queue="support", agent_id=agent, since=since, side="agent") == 1
        assert count("zebra", since=since, until=NOW) == 2


@servers.on_both()
def test_pages_show_everything_once_newest_first(database: db.Database) -> None:
    with database.session() as session:
        for i in range(11):
            say(session, [("agent", "zebra")], NOW + timedelta(seconds=i // 2))
        author = an_author(session)
        notes.save(session, a_call(session).id, author, "zebra", version=0, now=NOW)
    wanted = search.Wanted(words.parse("zeb"))
    seen: list[int] = []
    after = "first"
    with database.session() as session:
        while after:
            page = search.search(session, MANAGER, wanted, after="" if after == "first" else after, limit=4)  # fmt: skip
            assert page.hits and len(page.hits) <= 4
            seen += [hit.id for hit in page.hits]
            after = page.next
        assert len(seen) == len(set(seen)) == 12 and seen == sorted(seen, reverse=True)
        for bad in ("x", "-1", "9" * 19, "9" * 30, "١", "1.2"):
            with pytest.raises(errors.Invalid, match="after"):
                search.search(session, MANAGER, wanted, after=bad)


@servers.on_both()
def test_a_page_looks_back_so_far_and_says_where_to_go_on(
    database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "NEAR", 1)
    monkeypatch.setattr(search, "REACH", 2)
    with database.session() as session:
        world = people.build(session)
        for i in range(8):
            say(session, [("agent", "zebra")], NOW - timedelta(minutes=i))
        session.execute(
            update(models.Segment).where(models.Segment.text != "zebra").values(text="-")
        )
        old = say(session, [("agent", "zebra")], NOW - timedelta(days=1))
        call = session.scalars(select(models.Recording.call_id).join(models.Transcript).where(models.Transcript.id == old)).one()  # fmt: skip
        carl = world.users["carl"]
        session.add(
            models.CallParticipant(call_id=call, interface="x", extension="1", user_id=carl)
        )
    with database.session() as session:
        viewer = visibility.viewer(session, carl)
        wanted = search.Wanted(words.parse("zebra"))
        page = search.search(session, viewer, wanted)
        rounds = [page]
        while page.next:
            assert page.reached
            page = search.search(session, viewer, wanted, after=page.next)
            rounds.append(page)
    assert [len(each.hits) for each in rounds] == [0, 0, 1] and not rounds[-1].reached
