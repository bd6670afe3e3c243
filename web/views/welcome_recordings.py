"""The first run's step about recordings: the folder in which the exchange writes, as we see it, looked at before it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from callcenter import doctor, errors, settings
from web import keys, panel
from web.views import settings_site, welcome, welcome_exchange

FIELDS = ("recordings", "recordings_remote")


def _page(
    request: web.Request, values: Mapping[str, Any], *, status: int = 200, **context: Any
) -> web.Response:
    shown = {"findings": (), "lines": "", "waits": False, **context}
    return welcome.page(
        request, "recordings", status=status, values=values, checks=welcome_exchange.CHECKS,
        has_exchange=bool(request.app[keys.SETTINGS].pbx), **shown,
    )  # fmt: skip


async def show(request: web.Request) -> web.StreamResponse:
    """Ask where the exchange's recordings are."""
    listed = request.app[keys.SETTINGS].pbx
    values = {name: getattr(listed[0], name) if listed else "" for name in FIELDS}
    return _page(request, values)


async def save(request: web.Request) -> web.StreamResponse:
    """Look at the folder, and keep it when it can be read; none at all is possible too."""
    config = request.app[keys.SETTINGS]
    if not config.pbx:
        raise web.HTTPSeeOther("/welcome/exchange")
    fields = await panel.fields(request)
    values = {name: fields.get(name, "").strip() for name in FIELDS}
    before = config.pbx[0]
    wanted = before.model_copy(update=values)
    findings = await asyncio.to_thread(_examined, config, wanted)
    if wanted.recordings and doctor.worst(findings) == "fail":
        return _page(request, values, findings=findings)
    if wanted == before:
        raise web.HTTPSeeOther("/welcome/call")
    try:
        kept = await settings_site.keep(
            request, {f"pbx {before.name}": values}, action="exchange_changed", shown=values
        )
    except errors.BadSetting as error:
        return _page(request, values, problems={"recordings": str(error)}, status=422)
    if kept.lines or not kept.restarts:
        return _page(request, values, findings=findings, lines=kept.lines, waits=not kept.lines)
    return settings_site.away("/welcome/call")


def _examined(config: settings.Settings, wanted: settings.Pbx) -> list[doctor.Finding]:
    return list(doctor.check_recordings(config.model_copy(update={"pbx": (wanted,)})))
