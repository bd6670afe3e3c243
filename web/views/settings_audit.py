"""The audit as a page with filters, and as a file: for administrators all of it, for managers listening and exports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import orm as sa_orm
from sqlalchemy import select

from callcenter import errors, models
from callcenter.crm import audit, paging, visibility
from web import auth, keys, lookups, panel

FILTERS = ("group", "user", "from", "until", "of")


def chosen(request: web.Request) -> dict[str, str]:
    """Return the filters of the address."""
    return {name: request.query.get(name, "").strip()[:80] for name in FILTERS}


def wanted(values: Mapping[str, str], zone: ZoneInfo) -> audit.Wanted:
    """Return what the filters ask for; days are the office's, and `until` is its whole day."""
    begin, end = _day(values["from"], zone), _day(values["until"], zone)
    if values["group"] and values["group"] not in audit.GROUPS:
        raise errors.Invalid("group", f"is one of {', '.join(audit.GROUPS)}")
    return audit.Wanted(
        group=values["group"],
        user_id=panel.number(values["user"]),
        begin=begin,
        end=end + timedelta(days=1) if end else None,
        text=values["of"],
    )


def _day(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), zone)
    except ValueError as error:
        raise errors.Invalid("day", "is a date such as 2026-03-01") from error


def _read(
    session: sa_orm.Session, viewer: visibility.Viewer, asked: audit.Wanted, after: str
) -> tuple[paging.Page[models.Audit], dict[int, str], dict[int, str]]:
    page = audit.read(session, viewer, asked, after)
    everybody = {
        row.id: row.name
        for row in session.execute(
            select(models.User.id, models.User.name).order_by(models.User.name)
        )
    }
    subjects = [panel.number(row.object_id) for row in page.items if row.object_type == "user"]
    return page, everybody, lookups.people(session, subjects)


async def show(request: web.Request) -> web.StreamResponse:
    """Show a page of the audit."""
    values = chosen(request)
    viewer = auth.current(request).viewer
    asked = wanted(values, ZoneInfo(request.app[keys.SETTINGS].site.timezone))
    after = request.query.get("after", "")
    page, people, subjects = await request.app[keys.DATABASE].run(_read, viewer, asked, after)
    kept = {name: value for name, value in values.items() if value}
    groups = audit.GROUPS if viewer.role == "admin" else audit.OF_MANAGERS
    return panel.page(
        request, "audit", lines=page, people=people, subjects=subjects, chosen=values,
        groups=list(groups), in_words=audit.in_words, first=_link(kept) if after else "",
        older=_link({**kept, "after": page.next}) if page.next else "",
        file=_link(kept, "/settings/audit.csv"), cleared="/settings/audit" if kept else "",
    )  # fmt: skip


def _link(values: Mapping[str, Any], path: str = "/settings/audit") -> str:
    return f"{path}?{urlencode(values)}" if values else path


def _export(session: sa_orm.Session, person: auth.Person, asked: audit.Wanted) -> str:
    text = audit.export(session, person.viewer, asked)
    lines = {"lines": text.count("\r\n") - 1}
    audit.note(session, person.by, "audit_export", ("audit", ""), lines)
    return text


async def export(request: web.Request) -> web.StreamResponse:
    """Send the lines as CSV, which stands in the audit itself."""
    asked = wanted(chosen(request), ZoneInfo(request.app[keys.SETTINGS].site.timezone))
    text = await request.app[keys.DATABASE].run(_export, auth.current(request), asked)
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return web.Response(
        text="\ufeff" + text, content_type="text/csv", charset="utf-8", headers=headers
    )
