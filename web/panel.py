"""What the pages of the settings share: which there are and for whom, how a form is read, and how a change reaches the live side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from callcenter import errors
from web import auth, i18n, keys, rendering

LONGEST_FIELD = 2000
STAFF = frozenset({"agent", "supervisor", "manager", "admin"})
KEEPERS = frozenset({"supervisor", "manager", "admin"})
WORDERS = frozenset({"manager", "admin"})
ADMINS = frozenset({"admin"})


@dataclass(frozen=True, slots=True)
class Place:
    """One page of the settings."""

    path: str
    icon: str
    title: str
    roles: frozenset[str]


PLACES = (
    Place("/settings", "user", i18n.N_("My settings"), STAFF),
    Place("/settings/security", "lock", i18n.N_("Password and sign-in"), STAFF),
    Place("/settings/users", "users", i18n.N_("Users"), ADMINS),
    Place("/settings/teams", "user-check", i18n.N_("Teams"), ADMINS),
    Place("/settings/extensions", "phone", i18n.N_("Extensions"), ADMINS),
    Place("/settings/queues", "list", i18n.N_("Queues"), WORDERS),
    Place("/settings/outcomes", "list-checks", i18n.N_("Outcomes"), WORDERS),
    Place("/settings/reasons", "coffee", i18n.N_("Pause reasons"), WORDERS),
    Place("/settings/numbers", "tag", i18n.N_("Own numbers"), ADMINS),
    Place("/settings/do-not-call", "ban", i18n.N_("Do-not-call list"), KEEPERS),
    Place("/settings/recording", "circle-dot", i18n.N_("Recording"), ADMINS),
    Place("/settings/site", "globe", i18n.N_("Site and language"), ADMINS),
    Place("/settings/audit", "history", i18n.N_("Audit log"), WORDERS),
)

# What can be wrong with a field; the domain says it by a word, a page in the reader's language.
PROBLEMS: Mapping[str, str] = {
    "missing": i18n.N_("A name in one language at least is needed"),
    "too_long": i18n.N_("This is too long"),
    "taken": i18n.N_("This is taken already"),
    "in_use": i18n.N_("This team is in use: move its people, queues and customers first"),
    "last_admin": i18n.N_("Somebody must remain who can administer"),
    "view_name": i18n.N_("A name has 1 to 60 characters"),
    "too_many": i18n.N_("There are 50 views of this list already: delete one first"),
    "wrong": i18n.N_("This code is wrong or was used already"),
}
NUMBER = i18n.N_("A whole number from {least} to {most} is needed")
BY_FIELD: Mapping[str, str] = {
    "login": i18n.N_("A user name has the letters a-z, digits, dots and dashes"),
    "name": i18n.N_("A name has 1 to 100 characters"),
    "number": i18n.N_("This is not a valid phone number"),
    "extension": i18n.N_("An extension has letters, digits, dots and dashes"),
}
OTHERWISE = i18n.N_("This value is too long or not possible")


async def fields(request: web.Request) -> dict[str, str]:
    """Return the text fields of a form, each cut to what a page may hold."""
    sent = await request.post()
    return {name: str(value)[:LONGEST_FIELD] for name, value in sent.items()}


def problem(request: web.Request, error: errors.Invalid) -> dict[str, str]:
    """Say what is wrong with which field, in the reader's language."""
    texts = auth.texts(request)
    word, *bounds = error.problem.split()
    if word == "number" and len(bounds) == 2:
        return {error.field: texts.say(NUMBER, least=bounds[0], most=bounds[1])}
    known = PROBLEMS.get(error.problem) or BY_FIELD.get(error.field) or OTHERWISE
    return {error.field: texts.say(known)}


async def renew(request: web.Request) -> None:
    """Let the live side read again what was changed, and the browsers what they offer."""
    floor = request.app.get(keys.FLOOR)
    if floor is not None:
        await floor.center.refresh()
        floor.screens.offers_changed()


def page(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    """Answer with a page of the settings, beside the list of those that are open to the reader."""
    role = auth.current(request).role
    places = [place for place in PLACES if role in place.roles]
    said = request.query.get("said", "")
    values = {"problems": {}, "conflict": False, "said": said, "places": places, **context}
    return rendering.page(request, f"settings/{template}.html", status=status, **values)


def number(text: str) -> int | None:
    """Return the id that a field of a form holds."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
