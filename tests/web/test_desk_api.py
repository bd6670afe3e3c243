"""The desk's JSON API on a running application: what is accepted, what is refused, and in which words and codes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from callcenter import db, models, settings
from callcenter.telephony import switchboard
from screenpop import floor
from tests.screenpop import stand as stands
from tests.telephony import linked, peer
from web import app, keys, sessions


class Desk:
    """An application with a scripted exchange; acts as one user or another."""

    def __init__(
        self, exchange: peer.Peer, database: db.Database, live: floor.Floor, url: str
    ) -> None:
        self.exchange, self.database, self.center, self.url = exchange, database, live.center, url
        self.client = aiohttp.ClientSession()

    async def ask(self, who: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Send a request as the user of an extension; return the status and the JSON."""
        headers = {"Cookie": f"callcenter=key-{who}", "Sec-Fetch-Site": "same-origin"}
        url = f"{self.url}/api/v1{path}"
        async with self.client.request(method, url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    def user(self, extension: str) -> int:
        """Give who sits at an extension."""
        found = self.center.seats.user_of("main", f"PJSIP/{extension}", extension)
        assert found is not None
        return found

    async def call(self, until: bytes) -> str:
        """Play a call to 1001 up to an event; return its id."""
        whole = stands.events_of("queue_answered_caller_hangs_up")
        self.exchange.write(whole[: whole.index(until)] if until in whole else whole)
        me = self.user("1001")
        wanted = {b"Event: AgentConnect": "ringing", b"Event: HangupRequest": "talking"}.get(
            until, "wrapup"
        )
        async with asyncio.timeout(20):
            while not any(c.legs[me].state == wanted for c in self.center.desk.of_user(me)):
                await self.center.board.lines["main"].link.send({"Action": "Ping"})
        return self.center.desk.of_user(me)[0].id


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Desk]:
    database = stands.new_database(folder)
    now = db.utcnow()
    with database.session() as session:
        for extension, user in stands.people(session, now).items():
            session.add(
                models.WebSession(
                    key_hash=sessions.hashed(f"key-{extension}"), user_id=user, data={sessions.USER: user},
                    created_at=now, seen_at=now, expires_at=now + sessions.IDLE,
                )
            )  # fmt: skip
        session.add(models.PauseReason(code="meal", labels={"en": "Meal"}))
        session.add(models.Outcome(id=5, code="solved", labels={"en": "Solved"}))
    async with peer.Peer() as exchange:
        stands.answer_lists(exchange)
        pbx = settings.Pbx(port=exchange.port, secret=exchange.secret, trunks=("PJSIP/trunk-*",))
        config = settings.Settings(pbx=(pbx,), site=settings.Site(language="en"))
        board = switchboard.Switchboard(config.pbx, timing=linked.QUICK)
        made = app.create_app(config, database, board)
        up = peer.Watch()
        board.states.append(up.note)
        async with TestServer(made) as server:
            await up.until(lambda: board.lines["main"].link.state.phase.value == "up")
            desk = Desk(exchange, database, made[keys.FLOOR], str(server.make_url("")).rstrip("/"))
            try:
                yield desk
            finally:
                await desk.client.close()
    database.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with running(tmp_path) as made:
        yield made


TALKING = b"Event: HangupRequest"


async def test_a_note_is_saved_as_it_is_typed_and_never_over_newer_words(desk: Desk) -> None:
    id_ = await desk.call(TALKING)
    path = f"/calls/{id_}/note"
    assert (await desk.ask("1001", "PUT", path, {"text": "Prom", "version": 0}))[1]["version"] == 1
    assert (await desk.ask("1001", "PUT", path, {"text": "Promised", "version": 1}))[0] == 200
    status, answer = await desk.ask("1001", "PUT", path, {"text": "Old tab", "version": 1})
    assert status == 409
    assert answer["current"] == {"text": "Promised", "version": 2}
    _, snapshot = await desk.ask("1001", "GET", "/desk")
    assert snapshot["calls"][0]["note"] == {"text": "Promised", "version": 2}


@pytest.mark.parametrize(
    "method,what,body",
    [
        ("POST", "hangup", {}),
        ("POST", "hold", {}),
        ("POST", "resume", {}),
        ("POST", "transfer", {"to": "1002", "kind": "blind"}),
        ("POST", "transfer/complete", {}),
        ("POST", "transfer/cancel", {}),
        ("PUT", "note", {"text": "x", "version": 0}),
        ("POST", "party", {"party_id": 1}),
        ("POST", "customer", {"name": "x"}),
        ("POST", "wrapup", {}),
        ("POST", "wrapup/extend", {}),
    ],
)
async def test_somebody_elses_call_is_not_there(
    desk: Desk, method: str, what: str, body: dict[str, Any]
) -> None:
    id_ = await desk.call(TALKING)
    before = len(desk.exchange.actions)
    status, answer = await desk.ask("1002", method, f"/calls/{id_}/{what}", body)
    assert (status, answer["error"]["code"]) == (404, "not_found")
    asked = {a["Action"] for a in desk.exchange.actions[before:]}
    assert not asked & {"Hangup", "Redirect", "BlindTransfer", "Atxfer", "Bridge"}


@pytest.mark.parametrize(
    "number",
    ["0521112233\r\nAction: Hangup", "call me", "", "1" * 60, "0521112233\x00", "<b>1</b>"],
)
async def test_what_cannot_be_dialled_is_refused_and_nothing_is_sent(
    desk: Desk, number: str
) -> None:
    status, answer = await desk.ask("1001", "POST", "/dial", {"number": number})
    assert status == 422
    assert answer["error"]["field"] == "number"
    assert not desk.exchange.named("Originate")
    with desk.database.session() as session:
        assert not session.scalars(select(models.DialAttempt)).all()


async def test_a_dial_is_written_before_it_is_sent_and_sent_once(desk: Desk) -> None:
    status, answer = await desk.ask("1001", "POST", "/dial", {"number": "052-111-2233"})
    assert status == 200
    (sent,) = desk.exchange.named("Originate")
    assert (sent["ChannelId"], sent["Channel"], sent["Exten"]) == (
        answer["id"],
        "PJSIP/1001",
        "0521112233",
    )
    assert "Application" not in sent
    with desk.database.session() as session:
        assert session.get_one(models.DialAttempt, answer["id"]).user_id == desk.user("1001")


async def test_a_dial_for_a_customer_one_may_not_see_is_not_made(desk: Desk) -> None:
    status, _ = await desk.ask("1001", "POST", "/dial", {"number": "0521112233", "party_id": 77})
    assert status == 404
    assert not desk.exchange.named("Originate")


async def test_without_the_exchange_a_dial_says_so_and_is_not_kept_for_later(desk: Desk) -> None:
    desk.exchange.answers["Login"] = lambda _: None
    desk.exchange.reset()
    line = desk.center.board.lines["main"]
    up = peer.Watch()
    desk.center.board.states.append(up.note)
    await up.until(lambda: line.link.state.phase.value != "up")
    status, answer = await desk.ask("1001", "POST", "/dial", {"number": "0521112233"})
    assert (status, answer["error"]["code"]) == (503, "link_down")


async def test_an_unknown_caller_becomes_a_customer_by_a_name_alone(desk: Desk) -> None:
    id_ = await desk.call(TALKING)
    status, answer = await desk.ask("1001", "POST", f"/calls/{id_}/customer", {"name": "Dana Levi"})
    assert status == 200
    assert answer["card"]["name"] == "Dana Levi"
    with desk.database.session() as session:
        call = session.scalars(select(models.Call)).one()
        assert (call.party_id, call.name_snapshot) == (answer["party_id"], "Dana Levi")
        assert session.scalars(select(models.Phone)).one().e164 == "+972501234567"
    assert (await desk.ask("1001", "POST", f"/calls/{id_}/customer", {"name": "Again"}))[0] == 409


async def test_the_choice_among_several_is_remembered(desk: Desk) -> None:
    with desk.database.session() as session:
        now = db.utcnow()
        dana = stands.customer(session, "Dana Levi", stands.DANA, now)
        stands.customer(session, "Yossi Levi", stands.DANA, now)
    id_ = await desk.call(TALKING)
    status, answer = await desk.ask("1001", "POST", f"/calls/{id_}/party", {"party_id": dana})
    assert (status, answer["card"]["match"]["state"]) == (200, "chosen")
    with desk.database.session() as session:
        assert session.scalars(select(models.NumberChoice)).one().party_id == dana
        assert session.scalars(select(models.Call)).one().party_id == dana


async def test_wrap_up_ends_with_an_outcome_and_a_promised_callback(desk: Desk) -> None:
    id_ = await desk.call(b"no such event")
    body = {"outcome_id": 5, "callback_at": time.time() + 3600, "next": "paused", "reason": "meal"}
    assert (await desk.ask("1001", "POST", f"/calls/{id_}/wrapup", {**body, "outcome_id": 99}))[
        0
    ] == 422
    extended = (await desk.ask("1001", "POST", f"/calls/{id_}/wrapup/extend"))[1]["until"]
    assert extended > time.time() + 30
    assert (await desk.ask("1001", "POST", f"/calls/{id_}/wrapup", body))[0] == 200
    await desk.center.written()
    with desk.database.session() as session:
        call = session.scalars(select(models.Call)).one()
        assert (call.outcome_id, call.outcome_at is not None) == (5, True)
        assert session.scalars(select(models.Task)).one().kind == "callback"
    agent = desk.center.agents.get(desk.user("1001"))
    assert (agent.state, agent.reason) == ("paused", "meal")
    assert (await desk.ask("1001", "POST", f"/calls/{id_}/wrapup", body))[0] == 404


@pytest.mark.parametrize(
    "path,body,field",
    [
        ("/agent/state", {"state": "lunch"}, "state"),
        ("/agent/state", {"state": "ready", "extra": 1}, "extra"),
        ("/dial", {}, "number"),
        ("/agent/queues", {"queue": "support", "member": "perhaps"}, "member"),
    ],
)
async def test_a_wrong_body_is_refused_by_its_field(
    desk: Desk, path: str, body: dict[str, Any], field: str
) -> None:
    status, answer = await desk.ask("1001", "POST", path, body)
    assert (status, answer["error"]["field"]) == (422, field)


async def test_a_reason_that_nobody_offers_is_refused(desk: Desk) -> None:
    body = {"state": "paused", "reason": "golf"}
    status, answer = await desk.ask("1001", "POST", "/agent/state", body)
    assert (status, answer["error"]["field"]) == (422, "reason")


async def test_targets_are_colleagues_queues_and_the_typed_number(desk: Desk) -> None:
    _, found = await desk.ask("1001", "GET", "/targets?q=")
    assert {t["number"] for t in found if t["kind"] == "agent"} == {"1002", "1003", "1004", "1005"}
    assert {t["number"] for t in found if t["kind"] == "queue"} == {"support", "sales"}
    _, found = await desk.ask("1001", "GET", "/targets?q=0521112233")
    assert [(t["kind"], t["number"]) for t in found] == [("number", "0521112233")]


async def test_the_palette_finds_customers_by_name_and_number(desk: Desk) -> None:
    with desk.database.session() as session:
        dana = stands.customer(session, "Dana Levi", stands.DANA, db.utcnow())
    for text in ("dana", "050123"):
        _, found = await desk.ask("1001", "GET", f"/search?q={text}")
        assert [c["party_id"] for c in found["customers"]] == [dana]
