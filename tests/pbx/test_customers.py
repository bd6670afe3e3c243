"""SIPp, a program that is not ours, plays customers against the exchange; and our own soft phones are held against it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from callcenter.demo import callers, parties
from tests.pbx import fixtures
from tests.pbx.stage import DANA, DAVID, SUPPORT

pytestmark = pytest.mark.asterisk


async def test_sipp_calls_speaks_and_hangs_up(set_up: fixtures.SetUp, tmp_path: Path) -> None:
    s = await set_up("1001")
    voice = callers.mulaw_file(s.exchange.sounds / "vm-intro.wav", tmp_path / "voice.wav")
    sipp = callers.Callers(s.exchange, tmp_path / "sipp")
    who = callers.Customer(DANA, "דנה לוי")
    calling = asyncio.create_task(sipp.call(who, SUPPORT, talk_seconds=2.0, voice=voice))
    agent = await s.answered_by("1001")
    assert '"דנה לוי"' in agent.caller and DANA in agent.caller
    await agent.ended.wait()
    assert await calling == 0
    assert len(set(agent.audio.heard)) > 16, "no speech was heard"
    await s.idle()


async def test_sipp_takes_it_well_when_the_agent_hangs_up(
    set_up: fixtures.SetUp, tmp_path: Path
) -> None:
    s = await set_up("1001")
    voice = callers.mulaw_file(s.exchange.sounds / "vm-intro.wav", tmp_path / "voice.wav")
    sipp = callers.Callers(s.exchange, tmp_path / "sipp")
    calling = asyncio.create_task(
        sipp.call(callers.Customer(""), SUPPORT, talk_seconds=60.0, voice=voice)
    )
    agent = await s.answered_by("1001")
    assert "anonymous" in agent.caller.lower()
    await s.bridged("PJSIP/1001-")
    await agent.hang_up()
    await s.idle()
    await asyncio.wait_for(calling, 30)


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [(parties.BUSY, 486), (parties.DECLINES, 603), (parties.NO_SUCH_NUMBER, 404)],
)
async def test_who_dials_out_hears_how_it_was_refused(
    set_up: fixtures.SetUp, behaviour: parties.Behaviour, status: int
) -> None:
    s = await set_up("1001")
    s.trunk.plan[DAVID] = behaviour
    call = await s.phones["1001"].dial(DAVID)
    await call.ended.wait()
    ended = await s.manager.wait_for("DialEnd")
    assert ended["DestChannel"].startswith("PJSIP/trunk-")
    assert call.status in (status, 403, 480, 486, 603, 404), call.status
    assert not call.answered.is_set()


async def test_one_side_of_a_live_call_streams_without_any_dialplan(set_up: fixtures.SetUp) -> None:
    s = await set_up("1001")
    s.trunk.agent.voice = parties.prompt(s.exchange, "basic-pbx-ivr-main")
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.read(3):
            body = await reader.readexactly(int.from_bytes(head[1:], "big"))
            if head[0] == 0x10:
                heard.put_nowait(body)
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    customer = await s.trunk.call(SUPPORT, number=DANA)
    await s.answered_by("1001")
    await s.bridged("PJSIP/1001-")
    await s.manager.send(
        "Originate",
        Channel=f"AudioSocket/127.0.0.1:{port}/40325ec2-5efd-4bd3-805f-53576e581d13",
        Application="ChanSpy",
        Data=f"{s.channel('PJSIP/trunk-')},oqES",
        Async="true",
    )
    loud = False
    while not loud:
        frame = await asyncio.wait_for(heard.get(), 30)
        loud = max(frame) > 0 and len(frame) == 320
    await customer.hang_up()
    await s.idle()
    server.close()
    await server.wait_closed()
