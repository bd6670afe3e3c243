"""How well speech is heard through a real recorded call: MixMonitor, the store, a worker process, faster-whisper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from callcenter.demo import parties
from recordings import worker
from tests.pbx import fixtures
from tests.pbx.stage import Stage
from tests.recordings import sounds, wording
from tests.recordings.conftest import MakePlace
from tests.recordings.followed import Followed, settings_of

pytestmark = [pytest.mark.asterisk, pytest.mark.whisper, pytest.mark.timeout(600)]

SAYS = {"agent": ("demo-congrats",), "customer": ("demo-abouttotry", "demo-nogo")}
MOST_ERRORS = 0.06
SILENCE = b"\xff"
SECOND = 8_000  # bytes of mu-law


def voice(stage: Stage, prompts: tuple[str, ...]) -> bytes:
    """Make what somebody says in a call: a second of silence, the prompts, and silence to the end."""
    spoken = (parties.prompt(stage.exchange, name) + SILENCE * SECOND for name in prompts)
    return SILENCE * SECOND + b"".join(spoken) + SILENCE * SECOND * 120


@pytest.fixture
async def stage(set_up: fixtures.SetUp) -> Stage:
    """Set up an exchange with an agent's phone, and a customer who answers."""
    made = await set_up("1001")
    made.trunk.default = parties.ANSWERS
    made.phones["1001"].agent.voice = voice(made, SAYS["agent"])
    made.trunk.agent.voice = voice(made, SAYS["customer"])
    return made


@pytest.fixture
async def followed(make_place: MakePlace, stage: Stage) -> AsyncIterator[Followed]:
    """Follow the exchange, whose dialplan records, with a model of English."""
    place = make_place(models={"en": str(sounds.whisper_folder())}, language="en")
    place.settings = place.settings.model_copy(
        update={"pbx": (settings_of(stage, record="dialplan"),)}
    )
    made = Followed(place, stage)
    await made.start()
    yield made
    await made.stop()


async def test_at_most_six_words_of_a_hundred_are_heard_wrongly_in_a_recorded_call(
    stage: Stage, followed: Followed, capsys: pytest.CaptureFixture[str]
) -> None:
    agent = await stage.phones["1001"].dial("0501234567")
    customer = await stage.trunk.next_call()
    longest = max(len(voice(stage, prompts)) for prompts in SAYS.values()) - 118 * SECOND
    frames = longest // 160
    await stage.until(
        lambda: min(agent.audio.packets, customer.audio.packets) > frames, seconds=120
    )
    await agent.hang_up()
    await stage.idle()
    child = worker.spawn(followed.place.settings)
    try:
        async with asyncio.timeout(300):
            while [row.state for row in followed.rows()] != ["done"]:
                await asyncio.sleep(0.1)
    finally:
        child.stop()
    (row,) = followed.rows()
    wrong = words = 0
    for side, prompts in SAYS.items():
        expected = wording.plain(" ".join(wording.SPOKEN[name] for name in prompts))
        text = " ".join(each.text for each in followed.place.said(row.id) if each.side == side)
        mistakes = wording.errors(expected, wording.plain(text))
        with capsys.disabled():
            print(f"\n{side}: {mistakes} of {len(expected)} words wrong: {text}")
        wrong, words = wrong + mistakes, words + len(expected)
    with capsys.disabled():
        print(f"word error rate {wrong / words:.1%} over {words} words")
    assert wrong / words <= MOST_ERRORS
    assert row.language == "en"
