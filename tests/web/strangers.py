"""What belongs to a team of strangers: a customer with a call, its recording, a task, a lead and a view, and their URLs."""

from __future__ import annotations

from dataclasses import dataclass

from callcenter import models
from callcenter.crm import accounts
from callcenter.db import utcnow
from tests.web import site
from web import route

SECRET_NAME, SECRET_NUMBER, SECRET_WORDS = (
    "Hidden Person",
    "+972529998877",
    "nobody else hears this",
)


@dataclass(frozen=True, slots=True)
class Theirs:
    """What belongs to a team that nobody of the walk is in."""

    party: int
    call: int
    linkedid: str
    recording: int
    user: int
    campaign: int
    batch: int
    task: int
    lead: int
    view: int


def other_team(place: site.Site) -> Theirs:
    """Make a team of strangers, with a customer, a call, its recording and transcript, and a note."""
    with place.database.session() as session:
        team = models.Team(name="strangers")
        session.add(team)
        session.flush()
        stranger = accounts.create_user(
            session,
            "stranger",
            "Stranger",
            password=site.PASSWORD,
            now=utcnow(),
            team_ids=(team.id,),
        )
        party = models.Party(
            display=SECRET_NAME, search_key=SECRET_NAME.lower(), owner_id=stranger.id, team_id=team.id,
            created_at=utcnow(), updated_at=utcnow(),
        )  # fmt: skip
        session.add(party)
        session.flush()
        call = models.Call(
            pbx="main", linkedid="strange.1", direction="inbound", far_e164=SECRET_NUMBER, started=utcnow(),
            answered=utcnow(), ended=utcnow(), result="answered", party_id=party.id, name_snapshot=SECRET_NAME,
        )  # fmt: skip
        session.add(call)
        session.flush()
        session.add(
            models.CallParticipant(
                call_id=call.id, interface="PJSIP/1999", extension="1999", user_id=stranger.id,
                answered=utcnow(),
            )
        )  # fmt: skip
        recording = models.Recording(
            call_id=call.id, pbx="main", linkedid="strange.1", file="stranger.wav", state="done",
            stored={"stereo": "sample.wav"}, sha256={}, peaks={}, seconds=1.0, started_at=utcnow(),
        )  # fmt: skip
        session.add(recording)
        session.flush()
        transcript = models.Transcript(
            recording_id=recording.id, engine="vosk", model="x", language="en", created_at=utcnow()
        )
        transcript.segments.append(
            models.Segment(side="agent", t0=0.0, t1=1.0, text=SECRET_WORDS, words=[])
        )
        session.add(transcript)
        session.add(
            models.Note(
                party_id=party.id, call_id=call.id, author_id=stranger.id, text=SECRET_WORDS,
                created_at=utcnow(), updated_at=utcnow(),
            )
        )  # fmt: skip
        campaign = models.Campaign(name="strangers first", team_id=team.id, created_at=utcnow())
        session.add(campaign)
        session.flush()
        batch = models.ImportBatch(
            campaign_id=campaign.id, file_name="list.csv", path="list.csv", created_at=utcnow()
        )
        task = models.Task(
            kind="callback", party_id=party.id, call_id=call.id, assignee_id=stranger.id, title=SECRET_NAME,
            due_at=utcnow(), created_at=utcnow(),
        )  # fmt: skip
        phone = models.Phone(e164=SECRET_NUMBER, digits_reversed=SECRET_NUMBER[:0:-1])
        session.add_all([batch, task, phone])
        session.flush()
        lead = models.Lead(
            campaign_id=campaign.id, party_id=party.id, phone_id=phone.id, name=SECRET_NAME, state="callback",
            callback_user_id=stranger.id, next_at=utcnow(), created_at=utcnow(),
        )  # fmt: skip
        session.add(lead)
        view = models.SavedView(
            owner_id=stranger.id, list="calls", name=SECRET_NAME, query="", shared="team", created_at=utcnow(),
        )  # fmt: skip
        session.add(view)
        session.flush()
        return Theirs(
            party.id, call.id, "strange.1", recording.id, stranger.id, campaign.id, batch.id, task.id, lead.id,
            view.id,
        )  # fmt: skip


def addressed(row: route.Route, theirs: Theirs) -> str:
    """Return a URL that names what is theirs."""
    keys = {
        "/customers": theirs.party,
        "/calls": theirs.call,
        "/recordings": theirs.recording,
        "/settings/users": theirs.user,
        "/campaigns": theirs.campaign,
        "/imports": theirs.batch,
        "/tasks/leads": theirs.lead,
        "/tasks": theirs.task,
        "/views": theirs.view,
    }
    path = row.path
    for begin, key in keys.items():
        if path.startswith(begin):
            path = path.replace(r"{id:\d+}", str(key))
    path = path.replace("{id}", theirs.linkedid).replace(r"{id:\d+}", "987654")
    path = path.replace("{list:[a-z]+}", "calls")
    return path.replace("{language}", "en").replace("{pbx}", "main").replace("{queue}", "support")
