"""One rule of visibility: every entity, every role, every relation."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from callcenter import db, errors, models
from callcenter.crm import visibility
from tests import servers

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)

PEOPLE = {
    # login: (role, teams of which they are a member, teams that they lead, listens)
    "anna": ("agent", {"support"}, set(), False),
    "ben": ("agent", {"support"}, set(), False),
    "carl": ("agent", {"sales"}, set(), False),
    "loner": ("agent", set(), set(), False),
    "sara": ("supervisor", set(), {"support"}, False),
    "ronen": ("supervisor", set(), {"sales"}, False),
    "idle": ("supervisor", set(), set(), False),
    "yael": ("manager", set(), set(), False),
    "admin": ("admin", set(), set(), False),
    "auditor": ("admin", set(), set(), True),
    "guest": ("nonsense", {"support"}, {"support"}, True),
}
ALL = {"yael", "admin", "auditor"}
HEAR_ALL = {"yael", "auditor"}

PARTIES = {
    # name: (owner, team, who sees the customer)
    # Carl took a call of hers: he sees the customer, and Ronen through him.
    "annas": ("anna", None, {"anna", "sara", "carl", "ronen"}),
    "supports": (None, "support", {"anna", "ben", "sara"}),
    "carls": ("carl", "sales", {"carl", "ronen"}),
    "nobodys": (None, None, set(PEOPLE) - ALL - {"guest"}),
    # Carl's customer, with whom Ben spoke once: Ben sees the customer, and Sara through Ben.
    "spoken": ("carl", None, {"carl", "ronen", "ben", "sara"}),
}
CALLS = {
    # name: (party, queue, who took part, who sees the call, who hears it)
    "bens": (None, None, {"ben"}, {"ben", "sara"}, {"ben", "sara"}),
    "queued": (None, "support", set(), {"sara"}, {"sara"}),
    "other exchange": (None, "support@other", set(), set(), set()),
    "of annas": ("annas", None, {"carl"}, {"anna", "sara", "carl", "ronen"}, {"carl", "ronen"}),
    "of supports": ("supports", None, set(), {"anna", "ben", "sara"}, set()),
    "of nobodys": ("nobodys", None, set(), set(PEOPLE) - ALL - {"guest"}, set()),
    "ben with carls": ("spoken", "sales", {"ben"}, {"ben", "sara", "carl", "ronen"}, {"ben", "sara", "ronen"}),
    "carl with carls": ("spoken", None, {"carl"}, {"carl", "ronen"}, {"carl", "ronen"}),
}  # fmt: skip


@dataclass
class World:
    users: dict[str, int] = field(default_factory=dict)
    parties: dict[str, int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)


def build(session: Session) -> World:
    world = World()
    teams = {name: models.Team(name=name) for name in ("support", "sales")}
    session.add_all(teams.values())
    session.flush()
    for login, (role, member, leads, listens) in PEOPLE.items():
        user = models.User(
            login=login, name=login, password_hash="-", role=role, listens=listens, created_at=NOW
        )
        session.add(user)
        session.flush()
        world.users[login] = user.id
        for team in member | leads:
            session.add(
                models.Membership(user_id=user.id, team_id=teams[team].id, leads=team in leads)
            )
    for pbx, queue in (("main", "support"), ("main", "sales")):
        session.add(models.QueueProfile(pbx=pbx, queue=queue, labels={}, team_id=teams[queue].id))
    for name, (owner, team, _) in PARTIES.items():
        party = models.Party(
            display=name, created_at=NOW, updated_at=NOW,
            owner_id=world.users[owner] if owner else None, team_id=teams[team].id if team else None,
        )  # fmt: skip
        session.add(party)
        session.flush()
        world.parties[name] = party.id
    for name, (party_name, queue, took_part, _, _) in CALLS.items():
        queue, _, pbx = (queue or "").partition("@")
        call = models.Call(
            pbx=pbx or "main", linkedid=name, direction="inbound", started=NOW, queue=queue or None,
            party_id=world.parties[party_name] if party_name else None,
        )  # fmt: skip
        session.add(call)
        session.flush()
        world.calls[name] = call.id
        for login in took_part:
            session.add(
                models.CallParticipant(
                    call_id=call.id, interface=login, extension="1", user_id=world.users[login]
                )
            )
        recording = models.Recording(
            call_id=call.id, pbx="main", linkedid=name, file=name, started_at=NOW
        )
        session.add(recording)
        session.flush()
        transcript = models.Transcript(
            recording_id=recording.id, engine="e", model="m", language="he", created_at=NOW
        )
        session.add(transcript)
        session.flush()
        session.add(
            models.Segment(transcript_id=transcript.id, side="agent", t0=0, t1=1, text=name)
        )
    attach(session, world)
    session.flush()
    return world


def attach(session: Session, world: World) -> None:
    """Hang a note, a task and a case on each customer, a note and a task on each call."""
    carl = world.users["carl"]
    for name, party_id in world.parties.items():
        session.add(models.Note(party_id=party_id, author_id=carl, text=name, created_at=NOW, updated_at=NOW))  # fmt: skip
        session.add(models.Task(party_id=party_id, title=name, created_at=NOW))
        session.add(models.Case(party_id=party_id, number=name, title=name, opened_at=NOW))
    for name, call_id in world.calls.items():
        author = world.users["auditor"]
        session.add(models.Note(call_id=call_id, author_id=author, text=name, created_at=NOW, updated_at=NOW))  # fmt: skip
        session.add(models.Task(call_id=call_id, title=name, created_at=NOW))
    loner = world.users["loner"]
    session.add(models.Task(title="loner's own", assignee_id=loner, created_at=NOW))
    session.add(
        models.Case(party_id=world.parties["carls"], number="L", title="loner's own", owner_id=loner, opened_at=NOW)
    )  # fmt: skip


def expected(login: str) -> dict[str, set[str]]:
    """Say what a person sees of each entity, from the tables above."""
    everything = login in ALL
    parties = {n for n, p in PARTIES.items() if everything or login in p[2]}
    calls = {n for n, c in CALLS.items() if everything or login in c[3]}
    heard = {n for n, c in CALLS.items() if login in HEAR_ALL or (not everything and login in c[4])}
    own = {"loner's own"} if everything or login == "loner" else set()
    # Carl wrote every customer's note; Ronen leads Carl.
    written = set(PARTIES) if login in ("carl", "ronen") else set()
    sees_carls = {"loner's own"} if "carls" in parties else set()
    return {
        "Party": parties,
        "Call": calls,
        "CallParticipant": {n for n in calls if CALLS[n][2]},
        "Recording": heard,
        "Transcript": heard,
        "Segment": heard,
        "Note": parties | calls | written,
        "Task": parties | calls | own,
        "Case": parties | own | sees_carls,
    }


def seen(session: Session, viewer: visibility.Viewer) -> dict[str, set[str]]:
    """Ask the database."""
    m = models
    by_call = select(m.Call.linkedid)
    queries = {
        "Party": select(m.Party.display),
        "Call": by_call,
        "CallParticipant": by_call.join(m.CallParticipant, m.CallParticipant.call_id == m.Call.id),
        "Recording": select(m.Recording.linkedid),
        "Transcript": select(m.Recording.linkedid).join(m.Transcript),
        "Segment": select(m.Segment.text),
        "Note": select(m.Note.text),
        "Task": select(m.Task.title),
        "Case": select(m.Case.title),
    }
    return {
        name: set(session.scalars(query.where(visibility.visible(viewer, getattr(m, name)))))
        for name, query in queries.items()
    }


@servers.on_both()
def test_everybody_sees_what_the_tables_say_and_nothing_else(database: db.Database) -> None:
    with database.session() as session:
        world = build(session)
        for login, user_id in world.users.items():
            viewer = visibility.viewer(session, user_id)
            got, wanted = seen(session, viewer), expected(login)
            for entity, names in wanted.items():
                if login == "guest":
                    continue
                assert got[entity] == names, f"{login} and {entity}"


def test_every_entity_has_a_rule_that_somebody_fails_and_somebody_passes() -> None:
    for entity in expected("yael"):
        views = [frozenset(expected(login)[entity]) for login in PEOPLE]
        assert len(set(views)) > 2, entity


@pytest.mark.parametrize("entity", sorted(expected("yael")))
def test_an_unknown_role_sees_nothing(database: db.Database, entity: str) -> None:
    with database.session() as session:
        world = build(session)
        viewer = visibility.viewer(session, world.users["guest"])
        assert seen(session, viewer)[entity] == set()


def test_the_condition_keeps_its_meaning_in_a_query_that_joins_the_same_tables(
    database: db.Database,
) -> None:
    with database.session() as session:
        world = build(session)
        viewer = visibility.viewer(session, world.users["ben"])
        joined = (
            select(models.Call.linkedid)
            .outerjoin(models.Party, models.Party.id == models.Call.party_id)
            .outerjoin(models.CallParticipant, models.CallParticipant.call_id == models.Call.id)
            .outerjoin(models.Recording, models.Recording.call_id == models.Call.id)
            .where(visibility.visible(viewer, models.Call))
        )
        assert set(session.scalars(joined)) == expected("ben")["Call"]
        other = aliased(models.Call)
        query = select(other.linkedid).where(visibility.visible(viewer, other))
        assert set(session.scalars(query)) == expected("ben")["Call"]


def test_a_hidden_record_is_not_found_like_a_missing_one(database: db.Database) -> None:
    with database.session() as session:
        world = build(session)
        viewer = visibility.viewer(session, world.users["loner"])
        for key in (world.parties["carls"], 10_000):
            with pytest.raises(errors.NotFound, match="no such party"):
                visibility.get(session, viewer, models.Party, key)
        assert visibility.get(session, viewer, models.Party, world.parties["nobodys"])
        assert not visibility.may_see(session, viewer, models.Call, world.calls["bens"])


def test_a_closed_account_has_no_view(database: db.Database) -> None:
    with database.session() as session:
        world = build(session)
        session.get_one(models.User, world.users["anna"]).active = False
        with pytest.raises(errors.NotFound):
            visibility.viewer(session, world.users["anna"])


def test_what_has_no_rule_cannot_be_asked_for(database: db.Database) -> None:
    with database.session() as session, pytest.raises(TypeError, match="no rule"):
        viewer = visibility.viewer(session, build(session).users["yael"])
        visibility.visible(viewer, models.WebSession)
