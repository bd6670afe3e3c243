"""The first run's steps about the exchange: the connection, checked as the doctor does; phones, queues and people; recordings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web
from pydantic import ValidationError
from sqlalchemy import orm as sa_orm

from callcenter import db, doctor, errors, settings
from callcenter.crm import audit, profiles, staff
from callcenter.telephony import checkup, discovery, roles
from web import auth, i18n, keys, panel
from web.views import account_security, settings_phones, settings_site, welcome

FIELDS = ("name", "host", "port", "username")
MAPPED_LATER = frozenset({"phones", "trunks", "endpoints"})  # the next step is about them
CHECKS: Mapping[str, str] = {
    "dns": i18n.N_("Name"),
    "tcp": i18n.N_("Connection"),
    "banner": i18n.N_("Asterisk Manager"),
    "login": i18n.N_("Sign in"),
    "clock": i18n.N_("Clock"),
    "permissions": i18n.N_("Permissions"),
    "events": i18n.N_("Events"),
    "timestamps": i18n.N_("Time of events"),
    "dialplan": i18n.N_("Dialplan"),
    "queues": i18n.N_("Queues"),
    "recordings": i18n.N_("Recordings"),
    "store": i18n.N_("Store"),
    "disk": i18n.N_("Disk space"),
}
BAD = i18n.N_("This value is too long or not possible")
CHECK_SECONDS = 60.0


def _exchange(request: web.Request) -> settings.Pbx:
    """Return the exchange that is set up, or what holds for one that is not."""
    listed = request.app[keys.SETTINGS].pbx
    return listed[0] if listed else settings.Pbx()


def _page(
    request: web.Request, values: Mapping[str, Any], *, status: int = 200, **context: Any
) -> web.Response:
    shown = {"findings": (), "lines": "", "waits": False, "passed": False, **context}
    return welcome.page(
        request, "exchange", status=status, values=values, checks=CHECKS,
        environment=settings.in_environment("pbx"), has_secret=bool(_secret(request)), **shown,
    )  # fmt: skip


def _secret(request: web.Request) -> str:
    return _exchange(request).secret.get_secret_value()


def _values(of: settings.Pbx) -> dict[str, Any]:
    return {**{name: getattr(of, name) for name in FIELDS}, "tls": of.tls}


async def show(request: web.Request) -> web.StreamResponse:
    """Ask where the exchange is and how to sign in."""
    return _page(request, _values(_exchange(request)))


def _typed(request: web.Request, fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of a form; an empty secret stays as it is, for the same host alone."""
    secret, before = fields.get("secret", ""), _exchange(request)
    host = fields.get("host", "").strip()
    if not secret and host == before.host:
        secret = _secret(request)
    return {
        **{name: fields.get(name, "").strip() for name in FIELDS},
        "tls": fields.get("tls") == "1",
        "secret": secret,
    }


async def check(request: web.Request) -> web.StreamResponse:
    """Check a connection as the doctor does, and keep it when the exchange lets us in."""
    fields = await panel.fields(request)
    typed = _typed(request, fields)
    try:
        wanted = settings.Pbx.model_validate({**_exchange(request).model_dump(), **typed})
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        problems = {field: auth.texts(request).say(BAD)}
        return _page(request, typed, problems=problems, status=422)
    findings = [f for f in await _examined(wanted) if f.check not in MAPPED_LATER]
    passed = any(f.check == "login" and f.level == "ok" for f in findings)
    if not passed:
        return _page(request, typed, findings=findings)
    return await _keep(request, wanted, typed, findings)


async def _examined(of: settings.Pbx) -> list[doctor.Finding]:
    async with asyncio.timeout(CHECK_SECONDS):
        return [finding async for finding in checkup.examine(of)]


async def _keep(
    request: web.Request,
    wanted: settings.Pbx,
    typed: Mapping[str, Any],
    findings: Sequence[doctor.Finding],
) -> web.Response:
    before = _exchange(request) if request.app[keys.SETTINGS].pbx else None
    if before == wanted:
        return _page(request, typed, findings=findings, passed=True)
    values = {**_values(wanted), "secret": wanted.secret.get_secret_value()}
    shown = {k: v for k, v in values.items() if k != "secret"}
    try:
        kept = await settings_site.keep(
            request, {f"pbx {wanted.name}": values}, action="exchange_changed", shown=shown
        )
    except errors.BadSetting as error:
        return _page(request, typed, problems={"file": str(error)}, status=422)
    response = _page(
        request, typed, findings=findings, passed=True, lines=kept.lines,
        waits=not kept.restarts and not kept.lines,
    )  # fmt: skip
    if kept.restarts:
        response.force_close()
    return response


async def _phones(
    request: web.Request, *, status: int = 200, values: Mapping[str, str] | None = None, **context: Any
) -> web.Response:  # fmt: skip
    found = await settings_phones.found(request)
    seated = await request.app[keys.DATABASE].run(settings_phones.seated)
    shown = {"lines": "", "waits": False, **context}
    return welcome.page(
        request, "phones", status=status, found=found, seated=seated, roles=roles,
        values=values or {}, **shown,
    )  # fmt: skip


async def phones(request: web.Request) -> web.StreamResponse:
    """Show what the exchange has, to say what is an outside line and who sits where."""
    return await _phones(request)


def _settle(
    session: sa_orm.Session,
    by: audit.By,
    found: Sequence[discovery.Found],
    wanted: Mapping[tuple[str, str], int],
) -> None:
    """Seat people at telephones, and describe the queues that nobody described."""
    seated = settings_phones.seated(session)
    now = db.utcnow()
    for each in found:
        for endpoint in each.endpoints:
            user_id = wanted.get((each.pbx, endpoint.interface))
            before = seated.of(each.pbx, endpoint)
            if user_id is not None and (before is None or before.user_id != user_id):
                staff.seat(
                    session, by, user_id, extension=endpoint.name, pbx=each.pbx,
                    interface=endpoint.interface, now=now,
                )  # fmt: skip
        profiles.describe_new(session, by, each.pbx, each.queues)


async def save_phones(request: web.Request) -> web.StreamResponse:
    """Keep which endpoints are outside lines, who sits where, and the queues."""
    found = await settings_phones.found(request)
    sent = await request.post()
    trunks = {str(value) for value in sent.getall("trunk", [])}
    wanted = {
        (each.pbx, e.interface): key
        for each in found
        for e in each.endpoints
        if e.interface not in trunks
        and (key := panel.number(str(sent.get(f"user {each.pbx} {e.interface}", "")))) is not None
    }
    by = auth.current(request).by
    try:
        await request.app[keys.DATABASE].run(_settle, by, found, wanted)
        tables = _trunks(request, found, trunks)
        if not tables:
            await panel.renew(request)
            raise web.HTTPSeeOther("/welcome/recordings")
        kept = await settings_site.keep(
            request, tables, action="exchange_changed", shown={"trunks": sorted(trunks)}
        )
    except errors.Invalid as error:
        return await _phones(request, problems=panel.problem(request, error), status=422)
    if kept.lines or not kept.restarts:
        return await _phones(request, lines=kept.lines, waits=not kept.lines)
    return settings_site.away("/welcome/recordings")


def _trunks(
    request: web.Request, found: Sequence[discovery.Found], trunks: set[str]
) -> dict[str, dict[str, Any]]:
    """Return what changes in the file: the outside lines of each exchange that are others than now."""
    tables: dict[str, dict[str, Any]] = {}
    for each in found:
        known = {e.interface for e in each.endpoints}
        now = {e.interface for e in each.of_role(roles.TRUNK)}
        pbx = next((p for p in request.app[keys.SETTINGS].pbx if p.name == each.pbx), None)
        chosen = trunks & known
        if known and pbx is not None and (chosen != now or (chosen and not pbx.trunks)):
            globs = sorted(f"{interface}-*" for interface in chosen)
            tables[f"pbx {each.pbx}"] = {"trunks": globs}
    return tables


async def add_person(request: web.Request) -> web.StreamResponse:
    """Make an account, to be seated at one of the telephones."""
    fields = await panel.fields(request)
    values = {
        "name": fields.get("name", "").strip(),
        "role": fields.get("role", "agent"),
        "language": request.app[keys.SETTINGS].site.language,
    }
    texts = auth.texts(request)
    try:
        await request.app[keys.DATABASE].run(
            staff.create, auth.current(request).by, login=fields.get("login", "").strip(),
            password=fields.get("password", ""), values=values, teams=staff.Teams(),
            now=db.utcnow(),
        )  # fmt: skip
    except errors.Conflict:
        problems = {"login": texts.say(panel.PROBLEMS["taken"])}
        return await _phones(request, values=fields, problems=problems, status=422)
    except errors.Invalid as error:
        problems = panel.problem(request, error)
        if error.problem in account_security.PROBLEMS:
            problems = {"password": account_security.password_problem(texts, error)}
        return await _phones(request, values=fields, problems=problems, status=422)
    raise web.HTTPSeeOther("/welcome/phones")
