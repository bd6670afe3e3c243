"""Recordings begun by us: on a real exchange whose dialplan records nothing, once a call, whatever breaks meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter import errors, settings
from callcenter.crm import audit
from callcenter.demo import parties
from callcenter.telephony import facts
from recordings import audio, mixmonitor, rulebook, store
from tests.pbx import stage as stages
from tests.pbx.stage import DANA, Stage
from tests.recordings.conftest import MakePlace
from tests.recordings.followed import Followed, settings_of

pytestmark = [pytest.mark.asterisk]

BARE, OUTSIDE = "+97237009999", "0509990001"
# Somebody else's dialplan: it answers, queues, dials, and knows nothing of recordings.
DIALPLAN = f"""
[from-trunk](+)
exten => {BARE},1,Answer()
 same => n,Queue(support,tk,,,60)
 same => n,Hangup()
[from-agents](+)
exten => {OUTSIDE},1,Dial(PJSIP/${{EXTEN}}@trunk,20)
 same => n,Hangup()
"""


@pytest.fixture(params=["22", "16"])
async def stage(
    request: pytest.FixtureRequest, asterisk: object, tmp_path: Path
) -> AsyncIterator[Stage]:
    """Set up an exchange with two phones; everybody has something to say."""
    folder = tmp_path / "pbx"
    phones = ("1001", "1002")
    async with stages.set_up(
        folder, phones=phones, version=request.param, dialplan=DIALPLAN
    ) as made:
        made.trunk.agent.voice = parties.prompt(made.exchange, "vm-intro")
        for phone in made.phones.values():
            phone.agent.voice = parties.prompt(made.exchange, "demo-thanks")
        yield made


@pytest.fixture
async def followed(make_place: MakePlace, stage: Stage) -> AsyncIterator[Followed]:
    """Follow the exchange with the setting record = "ami"."""
    place = make_place()
    place.settings = place.settings.model_copy(update={"pbx": (settings_of(stage, record="ami"),)})
    made = Followed(place, stage)
    await made.start()
    yield made
    await made.stop()


async def test_a_queued_call_is_recorded_on_both_sides_without_a_word_in_the_dialplan(
    stage: Stage, followed: Followed
) -> None:
    customer = await stage.trunk.call(BARE, number=DANA, name="דנה;r(/etc/x)")
    agent = await stage.answered_by("1001")
    await stage.until(lambda: len(followed.started()) == 1)
    heard = customer.audio.packets, agent.audio.packets
    await stage.until(
        lambda: customer.audio.packets > heard[0] + 100 and agent.audio.packets > heard[1] + 100
    )
    await customer.hang_up()
    await stage.idle()
    await stage.until(lambda: any(isinstance(f, facts.CallEnded) for f in followed.facts))
    (row,) = followed.rows()
    assert (row.state, row.heard) == ("expected", "customer")
    assert Path(row.file).name.startswith(f"{row.linkedid}_")
    kept = await asyncio.to_thread(followed.place.fetched, row.id)
    assert (kept.state, kept.reason) == ("stored", "")
    assert set(kept.stored) == {"agent", "customer", "stereo"}
    both = audio.read(store.path_of(followed.place.settings, kept, "stereo")).samples
    assert abs(both[:, 0]).max() > 1_000 and abs(both[:, 1]).max() > 1_000


async def test_an_outgoing_call_is_recorded_from_the_answer_and_a_transfer_does_not_begin_anew(
    stage: Stage, followed: Followed
) -> None:
    stage.trunk.default = parties.ANSWERS
    agent = await stage.phones["1001"].dial(OUTSIDE)
    await stage.until(lambda: len(followed.started()) == 1)
    assert followed.started()[0].channel.startswith("PJSIP/trunk-")
    await agent.refer("1002")
    await stage.answered_by("1002")
    await stage.until(lambda: any(isinstance(f, facts.CallTransferred) for f in followed.facts))
    customer = next(iter(stage.trunk.agent.calls.values()))
    before = customer.audio.packets
    await stage.until(lambda: customer.audio.packets > before + 25)
    await customer.hang_up()
    await stage.idle()
    assert len(followed.rows()) == 1 == len(followed.started())


async def test_colleagues_are_not_recorded(stage: Stage, followed: Followed) -> None:
    call = await stage.phones["1001"].dial("1002")
    await stage.answered_by("1002")
    await stage.until(lambda: any(isinstance(f, facts.CallAnswered) for f in followed.facts))
    await call.hang_up()
    await stage.idle()
    await stage.until(lambda: any(isinstance(f, facts.CallEnded) for f in followed.facts))
    assert followed.rows() == []


@pytest.mark.parametrize("stage", ["22"], indirect=True)
async def test_a_queue_that_is_not_to_be_recorded_is_not_and_is_with_the_next_call_after_the_rule_changed(
    stage: Stage, followed: Followed
) -> None:
    by, queue = audit.By(None), ("queue", "main", "support")
    followed.place.database.call(rulebook.put, by, queue, record=False)
    customer = await stage.trunk.call(BARE, number=DANA)
    agent = await stage.answered_by("1001")
    await stage.until(lambda: any(isinstance(f, facts.CallAnswered) for f in followed.facts))
    heard = agent.audio.packets
    await stage.until(lambda: agent.audio.packets > heard + 50)
    await customer.hang_up()
    await stage.idle()
    await stage.until(lambda: any(isinstance(f, facts.CallEnded) for f in followed.facts))
    assert followed.rows() == []
    followed.place.database.call(rulebook.put, by, queue, record=True)
    customer = await stage.trunk.call(BARE, number=DANA)
    await stage.answered_by("1001")
    await stage.until(lambda: len(followed.started()) == 1)
    await customer.hang_up()
    await stage.idle()


@pytest.mark.parametrize("stage", ["22"], indirect=True)
async def test_what_is_recorded_ends_where_the_call_goes_on_to_a_queue_that_is_not(
    stage: Stage, followed: Followed
) -> None:
    followed.place.database.call(
        rulebook.put, audit.By(None), ("queue", "main", "sales"), record=False
    )
    customer = await stage.trunk.call(BARE, number=DANA)
    agent = await stage.answered_by("1001")
    await stage.until(lambda: len(followed.started()) == 1)
    heard = agent.audio.packets
    await stage.until(lambda: agent.audio.packets > heard + 50)
    bridged = await stage.manager.wait_for(
        "BridgeEnter", lambda e: e["Channel"].startswith("PJSIP/1001-"), since=0
    )
    own = bridged["Channel"]
    await stage.manager.send("BlindTransfer", Channel=own, Context="from-agents", Exten="sales")
    await stage.until(lambda: any(isinstance(f, facts.RecordingStopped) for f in followed.facts))
    assert not any(isinstance(f, facts.CallEnded) for f in followed.facts), "the call goes on"
    await customer.hang_up()
    await stage.idle()
    (row,) = followed.rows()
    kept = await asyncio.to_thread(followed.place.fetched, row.id)
    assert (kept.state, kept.reason) == ("stored", "")


async def test_a_new_process_finds_a_call_that_is_recorded_already_and_leaves_it_so(
    stage: Stage, followed: Followed
) -> None:
    customer = await stage.trunk.call(BARE, number=DANA)
    await stage.answered_by("1001")
    await stage.until(lambda: len(followed.started()) == 1)
    await followed.stop()
    again = Followed(followed.place, stage)
    since = len(stage.manager.events)
    await again.start()
    try:
        await stage.until(lambda: any(isinstance(f, facts.CallAnswered) for f in again.facts))
        # The next answer to anything comes after the answer to the question whether it is recorded.
        await again.board.line("main").link.send({"Action": "Ping"})
        await customer.hang_up()
        await stage.idle()
        await stage.until(lambda: any(isinstance(f, facts.CallEnded) for f in again.facts))
        assert len(again.rows()) == 1
    finally:
        await again.stop()
    told = [e for e in stage.manager.events[since:] if e.get("Variable") == "MIXMONITOR_FILENAME"]
    assert told == []


@pytest.mark.parametrize("stage", ["22"], indirect=True)
async def test_an_account_that_may_not_record_leaves_a_row_that_says_so(
    stage: Stage, followed: Followed
) -> None:
    await followed.stop()
    conf = stage.exchange.etc / "manager.conf"
    conf.write_text(
        conf.read_text().replace(
            "write = call,originate,agent,reporting,system",
            "write = call,originate,agent,reporting",
        )
    )
    await stage.exchange.cli("manager reload")
    limited = Followed(followed.place, stage)
    await limited.start()
    try:
        customer = await stage.trunk.call(BARE, number=DANA)
        await stage.answered_by("1001")
        await stage.until(lambda: bool(limited.rows()))
        (row,) = limited.rows()
        assert row.state == "failed" and row.reason.startswith("not_started: ")
        assert "ermission" in row.reason
        await customer.hang_up()
        await stage.idle()
        await stage.until(lambda: any(isinstance(f, facts.CallEnded) for f in limited.facts))
        assert limited.rows()[0].state == "failed"
    finally:
        await limited.stop()


@pytest.mark.parametrize("stage", ["22"], indirect=True)
async def test_a_call_answered_while_the_link_is_away_is_recorded_when_it_is_back(
    stage: Stage, followed: Followed
) -> None:
    link = followed.board.line("main").link
    customer = await stage.trunk.call(BARE, number=DANA)
    ringing = await stage.phones["1001"].next_call()
    await link.close()
    await ringing.answer()
    await stage.bridged("PJSIP/1001-")
    assert followed.rows() == []
    link.start()
    await stage.until(lambda: len(followed.started()) == 1)
    await customer.hang_up()
    await stage.idle()
    assert len(followed.rows()) == 1


@pytest.mark.parametrize("stage", ["22"], indirect=True)
async def test_a_link_that_breaks_at_the_answer_is_waited_for(
    stage: Stage, followed: Followed
) -> None:
    link = followed.board.line("main").link

    async def cut(_pbx: str, fact: facts.Fact) -> None:
        if isinstance(fact, facts.CallAnswered):
            await link.close()

    followed.board.subscribers.insert(0, cut)
    customer = await stage.trunk.call(BARE, number=DANA)
    await stage.answered_by("1001")
    await stage.until(lambda: followed.board.status()[0].state == "stopped")
    followed.board.subscribers.remove(cut)
    assert followed.started() == []
    link.start()
    await stage.until(lambda: len(followed.started()) == 1)
    await customer.hang_up()
    await stage.idle()
    assert len(followed.rows()) == 1


def test_names_hold_nothing_that_an_option_or_a_path_could_be_made_of() -> None:
    pbx = settings.Pbx(recordings="/here", recordings_remote="/there/monitor/", record="ami")
    file = mixmonitor.path(pbx, "../../etc,r(x)\r\nAction", "1.2")
    assert file == "/there/monitor/.._.._etc_r_x___Action_1.2"
    assert mixmonitor.options("/m/a") == "bSr(/m/a-customer.wav)t(/m/a-agent.wav)"


def test_recording_by_ami_without_a_folder_is_a_setting_to_mend(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[[pbx]]\nrecord = "ami"\n')
    with pytest.raises(errors.BadSetting, match="needs recordings"):
        settings.load(file)
