"""Every recorded scenario comes out as those who steered the people in it wrote down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from callcenter import replay
from callcenter.telephony import roles
from tests.pbx import scenarios, stage

LOGS = sorted(stage.LOGS.glob("*.ami"))


def replayed(log: Path) -> list[dict[str, Any]]:
    known = roles.Roles(trunks=("PJSIP/trunk-*",), phones=("PJSIP/10??-*",))
    return [json.loads(replay.line(call)) for call in replay.records(replay.messages(log), known)]


def told(call: dict[str, Any], key: str) -> Any:
    """Say one thing about a replayed call in the words of `expect`."""
    match key:
        case "participants":
            return {p["extension"]: p["outcome"] for p in call["participants"]}
        case "transfers":
            return [{name: t[name] for name in ("kind", "by", "to")} for t in call["transfers"]]
        case "answered_by" if call["direction"] == "outbound" and call["queue"] is None:
            return call["to"] if call["far_end_answered"] else None
        case "answered_by":
            return next((p["extension"] for p in call["participants"] if p["answered"]), None)
    return call[key]


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.name.removesuffix(".ami"))
def test_a_log_comes_out_as_it_was_played(log: Path) -> None:
    expected = scenarios.SCENARIOS[log.name.split(".")[0]].expect
    calls = replayed(log)
    seen = [
        {key: told(call, key) for key in want} for call, want in zip(calls, expected, strict=False)
    ]
    assert seen == list(expected)
    assert len(calls) == len(expected)


def test_every_scenario_has_its_log_and_every_log_its_scenario() -> None:
    names = {log.name.removesuffix(".ami") for log in LOGS}
    wanted = {name for name in scenarios.SCENARIOS}
    wanted |= {f"{name}.16" for name, played in scenarios.SCENARIOS.items() if played.also_on_16}
    assert names == wanted


def test_no_log_holds_a_path_of_the_machine_it_was_recorded_on() -> None:
    for log in LOGS:
        data = log.read_bytes()
        assert not any(path in data for path in (b"/tmp", b"/root", b"/home", b"Secret")), log.name
