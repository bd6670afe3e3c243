"""The settings' page of the do-not-call list: looked up, added to one by one, by many or by a file, taken off and put back.

What holds a line that is no number is written not at all, until whoever sends it says that those lines may be left out.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import hdrs, web
from sqlalchemy import orm as sa_orm

from callcenter import errors, models
from callcenter.crm import audit, paging
from callcenter.db import utcnow
from callcenter.outbound import dnc, dnc_list, tables
from callcenter.reports import exports
from web import auth, i18n, keys, lookups, panel, rendering, uploads
from web.views import imports

PATH = "/settings/do-not-call"
MOST_TYPED, MOST_SENT = 500, 20_000
LONGEST_TYPED = MOST_TYPED * 100
BAD_SHOWN = 50
EXPORTED_AT_ONCE = 2_000
KEEPERS = frozenset({"manager", "admin"})  # others look
TOO_MANY = i18n.N_("More than {n} lines. Send them as a file.")
TOO_MANY_ROWS = i18n.N_("More than {n} rows. Use {command} for this file.")
NOTHING_TYPED = i18n.N_("Write a number first.")
NO_REASON = i18n.N_("Say why the number may be called again.")
HEADINGS = (
    i18n.N_("Phone number"), i18n.N_("List"), i18n.N_("Since"), i18n.N_("Until"), i18n.N_("Who"), i18n.N_("Reason"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list, who put the entries there, and how long the lists are."""

    page: paging.Page[models.DncEntry]
    people: Mapping[int, str]
    counts: Mapping[str, int]


def wanted(request: web.Request) -> dnc_list.Wanted:
    """Return what the address asks for."""
    source = request.query.get("source", "")
    return dnc_list.Wanted(
        number=request.query.get("q", "").strip()[:60],
        source=source if source in dnc.SOURCES else "",
    )


def read(session: sa_orm.Session, asked: dnc_list.Wanted, region: str, after: str) -> Listed:
    """Read a page."""
    page = dnc_list.read(session, asked, region, after=after)
    people = lookups.people(session, [row.added_by_id for row in page.items])
    return Listed(page, people, dnc_list.counts(session))


async def _page(request: web.Request, *, status: int = 200, **context: Any) -> web.Response:
    asked, after = wanted(request), request.query.get("after", "")
    region = request.app[keys.SETTINGS].site.region
    listed = await request.app[keys.DATABASE].run(read, asked, region, after)
    kept = {k: v for k, v in (("q", asked.number), ("source", asked.source)) if v}
    shown = {
        "typed": {}, "bad": (), "refused": "", "bad_count": 0,
        "keeps": auth.current(request).role in KEEPERS, **context,
    }  # fmt: skip
    return panel.page(
        request, "do_not_call", status=status, listed=listed, asked=asked, now=utcnow(),
        first=_link(kept) if after else "", file=_link(kept, f"{PATH}.csv"),
        older=_link({**kept, "after": listed.page.next}) if listed.page.next else "",
        told=_told(request), most=MOST_SENT,
        megabytes=request.app[keys.SETTINGS].campaigns.largest_megabytes, **shown,
    )  # fmt: skip


def _link(values: Mapping[str, str], path: str = PATH) -> str:
    return f"{path}?{urlencode(values)}" if values else path


def _told(request: web.Request) -> dict[str, Any]:
    """Return the figures and the number that a finished act tells of."""
    query = request.query
    figures = {name: panel.number(query.get(name, "")) or 0 for name in ("added", "known", "left")}
    return {**figures, "undo": panel.number(query.get("undo", "")), "of": query.get("of", "")[:20]}


async def show(request: web.Request) -> web.StreamResponse:
    """Show the list."""
    return await _page(request)


async def add(request: web.Request) -> web.StreamResponse:
    """Put the typed numbers onto our list."""
    sent = await request.post()
    text, reason = str(sent.get("numbers", "")), str(sent.get("reason", ""))[:200].strip()
    lines, skip = text.splitlines(), sent.get("skip") == "1"
    typed = {"numbers": text[:LONGEST_TYPED], "reason": reason}
    say = auth.texts(request).say
    if len(text) > LONGEST_TYPED or len(lines) > MOST_TYPED:
        problems = {"numbers": say(TOO_MANY, n=MOST_TYPED)}
        return await _page(request, typed=typed, problems=problems, status=422)
    parsed = dnc.parse(enumerate(lines, 1), request.app[keys.SETTINGS].site.region)
    if parsed.bad and not skip:
        return await _refused(request, parsed, "typed", typed=typed)
    if not parsed.numbers:
        problems = {"numbers": say(NOTHING_TYPED)}
        return await _page(request, typed=typed, problems=problems, status=422)
    added = await request.app[keys.DATABASE].run(
        _add, auth.current(request).by, parsed.numbers, reason=reason
    )
    raise _done(parsed, added)


async def _refused(
    request: web.Request, parsed: dnc.Parsed, refused: str, **context: Any
) -> web.Response:
    return await _page(
        request, bad=parsed.bad[:BAD_SHOWN], bad_count=len(parsed.bad), refused=refused, status=422,
        good=len(parsed.numbers), **context,
    )  # fmt: skip


def _done(parsed: dnc.Parsed, added: int) -> web.HTTPSeeOther:
    counts = {"added": added, "known": len(parsed.numbers) - added, "left": len(parsed.bad)}
    return web.HTTPSeeOther(f"{PATH}?{urlencode({'said': 'added', **counts})}")


def _add(session: sa_orm.Session, by: audit.By, numbers: Sequence[str], *, reason: str) -> int:
    """Add numbers one by one, so that each has its line in the audit; return how many are new."""
    now = utcnow()
    new = 0
    for e164 in numbers:
        new += dnc.find_own(session, e164) is None
        dnc.add(session, e164, now=now, reason=reason, by=by.user_id)
    return new


async def send(request: web.Request) -> web.StreamResponse:
    """Put a file's numbers onto one of the lists."""
    fields, part = await uploads.form(request)
    config, say = request.app[keys.SETTINGS], auth.texts(request).say
    if part is None:
        return await _page(request, problems={"file": say(imports.PROBLEMS["no_file"])}, status=422)
    path = Path(config.campaigns.folder) / secrets.token_hex(16)
    largest = config.campaigns.largest_megabytes
    try:
        if not await uploads.store(part, path, largest * 1_000_000):
            problems = {"file": say(imports.PROBLEMS["too_large"], n=largest)}
            return await _page(request, problems=problems, status=413)
        parsed = await asyncio.to_thread(_parse, path, config.site.region)
    except tables.NotATable as problem:
        problems = {"file": say(imports.NOT_TABLES[problem.what])}
        return await _page(request, problems=problems, status=422)
    except errors.Invalid:
        problems = {"file": say(TOO_MANY_ROWS, n=MOST_SENT, command="\u2066callcenter dnc import\u2069")}  # fmt: skip
        return await _page(request, problems=problems, status=422)
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)
    if (parsed.bad and fields.get("skip") != "1") or not parsed.numbers:
        return await _refused(request, parsed, "sent", typed=fields)
    by, source = auth.current(request).by, fields.get("source", dnc.OWN)
    added = await request.app[keys.DATABASE].run(
        _import, by, parsed, source=source, reason=fields.get("reason", "").strip()[:200],
        name=part.filename or "",
    )  # fmt: skip
    raise _done(parsed, added)


def _parse(path: Path, region: str) -> dnc.Parsed:
    return dnc.parse(dnc_list.file_lines(path, region, most=MOST_SENT), region)


def _import(
    session: sa_orm.Session, by: audit.By, parsed: dnc.Parsed, *, source: str, reason: str, name: str
) -> int:  # fmt: skip
    added = dnc.add_many(session, parsed.numbers, now=utcnow(), source=source, reason=reason, by=by.user_id)  # fmt: skip
    audit.note(session, by, "dnc_import", ("dnc", source), {
        "file": name[:100], "added": added, "known": len(parsed.numbers) - added,
        "left_out": len(parsed.bad), "reason": reason,
    })  # fmt: skip
    return added


async def remove(request: web.Request) -> web.StreamResponse:
    """Take a number off our list, with a reason; the page after it offers to put it back."""
    fields = await panel.fields(request)
    region = request.app[keys.SETTINGS].site.region
    e164 = dnc.e164_of(fields.get("number", ""), region)
    reason = fields.get("reason", "").strip()[:200]
    if not reason:
        problems = {f"reason-{e164}": auth.texts(request).say(NO_REASON)}
        return await _page(request, problems=problems, status=422)
    line = await request.app[keys.DATABASE].run(
        dnc.remove, e164, now=utcnow(), reason=reason, by=auth.current(request).id
    )
    told = {"said": "removed", "undo": str(line), "of": e164}
    raise web.HTTPSeeOther(_link(told))


async def put_back(request: web.Request) -> web.StreamResponse:
    """Put a number back that was taken off, as it was."""
    line = panel.number((await panel.fields(request)).get("line", ""))
    if line is None:
        raise errors.NotFound("no number was taken off there")
    e164 = await request.app[keys.DATABASE].run(
        dnc.put_back, line, now=utcnow(), by=auth.current(request).id
    )
    raise web.HTTPSeeOther(_link({"said": "back", "of": e164, "q": e164}))


async def export(request: web.Request) -> web.StreamResponse:
    """Send the entries that the page shows, all of its pages, as CSV; that stands in the audit."""
    asked, region = wanted(request), request.app[keys.SETTINGS].site.region
    database, texts = request.app[keys.DATABASE], auth.texts(request)
    filters = {"number": asked.number, "source": asked.source}
    await database.run(audit.note, auth.current(request).by, "export", ("dnc", ""), filters)
    headers = {
        hdrs.CONTENT_TYPE: "text/csv; charset=utf-8", hdrs.CACHE_CONTROL: "no-store",
        hdrs.CONTENT_DISPOSITION: 'attachment; filename="do-not-call.csv"',
    }  # fmt: skip
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    head = exports.line([texts.translations.gettext(name) for name in HEADINGS])
    await response.write((exports.MARK + head).encode())
    after, more = "", True
    while more:
        lines, after = await database.run(
            _lines, asked, region, after, rendering.fmt(request).local
        )
        await response.write(lines.encode())
        more = bool(after)
    await response.write_eof()
    return response


def _lines(
    session: sa_orm.Session, asked: dnc_list.Wanted, region: str, after: str, local: Any
) -> tuple[str, str]:
    page = dnc_list.read(session, asked, region, after=after, most=EXPORTED_AT_ONCE)
    people = lookups.people(session, [row.added_by_id for row in page.items])
    written = [
        exports.line([
            row.e164, row.source, f"{local(row.added_at):%Y-%m-%d %H:%M}",
            f"{local(row.until):%Y-%m-%d %H:%M}" if row.until else "",
            people.get(row.added_by_id or 0, ""), row.reason,
        ])
        for row in page.items
    ]  # fmt: skip
    return "".join(written), page.next
