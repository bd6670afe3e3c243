"""Every recorded log against what truly happened in it, and against its reviewed facts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from callcenter import replay
from callcenter.telephony import roles
from tests.pbx import scenarios

AMI = Path(__file__).parents[1] / "ami"
LOGS = sorted(AMI.glob("*.ami"))
IDS = [log.name for log in LOGS]


def calls(log: Path) -> list[dict[str, Any]]:
    stream = replay.messages(log)
    return [json.loads(replay.line(record)) for record in replay.records(stream, roles.Roles())]


def differences(call: dict[str, Any], truth: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    seen = dict(call)
    seen["participants"] = {p["extension"]: p["outcome"] for p in call["participants"]}
    seen["transfers"] = [{k: t[k] for k in ("kind", "by", "to")} for t in call["transfers"]]
    answered = [p for p in call["participants"] if p["answered"] is not None]
    first = min(answered, key=lambda p: p["answered"])["extension"] if answered else None
    outside = call["direction"] == "outbound" and truth.get("answered_by") == call["to"]
    spoke = call["to"] if outside else first
    seen["answered_by"] = spoke if call["answered"] is not None else None
    return {k: (seen.get(k), v) for k, v in truth.items() if seen.get(k) != v}


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_a_log_gives_the_calls_that_truly_happened(log: Path) -> None:
    name = log.name.split(".")[0]
    truths = scenarios.SCENARIOS[name].expect
    found = calls(log)
    assert len(found) == len(truths)
    for truth in truths:
        closest = min(found, key=lambda call: len(differences(call, truth)))
        assert not differences(closest, truth)
        found.remove(closest)


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_a_log_gives_its_reviewed_facts(log: Path) -> None:
    reviewed = log.with_suffix(".facts").read_text(encoding="utf-8").splitlines()
    assert [
        replay.fact_line(f) for f in replay.told(replay.messages(log), roles.Roles())
    ] == reviewed


def test_every_reviewed_file_has_its_log() -> None:
    assert {f.stem for f in AMI.glob("*.facts")} == {f.stem for f in LOGS}


def run(*args: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "callcenter", "replay", *args]
    return subprocess.run(program, capture_output=True, text=True, encoding="utf-8", check=False)


def test_the_command_prints_one_object_a_line_with_every_key_of_the_contract() -> None:
    done = run(str(AMI / "queue_two_callers_at_once.ami"), "--json")
    assert done.returncode == 0, done.stderr
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(printed) == 2
    assert all(list(call) == list(replay.KEYS) for call in printed)
    assert [call["started"] for call in printed] == sorted(call["started"] for call in printed)


def test_a_file_that_is_not_ami_exits_with_two(tmp_path: Path) -> None:
    for content in (b"", b"%PDF-1.7 \x00\xff", b"Hello\n\nworld\n", b'{"a": 1}\n', b"[1, 2"):
        file = tmp_path / "odd"
        file.write_bytes(content)
        done = run(str(file))
        assert done.returncode == 2, content
        assert "Traceback" not in done.stderr
    assert run(str(tmp_path / "absent")).returncode == 2


def test_trunks_and_phones_can_be_named(tmp_path: Path) -> None:
    log = AMI / "direct_inbound.ami"
    turned = run(str(log), "--trunk", "PJSIP/1001-*", "--phone", "PJSIP/trunk-*")
    assert json.loads(turned.stdout)["direction"] == "outbound"
    config = tmp_path / "callcenter.toml"
    config.write_text('[[pbx]]\ntrunks = ["PJSIP/trunk-*"]\nphones = ["PJSIP/1???-*"]\n')
    assert json.loads(run(str(log), "--config", str(config)).stdout)["direction"] == "inbound"


def test_header_objects_give_what_the_bytes_give(tmp_path: Path) -> None:
    log = AMI / "queue_answered_agent_hangs_up.ami"
    objects = [message.headers for message in replay.messages(log)]
    spelled = [json.dumps(o) for o in objects]
    lower = [json.dumps({k.lower(): v for k, v in o.items()}) for o in objects]
    for name, text in {
        "lines": "\n".join(spelled), "list": "[" + ",".join(spelled) + "]", "lower": "\n".join(lower),
    }.items():  # fmt: skip
        file = tmp_path / name
        file.write_text(text)
        assert calls(file) == calls(log), name


def test_calls_that_still_run_at_the_end_are_lost(tmp_path: Path) -> None:
    data = (AMI / "direct_inbound.ami").read_bytes()
    cut = tmp_path / "cut.ami"
    cut.write_bytes(data[: data.index(b"Event: HangupRequest")])
    (call,) = calls(cut)
    assert (call["result"], call["ended"], call["hangup_by"]) == ("lost", None, None)
    assert call["answered"] is not None


def test_bytes_of_any_kind_between_the_events_do_no_harm(tmp_path: Path) -> None:
    data = (AMI / "queue_hebrew_name.ami").read_bytes()
    odd = tmp_path / "odd.ami"
    odd.write_bytes(
        data.replace(b"\r\n\r\nEvent: Newstate", b"\r\n\r\n\xff\xfe\x00: \xd7\r\n\r\nEvent: Newstate")
        .replace(b"Event: Newchannel\r\n", b"Event: Newchannel\r\nOdd: " + b"x" * 70_000 + b"\r\n")
    )  # fmt: skip
    assert calls(odd) == calls(AMI / "queue_hebrew_name.ami")
