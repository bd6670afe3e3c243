"""The monitor on real parts: a worker that is killed, a Redis that is not there, an exchange that tells only half."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from pydantic import SecretStr

from callcenter import settings
from callcenter.demo import ports
from callcenter.telephony import facts
from recordings import worker
from tests.screenpop import stand
from tests.telephony import peer
from tests.web import product


def pbx_of(exchange: peer.Peer) -> settings.Pbx:
    stand.answer_lists(exchange)
    return settings.Pbx(
        port=exchange.port, secret=SecretStr(exchange.secret), trunks=("PJSIP/trunk-*",)
    )


async def until_codes(made: product.Product, *codes: str) -> None:
    """Wait until exactly these troubles are told."""
    async with asyncio.timeout(60):
        while [one.code for one in made.monitor.troubles] != list(codes):
            await asyncio.sleep(0.05)


async def test_a_worker_that_is_killed_is_missed_until_it_was_started_again(
    tmp_path: Path,
) -> None:
    async with (
        peer.Peer() as exchange,
        product.running(tmp_path, pbx_of(exchange)) as made,
    ):
        told = settings.Settings.model_validate(
            {"database": {"url": str(made.database.url)}, "recordings": {"folder": str(tmp_path)}}
        )
        child = await asyncio.to_thread(worker.spawn, told)
        try:
            made.monitor.workers.append(child)
            await until_codes(made)
            first = child.pid
            os.kill(first, signal.SIGKILL)
            await until_codes(made, "workers")
            await until_codes(made)
            assert child.alive and child.pid != first
        finally:
            made.monitor.workers.clear()
            await asyncio.to_thread(child.stop)


async def test_a_redis_that_cannot_be_reached_is_named_with_its_setting(tmp_path: Path) -> None:
    web = {"redis_url": f"redis://127.0.0.1:{ports.tcp()}/0"}
    async with (
        peer.Peer() as exchange,
        product.running(tmp_path, pbx_of(exchange), web=web) as made,
    ):
        await until_codes(made, "redis")
        (trouble,) = made.monitor.troubles
        assert trouble.setting == "web.redis_url" and trouble.params["reason"]


async def test_what_the_exchange_will_not_tell_is_a_trouble_with_its_words(tmp_path: Path) -> None:
    async with peer.Peer() as exchange:
        refusal = "Response: Error\r\nActionID: {id}\r\nMessage: Permission denied\r\n\r\n"
        exchange.answers["QueueStatus"] = lambda _: refusal
        async with product.running(tmp_path, pbx_of(exchange)) as made:
            await until_codes(made, "snapshot")
            missing = made.monitor.troubles[0].params["missing"]
            assert missing == "QueueStatus: Permission denied"


async def test_a_part_that_fails_at_a_fact_is_counted_and_the_call_goes_on(tmp_path: Path) -> None:
    def broken(_pbx: str, fact: facts.Fact) -> None:
        if isinstance(fact, facts.CallRinging):
            raise RuntimeError("not today")

    async with (
        peer.Peer() as exchange,
        product.running(tmp_path, pbx_of(exchange)) as made,
    ):
        board = made.monitor.board
        assert board is not None and made.monitor.floor is not None
        board.subscribers.insert(0, broken)
        await exchange.until(lambda: board.lines["main"].signed_in)
        exchange.write(stand.events_of("direct_inbound"))
        async with asyncio.timeout(30):
            while not board.failures or board.lines["main"].status().waiting:
                await asyncio.sleep(0.01)
        assert board.failures == 1
        await made.monitor.floor.center.written()
        assert made.monitor.floor.center.writer.written > 0
