"""Writing to a customer: create, edit, add a number, add a note. A refused form comes back as it was typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from sqlalchemy import orm as sa_orm

from callcenter import errors, models
from callcenter.crm import customers, notes, visibility
from callcenter.db import utcnow
from callcenter.outbound import dnc
from web import auth, i18n, keys, rendering

FIELDS = (*customers.TEXTS, *customers.CHOICES)
PROBLEMS = {
    "display": i18n.N_("The name is missing or too long"),
    "number": i18n.N_("This is not a valid phone number"),
    "email": i18n.N_("This is not a valid email address"),
    "text": i18n.N_("Write something first"),
}
OTHERWISE = i18n.N_("This value is too long or not possible")


def _typed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form holds, by the customer's field names; unticked boxes are not sent."""
    values: dict[str, Any] = {name: str(fields[name]) for name in FIELDS if name in fields}
    for flag in customers.FLAGS:
        values[flag] = fields.get(flag) == "1"
    if (email := values.get("email", "").strip()) and ("@" not in email or " " in email):
        raise errors.Invalid("email", "has no @")
    return values


def _problem(request: web.Request, error: errors.Invalid) -> dict[str, str]:
    return {error.field: auth.texts(request).say(PROBLEMS.get(error.field, OTHERWISE))}


def _form(
    request: web.Request,
    values: Mapping[str, Any],
    *,
    party: models.Party | None = None,
    problems: Mapping[str, str] | None = None,
    conflict: bool = False,
    status: int = 200,
) -> web.Response:
    return rendering.page(
        request,
        "customers/form.html",
        status=status,
        values=values,
        party=party,
        problems=problems or {},
        conflict=conflict,
    )


def _values(party: models.Party) -> dict[str, Any]:
    return {name: getattr(party, name) for name in (*FIELDS, *customers.FLAGS)}


_BLANK: dict[str, Any] = {
    **dict.fromkeys(customers.TEXTS, ""),
    "kind": "person",
    "status": "customer",
    "language": "",
    "marketing": "unknown",
    **dict.fromkeys(customers.FLAGS, False),
    "number": "",
}


async def blank(request: web.Request) -> web.StreamResponse:
    """Show the form for a new customer."""
    return _form(request, {**_BLANK, "number": request.query.get("number", "")[:60]})


def _create(session: sa_orm.Session, values: dict[str, Any], number: str, region: str) -> int:
    numbers = [number] if number.strip() else []
    display = values.pop("display", "")
    party = customers.create(
        session, display, now=utcnow(), numbers=numbers, region=region, **values
    )
    return party.id


async def create(request: web.Request) -> web.StreamResponse:
    """Make a customer."""
    fields = await request.post()
    number = str(fields.get("number", ""))
    region = request.app[keys.SETTINGS].site.region
    try:
        made = await request.app[keys.DATABASE].run(_create, _typed(fields), number, region)
    except errors.Invalid as error:
        typed = {name: str(value) for name, value in fields.items()}
        return _form(request, {**_BLANK, **typed}, problems=_problem(request, error), status=422)
    raise web.HTTPSeeOther(f"/customers/{made}")


async def _party(request: web.Request) -> models.Party:
    viewer = auth.current(request).viewer
    party_id = int(request.match_info["id"])
    return await request.app[keys.DATABASE].run(customers.get, viewer, party_id)


async def form(request: web.Request) -> web.StreamResponse:
    """Show the form of a customer."""
    party = await _party(request)
    return _form(request, _values(party), party=party)


def _save(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    party_id: int,
    values: dict[str, Any],
    version: int,
) -> None:
    party = customers.get(session, viewer, party_id)
    customers.edit(session, party, version=version, now=utcnow(), **values)


async def save(request: web.Request) -> web.StreamResponse:
    """Keep the changes; when somebody else was faster, show both and keep nothing."""
    viewer = auth.current(request).viewer
    fields = await request.post()
    party_id = int(request.match_info["id"])
    sent = str(fields.get("version", ""))
    version = int(sent) if sent.isdecimal() else 0
    typed = {name: str(value) for name, value in fields.items()}
    try:
        values = _typed(fields)
        await request.app[keys.DATABASE].run(_save, viewer, party_id, values, version)
    except (errors.Conflict, sa_orm.exc.StaleDataError):
        party = await _party(request)
        shown = {**_values(party), **_typed(fields)}
        return _form(request, shown, party=party, conflict=True, status=409)
    except errors.Invalid as error:
        party = await _party(request)
        problems = _problem(request, error)
        return _form(
            request, {**_values(party), **typed}, party=party, problems=problems, status=422
        )
    raise web.HTTPSeeOther(f"/customers/{party_id}")


def _add_number(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    party_id: int,
    *,
    raw: str,
    label: str,
    region: str,
) -> int:
    party = customers.get(session, viewer, party_id)
    added = customers.add_number(session, party, raw, now=utcnow(), region=region, label=label)
    return added.calls_linked


async def add_number(request: web.Request) -> web.StreamResponse:
    """Give a customer one more number, and link the calls that came from it before."""
    fields = await request.post()
    party_id = int(request.match_info["id"])
    try:
        linked = await request.app[keys.DATABASE].run(
            _add_number,
            auth.current(request).viewer,
            party_id,
            raw=str(fields.get("number", ""))[:80],
            label=str(fields.get("label", "")).strip(),
            region=request.app[keys.SETTINGS].site.region,
        )
    except errors.Invalid as error:
        party = await _party(request)
        problems = _problem(request, error)
        shown = {**_values(party), "number": str(fields.get("number", ""))}
        return _form(request, shown, party=party, problems=problems, status=422)
    raise web.HTTPSeeOther(f"/customers/{party_id}?linked={linked}")


def _add_note(session: sa_orm.Session, viewer: visibility.Viewer, party_id: int, text: str) -> None:
    party = customers.get(session, viewer, party_id)
    notes.add(session, party.id, viewer.id, text, now=utcnow())


async def add_note(request: web.Request) -> web.StreamResponse:
    """Write a note about a customer."""
    fields = await request.post()
    party_id = int(request.match_info["id"])
    text = str(fields.get("text", ""))
    if text.strip():
        viewer = auth.current(request).viewer
        await request.app[keys.DATABASE].run(_add_note, viewer, party_id, text)
    raise web.HTTPSeeOther(f"/customers/{party_id}")


def _do_not_call(
    session: sa_orm.Session, viewer: visibility.Viewer, party_id: int, *, phone_id: int, remove: bool, reason: str
) -> None:  # fmt: skip
    party = customers.get(session, viewer, party_id)
    phone = next((link.phone for link in customers.numbers(session, party.id) if link.phone_id == phone_id), None)  # fmt: skip
    if phone is None:
        raise errors.NotFound("no such number")
    if not remove:
        dnc.add(session, phone.e164, now=utcnow(), reason=reason or "asked", by=viewer.id)
        return
    if viewer.role == "agent":
        raise errors.Forbidden("an agent cannot take a number off the list")
    dnc.remove(session, phone.e164, now=utcnow(), reason=reason, by=viewer.id)


async def do_not_call(request: web.Request) -> web.StreamResponse:
    """Put a customer's number on the do-not-call list at once, or take it off with a reason."""
    fields = await request.post()
    party_id = int(request.match_info["id"])
    sent = str(fields.get("phone_id", ""))
    await request.app[keys.DATABASE].run(
        _do_not_call,
        auth.current(request).viewer,
        party_id,
        phone_id=int(sent) if sent.isdecimal() and len(sent) < 15 else 0,
        remove=fields.get("remove") == "1",
        reason=str(fields.get("reason", "")).strip(),
    )
    raise web.HTTPSeeOther(f"/customers/{party_id}")
