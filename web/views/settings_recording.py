"""The settings' page of recordings: which calls are recorded, what callers are told, and where the sound is read and kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy import orm as sa_orm

from callcenter import errors, models, settings
from callcenter.db import utcnow
from recordings import periods, retention, rulebook, rules
from web import auth, keys, lookups, panel
from web.views import settings_phones

PATH = "/settings/recording"


@dataclass(frozen=True, slots=True)
class Names:
    """What exceptions can be for: queues by exchange and name, campaigns by id."""

    queues: Mapping[tuple[str, str], str]
    campaigns: Mapping[str, str]
    several: bool  # exchanges, so that a queue is named with its own

    def of(self, row: models.RecordingRule | models.RetentionRule) -> str:
        """Name what an exception is for; a direction has its words in the template."""
        if row.scope == rules.CAMPAIGN:
            return self.campaigns.get(row.value, row.value)
        name = self.queues.get((row.pbx, row.value), row.value)
        return f"{name} · {row.pbx}" if self.several and row.pbx else name


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the page shows of the rules."""

    policy: models.RecordingPolicy
    exceptions: Sequence[models.RecordingRule]
    told: rules.Rules
    names: Names
    recorded: Sequence[Mapping[str, Any]]
    periods: Sequence[models.RetentionRule]
    state: retention.State
    held: int


def read_names(
    session: sa_orm.Session, language: str, there: Iterable[tuple[str, str]]
) -> Names:  # fmt: skip
    """Read the queues that are described or `there`, and the campaigns."""
    queues = {key: key[1] for key in there}
    for row in session.scalars(select(models.QueueProfile)):
        queues[row.pbx, row.queue] = lookups.label(row.labels, language, row.queue)
    campaign = models.Campaign
    rows = session.execute(select(campaign.id, campaign.name).order_by(campaign.name))
    several = len({pbx for pbx, _ in queues}) > 1
    ordered = dict(sorted(queues.items(), key=lambda item: (item[1], item[0])))
    return Names(ordered, {str(row.id): row.name for row in rows}, several)


def read(
    session: sa_orm.Session, language: str, there: Iterable[tuple[str, str]]
) -> Ruled:  # fmt: skip
    """Read the rules, and what came of them."""
    return Ruled(
        rulebook.policy(session), rulebook.exceptions(session), rulebook.read(session),
        read_names(session, language, there), read_recorded(session, language),
        session.scalars(select(models.RetentionRule).order_by(models.RetentionRule.id)).all(),
        retention.state(session), session.scalar(select(func.count()).select_from(models.LegalHold)) or 0,
    )  # fmt: skip


def read_recorded(session: sa_orm.Session, language: str) -> list[dict[str, Any]]:
    """Count, for each queue, the calls that were answered and those of them that have a recording."""
    call, recording = models.Call, models.Recording
    since = utcnow() - timedelta(days=30)
    rows = session.execute(
        select(call.queue, func.count(call.id.distinct()), func.count(recording.call_id.distinct()))
        .outerjoin(recording, recording.call_id == call.id)
        .where(call.answered.is_not(None), call.merged_into.is_(None), call.started > since)
        .group_by(call.queue)
    )
    labels = lookups.queues(session, language)
    found = [
        {"queue": labels.get(queue or "", queue or ""), "calls": calls, "recorded": recorded}
        for queue, calls, recorded in rows
    ]
    return sorted(found, key=lambda row: (not row["queue"], row["queue"]))


async def there(request: web.Request) -> list[tuple[str, str]]:
    """Return the queues that the exchanges have now."""
    return [(f.pbx, queue) for f in await settings_phones.found(request) for queue in f.queues]


async def page(request: web.Request, *, status: int = 200, **context: Any) -> web.Response:
    """Show the page."""
    config, queues = request.app[keys.SETTINGS], await there(request)
    ruled = await request.app[keys.DATABASE].run(read, auth.texts(request).language, queues)
    shown = {
        "values": values(ruled.policy), "kept_values": kept_values(ruled.policy), "trial": None, **context,
    }  # fmt: skip
    return panel.page(
        request, "recording", status=status, ruled=ruled, stamp=rulebook.stamp(ruled.policy),
        kept_stamp=rulebook.kept_stamp(ruled.policy), grace=periods.GRACE.days,
        exchanges=config.pbx, kept=config.recordings, speech=config.speech, file=str(settings.place()),
        lines={
            pbx.name: rules.dialplan(ruled.told, pbx.name) for pbx in config.pbx if pbx.record == "dialplan"
        }, **shown,
    )  # fmt: skip


def values(policy: models.RecordingPolicy) -> dict[str, Any]:
    """Return what the form of the default holds."""
    found: dict[str, Any] = {f"notice_{code}": text for code, text in policy.notice.items()}
    return {**found, "record": "1" if policy.record else "0"}


def kept_values(policy: models.RecordingPolicy) -> dict[str, Any]:
    """Return what the form of how long is kept holds."""
    return {
        "keep_days": "" if policy.keep_days is None else policy.keep_days,
        "keep_transcripts": "1" if policy.keep_transcripts else "",
    }


async def show(request: web.Request) -> web.StreamResponse:
    """Show what is recorded, and the settings that say so."""
    return await page(request)


async def save(request: web.Request) -> web.StreamResponse:
    """Change the default and what callers are told."""
    fields = await panel.fields(request)
    try:
        await request.app[keys.DATABASE].run(
            rulebook.change, auth.current(request).by, fields, seen=fields.get("stamp", "")
        )
    except errors.Conflict:
        return await page(request, values=fields, conflict=True, status=409)
    except errors.Invalid as error:
        problems = panel.problem(request, error)
        return await page(request, values=fields, problems=problems, status=422)
    raise web.HTTPSeeOther(f"{PATH}?said=saved")


def _put(
    session: sa_orm.Session, by: Any, of: str, record: bool, there: Iterable[tuple[str, str]]
) -> None:
    names = read_names(session, "en", there)
    rulebook.check(session, rulebook.named(of), names.queues.keys())
    rulebook.put(session, by, rulebook.named(of), record=record)


async def put(request: web.Request) -> web.StreamResponse:
    """Make an exception, or change it."""
    fields, queues = await panel.fields(request), await there(request)
    record = fields.get("record") == "1"
    try:
        await request.app[keys.DATABASE].run(
            _put, auth.current(request).by, fields.get("of", ""), record, queues
        )
    except errors.Invalid as error:
        problems = panel.problem(request, error)
        return await page(request, problems=problems, status=422)
    raise web.HTTPSeeOther(f"{PATH}?said=saved#rules")


async def remove(request: web.Request) -> web.StreamResponse:
    """Take an exception away; the page after it offers to put it back."""
    row = await request.app[keys.DATABASE].run(
        rulebook.remove, auth.current(request).by, int(request.match_info["id"])
    )
    of = f"{row.scope}/{row.pbx}/{row.value}"
    told = {"said": "removed", "of": of, "record": "1" if row.record else "0"}
    raise web.HTTPSeeOther(f"{PATH}?{urlencode(told)}#rules")
