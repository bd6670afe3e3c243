"""The row of views above a list: ready-made ones, one's own, and those that others share; and the view with which a list opens.

The address stays the truth: a view is an address of its list, which is followed like any other. A view is "on" where the list shows
just what it asks for, whichever way one came there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from aiohttp import web
from sqlalchemy import orm as sa_orm

from callcenter.crm import views, visibility
from web import auth, call_filters, customer_filters, i18n, keys, recording_search

N_ = i18n.N_
SEATED = frozenset({"agent", "supervisor"})
ALL = frozenset({"agent", "supervisor", "manager", "admin"})
# Moments and what stands behind a figure belong to that day, and to no view.
PASSING = frozenset({"set", "since", "until", "hour", "seats"})


@dataclass(frozen=True, slots=True)
class Ready:
    """A view that everybody of some roles has."""

    code: str
    name: str
    query: Mapping[str, str]
    roles: frozenset[str] = ALL


@dataclass(frozen=True, slots=True)
class List:
    """A list that has views: how it reads an address, and what it has ready."""

    code: str
    title: str
    read: Callable[[Mapping[str, str]], dict[str, str]]
    ready: tuple[Ready, ...]

    @property
    def path(self) -> str:
        """Return the list's address."""
        return f"/{self.code}"

    def canonical(self, query: Mapping[str, str]) -> str:
        """Return what the list reads in an address, always spelled in the same way."""
        kept = {name: value for name, value in self.read(query).items() if value}
        return urlencode({name: value for name, value in kept.items() if name not in PASSING})


_UNSAID = N_("Without outcome")
LISTS: Mapping[str, List] = {
    found.code: found
    for found in (
        List(
            "calls",
            N_("Calls"),
            call_filters.chosen,
            (
                Ready("missed", N_("Missed today"), {"period": "today", "result": "missed"}),
                Ready("unreached", N_("Not called back"), {"period": "week", "unreached": "1"}),
                Ready("mine", N_("Mine"), {"period": "week", "agent": "me"}, SEATED),
                Ready(
                    "unsaid", _UNSAID, {"outcome": "none", "agent": "me"}, SEATED - {"supervisor"}
                ),
                Ready("unsaid", _UNSAID, {"outcome": "none"}, ALL - {"agent"}),
                Ready("long", N_("Long calls"), {"length": "10"}),
            ),
        ),
        List(
            "customers",
            N_("Customers"),
            customer_filters.chosen,
            (
                Ready("mine", N_("My customers"), {"mine": "1"}),
                Ready("leads", N_("Leads"), {"status": "lead"}),
                Ready("vip", N_("VIP"), {"vip": "1"}),
            ),
        ),
        List(
            "recordings",
            N_("Recordings"),
            recording_search.chosen,
            (
                Ready("today", N_("Today"), {"period": "today"}),
                Ready("mine", N_("Mine"), {"agent": "me"}, SEATED),
            ),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A view as it stands above the list; `code` is what a default names."""

    code: str
    name: str
    link: str
    on: bool
    default: bool
    shared: str = ""
    own: bool = False
    key: int | None = None  # of a saved one that this person may change


@dataclass(frozen=True, slots=True)
class Shelf:
    """The row of views, and whether what is shown now can be kept as one."""

    list: List
    chips: Sequence[Chip]
    query: str  # what is shown, to keep it
    fresh: bool  # it narrows something, and no view shows just that
    opens: str  # the address with which the list opens; empty for none

    @property
    def shared(self) -> tuple[str, ...]:
        """Return the ways to share."""
        return views.SHARED


def read(
    session: sa_orm.Session,
    viewer: visibility.Viewer,
    of: List,
    query: Mapping[str, str],
    say: Callable[[str], str],
) -> Shelf:
    """Read the row of a list for somebody; `query` is what the list shows."""
    shown, default = of.canonical(query), views.default(session, viewer.id, of.code)
    chips = [
        Chip(
            ready.code, say(ready.name), _link(of, urlencode(ready.query)),
            on=of.canonical(ready.query) == shown, default=ready.code == default,
        )
        for ready in of.ready
        if viewer.role in ready.roles
    ]  # fmt: skip
    chips += [
        Chip(
            str(view.id), view.name, _link(of, view.query),
            on=of.canonical(dict(parse_qsl(view.query))) == shown, default=str(view.id) == default,
            shared=view.shared, own=view.owner_id == viewer.id,
            key=view.id if views.changes(viewer, view) else None,
        )
        for view in views.listed(session, viewer, of.code)
    ]  # fmt: skip
    opens = next((chip.link for chip in chips if chip.default), "")
    fresh = shown != of.canonical({}) and not any(chip.on for chip in chips)
    return Shelf(of, chips, shown, fresh, opens)


def _link(of: List, query: str) -> str:
    return f"{of.path}?{query or 'view=all'}"


async def shelf(request: web.Request, code: str) -> Shelf:
    """Return the row above a list; go on to its default view where the address asks for nothing."""
    found = await request.app[keys.DATABASE].run(
        read,
        auth.current(request).viewer,
        LISTS[code],
        request.query,
        auth.texts(request).translations.gettext,
    )
    if found.opens and not request.query_string:
        raise web.HTTPSeeOther(found.opens)
    return found
