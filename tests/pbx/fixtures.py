"""A real Asterisk for tests: `set_up` gives an exchange with its trunk and the phones that a test asks for, `start_exchange` a bare one.

Where no Asterisk can be had, tests that need one are skipped with the reason, and fail when CI=true.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from callcenter.demo import exchange, fetch
from tests.pbx import stage as stages

SetUp = Callable[..., Awaitable[stages.Stage]]
StartExchange = Callable[..., Awaitable[exchange.Exchange]]


@pytest.fixture(scope="session")
def asterisk() -> fetch.Programs:
    """Bring Asterisk and SIPp, or say why they cannot be had."""
    try:
        return fetch.fetch()
    except (fetch.NoExchange, OSError) as problem:
        pytest.skip(f"NO ASTERISK, NOT TESTED: {problem}")


@pytest.fixture
async def start_exchange(asterisk: fetch.Programs, tmp_path: Path) -> AsyncIterator[StartExchange]:
    """Start exchanges, each in a folder of its own on free ports, with `Exchange`'s own arguments."""
    async with contextlib.AsyncExitStack() as stack:
        count = 0

        async def start(
            *, version: str | None = None, timing: exchange.Timing = stages.USUAL
        ) -> exchange.Exchange:
            nonlocal count
            count += 1
            started = exchange.Exchange(tmp_path / f"pbx{count}", version=version, timing=timing)
            return await stack.enter_async_context(started)

        yield start


@pytest.fixture
async def set_up(asterisk: fetch.Programs, tmp_path: Path) -> AsyncIterator[SetUp]:
    """Set up a stage: an exchange, a manager connection to steer it, a trunk, and phones by extension."""
    async with contextlib.AsyncExitStack() as stack:
        count = 0

        async def begin(
            *phones: str, version: str | None = None, timing: exchange.Timing = stages.USUAL
        ) -> stages.Stage:
            nonlocal count
            count += 1
            folder = tmp_path / f"pbx{count}"
            return await stack.enter_async_context(
                stages.set_up(folder, phones=phones, timing=timing, version=version)
            )

        yield begin
