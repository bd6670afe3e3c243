"""Finding words as people type them, newest first, and nothing that is not open or no longer there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from callcenter import db, errors, models
from callcenter.crm import notes, visibility, words
from recordings import jobs, search
from tests import servers
from tests.crm import test_visibility as people
from tests.recordings.talks import MANAGER, NOW, a_call, an_author, find, found, say

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
