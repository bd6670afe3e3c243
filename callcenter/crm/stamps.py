"""Which state of a record a form was made from, so that two people who edit the same thing do not undo each other unseen."""

from __future__ import annotations

import hashlib
from typing import Any

from callcenter import errors


def of(*values: Any) -> str:
    """Return a short text that changes when any of the values does."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]


def check(now: str, seen: str) -> None:
    """Raise Conflict when the record is not what the form was made from."""
    if now != seen:
        raise errors.Conflict("changed meanwhile")
