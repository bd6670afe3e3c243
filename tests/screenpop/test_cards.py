"""Cards are plain values, whatever the caller calls themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callcenter.crm import matching, phones
from callcenter.telephony import facts
from screenpop import cards

NUMBER = phones.Number(phones.EXTERNAL, "0501234567", "+972501234567", "501234567")
VIEWER = cards.Viewer(1, lambda text: text)


def scene(match: matching.Match | None = None, **changes: Any) -> cards.Scene:
    values: dict[str, Any] = {
        "id": "1.0", "pbx": "main", "state": "ringing", "direction": facts.Direction.INBOUND,
        "caller_name": "", "match": match or matching.Match(matching.NONE, NUMBER),
        "party_id": match.party_id if match else None, "party_name": match.name if match else "",
        "queue": "support", "queue_label": "Support", "greeting": "", "did": None, "started": 1.0,
        "queued": 2.0, "ringing": 5.0, "answered": None, "ended": None, "recording": "off",
        "wrapup": None,
    }  # fmt: skip
    return cards.Scene(**(values | changes))


def matched(*rows: matching.Row) -> matching.Match:
    return matching.decide(NUMBER, rows)


@pytest.mark.parametrize(
    "hostile,shown",
    [
        ("Dana\r\nAction: Hangup", "Dana Action: Hangup"),
        ("\u202eevil\u202c name", "evil  name"),
        ("a\x00b\x1bc", "a b c"),
        ("x" * 500, "x" * 119 + "…"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),  # text, and stays text
        ('O\'Neil "Bob"', 'O\'Neil "Bob"'),
    ],
)
def test_a_hostile_name_is_only_text(hostile: str, shown: str) -> None:
    card = cards.build(scene(caller_name=hostile), VIEWER)
    assert card["name"].replace(" ", "") == shown.replace(" ", "")
    assert not cards._UNSEEN.search(card["name"])


def test_a_number_in_the_place_of_a_name_is_no_name() -> None:
    assert cards.build(scene(caller_name="0501234567"), VIEWER)["name"] == ""


def test_every_slot_is_there_from_the_start() -> None:
    card = cards.build(scene(), VIEWER)
    assert {"contacts", "cases", "tasks", "notes", "note", "why", "wrapup", "number"} <= card.keys()
    assert card["why"]["wait_seconds"] == 3.0
    json.dumps(card)


def test_a_hidden_customer_is_nowhere_in_the_card() -> None:
    match = matched(
        matching.Row(7, "Secret Person", alert="Secret", vip=True, e164="+972501234567")
    )
    viewer = cards.Viewer(1, lambda text: text, hidden={7})
    card = cards.build(scene(match), viewer)
    assert (card["name"], card["party_id"]) == ("Customer of another team", None)
    assert "Secret" not in json.dumps(card)
    assert card["number"]["e164"] == "+972501234567"


def test_hidden_candidates_are_not_offered() -> None:
    rows = [matching.Row(i, f"Person {i}", e164="+972501234567") for i in (1, 2)]
    viewer = cards.Viewer(1, lambda text: text, hidden={1})
    card = cards.build(scene(matched(*rows)), viewer)
    assert [c["party_id"] for c in card["match"]["candidates"]] == [2]


def test_two_alerts_at_most_the_worst_first() -> None:
    row = matching.Row(
        7, "Dana", alert="Legal", do_not_record=True, marketing="blocked", e164="+972501234567"
    )
    alerts = cards.build(scene(matched(row)), VIEWER)["alerts"]
    assert [a["text"] for a in alerts] == ["Legal", "Do not record"]


def test_reasons_are_words_in_the_viewers_language() -> None:
    said = cards.reasons(("exact", "only_one"), str.upper)
    assert said == ["THE NUMBER IS ON THE CUSTOMER'S CARD"]
