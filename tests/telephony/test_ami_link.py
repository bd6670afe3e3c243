"""The supervised link: it comes up, stays up, and comes back; each fault of the wrapped library is shown to be gone."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from callcenter.telephony import link, wire
from tests.telephony import linked, peer

HEBREW = "ישראל ישראלי"


async def test_letters_of_a_name_survive_every_cut_between_two_reads() -> None:
    whole = peer.event("Newchannel", CallerIDName=HEBREW)
    async with peer.Peer() as exchange, linked.linked(exchange) as (_, listener):
        for cut in range(1, len(whole)):
            await exchange.write_in_pieces(whole[:cut], whole[cut:])
        await listener.until(lambda: len(listener.names()) == len(whole) - 1)
        names = {m.get("CallerIDName") for m in listener.messages if m.name == "Newchannel"}
    assert names == {HEBREW}
    assert listener.pbxs == {"pbx1"}


async def test_letters_of_a_name_are_lost_by_bare_panoramisk() -> None:
    whole = peer.event("Newchannel", CallerIDName=HEBREW)
    names: list[str] = []
    seen = peer.Watch()
    async with peer.Peer() as exchange, linked.bare(exchange) as manager:
        manager.register_event(
            "Newchannel", lambda _, event: (names.append(event["CallerIDName"]), seen.note())
        )
        for cut in range(1, len(whole)):
            await exchange.write_in_pieces(whole[:cut], whole[cut:])
        await seen.until(lambda: len(names) == len(whole) - 1)
    assert any(name != HEBREW for name in names)


async def test_a_listener_that_raises_is_logged_and_neither_link_nor_stream_suffers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listener = linked.Listener()

    def fragile(pbx: str, messages: list[wire.Message]) -> None:
        listener.on_messages(pbx, messages)
        if messages[0].name == "Newchannel":
            raise RuntimeError("a fault of ours")

    async with peer.Peer() as exchange, linked.linked(exchange, on_messages=fragile):
        await exchange.write_in_pieces(peer.event("Newchannel"), peer.event("Hangup"))
        await listener.until(lambda: listener.names() == ["Newchannel", "Hangup"])
        assert (exchange.connections, exchange.closed) == (1, 0)
    assert "a fault of ours" in caplog.text


async def test_a_callback_that_raises_ends_bare_panoramisks_connection() -> None:
    def fragile(manager: Any, event: Any) -> None:
        raise RuntimeError("a fault of ours")

    async with peer.Peer() as exchange, linked.bare(exchange) as manager:
        manager.register_event("Newchannel", fragile)
        exchange.write(peer.event("Newchannel"))
        await exchange.until(lambda: exchange.closed)


async def test_events_come_in_order_from_one_chunk_and_from_many() -> None:
    async with peer.Peer() as exchange, linked.linked(exchange) as (_, listener):
        stream = b"".join(peer.event("Newstate", Number=str(i)) for i in range(2000))
        await exchange.write_in_pieces(*(stream[i : i + 997] for i in range(0, len(stream), 997)))
        await listener.until(lambda: len(listener.names()) == 2000)
    numbers = [m.get("Number") for m in listener.messages if m.name == "Newstate"]
    assert numbers == [str(i) for i in range(2000)]


async def test_a_reset_connection_is_signed_in_again() -> None:
    async with peer.Peer() as exchange, linked.linked(exchange) as (connected, listener):
        exchange.reset()
        await listener.phase("up", times=2)
        await connected.send({"Action": "CoreStatus"})
        exchange.write(peer.event("Newchannel"))
        await listener.until(listener.names)
    assert listener.phases == ["connecting", "up", "down", "up", "stopped"]
    assert "reset" in listener.states[2].reason


def test_the_first_retry_comes_within_a_third_of_a_second_and_the_delays_grow_to_a_cap() -> None:
    timing = link.Timing()
    for _ in range(50):
        delays = list(itertools.islice(link.retry_delays(timing), 40))
        assert delays[0] <= 0.3
        for i, delay in enumerate(delays):
            full = min(timing.longest_retry_seconds, timing.first_retry_seconds * 2**i)
            assert full / 2 <= delay <= full
    firsts = {next(link.retry_delays(timing)) for _ in range(50)}
    assert len(firsts) > 1  # several systems do not come back in step


async def test_an_exchange_that_is_away_at_first_is_found_when_it_comes() -> None:
    exchange = peer.Peer()
    async with exchange:
        pass
    listener = linked.Listener()
    connected = link.AmiLink(
        "pbx1",
        linked.address(exchange),
        on_messages=listener.on_messages,
        on_state=listener.on_state,
        timing=linked.QUICK,
    )
    connected.start()
    await listener.phase("down")
    first = listener.states[-1]
    async with exchange:
        await listener.phase("up")
        await connected.close()
    assert all(state.since == first.since for state in listener.states if state.phase == "down")


async def test_a_half_open_connection_is_given_up_and_made_anew() -> None:
    timing = link.Timing(first_retry_seconds=0.01, ping_seconds=0.05)
    async with peer.Peer() as exchange, linked.linked(exchange, timing=timing) as (_, listener):
        exchange.mute = True  # it reads what we send, as a kernel would, and nobody is there
        await listener.phase("down")
        assert "no sign of life" in listener.states[-1].reason
        exchange.mute = False
        await listener.phase("up", times=2)


async def test_a_connection_that_goes_dead_in_the_middle_of_the_snapshot_is_given_up() -> None:
    async def ask(of: link.AmiLink) -> None:
        exchange.mute = True
        await of.send({"Action": "CoreShowChannels"}, until="CoreShowChannelsComplete", timeout_seconds=60)  # fmt: skip

    timing = link.Timing(first_retry_seconds=0.01, ping_seconds=0.05)
    async with peer.Peer() as exchange:
        kept = linked.linked(exchange, wait_for="down", timing=timing, on_up=ask)
        async with kept as (_, listener):
            assert "no sign of life" in listener.states[-1].reason


async def test_what_came_in_place_of_an_answer_is_asked_about_once_more() -> None:
    timing = link.Timing(first_retry_seconds=0.01, ping_seconds=0.3)
    async with peer.Peer() as exchange, linked.linked(exchange, timing=timing) as (_, listener):
        exchange.mute, asked = True, exchange.pings
        await exchange.until(lambda: exchange.pings > asked)
        exchange.write(peer.event("PeerStatus", Peer="PJSIP/1"))
        await listener.phase("down")
        assert "no sign of life" in listener.states[-1].reason
        assert exchange.pings == asked + 2


def test_a_half_open_connection_is_noticed_within_five_seconds_by_default() -> None:
    assert 2 * link.Timing().ping_seconds <= 5


async def test_a_busy_exchange_that_is_late_with_its_pong_is_not_taken_for_dead() -> None:
    timing = link.Timing(ping_seconds=0.2)
    async with peer.Peer() as exchange:
        exchange.answers["Ping"] = lambda action: peer.event("Newstate")
        async with linked.linked(exchange, timing=timing) as (_, listener):
            await exchange.until(lambda: exchange.pings == 4)
            assert listener.phases == ["connecting", "up"]


async def test_close_ends_a_scheduled_reconnect_where_bare_panoramisk_comes_back() -> None:
    exchange = peer.Peer()
    async with exchange:
        async with (
            linked.linked(exchange) as (connected, listener),
            linked.bare(exchange) as manager,
        ):
            await exchange.__aexit__()
            await listener.phase("down")
            await connected.close()
            manager.close()
            exchange.actions.clear()
            await exchange.__aenter__()
            await exchange.until(lambda: exchange.named("Login"))
            manager.ended = True
        assert {a["Username"] for a in exchange.named("Login")} == {"bare"}
    assert listener.phases[-1] == "stopped"


async def test_live_events_wait_for_the_snapshot_and_follow_it_in_order() -> None:
    story: list[str] = []
    listener = linked.Listener()

    async def seed(connected: link.AmiLink) -> None:
        reply = await connected.send(
            {"Action": "CoreShowChannels"}, until="CoreShowChannelsComplete"
        )
        story.extend(event.name for event in reply.events)

    def hear(pbx: str, messages: list[wire.Message]) -> None:
        story.extend(f"{m.name} {m.get('Uniqueid')}" for m in messages if m.name != "FullyBooted")
        listener.note()

    def channels(action: dict[str, str]) -> bytes:
        return (
            peer.event("Newchannel", Uniqueid="2")
            + b"Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\n"
            + b"Event: CoreShowChannel\r\nActionID: {id}\r\nUniqueid: 1\r\n\r\n"
            + peer.event("Hangup", Uniqueid="1")
            + b"Event: CoreShowChannelsComplete\r\nActionID: {id}\r\n\r\n"
            + peer.event("Hangup", Uniqueid="2")
        )

    async with peer.Peer() as exchange:
        exchange.answers["CoreShowChannels"] = channels
        async with linked.linked(exchange, on_messages=hear, on_up=seed):
            exchange.write(peer.event("Newchannel", Uniqueid="3"))
            await listener.until(lambda: len(story) == 6)
    snapshot = ["CoreShowChannel", "CoreShowChannelsComplete"]
    assert story == [*snapshot, "Newchannel 2", "Hangup 1", "Hangup 2", "Newchannel 3"]


async def test_every_sign_in_takes_a_new_snapshot_and_a_failing_one_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seeded: list[str] = []

    async def seed(connected: link.AmiLink) -> None:
        seeded.append(connected.state.phase)
        raise RuntimeError("no snapshot today")

    async with peer.Peer() as exchange, linked.linked(exchange, on_up=seed) as (_, listener):
        exchange.reset()
        await listener.phase("up", times=2)
        exchange.write(peer.event("Newchannel"))
        await listener.until(listener.names)
    assert seeded == ["connecting", "down"]
    assert "no snapshot today" in caplog.text


async def test_an_account_that_may_not_read_system_comes_up_without_fully_booted() -> None:
    timing = link.Timing(boot_seconds=0.01)
    async with peer.Peer() as exchange:
        exchange.booted = False
        async with linked.linked(exchange, timing=timing) as (connected, _):
            await connected.send({"Action": "CoreStatus"})


async def test_an_exchange_that_was_still_loading_is_looked_at_again_when_it_has_booted() -> None:
    seeds: list[int] = []
    listener = linked.Listener()

    async def seed(connected: link.AmiLink) -> None:
        seeds.append(len(listener.messages))
        listener.note()

    timing = link.Timing(boot_seconds=0.01, ping_seconds=0.05)
    async with peer.Peer() as exchange:
        exchange.booted = False
        async with linked.linked(exchange, timing=timing, on_up=seed):
            exchange.write(peer.BOOTED)
            await listener.until(lambda: len(seeds) == 2)


async def test_a_shutdown_is_told_as_the_reason() -> None:
    async with peer.Peer() as exchange, linked.linked(exchange) as (_, listener):
        exchange.write(peer.event("Shutdown", Shutdown="Cleanly", Restart="False"))
        await listener.until(listener.names)
        exchange.reset()
        await listener.phase("down")
        assert listener.states[2].reason == "the exchange is shutting down"


async def test_a_header_of_a_megabyte_is_logged_with_its_linkedid_and_the_stream_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with peer.Peer() as exchange, linked.linked(exchange) as (connected, listener):
        exchange.write(peer.event("Newexten", Linkedid="17.4", AppData="x" * 2_000_000))
        exchange.write(peer.event("Hangup"))
        await listener.until(listener.names)
        assert listener.names() == ["Hangup"]
    assert re.search(r"discarded a message .* Linkedid '17.4'", caplog.text)
    assert connected.oversized == 1


async def test_a_link_knows_when_it_heard_the_last_byte_also_after_it_was_lost() -> None:
    timing = link.Timing(ping_seconds=0.2, first_retry_seconds=60)
    async with peer.Peer() as exchange, linked.linked(exchange, timing=timing) as (up, listener):
        exchange.write(peer.event("Hangup"))
        await listener.until(lambda: listener.names() == ["Hangup"])
        exchange.mute = True
        heard = up.heard_at
        await listener.phase("down")
        assert heard <= up.heard_at <= up.state.since - timing.ping_seconds
