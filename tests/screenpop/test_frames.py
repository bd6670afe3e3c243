"""What goes to a browser: both sides know the same events, and what belongs together travels together."""

from __future__ import annotations

import json
import re
from pathlib import Path

from screenpop import frames

ROOT = Path(__file__).parents[2]
_PUSHED = re.compile(r'push\(\s*[\w.]+,\s*"([\w.]+)"')


def test_the_browser_listens_for_every_event_that_the_server_has() -> None:
    live = (ROOT / "web/static/desk/live.js").read_text()
    listed = re.search(r"const EVENTS = \[([^\]]*)\]", live)
    assert listed is not None
    heard = {*re.findall(r'"([\w.]+)"', listed[1]), *re.findall(r'socket\.on\("([\w.]+)"', live)}
    assert {*frames.EVENTS, frames.BATCH} <= heard
    state = (ROOT / "web/static/desk/state.js").read_text()
    for event in set(frames.EVENTS) - {"snapshot"}:
        assert re.search(rf'^  "?{re.escape(event)}"?\s*[:(]', state, re.MULTILINE), event


def test_the_server_sends_no_event_that_is_not_listed() -> None:
    pushed = set()
    for path in (ROOT / "screenpop").glob("*.py"):
        pushed |= set(_PUSHED.findall(path.read_text()))
    assert len(pushed) > 5
    assert pushed <= set(frames.EVENTS)


def test_one_event_is_itself_and_several_are_a_batch_in_order() -> None:
    frame = frames.Frame([("call.pop", {"seq": 1})])
    assert json.loads(frame.text()) == ["call.pop", {"seq": 1}]
    frame.events.append(("agent.state", {"seq": 2}))
    assert json.loads(frame.text()) == [
        "batch",
        [["call.pop", {"seq": 1}], ["agent.state", {"seq": 2}]],
    ]
