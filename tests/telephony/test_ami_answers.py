"""Actions and their answers; where it is cheap, bare panoramisk is shown to fail on the same peer."""

from __future__ import annotations

import asyncio

import pytest

from callcenter import errors
from tests.telephony import linked, peer

ADDED = "Response: Success\r\nActionID: {id}\r\nMessage: Added interface to queue\r\n\r\n"
QUEUED = "Response: Success\r\nActionID: {id}\r\nMessage: Originate successfully queued\r\n\r\n"
FAILED = "Event: OriginateResponse\r\nPrivilege: call,all\r\nActionID: {id}\r\nResponse: Failure\r\nReason: 5\r\n\r\n"


async def test_queue_add_is_answered_by_one_response() -> None:
    async with peer.Peer() as exchange:
        exchange.answers["QueueAdd"] = lambda action: ADDED
        async with linked.linked(exchange) as (link, _):
            reply = await link.send(
                {"Action": "QueueAdd", "Queue": "support", "Interface": "PJSIP/1001"}
            )
        assert reply.headers["Message"] == "Added interface to queue"


async def test_queue_add_hangs_bare_panoramisk() -> None:
    async with peer.Peer() as exchange:
        exchange.answers["QueueAdd"] = lambda action: ADDED
        async with linked.bare(exchange) as manager:
            added = manager.send_action({"Action": "QueueAdd", "Queue": "support"})
            await manager.send_action({"Action": "Ping"})
            assert not added.done()


async def test_an_originate_is_answered_at_once_and_its_later_event_reaches_everybody() -> None:
    async with peer.Peer() as exchange:
        exchange.answers["Originate"] = lambda action: QUEUED + FAILED
        async with linked.linked(exchange) as (link, listener):
            action_id = link.new_action_id()
            reply = await link.send(
                {"Action": "Originate", "Channel": "PJSIP/1001", "ActionID": action_id}
            )
            assert reply.headers["Message"] == "Originate successfully queued"
            await listener.until(lambda: "OriginateResponse" in listener.names())
            assert listener.messages[-1].get("ActionID") == action_id


async def test_a_wait_for_the_originate_response_does_not_hide_it_from_the_others() -> None:
    async with peer.Peer() as exchange:
        exchange.answers["Originate"] = lambda action: QUEUED + FAILED
        async with linked.linked(exchange) as (link, listener):
            reply = await link.send(
                {"Action": "Originate", "Async": "true"}, until="OriginateResponse"
            )
        assert [e.get("Reason") for e in reply.events] == ["5"]
        assert listener.names() == ["OriginateResponse"]


async def test_an_originate_without_async_kills_bare_panoramisks_connection() -> None:
    async with peer.Peer() as exchange:
        exchange.answers["Originate"] = lambda action: QUEUED
        async with linked.bare(exchange) as manager:
            manager.send_action({"Action": "Originate", "Channel": "PJSIP/1001"})
            await exchange.until(lambda: exchange.closed)


async def test_an_unanswered_originate_is_never_sent_again_after_a_reconnect() -> None:
    async with peer.Peer() as exchange:
        exchange.answers["Originate"] = lambda action: None
        async with linked.linked(exchange) as (link, listener):
            dialling = asyncio.create_task(
                link.send({"Action": "Originate", "Channel": "PJSIP/1001"})
            )
            await exchange.until(lambda: exchange.named("Originate"))
            exchange.reset()
            with pytest.raises(errors.LinkDown):
                await dialling
            await listener.phase("up", times=2)
            await link.send(
                {"Action": "CoreStatus"}
            )  # the peer has now read all that was sent before it
        assert len(exchange.named("Originate")) == 1


async def test_an_unanswered_originate_is_sent_again_by_bare_panoramisk() -> None:
    async with peer.Peer() as exchange:
        exchange.answers["Originate"] = lambda action: None
        async with linked.bare(exchange) as manager:
            manager.send_action({"Action": "Originate", "Channel": "PJSIP/1001"}, as_list=False)
            await exchange.until(lambda: exchange.named("Originate"))
            exchange.reset()
            await exchange.until(lambda: len(exchange.named("Originate")) == 2)


SMUGGLED = "1\r\n\r\nAction: QueuePause\r\nPaused: true"


async def test_a_line_end_in_a_value_is_refused_by_the_headers_name_and_nothing_is_sent() -> None:
    async with peer.Peer() as exchange, linked.linked(exchange) as (link, _):
        with pytest.raises(errors.Invalid, match="CallerID"):
            await link.send({"Action": "Originate", "CallerID": SMUGGLED})
        await link.send({"Action": "CoreStatus"})
        assert [a["Action"] for a in exchange.actions] == ["Login", "CoreStatus"]


async def test_a_line_end_in_a_value_is_a_second_action_from_bare_panoramisk() -> None:
    async with peer.Peer() as exchange, linked.bare(exchange) as manager:
        manager.send_action({"Action": "Originate", "CallerID": SMUGGLED}, as_list=False)
        await exchange.until(lambda: exchange.named("QueuePause"))


@pytest.mark.parametrize(
    "answer",
    [
        "Response: Success\r\nActionID: {id}\r\nMessage: Command output follows\r\nOutput: one: 1\r\nOutput: two\r\n\r\n",
        "Response: Follows\r\nPrivilege: Command\r\nActionID: {id}\r\none: 1\ntwo\n--END COMMAND--\r\n\r\n",
    ],
    ids=["Asterisk 14 and later", "Asterisk 13 and before"],
)
async def test_the_output_of_a_command_is_one_text(answer: str) -> None:
    async with peer.Peer() as exchange:
        exchange.answers["Command"] = lambda action: answer
        async with linked.linked(exchange) as (link, _):
            reply = await link.send({"Action": "Command", "Command": "core show channels"})
        assert reply.output == "one: 1\ntwo"


async def test_a_refusal_carries_the_exchanges_words() -> None:
    async with peer.Peer() as exchange:
        exchange.answers["Hangup"] = lambda action: (
            "Response: Error\r\nActionID: {id}\r\nMessage: No such channel\r\n\r\n"
        )
        async with linked.linked(exchange) as (link, _):
            with pytest.raises(errors.ActionRefused, match="No such channel"):
                await link.send({"Action": "Hangup", "Channel": "PJSIP/1001-1"})
            with pytest.raises(errors.ActionRefused, match="No such channel"):
                await link.send({"Action": "Hangup", "Channel": "x"}, until="HangupComplete")


async def test_an_action_without_an_answer_times_out_and_a_late_answer_harms_nobody() -> None:
    async with peer.Peer() as exchange:
        exchange.answers["Status"] = lambda action: None
        async with linked.linked(exchange) as (link, listener):
            with pytest.raises(errors.ActionTimeout, match="Status"):
                await link.send({"Action": "Status"}, timeout_seconds=0.05)
            late = exchange.named("Status")[0]["ActionID"]
            exchange.write(
                f"Response: Success\r\nActionID: {late}\r\n\r\n"
                + ADDED.replace("{id}", "never-ours")
            )
            exchange.write(peer.event("Newchannel"))
            await listener.until(lambda: listener.names())
            assert listener.names() == ["Newchannel"]
            assert listener.phases == ["connecting", "up"]


async def test_a_list_without_its_end_times_out_too() -> None:
    async with peer.Peer() as exchange:
        exchange.answers["QueueStatus"] = lambda action: (
            "Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\n"
            "Event: QueueParams\r\nQueue: support\r\nActionID: {id}\r\n\r\n"
        )
        async with linked.linked(exchange) as (link, _):
            with pytest.raises(errors.ActionTimeout, match="QueueStatus"):
                await link.send(
                    {"Action": "QueueStatus"}, until="QueueStatusComplete", timeout_seconds=0.05
                )


async def test_a_list_is_collected_and_events_between_its_parts_flow_on_in_order() -> None:
    """Names are filtered: the parts of a list come whatever their names, and only to who asked."""

    def status(action: dict[str, str]) -> bytes:
        return (
            b"Response: Success\r\nActionID: {id}\r\nEventList: start\r\nMessage: Queue status will follow\r\n\r\n"
            + peer.event("Newchannel", Uniqueid="1")
            + b"Event: QueueMember\r\nQueue: support\r\nName: a\r\nActionID: {id}\r\n\r\n"
            + peer.event("Hangup", Uniqueid="1")
            + peer.event("OriginateResponse", ActionID="somebody-else", Reason="4")
            + b"Event: QueueMember\r\nQueue: support\r\nName: b\r\nActionID: {id}\r\n\r\n"
            + b"Event: QueueStatusComplete\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n"
            + peer.event("Newchannel", Uniqueid="2")
        )

    async with peer.Peer() as exchange:
        exchange.answers["QueueStatus"] = status
        names = [b"Newchannel", b"Hangup", b"OriginateResponse"]
        async with linked.linked(exchange, names=names) as (link, listener):
            reply = await link.send({"Action": "QueueStatus"}, until="QueueStatusComplete")
            await listener.until(lambda: len(listener.names()) == 4)
        assert [e.get("Name") for e in reply.events] == ["a", "b", ""]
        assert listener.names() == ["Newchannel", "Hangup", "OriginateResponse", "Newchannel"]


async def test_many_actions_at_once_each_get_their_own_answer() -> None:
    async with peer.Peer() as exchange:
        exchange.answers["Getvar"] = lambda action: (
            f"Response: Success\r\nActionID: {{id}}\r\nValue: {action['Variable']}\r\n\r\n"
        )
        async with linked.linked(exchange) as (link, _):
            replies = await asyncio.gather(
                *(link.send({"Action": "Getvar", "Variable": str(i)}) for i in range(200))
            )
        assert [reply.headers["Value"] for reply in replies] == [str(i) for i in range(200)]


async def test_an_action_is_refused_while_there_is_no_connection() -> None:
    async with peer.Peer() as exchange:
        async with linked.linked(exchange) as (link, _):
            pass
        with pytest.raises(errors.LinkDown):
            await link.send({"Action": "Ping"})


async def test_a_list_needs_an_action_id_of_ours() -> None:
    async with peer.Peer() as exchange, linked.linked(exchange) as (link, _):
        with pytest.raises(errors.Invalid, match="ActionID"):
            await link.send({"Action": "Status", "ActionID": "x"}, until="StatusComplete")
