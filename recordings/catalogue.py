"""The list of speech models that can be had, as the engine's makers publish it: JSON, an object for each model.

Of each object we read `name`, `url`, `lang`, and `sha256` or `md5`; `size` in bytes, `size_text` and `obsolete` where they
are there. Everything in it comes from elsewhere and is believed only as far as it is checked.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from recordings import download

LARGEST_LIST = 4 * 1024 * 1024
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Offer:
    """One model that can be downloaded; `size` in bytes, 0 where it is not known."""

    name: str
    url: str
    language: str
    size: int
    sums: download.Sums


def read(address: str) -> list[Offer]:
    """Fetch the list; raise DownloadFailed where it cannot be had or is no such list."""
    raw = download.small(address, most=LARGEST_LIST)
    try:
        listed = json.loads(raw)
    except ValueError as error:
        raise download.DownloadFailed(f"{address} is not JSON: {error}") from error
    if not isinstance(listed, list):
        raise download.DownloadFailed(f"{address} is not a list of models")
    return [offer for each in listed if isinstance(each, dict) and (offer := _offer(each))]


def find(address: str, name: str) -> Offer:
    """Return the model of a name; raise DownloadFailed with names that are like it."""
    offers = read(address)
    for offer in offers:
        if offer.name == name:
            return offer
    near = [offer.name for offer in offers if name.lower() in offer.name.lower()][:8]
    hint = f"; there are {', '.join(near)}" if near else "; `callcenter models download` lists them"
    raise download.DownloadFailed(f"{address} has no model {name!r}{hint}")


def _offer(each: dict[str, Any]) -> Offer | None:
    name, url = str(each.get("name", "")), str(each.get("url", ""))
    if not NAME.fullmatch(name) or not url or str(each.get("obsolete", "")).lower() == "true":
        return None
    size = each.get("size", 0)
    return Offer(
        name,
        url,
        str(each.get("lang", ""))[:12],
        size if isinstance(size, int) else 0,
        download.Sums(str(each.get("sha256", "")), str(each.get("md5", ""))),
    )
