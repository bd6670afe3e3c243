"""A customer's timeline and a card's slow slots."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from callcenter import db, models
from callcenter.crm import accounts, customers, slots, timeline, visibility
from tests import servers

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
MANAGER = visibility.Viewer(99, "manager")
E164 = "+972541234567"


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def story(session: Session) -> tuple[models.Party, models.User]:
    """One of each kind, several at the very same moment."""
    dana = customers.create(session, "דנה", now=NOW)
    michal = accounts.create_user(session, "michal", "מיכל", password_hash="-", now=NOW)
    outcome = models.Outcome(code="solved", labels={"he": "נפתר"})
    session.add(outcome)
    session.flush()
    for i in range(7):
        call = models.Call(
            pbx="main", linkedid=str(i), direction="inbound", started=ago(i * 300), party_id=dana.id,
            far_e164=E164, result="answered", outcome_id=outcome.id, talk_seconds=60.0,
        )  # fmt: skip
        session.add(call)
        session.flush()
        session.add(models.CallParticipant(call_id=call.id, interface="PJSIP/1", extension="1", user_id=michal.id, answered=ago(i * 300)))  # fmt: skip
        session.add(models.Note(call_id=call.id, party_id=dana.id, author_id=michal.id, text=f"note {i}", created_at=NOW, updated_at=NOW))  # fmt: skip
    for i in range(4):
        at = ago(i * 300)
        session.add(models.Note(party_id=dana.id, author_id=michal.id, text=f"free {i}", created_at=at, updated_at=at))  # fmt: skip
        session.add(models.Task(party_id=dana.id, title=f"task {i}", created_at=at, due_at=None if i == 3 else ago(-i), done_at=at if i == 0 else None))  # fmt: skip
        session.add(models.Case(party_id=dana.id, number=str(i), title=f"case {i}", opened_at=at, closed_at=at if i else None))  # fmt: skip
    session.flush()
    return dana, michal


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 50])
@servers.on_both()
def test_the_timeline_shows_everything_once_newest_first(database: db.Database, limit: int) -> None:
    with database.session() as session:
        dana, _ = story(session)
        seen: list[timeline.Item] = []
        after = ""
        while True:
            page = timeline.timeline(session, MANAGER, dana.id, after=after, limit=limit)
            seen += page.items
            after = page.next
            if not after:
                break
        keys = [(item.kind, item.id) for item in seen]
        assert len(keys) == len(set(keys)) == 7 + 4 + 4 + 4
        assert [i.at for i in seen] == sorted((i.at for i in seen), reverse=True)


def test_a_call_comes_with_its_people_outcome_and_note(database: db.Database) -> None:
    with database.session() as session:
        dana, _ = story(session)
        first = timeline.timeline(session, MANAGER, dana.id, kinds=["call"], limit=1).items[0]
        assert first.row.linkedid == "0"
        assert [p.interface for p in first.row.participants] == ["PJSIP/1"]
        assert first.outcome is not None and first.outcome.code == "solved"
        assert [note.text for note in first.notes] == ["note 0"]


def test_a_viewer_sees_only_their_part_of_the_timeline(database: db.Database) -> None:
    with database.session() as session:
        dana, michal = story(session)
        team = models.Team(name="sales")
        session.add(team)
        session.flush()
        dana.team_id = team.id
        session.flush()
        stranger = visibility.Viewer(77, "agent")
        assert timeline.timeline(session, stranger, dana.id).items == ()
        hers = visibility.viewer(session, michal.id)
        assert len(timeline.timeline(session, hers, dana.id).items) == 19
        assert slots.card_slots(session, stranger, dana.id, NOW).contacts == ()


@servers.on_both()
def test_the_card_gets_five_contacts_the_count_of_the_day_and_what_is_open(
    database: db.Database,
) -> None:
    with database.session() as session:
        dana, _ = story(session)
        found = slots.card_slots(session, MANAGER, dana.id, NOW, e164=E164)
        assert [c.linkedid for c in found.contacts] == ["0", "1", "2", "3", "4"]
        contact = found.contacts[0]
        assert (contact.agent, contact.result, contact.note) == ("מיכל", "answered", "note 0")
        assert found.calls_24h == 5  # at 0, 5, 10, 15 and 20 hours
        assert [task.title for task in found.tasks] == ["task 1", "task 2", "task 3"]
        assert [case.title for case in found.cases] == ["case 0"]
        assert len(found.notes) == 5 and found.notes[0][1] == "מיכל"


def test_the_present_call_is_not_among_the_last_contacts(database: db.Database) -> None:
    with database.session() as session:
        dana, _ = story(session)
        newest = timeline.timeline(session, MANAGER, dana.id, kinds=["call"], limit=1).items[0].id
        found = slots.card_slots(session, MANAGER, dana.id, NOW, but=newest)
        assert [c.linkedid for c in found.contacts] == ["1", "2", "3", "4", "5"]


def test_a_stranger_has_a_count_by_number(database: db.Database) -> None:
    with database.session() as session:
        story(session)
        assert slots.card_slots(session, MANAGER, None, NOW, e164=E164).calls_24h == 5
        assert slots.card_slots(session, MANAGER, None, NOW) == slots.Slots()
