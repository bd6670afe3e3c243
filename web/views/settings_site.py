"""The settings' pages of what stands in the settings file: who and where we are; and how that file is changed.

The file is changed where it can be written, and the program starts again by itself; elsewhere the lines to put into it are
shown. What the environment says wins over the file, so it is said where that is so.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import phonenumbers
from aiohttp import web

from callcenter import errors, settings, settings_file
from callcenter.crm import audit
from callcenter.db import Database
from web import auth, i18n, keys, panel

SITE = ("name", "region", "timezone", "language")
PROBLEMS: Mapping[str, str] = {
    "site.name": i18n.N_("A name has 1 to 100 characters"),
    "site.region": i18n.N_("A region is two letters, such as IL or US"),
    "site.timezone": i18n.N_("This is not a time zone such as Asia/Jerusalem"),
    "site.language": i18n.N_("This language is not one of ours"),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a change: written and restarting, written, or the lines to put into the file by hand."""

    lines: str = ""
    restarts: bool = False


async def keep(
    request: web.Request, tables: settings_file.Tables, *, action: str, shown: Mapping[str, Any]
) -> Kept:
    """Change the settings file, or give the lines; `shown` goes into the audit, without secrets. Raises BadSetting."""
    file = settings.place()
    text = settings_file.changed(settings_file.read(file), tables)
    if not settings_file.writable(file):
        return Kept(lines=settings_file.snippet(tables))
    try:
        settings_file.write(file, text)
    except OSError:
        return Kept(lines=settings_file.snippet(tables))
    database: Database = request.app[keys.DATABASE]
    by = auth.current(request).by
    await database.run(audit.note, by, action, ("settings", ""), shown)
    return Kept(restarts=restart(request))


def restart(request: web.Request) -> bool:
    """Start the program again with its settings read anew; False where nobody runs it so that we can."""
    begin = request.app.get(keys.RESTART)
    if begin is not None:
        begin()
    return begin is not None


def site_values(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what a form says of the site; raise BadSetting for what cannot be."""
    values = {name: " ".join(fields.get(name, "").split()) for name in SITE}
    values["region"] = values["region"].upper()
    if not 1 <= len(values["name"]) <= 100:
        raise errors.BadSetting("site.name", "has 1 to 100 characters")
    if values["region"] not in phonenumbers.SUPPORTED_REGIONS:
        raise errors.BadSetting("site.region", "is two letters, such as IL or US")
    if values["timezone"] not in zoneinfo.available_timezones():
        raise errors.BadSetting("site.timezone", "is a time zone such as Asia/Jerusalem")
    if values["language"] not in i18n.LANGUAGES:
        raise errors.BadSetting("site.language", f"is one of {', '.join(i18n.LANGUAGES)}")
    return values


def problem(request: web.Request, error: errors.BadSetting) -> dict[str, str]:
    """Say what is wrong with a field of the site."""
    said = auth.texts(request).say(PROBLEMS.get(error.field, panel.OTHERWISE))
    return {error.field.partition(".")[2] or error.field: said}


def now(request: web.Request) -> dict[str, str]:
    """Return what is in force."""
    site = request.app[keys.SETTINGS].site
    return {name: str(getattr(site, name)) for name in SITE}


def _page(
    request: web.Request, values: Mapping[str, str], *, status: int = 200, **context: Any
) -> web.Response:
    shown = {"lines": "", "waits": False, **context}
    return panel.page(
        request, "site", status=status, values=values, zones=zones(),
        file=str(settings.place()), environment=settings.in_environment("site"), **shown,
    )  # fmt: skip


def zones() -> list[str]:
    """Return the names of time zones to choose from."""
    return sorted(
        zone for zone in zoneinfo.available_timezones() if "/" in zone and "posix" not in zone
    )


async def show_site(request: web.Request) -> web.StreamResponse:
    """Show who and where we are."""
    return _page(request, now(request))


async def save_site(request: web.Request) -> web.StreamResponse:
    """Change who and where we are."""
    fields = await panel.fields(request)
    try:
        values = site_values(fields)
        kept = await keep(
            request, {"site": values}, action="site_changed",
            shown=audit.changes(now(request), values),
        )  # fmt: skip
    except errors.BadSetting as error:
        return _page(request, fields_of(fields), problems=problem(request, error), status=422)
    if kept.lines or not kept.restarts:
        return _page(request, values, lines=kept.lines, waits=not kept.lines)
    return away("/settings/site?said=restart")


def fields_of(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the site's fields as they were typed."""
    return {name: fields.get(name, "") for name in SITE}


def away(place: str) -> web.Response:
    """Send a browser on, over a new connection: this one ends with the program that starts again."""
    response = web.Response(status=303, headers={"Location": place})
    response.force_close()
    return response
