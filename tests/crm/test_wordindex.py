"""The index of words of a database that was there before it, cut off in the middle, spoiled by hand, and made anew."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, delete, func, inspect, select, text, update

from callcenter import db, doctor, migrations, models, settings
from callcenter.crm import notes, wordindex, words
from recordings import search
from tests import servers
from tests.recordings.talks import MANAGER, a_call, an_author, say
from tests.recordings.test_commands import run

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
TRANSCRIPTS, NOTES = 7, 3


@pytest.fixture
def old(database: db.Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[db.Database]:
    """Give a database of before the index, with words in it; steps are of two."""
    monkeypatch.setattr(wordindex, "STEP", 2)
    with database.session() as session:
        author = an_author(session)
        for i in range(TRANSCRIPTS):
            say(session, [("agent", f"zebra {i}"), ("customer", "lion")])
        for i in range(NOTES):
            notes.save(session, a_call(session).id, author, f"zebra noted {i}", version=0, now=NOW)
    command.downgrade(migrations.config(database), "0007")
    assert not inspect(database.engine).has_table("word_document")
    yield database


def hits(database: db.Database, typed: str) -> int:
    with database.session() as session:
        wanted = search.Wanted(words.parse(typed))
        return len(search.search(session, MANAGER, wanted, limit=100).hits)


def documents(database: db.Database) -> int:
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(models.WordDocument)) or 0


@servers.on_both()
def test_a_migration_indexes_what_is_there_in_steps_and_tells_how_far_it_is(
    old: db.Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger=wordindex.__name__):
        migrations.upgrade(old)
    assert hits(old, "zebra") == TRANSCRIPTS + NOTES and hits(old, "lion") == TRANSCRIPTS
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == "index of words: transcripts up to 2, 2 documents in all"
    assert told[-1] == f"index of words: notes up to {NOTES}, {TRANSCRIPTS + NOTES} documents in all"  # fmt: skip
    assert len(told) == 6


@servers.on_both()
def test_a_migration_that_is_cut_off_goes_on_where_it_was(
    old: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, seen = wordindex.index_transcripts, []

    def cut_off(connection: Connection, ids: Iterable[int]) -> None:
        seen.append(list(ids))
        if len(seen) == 3:
            raise ConnectionAbortedError
        index(connection, ids)

    monkeypatch.setattr(wordindex, "index_transcripts", cut_off)
    with pytest.raises(ConnectionAbortedError):
        migrations.upgrade(old)
    assert documents(old) == 4
    migrations.upgrade(old)
    assert seen == [[1, 2], [3, 4], [5, 6], [5, 6], [7]]
    assert hits(old, "zebra") == documents(old) == TRANSCRIPTS + NOTES


@servers.on_both()
def test_the_doctor_sees_what_is_missing_or_wrong_and_reindexing_mends_it(
    old: db.Database, tmp_path: Path
) -> None:
    migrations.upgrade(old)
    url = old.url.render_as_string(hide_password=False)
    known = settings.Settings.model_validate({"database": {"url": url}})

    def told() -> doctor.Finding:
        return {finding.check: finding for finding in doctor.check_database(known)}["search"]

    assert told().level == "ok" and told().text.startswith("10 ")
    with old.session() as session:  # as no code of ours does it
        session.execute(delete(models.WordDocument).where(models.WordDocument.transcript_id == 1))
        session.execute(update(models.Segment).where(models.Segment.transcript_id == 2).values(text="tiger"))  # fmt: skip
        if old.is_sqlite:
            session.execute(text("INSERT INTO word_index(word_index) VALUES ('delete-all')"))
    assert (told().level, told().fix) == ("warn", ("callcenter reindex",))
    assert "10 transcripts and notes 1 are not found" in told().text
    done = run("reindex", folder=tmp_path, CALLCENTER_DATABASE__URL=url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("10 transcripts and notes indexed in ")
    assert told().level == "ok"
    assert hits(old, "tiger") == 1 and hits(old, "zebra") == TRANSCRIPTS + NOTES - 1


@servers.on_both()
def test_words_are_indexed_in_the_transaction_that_writes_them(database: db.Database) -> None:
    class Undone(Exception):
        pass

    with pytest.raises(Undone), database.session() as session:
        say(session, [("agent", "zebra")])
        assert session.scalar(select(func.count()).select_from(models.WordDocument)) == 1
        raise Undone
    assert documents(database) == 0
    with database.session() as session:
        say(session, [("agent", "zebra")])
        session.scalars(select(models.Segment)).one().text = "lion"
    assert (hits(database, "zebra"), hits(database, "lion")) == (0, 1)
    with database.session() as session:
        recording = session.scalars(select(models.Recording)).one()
        recording.started_at = later = datetime(2026, 4, 1, tzinfo=UTC)
        session.flush()
        assert session.scalar(select(models.WordDocument.id)) == wordindex.key(
            later, session.scalars(select(models.Transcript.id)).one()
        )


@servers.on_both()
def test_hours_of_words_are_kept_as_far_as_the_index_takes_them(database: db.Database) -> None:
    long = " ".join(f"מילה{i}" for i in range(60_000))
    with database.session() as session:
        say(session, [("agent", f"zebra {long}"), ("customer", long), ("mixed", long)])
    assert hits(database, "zebra") == 1
    assert hits(database, "מילה7") == 1
    assert hits(database, "מילה59999") == 0  # beyond what one side of a recording is indexed by
