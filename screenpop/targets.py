"""Whom one can find while a call is on: customers for the palette, and colleagues, queues and numbers to pass it on to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import agents, names, phones, search, visibility
from screenpop import cards, floor

MOST = 12
# Who can take a call first, then who may soon, then who cannot.
_ORDER = {
    agents.State.READY: 0, agents.State.WRAPUP: 1, agents.State.RINGING: 2, agents.State.TALKING: 2,
    agents.State.HOLD: 2, agents.State.CONSULTING: 2, agents.State.PAUSED: 3, agents.State.OFFLINE: 4,
}  # fmt: skip


def customers(
    session: Session, viewer: visibility.Viewer, text: str, *, region: str, limit: int
) -> list[dict[str, Any]]:
    """Find visible customers by a name or a piece of a number."""
    page = search.customers(session, viewer, text, region=region, limit=limit)
    return [_found(session, party, region) for party in page.items]


def of(on: floor.Floor, user_id: int, text: str) -> list[dict[str, Any]]:
    """List agents (free ones first), queues and, when it is one, the typed number."""
    wanted = names.fold(text.strip())
    found = [*_agents(on, user_id, wanted), *_queues(on, user_id, wanted)][:MOST]
    region = on.center.settings.site.region
    try:
        number = phones.dialable(text, region) if text.strip() else ""
    except errors.Invalid:
        number = ""
    if number and all(target["number"] != number for target in found):
        found.append(
            {"kind": "number", "label": cards.clean(text, 40), "detail": "", "number": number, "state": None}
        )  # fmt: skip
    return found


def _agents(on: floor.Floor, user_id: int, wanted: str) -> list[dict[str, Any]]:
    center = on.center
    pbx = center.pbx_of(user_id)
    found = []
    for seat in center.seats.seats():
        person = center.seats.person(seat.user_id)
        if person is None or seat.user_id == user_id or seat.pbx not in ("", pbx):
            continue
        if (
            wanted
            and wanted not in names.fold(person.name)
            and not seat.extension.startswith(wanted)
        ):
            continue
        agent = center.agents.get(seat.user_id)
        found.append((_ORDER[agent.state], agent.since, person.name, seat.extension, agent.state))
    found.sort()
    return [
        {
            "kind": "agent",
            "label": cards.clean(name, cards.LONGEST_NAME),
            "detail": extension,
            "number": extension,
            "state": state.value,
            "since": since or None,
        }
        for _, since, name, extension, state in found
    ]


def _queues(on: floor.Floor, user_id: int, wanted: str) -> list[dict[str, Any]]:
    center = on.center
    pbx = center.pbx_of(user_id)
    person = center.seats.person(user_id)
    language = person.language if person else "he"
    found = []
    for name in sorted(center.queues.names(pbx)):
        profile = center.queues.profile(pbx, name)
        label = profile.label(language) if profile else name
        if wanted and wanted not in names.fold(label) and wanted not in name.lower():
            continue
        waiting = center.queues.waiting.get((pbx, name))
        found.append(
            {
                "kind": "queue",
                "label": cards.clean(label, 80),
                "detail": "",
                "number": name,
                "state": None,
                "waiting": waiting.waiting if waiting else 0,
            }
        )
    return found


def _found(session: Session, party: models.Party, region: str) -> dict[str, Any]:
    link, phone = models.PartyPhone, models.Phone
    e164 = session.scalar(
        select(phone.e164)
        .join(link, link.phone_id == phone.id)
        .where(link.party_id == party.id)
        .order_by(link.primary.desc(), link.id)
        .limit(1)
    )
    return {
        "id": party.id,
        "party_id": party.id,
        "name": cards.clean(party.display, cards.LONGEST_NAME),
        "detail": cards.clean(party.city, 80),
        "number": phones.display(e164, region) if e164 else "",
        "e164": e164,
        "vip": party.vip,
    }
