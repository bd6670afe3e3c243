"""A call rings: the right card on the right screens, and only there; what it becomes as the call goes on."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import socketio
from sqlalchemy import select

from callcenter import db, models
from callcenter.crm import steering
from callcenter.telephony import facts
from screenpop import server
from tests.screenpop import stand as stands


@pytest.fixture
async def stand(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[stands.Stand]:
    database = stands.new_database(tmp_path)
    with database.session() as session:
        stands.people(session, db.utcnow())
    async with stands.standing(database, **getattr(request, "param", {})) as standing:
        yield standing
    database.close()


def user(stand: stands.Stand, extension: str) -> int:
    found = stand.center.seats.user_of("main", f"PJSIP/{extension}", extension)
    assert found is not None
    return found


async def test_the_card_comes_to_the_user_whose_phone_rings_and_to_nobody_else(
    stand: stands.Stand,
) -> None:
    rung = await stand.browser(user(stand, "1001"))
    other = await stand.browser(user(stand, "1002"))
    stand.play("queue_answered_caller_hangs_up")
    card = (await rung.next("call.pop"))["card"]
    assert card["why"]["label"] == "Support"
    assert card["direction"] == "inbound"
    await rung.next("call.end", reason="ended")
    await stand.settled()
    assert not other.of("call.pop")
    with stand.database.session() as session:
        call = session.scalars(select(models.Call)).one()
        assert call.linkedid == card["id"]
        assert call.result == "answered"
        assert call.ended is not None
        assert [(p.extension, p.outcome, p.user_id) for p in call.participants] == [
            ("1001", "answered", user(stand, "1001"))
        ]


def add(stand: stands.Stand, name: str, number: str, **fields: object) -> int:
    with stand.database.session() as session:
        return stands.customer(session, name, number, db.utcnow(), **fields)


async def pop(stand: stands.Stand, scenario: str, extension: str = "1001") -> dict[str, Any]:
    browser = await stand.browser(user(stand, extension))
    stand.play(scenario)
    return dict((await browser.next("call.pop"))["card"])


async def test_a_phone_that_was_not_picked_up_loses_its_card_and_the_next_one_gets_it(
    stand: stands.Stand,
) -> None:
    first = await stand.browser(user(stand, "1001"))
    second = await stand.browser(user(stand, "1002"))
    stand.play("queue_no_answer_then_next_member")
    card = (await second.next("call.pop"))["card"]
    assert (await first.next("call.end"))["reason"] == "missed"
    assert (await first.next("call.end"))["id"] == card["id"]
    assert (await second.next("call.end"))["reason"] == "ended"
    assert first.of("call.end")[0]["wrapup"] is None
    assert second.of("call.end")[0]["wrapup"]["seconds"] == 30


async def test_a_call_answered_elsewhere_leaves_the_other_screens(stand: stands.Stand) -> None:
    browsers = [await stand.browser(user(stand, extension)) for extension in ("1003", "1004")]
    stand.play("queue_ringall_answered_elsewhere")
    for browser in browsers:
        await browser.next("call.pop")
        await browser.next("call.end")
    reasons = sorted(browser.of("call.end")[0]["reason"] for browser in browsers)
    assert reasons == ["answered_elsewhere", "ended"]


async def test_one_customer_is_named_and_why(stand: stands.Stand) -> None:
    dana = add(stand, "Dana Levi", stands.DANA, alert="Pays late", vip=True)
    card = await pop(stand, "queue_answered_caller_hangs_up")
    assert (card["name"], card["party_id"], card["match"]["state"]) == ("Dana Levi", dana, "strong")
    assert card["match"]["reasons"] == ["The number is on the customer's card"]
    assert card["chips"][0]["kind"] == "vip"
    assert card["alerts"] == [{"level": "bad", "icon": "alert", "text": "Pays late"}]
    assert card["say"] == "Welcome to support"


async def test_several_customers_are_offered_and_none_is_taken(stand: stands.Stand) -> None:
    add(stand, "Dana Levi", stands.DANA)
    add(stand, "Yossi Levi", stands.DANA)
    card = await pop(stand, "queue_answered_caller_hangs_up")
    assert (card["party_id"], card["match"]["state"]) == (None, "ambiguous")
    assert {c["name"] for c in card["match"]["candidates"]} == {"Dana Levi", "Yossi Levi"}
    await stand.settled()
    with stand.database.session() as session:
        assert session.scalars(select(models.Call)).one().party_id is None


async def test_a_withheld_number_is_nobodys(stand: stands.Stand) -> None:
    card = await pop(stand, "queue_withheld_number")
    assert card["number"] == {"e164": None, "display": "", "kind": "withheld"}
    assert card["match"]["state"] == "anonymous"


@pytest.mark.parametrize("stand", [{"card_scope": "visible"}, {}], indirect=True)
async def test_a_customer_of_another_team_is_a_number_where_the_center_says_so(
    stand: stands.Stand,
) -> None:
    with stand.database.session() as session:
        team = models.Team(name="board")
        session.add(team)
        session.flush()
        other = team.id
    add(stand, "Secret Person", stands.DANA, team_id=other, alert="Secret alert")
    browser = await stand.browser(user(stand, "1001"))
    stand.play("queue_answered_caller_hangs_up")
    card = (await browser.next("call.pop"))["card"]
    if stand.center.settings.calls.card_scope != "visible":
        assert card["name"] == "Secret Person"
        return
    assert (card["name"], card["party_id"]) == ("Customer of another team", None)
    assert card["number"]["e164"] == "+972501234567"
    enriched = (await browser.next("card.enrich"))["card"]
    assert "Secret" not in json.dumps([card, enriched])


async def test_a_hebrew_name_arrives_whole(stand: stands.Stand) -> None:
    card = await pop(stand, "queue_hebrew_name")
    assert re.search("[\u05d0-\u05ea]{2,}", card["name"])


async def test_a_pop_that_is_not_acknowledged_comes_again_with_its_number(
    stand: stands.Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "ACK_SECONDS", 0.05)
    stand.floor.server.start()
    deaf = await stand.browser(user(stand, "1001"), acknowledges=False)
    stand.play("queue_answered_caller_hangs_up")
    again = await deaf.next("call.pop", server.MOST_TRIES)
    assert {p["seq"] for p in deaf.of("call.pop")} == {again["seq"]}
    await deaf.until(lambda: stand.floor.server.counts.given_up or True)
    assert stand.floor.server.counts.sent_again == server.MOST_TRIES - 1


async def test_an_acknowledged_pop_is_not_sent_again(stand: stands.Stand) -> None:
    browser = await stand.browser(user(stand, "1001"))
    stand.play("queue_answered_caller_hangs_up")
    await browser.next("call.end")
    await browser.hello()  # answered after the acknowledgement, which was sent before it
    assert stand.floor.server.counts.acked == 1
    assert stand.floor.server.counts.sent_again == 0


async def test_events_are_numbered_without_a_gap_and_a_snapshot_says_where_one_is(
    stand: stands.Stand,
) -> None:
    browser = await stand.browser(user(stand, "1001"))
    stand.play("queue_answered_caller_hangs_up")
    await browser.next("agent.state", state="wrapup")
    numbers = [p["seq"] for name, p in browser.events if name != "snapshot"]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    late = await stand.browser(user(stand, "1001"))
    snapshot = late.of("snapshot")[0]
    assert snapshot["seq"] >= numbers[-1]
    assert [c["state"] for c in snapshot["calls"]] == ["wrapup"]
    assert snapshot["me"]["state"] == "wrapup"
    assert snapshot["system"]["pbx"][0]["state"] == "up"


async def test_who_is_not_signed_in_gets_no_connection(stand: stands.Stand) -> None:
    client = socketio.AsyncClient(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(stand.url, transports=["websocket"])


async def test_another_sites_page_gets_no_connection(stand: stands.Stand) -> None:
    client = socketio.AsyncClient(reconnection=False)
    headers = {"Cookie": "user=1; session=s", "Origin": "https://evil.example"}
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(stand.url, transports=["websocket"], headers=headers)
    await client.eio.http.close()


async def test_sign_out_ends_the_connection_of_that_session_alone(stand: stands.Stand) -> None:
    gone = await stand.browser(user(stand, "1001"), session="one")
    stays = await stand.browser(user(stand, "1001"), session="two")
    await stand.floor.server.end_session("one")
    await gone.until(lambda: not gone.connected)
    assert stays.connected
    assert stand.floor.server.present(user(stand, "1001")) == 1


# A log of a broken link goes on as if there were none: what a real break does is tests/telephony/test_switchboard.py's.
WHOLE = [p.stem for p in stands.LOGS.glob("*.ami") if not p.stem.startswith("ami_disconnected")]


@pytest.mark.parametrize("scenario", sorted(WHOLE))
async def test_the_rows_say_what_the_facts_say(stand: stands.Stand, scenario: str) -> None:
    records: dict[str, facts.CallRecord] = {}

    def remember(_pbx: str, fact: facts.Fact) -> None:
        if isinstance(fact, facts.CallEnded | facts.CallLost):
            records[fact.linkedid] = fact.record

    stand.center.board.subscribers.append(remember)
    stand.play(scenario)
    await stand.settled()
    with stand.database.session() as session:
        rows = session.scalars(select(models.Call).where(models.Call.merged_into.is_(None))).all()
        assert {row.linkedid for row in rows} == set(records)
        for row in rows:
            record = records[row.linkedid]
            assert (row.direction, row.result) == (record.direction.value, record.result)
            assert row.ended is not None
            told = {p.interface: p.outcome for p in record.participants}
            assert {p.interface: p.outcome for p in row.participants} == told
        kept = len(rows)
    stand.play(scenario)
    await stand.settled()
    with stand.database.session() as session:
        again = session.scalars(select(models.Call).where(models.Call.merged_into.is_(None))).all()
        assert len(again) == kept
    assert not stand.center.writer.refused
    assert not stand.center.desk.calls or all(
        leg.state == "wrapup"
        for call in stand.center.desk.calls.values()
        for leg in call.legs.values()
    )


async def test_a_consultation_that_the_exchange_never_begins_is_over_with_a_word(
    stand: stands.Stand,
) -> None:
    browser = await stand.browser(user(stand, "1001"))
    told = stands.events_of("direct_inbound")
    stand.exchange.write(told[: told.index(b"Event: HangupRequest")])
    id_ = (await browser.next("call.pop"))["card"]["id"]
    await browser.next("agent.state", state="talking")
    await steering.transfer(stand.center, user(stand, "1001"), id_, "1002", attended=True)
    await browser.next("agent.state", state="consulting")
    assert (await browser.next("notice"))["code"] == "consult_failed"
    await browser.next("agent.state", state="talking", count=2)
