"""Lists of leads on pages: a file is sent, its columns are matched, it runs, and its bad rows come back as a file."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import hdrs, web
from sqlalchemy import orm as sa_orm
from sqlalchemy import select

from callcenter import errors, models
from callcenter.crm import visibility
from callcenter.db import utcnow
from callcenter.outbound import campaigns, columns, imports, tables
from web import auth, i18n, keys, rendering, uploads

BAD_SHOWN = 10
PROBLEMS = {
    "no_file": i18n.N_("Choose a file first."),
    "too_large": i18n.N_("The file is larger than {n} MB."),
    "no_phone": i18n.N_("Choose which column holds the phone number, and each other field once."),
}

NOT_TABLES = {
    "empty": i18n.N_("The file is empty."),
    "other_kind": i18n.N_("This is not a table. Send a CSV or an XLSX file."),
    "old_xls": i18n.N_("This is an old .xls file. Save it as .xlsx or CSV and send it again."),
    "encoding": i18n.N_("The text of the file cannot be read. Save it as XLSX or as CSV in UTF-8."),
    "broken": i18n.N_(
        "The file cannot be read to its end. Perhaps a quotation mark is not closed."
    ),
    "too_large": i18n.N_("The file unpacks to more than any list is."),
}


async def form(request: web.Request) -> web.StreamResponse:
    """Show where a file is sent to."""
    return await _form(request, "", 200)


async def send(request: web.Request) -> web.StreamResponse:
    """Take a file, look at it and show its columns."""
    campaign_id, viewer = int(request.match_info["id"]), auth.current(request).viewer
    database, config = request.app[keys.DATABASE], request.app[keys.SETTINGS]
    await database.run(campaigns.managed, viewer, campaign_id)
    texts = auth.texts(request)
    largest = config.campaigns.largest_megabytes
    _, part = await uploads.form(request)
    if part is None:
        return await _form(request, texts.say(PROBLEMS["no_file"]), 422)
    folder = Path(config.campaigns.folder)
    path = folder / secrets.token_hex(16)
    try:
        if not await uploads.store(part, path, largest * 1_000_000):
            return await _form(request, texts.say(PROBLEMS["too_large"], n=largest), 413)
        seen = await asyncio.to_thread(imports.look, path, config.site.region)
    except tables.NotATable as problem:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        return await _form(request, texts.say(NOT_TABLES[problem.what]), 422)
    made = await database.run(_create, viewer, campaign_id, part.filename or "", path.name, seen)
    raise web.HTTPSeeOther(f"/imports/{made}")


async def show(request: web.Request) -> web.StreamResponse:
    """Show a batch: its columns before it runs, how far it is while it does, what came of it."""
    return await _page(request, {}, "", 200)


async def start(request: web.Request) -> web.StreamResponse:
    """Let a batch run with the columns as they were matched."""
    batch_id, viewer = int(request.match_info["id"]), auth.current(request).viewer
    fields = await request.post()
    mapping = {
        int(name[4:]): str(value)
        for name, value in fields.items()
        if name.startswith("col_") and name[4:].isdecimal() and len(name) < 9
    }
    try:
        await request.app[keys.DATABASE].run(_start, viewer, batch_id, mapping)
    except errors.Invalid:
        problem = auth.texts(request).say(PROBLEMS["no_phone"])
        return await _page(request, mapping, problem, 422)
    request.app[keys.IMPORTER].hint()
    raise web.HTTPSeeOther(f"/imports/{batch_id}")


async def undo(request: web.Request) -> web.StreamResponse:
    """Take a whole batch back."""
    batch_id, viewer = int(request.match_info["id"]), auth.current(request).viewer
    await request.app[keys.DATABASE].run(imports.undo, viewer, batch_id)
    request.app[keys.IMPORTER].hint()
    raise web.HTTPSeeOther(f"/imports/{batch_id}")


async def bad_rows(request: web.Request) -> web.StreamResponse:
    """Give the rows that were not taken as a file: the original columns, and why."""
    batch_id, viewer = int(request.match_info["id"]), auth.current(request).viewer
    text = await request.app[keys.DATABASE].run(_bad_file, viewer, batch_id)
    return web.Response(
        text=text,
        content_type="text/csv",
        charset="utf-8",
        headers={hdrs.CONTENT_DISPOSITION: f'attachment; filename="import-{batch_id}-errors.csv"'},
    )


async def _form(request: web.Request, problem: str, status: int) -> web.Response:
    viewer = auth.current(request).viewer
    campaign = await request.app[keys.DATABASE].run(
        campaigns.managed, viewer, int(request.match_info["id"])
    )
    return rendering.page(
        request, "campaigns/import.html", status=status, campaign=campaign, problem=problem,
        largest=request.app[keys.SETTINGS].campaigns.largest_megabytes,
    )  # fmt: skip


async def _page(
    request: web.Request, mapping: Mapping[int, str], problem: str, status: int
) -> web.Response:
    batch_id, viewer = int(request.match_info["id"]), auth.current(request).viewer
    config = request.app[keys.SETTINGS]
    batch, campaign, bad = await request.app[keys.DATABASE].run(_read, viewer, batch_id)
    preview: list[list[str]] = []
    if batch.state == "mapping":
        path = Path(config.campaigns.folder) / batch.path
        try:
            preview = list((await asyncio.to_thread(imports.look, path, config.site.region)).rows)
        except (OSError, errors.Invalid):
            problem = problem or auth.texts(request).say("The file is gone. Send it again.")
    chosen = mapping or {int(column): name for column, name in batch.mapping.items()}
    return rendering.page(
        request, "campaigns/batch.html", status=status, batch=batch, campaign=campaign, bad=bad, preview=preview[:5],
        chosen=chosen, fields=columns.FIELDS, problem=problem,
        working=batch.state in ("waiting", "running", "undoing"),
    )  # fmt: skip


def _create(
    session: sa_orm.Session, viewer: visibility.Viewer, campaign_id: int, name: str, path: str, seen: imports.Look
) -> int:  # fmt: skip
    campaigns.managed(session, viewer, campaign_id)
    return imports.create(session, campaign_id, name=name, path=path, seen=seen, by=viewer.id, now=utcnow()).id  # fmt: skip


def _start(
    session: sa_orm.Session, viewer: visibility.Viewer, batch_id: int, mapping: dict[int, str]
) -> None:
    imports.start(session, viewer, batch_id, mapping)


def _read(
    session: sa_orm.Session, viewer: visibility.Viewer, batch_id: int
) -> tuple[models.ImportBatch, models.Campaign, list[models.ImportRow]]:
    batch = imports.theirs(session, viewer, batch_id)
    row = models.ImportRow
    bad = session.scalars(
        select(row).where(row.batch_id == batch.id).order_by(row.row).limit(BAD_SHOWN)
    )
    return batch, session.get_one(models.Campaign, batch.campaign_id), list(bad)


def _bad_file(session: sa_orm.Session, viewer: visibility.Viewer, batch_id: int) -> Any:
    batch = imports.theirs(session, viewer, batch_id)
    return "".join(tables.write_csv(imports.bad_rows(session, batch)))
