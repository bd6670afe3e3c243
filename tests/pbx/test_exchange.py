"""The exchange that everything else is tested on."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import re
import wave
from pathlib import Path

import pytest

from callcenter import errors
from callcenter.demo import exchange, manager, parties, rtp
from callcenter.telephony import record
from tests.pbx import fixtures
from tests.pbx.stage import DANA, DIRECT, SUPPORT

pytestmark = pytest.mark.asterisk


def loudness(path: Path) -> float:
    """Mean of the samples' sizes."""
    with wave.open(str(path), "rb") as file:
        samples = memoryview(file.readframes(file.getnframes())).cast("h")
    return sum(abs(sample) for sample in samples) / max(len(samples), 1)


def whole(path: Path) -> bool:
    """Tell whether a wav's header agrees with its size, as it does only after the last write."""
    data = path.read_bytes()
    return len(data) > 44 and int.from_bytes(data[40:44], "little") == len(data) - 44


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_queue_call_is_recorded_with_both_sides_apart(set_up: fixtures.SetUp) -> None:
    s = await set_up("1001")
    s.trunk.agent.voice = parties.prompt(s.exchange, "basic-pbx-ivr-main")
    customer = await s.trunk.call(SUPPORT, number=DANA, name="דנה לוי")
    agent = await s.phones["1001"].next_call()
    assert '"דנה לוי"' in agent.caller and DANA in agent.caller
    await agent.answer()
    await s.until(lambda: agent.audio.packets > 75)
    await customer.hang_up()
    await s.idle()

    mixed = await s.manager.wait_for("VarSet", Variable="MIXMONITOR_FILENAME")
    stem = Path(mixed["Value"]).with_suffix("")
    assert stem.name == f"{mixed['Linkedid']}_{mixed['Uniqueid']}"
    heard, silent = (
        stem.with_name(f"{stem.name}-customer.wav"),
        stem.with_name(f"{stem.name}-agent.wav"),
    )
    # Asterisk says no MixMonitorStop when a channel ends: the header tells that a file is whole.
    await s.until(lambda: whole(heard) and whole(silent))
    assert loudness(heard) > 200
    # A late packet on a busy host can leave a sample or two that are not quite zero.
    assert loudness(silent) < 1
    assert customer.audio.packets == 0


async def test_an_exchange_stops_and_leaves_no_process(
    start_exchange: fixtures.StartExchange,
) -> None:
    pbx = await start_exchange()
    pid = pbx.pid
    assert pid and alive(pid)
    await pbx.stop()
    assert pbx.pid is None and not alive(pid)


async def test_a_killed_exchange_starts_again_on_its_ports(
    start_exchange: fixtures.StartExchange,
) -> None:
    pbx = await start_exchange()
    first = pbx.pid
    await pbx.kill()
    await pbx.start()
    assert pbx.pid != first
    async with await pbx.manager() as signed_in:
        assert await signed_in.send("Ping")


async def test_two_exchanges_run_side_by_side(start_exchange: fixtures.StartExchange) -> None:
    one, other = await start_exchange(), await start_exchange()
    assert one.pid != other.pid
    assert "1001" in await one.cli("pjsip show endpoints")
    assert "1001" in await other.cli("pjsip show endpoints")


async def test_a_wrong_secret_is_refused_by_manager_and_recorder(
    start_exchange: fixtures.StartExchange, tmp_path: Path
) -> None:
    pbx = await start_exchange()
    with pytest.raises(errors.ActionRefused):
        await manager.connect(pbx.host, pbx.ami_port, username=pbx.ami_user, secret="wrong")
    with pytest.raises(errors.ActionRefused):
        await record.record(
            pbx.host, pbx.ami_port, pbx.ami_user, "wrong", tmp_path / "a.ami", stop=asyncio.Event()
        )


async def test_the_recorder_keeps_names_whole_and_goes_on_after_a_restart(
    set_up: fixtures.SetUp, tmp_path: Path
) -> None:
    s = await set_up("1001")
    out, stop, ready = tmp_path / "log.ami", asyncio.Event(), asyncio.Event()
    pbx = s.exchange
    recording = asyncio.create_task(
        record.record(
            pbx.host, pbx.ami_port, pbx.ami_user, pbx.ami_secret, out, stop=stop, ready=ready
        )
    )
    await ready.wait()
    await s.trunk.call(DIRECT, number=DANA, name="משה כהן")
    await s.phones["1001"].next_call()
    await s.until(lambda: "CallerIDName: משה כהן".encode() in out.read_bytes())
    await pbx.kill()
    await pbx.start()
    await s.until(lambda: out.read_bytes().count(b"Event: FullyBooted") == 2)
    stop.set()
    written = await recording
    data = out.read_bytes()
    assert written == len(data)
    assert len(re.findall(rb"^Asterisk Call Manager/", data, re.M)) == 2
    assert pbx.ami_secret.encode() not in data


async def test_an_exchange_whose_ports_were_taken_meanwhile_takes_others(
    start_exchange: fixtures.StartExchange, tmp_path: Path
) -> None:
    first = await start_exchange()
    second = exchange.Exchange(tmp_path / "second")
    second.ami_port, second.sip_port = first.ami_port, first.sip_port
    async with second:
        assert second.ami_port != first.ami_port
        assert second.sip_port != first.sip_port
        async with parties.Phone(second, "1001"):
            pass


async def test_an_exchange_that_cannot_start_says_why_and_leaves_no_process(
    asterisk: object, tmp_path: Path
) -> None:
    broken = exchange.Exchange(tmp_path / "broken")
    broken.programs = dataclasses.replace(broken.programs, asterisk=("false",))
    with pytest.raises(exchange.ExchangeFailed, match="did not start"):
        await broken.start()
    assert broken.pid is None


def test_mulaw_survives_the_way_there_and_back() -> None:
    codes = bytes(code for code in range(256) if code != 0x7F)  # 0x7F is the second zero
    assert rtp.encode(rtp.decode(codes)) == codes
