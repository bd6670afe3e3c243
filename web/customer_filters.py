"""What an address asks of the list of customers."""

from __future__ import annotations

from collections.abc import Mapping

from callcenter.crm import search
from web import call_filters

STATUSES = ("lead", "prospect", "customer", "former")


def chosen(query: Mapping[str, str]) -> dict[str, str]:
    """Return the filters of an address, without what cannot be."""
    status = query.get("status", "")
    return {
        "q": call_filters.typed(query.get("q", "")),
        "status": status if status in STATUSES else "",
        "mine": "1" if query.get("mine") == "1" else "",
        "vip": "1" if query.get("vip") == "1" else "",
    }


def narrowed(values: Mapping[str, str], me: int) -> search.Filter:
    """Turn the filters into what customers are narrowed to."""
    return search.Filter(
        status=values["status"], owner_id=me if values["mine"] else None, vip=bool(values["vip"])
    )
