"""The first run: from an empty database to the first card, step by step. Open while there is no administrator, to whoever has the
word that `callcenter serve` printed; once there is one, the steps are theirs, and can be walked again.

    administrator -> site -> exchange -> phones and people -> recordings -> a test call and its card
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from sqlalchemy import orm as sa_orm
from sqlalchemy import select

from callcenter import db, errors, models, settings
from callcenter.crm import audit, staff
from web import auth, i18n, keys, panel, rendering, security
from web.views import account_security, settings_site

STEPS = (
    ("/welcome", i18n.N_("Administrator")),
    ("/welcome/site", i18n.N_("Your center")),
    ("/welcome/exchange", i18n.N_("Exchange")),
    ("/welcome/phones", i18n.N_("Phones and people")),
    ("/welcome/recordings", i18n.N_("Recordings")),
    ("/welcome/call", i18n.N_("Test call")),
)
NOT_THE_SAME = account_security.NOT_THE_SAME


def has_admin(session: sa_orm.Session) -> bool:
    """Say whether somebody can administer."""
    user = models.User
    return session.scalar(select(user.id).where(user.role == "admin", user.active).limit(1)) is not None  # fmt: skip


def page(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    """Answer with a step, beside the list of all of them."""
    values = {"steps": STEPS, "problems": {}, "file": str(settings.place()), **context}
    return rendering.page(request, f"welcome/{template}.html", status=status, **values)


async def _closed(request: web.Request, token: str) -> web.Response | None:
    """Return the answer for who may not begin; None for who may."""
    if await request.app[keys.DATABASE].run(has_admin):
        person = request.get(keys.PERSON)
        here = person is not None and person.role == "admin"
        raise web.HTTPSeeOther("/welcome/site" if here else "/signin")
    words = request.app[keys.FIRST_RUN]
    if token and any(secrets.compare_digest(token.encode(), word.encode()) for word in words):
        return None
    return page(request, "closed", status=403)


async def begin(request: web.Request) -> web.StreamResponse:
    """Ask for the administrator's account."""
    token = request.query.get("token", "")[:100]
    closed = await _closed(request, token)
    return closed or page(request, "admin", values={}, token=token)


def _first(
    session: sa_orm.Session, address: str, fields: Mapping[str, str], language: str
) -> models.User:
    if has_admin(session):
        raise errors.Conflict("there is an administrator already")
    by = audit.By(None, address)
    values = {"name": fields.get("name", "").strip(), "role": "admin", "language": language}
    made = staff.create(
        session, by, login=fields.get("login", "").strip(), password=fields.get("password", ""),
        values=values, teams=staff.Teams(), now=db.utcnow(),
    )  # fmt: skip
    audit.note(session, by, "setup_begun", ("user", made.id))
    return made


async def create_admin(request: web.Request) -> web.StreamResponse:
    """Make the administrator, close the first run for everybody else, and sign them in."""
    fields = await panel.fields(request)
    token = fields.get("token", "")[:100]
    if closed := await _closed(request, token):
        return closed
    texts = auth.texts(request)

    def refused(problems: Mapping[str, str]) -> web.Response:
        return page(request, "admin", status=422, values=fields, token=token, problems=problems)

    if fields.get("password", "") != fields.get("again", ""):
        return refused({"again": texts.say(NOT_THE_SAME)})
    try:
        made = await request.app[keys.DATABASE].run(
            _first, security.address(request), fields, texts.language
        )
    except errors.Invalid as error:
        if error.problem in account_security.PROBLEMS:
            return refused({"password": account_security.password_problem(texts, error)})
        return refused(panel.problem(request, error))
    except errors.Conflict:
        return refused({"login": texts.say(panel.PROBLEMS["taken"])})
    request.app[keys.FIRST_RUN].clear()
    await auth.begin(request, made.id)
    await panel.renew(request)
    return web.Response(status=303, headers={"Location": "/welcome/site"})


def _site(
    request: web.Request, values: Mapping[str, str], *, status: int = 200, **context: Any
) -> web.Response:
    shown = {"lines": "", "waits": False, **context}
    return page(
        request, "site", status=status, values=values, zones=settings_site.zones(),
        environment=settings.in_environment("site"), **shown,
    )  # fmt: skip


async def show_site(request: web.Request) -> web.StreamResponse:
    """Ask who and where we are."""
    return _site(request, settings_site.now(request))


async def save_site(request: web.Request) -> web.StreamResponse:
    """Keep who and where we are."""
    fields = await panel.fields(request)
    try:
        values = settings_site.site_values(fields)
        if values == settings_site.now(request):
            raise web.HTTPSeeOther("/welcome/exchange")
        changed = audit.changes(settings_site.now(request), values)
        kept = await settings_site.keep(
            request, {"site": values}, action="site_changed", shown=changed
        )
    except errors.BadSetting as error:
        problems = settings_site.problem(request, error)
        return _site(request, settings_site.fields_of(fields), problems=problems, status=422)
    if kept.lines or not kept.restarts:
        return _site(request, values, lines=kept.lines, waits=not kept.lines)
    return settings_site.away("/welcome/exchange")


async def again(request: web.Request) -> web.StreamResponse:
    """Start again after the file was changed by hand, and go on with the step that is named."""
    place = (await panel.fields(request)).get("place", "")
    if place not in {path for path, _ in STEPS}:
        raise errors.Invalid("place", "is none of the steps")
    settings_site.restart(request)
    return settings_site.away(place)


async def call(request: web.Request) -> web.StreamResponse:
    """Wait for a test call, whose card appears on this page."""
    return page(request, "call", live=keys.FLOOR in request.app)


async def finish(request: web.Request) -> web.StreamResponse:
    """End the first run."""
    person = auth.current(request)
    await request.app[keys.DATABASE].run(audit.note, person.by, "setup_finished")
    raise web.HTTPSeeOther("/settings/users")
