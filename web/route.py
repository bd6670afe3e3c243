"""What a row of the table of URLs is, and the roles that rows are for."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp.typedefs import Handler

from callcenter.models import ROLES

ANYONE = frozenset({"anonymous", *ROLES})
STAFF = frozenset(ROLES)
SEATED = frozenset({"agent", "supervisor"})
KEEPERS = frozenset({"supervisor", "manager", "admin"})
WORDERS = frozenset({"manager", "admin"})
ADMINS = frozenset({"admin"})


@dataclass(frozen=True, slots=True)
class Route:
    """One URL; `handler` is None where a library adds the route itself."""

    method: str
    path: str
    roles: frozenset[str]
    handler: Handler | None
