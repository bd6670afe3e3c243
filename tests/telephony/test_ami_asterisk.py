"""The link on a real Asterisk: what the scripted peer only pretends."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from callcenter import errors
from callcenter.demo import exchange as exchanges
from callcenter.telephony import ami, events, link, snapshot
from tests.pbx import fixtures
from tests.telephony import linked

pytestmark = pytest.mark.asterisk

HEBREW = "דנה כהן"


@contextlib.asynccontextmanager
async def up(
    exchange: exchanges.Exchange, **changes: str
) -> AsyncIterator[tuple[link.AmiLink, linked.Listener]]:
    listener = linked.Listener()
    secret = changes.get("secret", exchange.ami_secret)
    connected = link.AmiLink(
        "real",
        ami.Address(exchange.host, exchange.ami_port, exchange.ami_user, secret),
        on_messages=listener.on_messages,
        on_state=listener.on_state,
        names=events.NAMES,
        variables=events.VARIABLES,
        timing=link.Timing(
            connect_seconds=30, action_seconds=30, ping_seconds=15, longest_retry_seconds=0.5
        ),
    )
    connected.start()
    try:
        await listener.until(lambda: {"up", "auth_failed"} & set(listener.phases), 60)
        yield connected, listener
    finally:
        await connected.close()


def conference_call(action_id: str) -> dict[str, str | list[str]]:
    """One Local channel that waits to music, its other half in a conference: a call without phones."""
    return {
        "Action": "Originate",
        "ActionID": action_id,
        "Channel": "Local/801@from-agents/n",
        "Context": "cc-hold",
        "Exten": "s",
        "Priority": "1",
        "CallerID": f'"{HEBREW}" <0501234567>',
        "ChannelId": "ours-1",
        "OtherChannelId": "ours-2",
        "Variable": ["__CC_CAMPAIGN=7", "__CC_LEAD=8", "OTHER=9"],
        "Async": "true",
    }


@pytest.mark.parametrize("version", ["22", "16"])
async def test_a_call_is_originated_seen_looked_at_and_hung_up(
    start_exchange: fixtures.StartExchange, version: str
) -> None:
    exchange = await start_exchange(version=version)
    async with up(exchange) as (connected, listener):
        assert connected.state.reason.startswith("Asterisk Call Manager/")
        action_id = connected.new_action_id()
        reply = await connected.send(conference_call(action_id))
        assert reply.headers["Message"] == "Originate successfully queued"
        await listener.until(
            lambda: {"OriginateResponse", "BridgeEnter"} <= set(listener.names()), 60
        )

        answered = next(m for m in listener.messages if m.name == "OriginateResponse")
        assert (answered.get("ActionID"), answered.get("Response")) == (action_id, "Success")
        assert answered.get("Uniqueid") == "ours-1"
        channels = [m for m in listener.messages if m.name == "Newchannel"]
        assert {m.get("Linkedid") for m in channels} == {"ours-1"}
        assert HEBREW in {m.get("CallerIDName") for m in listener.messages}
        variables = {m.get("Variable") for m in listener.messages if m.name == "VarSet"}
        assert {"__CC_CAMPAIGN", "__CC_LEAD"} <= variables
        assert "OTHER" not in variables

        seen = await snapshot.take(connected)
        assert {c.get("Linkedid") for c in seen.channels} == {"ours-1"}
        assert [[c.get("Uniqueid") for c in b.channels] for b in seen.bridges] == [["ours-2"]]
        assert {q.get("Queue") for q in seen.queues} >= {"support", "sales"}
        assert {q.name for q in seen.queues} == {"QueueParams", "QueueMember"}
        assert seen.missing == ()

        for channel in {c.get("Channel") for c in seen.channels}:
            with contextlib.suppress(errors.ActionRefused):  # the other half goes with the first
                await connected.send({"Action": "Hangup", "Channel": channel})
        await listener.until(lambda: listener.names().count("Hangup") == 2, 60)
        assert listener.phases == ["connecting", "up"]


async def test_members_of_queues_come_and_go_and_refusals_come_in_words(
    start_exchange: fixtures.StartExchange,
) -> None:
    exchange = await start_exchange()
    async with up(exchange) as (connected, listener):
        member = {"Queue": "support", "Interface": "PJSIP/1007"}
        await connected.send({"Action": "QueueAdd", **member, "MemberName": HEBREW})
        status = await connected.send(
            {"Action": "QueueStatus", **member}, until="QueueStatusComplete"
        )
        names = [e.get("Name") for e in status.events if e.get("Location") == "PJSIP/1007"]
        assert names == [HEBREW]
        with pytest.raises(errors.ActionRefused, match="Already there"):
            await connected.send({"Action": "QueueAdd", **member})
        await connected.send({"Action": "QueueRemove", **member})
        await listener.until(lambda: "QueueMemberRemoved" in listener.names(), 60)
        with pytest.raises(errors.ActionRefused, match="Permission denied"):
            await connected.send({"Action": "Command", "Command": "core show version"})


async def test_an_exchange_that_restarts_is_found_again(
    start_exchange: fixtures.StartExchange,
) -> None:
    exchange = await start_exchange()
    async with up(exchange) as (connected, listener):
        await exchange.restart()
        await listener.until(lambda: listener.phases.count("up") == 2, 60)
        await connected.send({"Action": "CoreStatus"})
        outage = [state.reason for state in listener.states if state.phase == "down"]
        assert outage[0] == "the exchange is shutting down"
        assert len({state.since for state in listener.states if state.phase == "down"}) == 1


async def test_a_wrong_secret_is_told_apart_from_an_exchange_that_is_away(
    start_exchange: fixtures.StartExchange,
) -> None:
    exchange = await start_exchange()
    async with up(exchange, secret="wrong") as (connected, listener):
        assert connected.state.phase == "auth_failed"
        assert connected.state.reason == "Authentication failed"


async def test_the_longest_line_that_we_send_is_one_that_asterisk_reads(
    start_exchange: fixtures.StartExchange,
) -> None:
    exchange = await start_exchange()
    async with up(exchange) as (connected, _):
        longest = "x" * (1022 - len("Variable: "))
        reply = await connected.send({"Action": "Getvar", "Variable": longest})
        assert reply.headers["Variable"] == longest
        with pytest.raises(errors.Invalid, match="Variable"):
            await connected.send({"Action": "Getvar", "Variable": longest + "x"})
        await connected.send({"Action": "CoreStatus"})
