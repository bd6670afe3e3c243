"""A call through a real exchange, recorded with its two sides apart, stored and heard: the whole chain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from callcenter import models, settings
from callcenter.crm import calllog, writer
from callcenter.demo import parties
from callcenter.telephony import switchboard
from recordings import audio, expect, jobs, store, worker
from tests.pbx import fixtures
from tests.pbx.stage import DANA, SUPPORT, Stage
from tests.recordings import sounds
from tests.recordings.conftest import MakePlace, Place

pytestmark = [pytest.mark.asterisk, pytest.mark.vosk, pytest.mark.timeout(600)]


@pytest.fixture
async def stage(set_up: fixtures.SetUp) -> Stage:
    """Set up an exchange with an agent's phone; both sides have something to say."""
    made = await set_up("1001")
    made.trunk.agent.voice = parties.prompt(made.exchange, "basic-pbx-ivr-main")
    made.phones["1001"].agent.voice = parties.prompt(made.exchange, "demo-thanks")
    return made


@pytest.fixture
async def place(make_place: MakePlace, stage: Stage) -> AsyncIterator[Place]:
    """Follow that exchange with a call log and an expecter, as the product does."""
    pbx = stage.exchange
    made = make_place(models={"ko": str(sounds.model_folder())})
    followed = settings.Pbx(
        host=pbx.host, port=pbx.ami_port, username=pbx.ami_user, secret=SecretStr(pbx.ami_secret),
        trunks=("PJSIP/trunk-*",), recordings=str(pbx.recordings),
    )  # fmt: skip
    made.settings = made.settings.model_copy(update={"pbx": (followed,)})
    board = switchboard.Switchboard(made.settings.pbx)
    rows = writer.Writer(made.database)
    log = calllog.CallLog(rows, records=board.record, user_of=lambda *_: None)
    hints = jobs.Hints(made.settings)
    expecter = expect.Expecter(made.database, made.settings, hint=hints)
    board.subscribers += [log.on_fact, expecter.on_fact]
    await board.start()
    await stage.until(lambda: board.status()[0].state == "up")
    yield made
    await board.stop()
    expecter.close()
    log.write_stale()
    rows.close()
    hints.close()


async def test_a_call_is_recorded_on_both_sides_stored_heard_and_tied_to_its_row(
    stage: Stage, place: Place
) -> None:
    child = worker.spawn(place.settings)
    try:
        customer = await stage.trunk.call(SUPPORT, number=DANA, name="דנה <b>../לוי")
        agent = await stage.answered_by("1001")
        # Five seconds of either side's voice, counted by what has arrived.
        await stage.until(lambda: customer.audio.packets > 250 and agent.audio.packets > 250)
        await customer.hang_up()
        await stage.idle()
        await stage.until(lambda: bool(states(place)))
        async with asyncio.timeout(500):
            while states(place) != ["done"]:
                await asyncio.sleep(0.1)
    finally:
        child.stop()
    with place.database.session() as session:
        kept = session.query(models.Recording).one()
        call = session.get_one(models.Call, kept.call_id)
        assert (call.linkedid, call.queue, call.result) == (kept.linkedid, "support", "answered")
        assert kept.seconds and call.talk_seconds and abs(kept.seconds - call.talk_seconds) < 1.0
    assert set(kept.stored) == {"agent", "customer", "stereo"}
    both = audio.read(store.path_of(place.settings, kept, "stereo")).samples
    assert abs(both[:, 0]).max() > 1_000 and abs(both[:, 1]).max() > 1_000
    said = place.said(kept.id)
    assert {each.side for each in said} == {"agent", "customer"}
    assert [each.t0 for each in said] == sorted(each.t0 for each in said)
    assert not list(Path(stage.exchange.recordings).iterdir())


async def test_a_call_that_nobody_answers_has_no_recording_to_wait_for(
    stage: Stage, place: Place
) -> None:
    customer = await stage.trunk.call(SUPPORT, number=DANA)
    await stage.phones["1001"].next_call()
    await customer.hang_up()
    await stage.idle()
    await stage.until(lambda: ended(place))
    work = place.worker()
    work.sweep()
    with place.database.session() as session:
        recording_id = session.query(models.Recording).one().id
    await asyncio.to_thread(work.advance, recording_id)
    assert place.row(recording_id).state == "empty"


def states(place: Place) -> list[str]:
    with place.database.session() as session:
        return [each.state for each in session.query(models.Recording)]


def ended(place: Place) -> bool:
    """Say whether call and recording are both known to be over."""
    with place.database.session() as session:
        recordings, calls = session.query(models.Recording).all(), session.query(models.Call).all()
        return (
            bool(recordings and calls)
            and all(each.ended_at for each in recordings)
            and all(c.ended for c in calls)
        )
