"""Campaigns: made, changed, started and stopped by those who lead them; joined by agents; and how far each has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import phones, visibility
from callcenter.outbound import hours, recycling, standard, tried

STATES = ("draft", "running", "paused", "ended")
# From which state a campaign may go to which: an ended one stays as it was counted.
MOVES = {
    "draft": ("running", "ended"),
    "running": ("paused", "ended"),
    "paused": ("running", "ended"),
    "ended": ("paused",),
}
LANGUAGES = ("he", "en", "ru")
LONGEST_SCRIPT = 10_000
MOST_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign has come."""

    leads: int = 0
    left: int = 0
    done: int = 0
    reached: int = 0
    won: int = 0
    callbacks: int = 0  # promised
    due: int = 0  # of those, for now or before
    attempts: int = 0
    last_hour: int = 0


def manages(viewer: visibility.Viewer, campaign: models.Campaign) -> bool:
    """Say whether the viewer may change a campaign: managers any, supervisors their teams'."""
    led = viewer.role == "supervisor" and campaign.team_id in viewer.led_team_ids
    return viewer.sees_all or led


def managed(session: Session, viewer: visibility.Viewer, campaign_id: int) -> models.Campaign:
    """Return a campaign to change; raise NotFound for one that is hidden, Forbidden for one that is others'."""
    campaign = visibility.get(session, viewer, models.Campaign, campaign_id)
    if not manages(viewer, campaign):
        raise errors.Forbidden("this campaign is led by others")
    return campaign


def create(
    session: Session, viewer: visibility.Viewer, values: Mapping[str, Any], *, now: datetime
) -> models.Campaign:
    """Make a campaign, a draft at first; it begins with the outcomes of a campaign, which the first one makes."""
    standard.make_outcomes(session)
    campaign = models.Campaign(created_at=now, created_by_id=viewer.id, state="draft", scripts={}, hours={}, retry={},
                               outcomes=standard.codes(session), caller_id="", max_attempts=6)  # fmt: skip
    _fill(session, viewer, campaign, values)
    session.add(campaign)
    session.flush()
    _audit(session, viewer, campaign, "campaign_create", now)
    return campaign


def edit(
    session: Session,
    viewer: visibility.Viewer,
    campaign_id: int,
    values: Mapping[str, Any],
    *,
    version: int,
    now: datetime,
) -> models.Campaign:
    """Change what is given; raise Conflict when somebody else was faster."""
    campaign = managed(session, viewer, campaign_id)
    if campaign.version != version:
        raise errors.Conflict("the campaign was changed elsewhere meanwhile")
    _fill(session, viewer, campaign, values)
    session.flush()
    _audit(session, viewer, campaign, "campaign_edit", now)
    return campaign


def move(
    session: Session, viewer: visibility.Viewer, campaign_id: int, state: str, *, now: datetime
) -> models.Campaign:
    """Start, pause or end a campaign; calls that go on go on."""
    campaign = managed(session, viewer, campaign_id)
    if state == campaign.state:
        return campaign
    if state not in MOVES[campaign.state]:
        raise errors.Invalid("state", f"cannot become {state[:20]} from {campaign.state}")
    campaign.state = state
    session.flush()
    _audit(session, viewer, campaign, f"campaign_{state}", now)
    return campaign


def by_name(session: Session, name: str) -> models.Campaign:
    """Return a campaign by its name; raise NotFound naming those that there are."""
    found = session.scalar(select(models.Campaign).where(models.Campaign.name == name))
    if found is None:
        names = session.scalars(
            select(models.Campaign.name).order_by(models.Campaign.name).limit(10)
        )
        raise errors.NotFound(f"no campaign {name[:60]!r}; there are: {', '.join(names) or 'none'}")  # fmt: skip
    return found


def join(session: Session, viewer: visibility.Viewer, campaign_id: int, *, now: datetime) -> None:
    """Let an agent work on a campaign that runs; it takes the place of the one before."""
    campaign = visibility.get(session, viewer, models.Campaign, campaign_id)
    if campaign.state != "running":
        raise errors.Conflict("the campaign does not run")
    seat = session.get(models.CampaignSeat, viewer.id)
    if seat is None:
        session.add(models.CampaignSeat(user_id=viewer.id, campaign_id=campaign_id, since=now))
    elif seat.campaign_id != campaign_id:
        seat.campaign_id, seat.since = campaign_id, now


def leave(session: Session, user_id: int) -> None:
    """Let an agent work on none."""
    seat = session.get(models.CampaignSeat, user_id)
    if seat is not None:
        session.delete(seat)


def joined(session: Session, viewer: visibility.Viewer) -> models.Campaign | None:
    """Return the campaign that a user works on, while they may still see it."""
    seat, campaign = models.CampaignSeat, models.Campaign
    return session.scalar(
        select(campaign)
        .join(seat, seat.campaign_id == campaign.id)
        .where(seat.user_id == viewer.id, visibility.visible(viewer, campaign))
    )


def progress(session: Session, ids: Sequence[int], now: datetime) -> dict[int, Progress]:
    """Count campaigns, each in one pass over its leads."""
    lead, attempt = models.Lead, models.DialAttempt

    def number(condition: Any) -> Any:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    rows = session.execute(
        select(
            lead.campaign_id, func.count(), number(lead.state != "done"), number(lead.reached),
            number(lead.reason == "success"), number(lead.state == "callback"),
            number((lead.state == "callback") & (lead.next_at <= now)), func.coalesce(func.sum(lead.attempts), 0),
        )
        .where(lead.campaign_id.in_(ids))
        .group_by(lead.campaign_id)
    ).all()  # fmt: skip
    hour = session.execute(
        select(lead.campaign_id, func.count())
        .join(attempt, attempt.lead_id == lead.id)
        .where(
            attempt.requested_at > now - timedelta(hours=1),
            tried.was_made(attempt),
            lead.campaign_id.in_(ids),
        )
        .group_by(lead.campaign_id)
    )
    recent = {campaign_id: count for campaign_id, count in hour}
    return {
        id_: Progress(total, left, total - left, reached, won, promised, due, tries, recent.get(id_, 0))
        for id_, total, left, reached, won, promised, due, tries in rows
    }  # fmt: skip


def outcomes(session: Session, campaign: models.Campaign) -> list[models.Outcome]:
    """Return what may be said of its calls, in its order; an archived outcome is offered no more."""
    table = models.Outcome
    rows = session.scalars(select(table).where(table.active).order_by(table.position, table.id)).all()  # fmt: skip
    if not campaign.outcomes:
        return list(rows)
    known = {row.code: row for row in rows}
    return [known[code] for code in campaign.outcomes if code in known]


def _fill(
    session: Session, viewer: visibility.Viewer, campaign: models.Campaign, values: Mapping[str, Any]
) -> None:  # fmt: skip
    """Set the fields given, each checked."""
    if "name" in values:
        campaign.name = _name(session, campaign, str(values["name"]))
    if "team_id" in values:
        campaign.team_id = _team(session, viewer, values["team_id"])
    elif campaign.id is None:
        campaign.team_id = _team(session, viewer, None)
    if "scripts" in values:
        campaign.scripts = _scripts(values["scripts"])
    if "caller_id" in values:
        campaign.caller_id = _caller_id(str(values["caller_id"]).strip())
    if "hours" in values:
        own = {day: str(text) for day, text in values["hours"].items() if str(text).strip()}
        hours.week(own, {})
        campaign.hours = own
    if "max_attempts" in values:
        campaign.max_attempts = _count("max_attempts", values["max_attempts"], 1, MOST_ATTEMPTS)
    if "retry" in values:
        campaign.retry = {code[:40]: _count(f"retry.{code[:40]}", wait, 0, recycling.LONGEST_MINUTES)
                          for code, wait in values["retry"].items() if str(wait).strip()}  # fmt: skip
    if "outcomes" in values:
        known = set(session.scalars(select(models.Outcome.code)))
        campaign.outcomes = [str(code) for code in values["outcomes"] if code in known]


def _name(session: Session, campaign: models.Campaign, text: str) -> str:
    name = " ".join("".join(c for c in text if c.isprintable()).split())
    if not name or len(name) > 100:
        raise errors.Invalid("name", "is empty or longer than 100 characters")
    other = session.scalar(select(models.Campaign.id).where(models.Campaign.name == name))
    if other is not None and other != campaign.id:
        raise errors.Invalid("name", "another campaign has this name")
    return name


def _caller_id(text: str) -> str:
    try:
        return phones.dialable(text) if text else ""
    except errors.Invalid as error:
        raise errors.Invalid("caller_id", error.problem) from error


def _team(session: Session, viewer: visibility.Viewer, wanted: Any) -> int | None:
    """Return the team; a supervisor's campaign is always a team's that they lead."""
    if wanted in (None, ""):
        if not viewer.sees_all:
            raise errors.Invalid("team_id", "is one of the teams that you lead")
        return None
    team_id = _count("team_id", wanted, 1, 2**31 - 1)
    if session.get(models.Team, team_id) is None:
        raise errors.Invalid("team_id", "is not one of the teams")
    if not viewer.sees_all and team_id not in viewer.led_team_ids:
        raise errors.Invalid("team_id", "is one of the teams that you lead")
    return team_id


def _scripts(given: Mapping[str, Any]) -> dict[str, str]:
    texts = {}
    for language in LANGUAGES:
        text = str(given.get(language, "")).replace("\r\n", "\n").strip()
        if len(text) > LONGEST_SCRIPT:
            raise errors.Invalid("scripts", f"has at most {LONGEST_SCRIPT} characters")
        if text:
            texts[language] = "".join(c for c in text if c >= " " or c in "\n\t")
    return texts


def _count(field: str, value: Any, least: int, most: int) -> int:
    try:
        number = int(str(value).strip())
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise errors.Invalid(field, f"is a whole number from {least} to {most}")
    return number


def _audit(
    session: Session, viewer: visibility.Viewer, campaign: models.Campaign, action: str, now: datetime
) -> None:  # fmt: skip
    session.add(
        models.Audit(at=now, user_id=viewer.id, action=action, object_type="campaign", object_id=str(campaign.id))
    )  # fmt: skip
