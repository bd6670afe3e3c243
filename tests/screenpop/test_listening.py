"""Listening on a real Asterisk: who hears whom, by tones, who may, what is written, and that no call comes of it."""

from __future__ import annotations

import array
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from callcenter import errors, models
from callcenter.crm import agents, listening, shift
from callcenter.demo import parties, rtp
from callcenter.demo.sipcall import Call
from tests.pbx.fixtures import SetUp
from tests.pbx.stage import DANA, QUICK, SUPPORT
from tests.screenpop import real

pytestmark = pytest.mark.asterisk
AGENT, CUSTOMER, BOSS = 500, 1100, 1900  # Hz: whose voice it is
FRESH = 8000  # samples of what was heard last


def tone(hertz: int) -> bytes:
    """Make a second of a voice that can be told from the others."""
    wave = (int(9000 * math.sin(2 * math.pi * hertz * i / 8000)) for i in range(8000))
    return rtp.encode(array.array("h", wave))


def hears(call: Call, hertz: int) -> bool:
    """Say whether a voice is in what was heard within the last half second."""
    samples = rtp.decode(bytes(call.audio.heard[-FRESH // 2 :]))
    if len(samples) < FRESH // 2:
        return False
    real_, imaginary = (
        sum(s * turn(2 * math.pi * hertz * i / 8000) for i, s in enumerate(samples))
        for turn in (math.cos, math.sin)
    )
    return math.hypot(real_, imaginary) / len(samples) > 400


@pytest.fixture
async def stand(set_up: SetUp, tmp_path: Path) -> AsyncIterator[real.RealStand]:
    stage = await set_up("1001", "1002", "1005", timing=QUICK)
    voices = (stage.phones["1001"], AGENT), (stage.trunk, CUSTOMER), (stage.phones["1005"], BOSS)
    for party, hertz in voices:
        party.agent.voice = tone(hertz)
    async with real.standing(stage, tmp_path) as standing:
        boss = standing.user("1005")
        with standing.database.session() as session:
            session.get_one(models.User, boss).role = "supervisor"
            member = session.scalars(
                select(models.Membership).where(models.Membership.user_id == boss)
            ).one()
            member.leads = True
        await standing.center.refresh()
        yield standing


async def talking(stand: real.RealStand) -> tuple[Call, Call]:
    """Let Dana talk with the agent at 1001; return the customer's and the agent's side."""
    await shift.become(stand.center, stand.user("1001"), agents.State.READY)
    dana = await stand.stage.trunk.call(SUPPORT, number=DANA, name="Dana")
    agent = await stand.stage.answered_by("1001")
    await stand.until(lambda: stand.state("1001") is agents.State.TALKING)
    await stand.until(lambda: hears(dana, AGENT) and hears(agent, CUSTOMER))
    return dana, agent


def audits(stand: real.RealStand, action: str = "call_listen") -> list[models.Audit]:
    with stand.database.session() as session:
        rows = session.scalars(
            select(models.Audit).where(models.Audit.action == action).order_by(models.Audit.id)
        ).all()
        session.expunge_all()
        return list(rows)


async def test_a_supervisor_hears_both_whispers_to_one_and_barges_in(stand: real.RealStand) -> None:
    dana, agent = await talking(stand)
    boss, who = stand.user("1005"), stand.user("1001")
    ears = stand.floor.listening
    await ears.begin(boss, who, "listen")
    heard = await stand.stage.answered_by("1005")
    await stand.until(lambda: hears(heard, AGENT) and hears(heard, CUSTOMER))
    assert not hears(agent, BOSS) and not hears(dana, BOSS)
    assert [(ear.user_id, ear.mode, ear.since is not None) for ear in ears.at(who)] == [
        (boss, "listen", True)
    ]

    await ears.begin(boss, who, "whisper")
    assert heard.ended.is_set()
    heard = await stand.stage.answered_by("1005")
    await stand.until(lambda: hears(agent, BOSS) and hears(heard, CUSTOMER))
    await stand.stage.talk()
    assert not hears(dana, BOSS) and hears(dana, AGENT) and hears(agent, CUSTOMER)

    await ears.begin(boss, who, "barge")
    heard = await stand.stage.answered_by("1005")
    await stand.until(lambda: hears(agent, BOSS) and hears(dana, BOSS))

    await dana.hang_up()
    await heard.ended.wait()
    await stand.until(lambda: not ears.at(who))
    await stand.stage.idle()
    await stand.until(lambda: len(audits(stand, "call_listen_end")) == 3)
    assert len(audits(stand)) == 3
    rows = audits(stand, "call_listen_end")
    assert [(row.user_id, row.detail["agent_id"], row.detail["mode"]) for row in rows] == [
        (boss, who, mode) for mode in ("listen", "whisper", "barge")
    ]
    assert all(row.detail["from"] < row.detail["to"] for row in rows)
    await stand.center.written()
    with stand.database.session() as session:
        call = session.scalars(select(models.Call)).one()
        assert (call.result, [p.extension for p in call.participants]) == ("answered", ["1001"])
        assert {row.object_id for row in rows} == {str(call.id)}
    assert stand.center.board.lines["main"].tracker.is_empty()
    assert stand.state("1005") is agents.State.OFFLINE


async def test_refusals_say_why(stand: real.RealStand) -> None:
    boss, who, other = stand.user("1005"), stand.user("1001"), stand.user("1002")
    ears = stand.floor.listening
    with pytest.raises(listening.Refused, match="nobody_talks"):
        await ears.begin(boss, who, "listen")
    dana, _ = await talking(stand)
    for nosy in (other, who):  # a colleague, oneself
        with pytest.raises(errors.NotFound):
            await ears.begin(nosy, who, "listen")
    with stand.database.session() as session:
        team = models.Team(name="sales")
        session.add(team)
        session.flush()
        query = select(models.Membership).where(models.Membership.user_id == who)
        session.scalars(query).one().team_id = team.id
    await stand.center.refresh()
    with pytest.raises(errors.NotFound):  # of another team now
        await ears.begin(boss, who, "listen")
    assert audits(stand) == []
    with stand.database.session() as session:
        session.scalars(query).one().team_id = 1
    await stand.center.refresh()

    browser = await stand.browser(boss)
    stand.stage.phones["1005"].behaviour = parties.BUSY
    await ears.begin(boss, who, "listen")
    await browser.next("notice", code="own_phone_busy")
    stand.stage.phones["1005"].behaviour = parties.RINGS_ON
    await ears.begin(boss, who, "listen")
    ringing = await stand.stage.phones["1005"].next_call()
    ringing = (
        ringing if not ringing.ended.is_set() else await stand.stage.phones["1005"].next_call()
    )
    await dana.hang_up()  # the call ends while the phone still rings
    await ringing.ended.wait()
    await stand.until(lambda: not ears.at(who))
    await stand.stage.phones["1005"].unplug()
    await stand.until(
        lambda: stand.center.board.lines["main"].board.reachable("PJSIP/1005") is False
    )
    stand.center.finish_wrapup(who)
    await talking(stand)
    with pytest.raises(listening.Refused, match="phone_unreachable"):
        await ears.begin(boss, who, "listen")
