"""Who may see what: one rule for customers, calls, recordings, transcripts, notes, tasks and cases.

    where(visible(viewer, models.Call))      # in every query, whatever it is for

            customers                  calls                          recordings, transcripts
agent       own, of own teams,         took part, or the customer     took part
            nobody's, spoke with       is own, own teams', nobody's
supervisor  also: of led teams and     also: of members and queues    also: of members and queues
            of their members           of led teams                   of led teams
manager     all                        all                            all
admin       all                        all                            none, unless the account `listens`

Notes, tasks and cases follow their customer or call, their author or assignee; agents' states, and the figures of their
own calls, are open to themselves, to who leads their team, and to managers and administrators (`watches`).

Campaigns are seen by their team (all, where they have none): by agents while they run or pause, by supervisors always. A lead is
seen by who sees to its campaign, and by the agent on whose desk it is; the files it came from by the former alone. A saved view
of a list is its owner's, of those who share a team with them, or everybody's, as they said.
The conditions are EXISTS over indexes, so
that a page of the newest rows stops after that page; they use aliases of their own and go into any query.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Select, and_, exists, false, inspect, or_, select, true
from sqlalchemy.orm import Session, aliased

from callcenter import errors, models

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: enough to say what may be seen."""

    id: int
    role: str
    team_ids: frozenset[int] = frozenset()
    led_team_ids: frozenset[int] = frozenset()
    listens: bool = False

    @property
    def sees_all(self) -> bool:
        """Say whether every record, though perhaps not every recording, is open."""
        return self.role in ("manager", "admin")

    @property
    def supervises(self) -> bool:
        """Say whether the led teams' calls are open."""
        return self.role == "supervisor" and bool(self.led_team_ids)

    @property
    def hears_all(self) -> bool:
        """Say whether every recording is open."""
        return self.role == "manager" or (self.role == "admin" and self.listens)


def viewer(session: Session, user_id: int) -> Viewer:
    """Return what is needed of a user; raise NotFound for one who may not sign in."""
    user = session.get(models.User, user_id)
    if user is None or not user.active:
        raise errors.NotFound("no such user")
    rows = session.execute(
        select(models.Membership.team_id, models.Membership.leads).where(
            models.Membership.user_id == user_id
        )
    ).all()
    return Viewer(
        id=user.id,
        role=user.role,
        team_ids=frozenset(row.team_id for row in rows),
        led_team_ids=frozenset(row.team_id for row in rows if row.leads),
        listens=user.listens,
    )


def visible(viewer: Viewer, entity: Any) -> ColumnElement[bool]:
    """Return the condition under which `entity` (a model or an alias of one) may be seen."""
    model = inspect(entity).mapper.class_
    rule = _RULES.get(model)
    if rule is None:
        raise TypeError(f"no rule of visibility for {model.__name__}")
    return rule(viewer, entity) if viewer.role in models.ROLES else false()


def may_see(session: Session, viewer: Viewer, entity: Any, key: int) -> bool:
    """Say whether one record may be seen."""
    return bool(session.scalar(select(exists().where(entity.id == key, visible(viewer, entity)))))


def get(session: Session, viewer: Viewer, model: type[T], key: int) -> T:
    """Return one record, or raise NotFound whether it is missing or hidden."""
    entity: Any = model
    found = session.scalar(select(entity).where(entity.id == key, visible(viewer, entity)))
    if found is None:
        raise errors.NotFound(f"no such {model.__name__.lower()}")
    return cast(T, found)


@cache
def _alias(model: type[models.Base]) -> Any:
    """Return the one alias under which the rules know a table; making one costs a millisecond.

    No rule nests a table in itself, so one alias each is enough; a query's own tables and aliases are others.
    """
    return aliased(model)


def _members(viewer: Viewer) -> Select[int]:
    """Select the users of the teams which the viewer leads."""
    member = _alias(models.Membership)
    return select(member.user_id).where(member.team_id.in_(viewer.led_team_ids))


def watches(viewer: Viewer, user_id: Any) -> ColumnElement[bool]:
    """Say whose time and own figures are open: everybody's, those of led teams, one's own."""
    if viewer.role not in models.ROLES:
        return false()
    if viewer.sees_all:
        return true()
    own = user_id == viewer.id
    return or_(own, user_id.in_(_members(viewer))) if viewer.supervises else own


def leads(viewer: Viewer, other: Viewer) -> bool:
    """Say of two people in memory what `watches` says in SQL, but for oneself: whose work is open."""
    return viewer.sees_all or (viewer.supervises and bool(other.team_ids & viewer.led_team_ids))


def may_listen(viewer: Viewer, other: Viewer) -> bool:
    """Say whose running calls may be listened to: whose recordings may be heard, and never one's own."""
    if viewer.id == other.id:
        return False
    return viewer.hears_all or (viewer.role == "supervisor" and leads(viewer, other))


def _took_part(viewer: Viewer, call_id: Any) -> ColumnElement[bool]:
    """Say whether the viewer, or a member of a team that they lead, was in the call."""
    part = _alias(models.CallParticipant)
    who = part.user_id == viewer.id
    if viewer.supervises:
        who = or_(who, part.user_id.in_(_members(viewer)))
    return exists().where(part.call_id == call_id, who)


def _led_queue(viewer: Viewer, call: Any) -> ColumnElement[bool]:
    """Say whether the call came through a queue of a team which the viewer leads."""
    if not viewer.supervises:
        return false()
    queue = _alias(models.QueueProfile)
    return exists().where(
        queue.pbx == call.pbx,
        queue.queue == call.queue,
        queue.team_id.in_(viewer.led_team_ids),
    )


def _assigned(viewer: Viewer, party: Any) -> ColumnElement[bool]:
    """Say whether a customer is the viewer's, one of their teams', or nobody's."""
    teams = viewer.team_ids | viewer.led_team_ids
    ways = [party.owner_id == viewer.id, and_(party.owner_id.is_(None), party.team_id.is_(None))]
    if teams:
        ways.append(party.team_id.in_(teams))
    if viewer.supervises:
        ways.append(party.owner_id.in_(_members(viewer)))
    return or_(*ways)


def _party(viewer: Viewer, party: Any) -> ColumnElement[bool]:
    if viewer.sees_all:
        return true()
    call = _alias(models.Call)
    spoke = exists().where(call.party_id == party.id, _took_part(viewer, call.id))
    return or_(_assigned(viewer, party), spoke)


def _call(viewer: Viewer, call: Any) -> ColumnElement[bool]:
    if viewer.sees_all:
        return true()
    party = _alias(models.Party)
    customers = exists().where(party.id == call.party_id, _assigned(viewer, party))
    return or_(_took_part(viewer, call.id), _led_queue(viewer, call), customers)


def _recording(viewer: Viewer, recording: Any) -> ColumnElement[bool]:
    if viewer.hears_all:
        return true()
    if viewer.role == "admin":
        return false()
    call = _alias(models.Call)
    return exists().where(
        call.id == recording.call_id, or_(_took_part(viewer, call.id), _led_queue(viewer, call))
    )


def _transcript(viewer: Viewer, transcript: Any) -> ColumnElement[bool]:
    if viewer.hears_all:
        return true()
    recording = _alias(models.Recording)
    return exists().where(recording.id == transcript.recording_id, _recording(viewer, recording))


def _segment(viewer: Viewer, segment: Any) -> ColumnElement[bool]:
    if viewer.hears_all:
        return true()
    transcript = _alias(models.Transcript)
    return exists().where(transcript.id == segment.transcript_id, _transcript(viewer, transcript))


def _participant(viewer: Viewer, part: Any) -> ColumnElement[bool]:
    return true() if viewer.sees_all else _of_call(viewer, part.call_id)


def _note(viewer: Viewer, note: Any) -> ColumnElement[bool]:
    return _attached(viewer, note, note.author_id, note.call_id)


def _task(viewer: Viewer, task: Any) -> ColumnElement[bool]:
    return _attached(viewer, task, task.assignee_id, task.call_id)


def _case(viewer: Viewer, case: Any) -> ColumnElement[bool]:
    return _attached(viewer, case, case.owner_id, None)


def _attached(viewer: Viewer, row: Any, person: Any, call_id: Any) -> ColumnElement[bool]:
    """Follow the person whose it is, then the customer, then the call."""
    if viewer.sees_all:
        return true()
    party = _alias(models.Party)
    ways = [person == viewer.id]
    if viewer.supervises:
        ways.append(person.in_(_members(viewer)))
    ways.append(exists().where(party.id == row.party_id, _party(viewer, party)))
    if call_id is not None:
        ways.append(_of_call(viewer, call_id))
    return or_(*ways)


def _of_call(viewer: Viewer, call_id: Any) -> ColumnElement[bool]:
    call = _alias(models.Call)
    return exists().where(call.id == call_id, _call(viewer, call))


def _state(viewer: Viewer, state: Any) -> ColumnElement[bool]:
    return watches(viewer, state.user_id)


def _campaign(viewer: Viewer, campaign: Any) -> ColumnElement[bool]:
    if viewer.sees_all:
        return true()
    teams = viewer.team_ids | viewer.led_team_ids
    theirs = or_(campaign.team_id.is_(None), campaign.team_id.in_(teams))
    if viewer.role == "supervisor":
        return theirs
    return and_(theirs, campaign.state.in_(("running", "paused")))


def _lead(viewer: Viewer, lead: Any) -> ColumnElement[bool]:
    return lead.leased_by_id == viewer.id if viewer.role == "agent" else _of_campaign(viewer, lead)


def _batch(viewer: Viewer, batch: Any) -> ColumnElement[bool]:
    return false() if viewer.role == "agent" else _of_campaign(viewer, batch)


def _of_campaign(viewer: Viewer, row: Any) -> ColumnElement[bool]:
    campaign = _alias(models.Campaign)
    return exists().where(campaign.id == row.campaign_id, _campaign(viewer, campaign))


def _saved_view(viewer: Viewer, view: Any) -> ColumnElement[bool]:
    member, teams = _alias(models.Membership), viewer.team_ids | viewer.led_team_ids
    colleague = exists().where(member.user_id == view.owner_id, member.team_id.in_(teams))
    theirs = or_(view.shared == "all", and_(view.shared == "team", colleague))
    return or_(view.owner_id == viewer.id, theirs)


_RULES: dict[type[models.Base], Callable[[Viewer, Any], ColumnElement[bool]]] = {
    models.Party: _party,
    models.Call: _call,
    models.CallParticipant: _participant,
    models.Recording: _recording,
    models.Transcript: _transcript,
    models.Segment: _segment,
    models.Note: _note,
    models.Task: _task,
    models.Case: _case,
    models.AgentState: _state,
    models.Campaign: _campaign,
    models.Lead: _lead,
    models.ImportBatch: _batch,
    models.SavedView: _saved_view,
}
