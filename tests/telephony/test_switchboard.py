"""Facts reach every subscriber in order, whatever one of them does, and a broken link leaves no call behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from callcenter import errors, settings
from callcenter.telephony import events, facts, switchboard
from tests.screenpop import stand as stands
from tests.telephony import linked, peer

SCENARIO = "queue_answered_caller_hangs_up"


class Heard(peer.Watch):
    """A subscriber that remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: list[facts.Fact] = []

    def on_fact(self, _pbx: str, fact: facts.Fact) -> None:
        self.facts.append(fact)
        self.note()

    def of(self, kind: type) -> list[Any]:
        return [fact for fact in self.facts if isinstance(fact, kind)]


@contextlib.asynccontextmanager
async def listening(
    *subscribers: switchboard.Subscriber,
) -> AsyncIterator[tuple[peer.Peer, switchboard.Switchboard]]:
    async with peer.Peer() as exchange:
        stands.answer_lists(exchange)
        pbx = settings.Pbx(port=exchange.port, secret=exchange.secret, trunks=("PJSIP/trunk-*",))
        board = switchboard.Switchboard((pbx,), timing=linked.QUICK)
        board.subscribers += subscribers
        up = peer.Watch()
        board.states.append(up.note)
        await board.start()
        try:
            await up.until(lambda: board.lines["main"].link.state.phase.value == "up")
            yield exchange, board
        finally:
            await board.stop()


async def test_a_subscriber_that_raises_is_passed_over_and_the_next_still_hears() -> None:
    def broken(_pbx: str, _fact: facts.Fact) -> None:
        raise RuntimeError("not today")

    heard = Heard()
    async with listening(broken, heard.on_fact) as (exchange, _):
        exchange.write(stands.events_of(SCENARIO))
        await heard.until(lambda: heard.of(facts.CallEnded))
        assert heard.of(facts.CallStarted)


async def test_an_event_that_cannot_be_taken_is_passed_over_and_the_present_asked_for_again() -> (
    None
):
    heard = Heard()
    async with listening(heard.on_fact) as (exchange, board):
        tracker = board.lines["main"].tracker
        take = tracker.feed

        def feed(event: events.Event) -> list[facts.CallFact]:
            if event.text("Variable") == "CC_POISON":
                raise RuntimeError("a fault of ours")
            return take(event)

        tracker.feed = feed  # type: ignore[method-assign]
        exchange.write("Event: VarSet\r\nVariable: CC_POISON\r\nValue: x\r\nUniqueid: 1.0\r\n\r\n")
        exchange.write(stands.events_of(SCENARIO))
        await heard.until(lambda: heard.of(facts.CallEnded))


async def test_a_slow_subscriber_keeps_the_order_for_those_behind_it() -> None:
    async def slow(_pbx: str, _fact: facts.Fact) -> None:
        await asyncio.sleep(0)

    first, last = Heard(), Heard()
    async with listening(first.on_fact, slow, last.on_fact) as (exchange, _):
        exchange.write(stands.events_of(SCENARIO))
        await last.until(lambda: last.of(facts.CallEnded))
        assert first.facts == last.facts


async def test_a_call_that_vanished_while_the_link_was_down_is_lost_once() -> None:
    heard = Heard()
    async with listening(heard.on_fact) as (exchange, board):
        whole = stands.events_of(SCENARIO)
        exchange.write(whole[: whole.index(b"Event: HangupRequest")])
        await heard.until(lambda: heard.of(facts.CallAnswered))
        exchange.reset()
        await heard.until(lambda: heard.of(facts.CallLost))
        line = board.lines["main"]
        assert line.tracker.is_empty()
        assert [f.record.result for f in heard.of(facts.CallLost)] == [facts.Result.LOST]
        assert not heard.of(facts.CallEnded)


async def test_each_line_says_how_it_is() -> None:
    async with listening() as (exchange, board):
        exchange.write(stands.events_of(SCENARIO))
        (status,) = board.status()
        assert (status.name, status.state) == ("main", "up")
        with pytest.raises(errors.LinkDown):
            board.line("elsewhere")
