"""Record what Asterisk writes down of the scenarios: `python -m tests.pbx.histories NAME...|all`.

tests/history/<scenario>.json holds the lines of its CDR and queue_log, and the calls as somebody told them who listened to
the same play (the tracker's records, in the contract's words). What is folded from the lines is held against the latter.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from callcenter import replay
from callcenter.telephony import roles
from tests.pbx import product, scenarios, stage

HISTORIES = Path(__file__).resolve().parents[1] / "history"


async def record(name: str) -> dict[str, Any]:
    """Play a scenario and return what was written down and what was heard."""
    played = scenarios.SCENARIOS[name]
    with tempfile.TemporaryDirectory(prefix="stage-") as name_:
        folder = Path(name_)
        options = {"phones": played.phones, "timing": played.timing, "dialplan": played.dialplan}
        async with stage.set_up(folder / "pbx", **options) as s:
            s.recorder = stage.Recorder(s.exchange, folder)
            await s.recorder.start()
            try:
                await asyncio.wait_for(played.play(s), 150)
                await s.idle()
                await stage.drained(s, s.recorder)
            finally:
                await s.recorder.stop()
            log = folder / "heard.ami"
            log.write_bytes(s.recorder.data())
            await asyncio.sleep(0.3)  # the CDR is written on a thread of its own
            return written(s.exchange.cdr, s.exchange.queue_log, log)


def written(cdr: Path, queue_log: Path, log: Path) -> dict[str, Any]:
    """Gather one play's lines and calls."""
    heard = replay.records(replay.messages(log), roles.Roles(**product.KNOWN))
    return {
        "cdr": cdr.read_text().splitlines() if cdr.exists() else [],
        "queue_log": queue_log.read_text().splitlines() if queue_log.exists() else [],
        "heard": [json.loads(replay.line(call)) for call in heard],
    }


def keep(name: str, told: dict[str, Any]) -> None:
    """Write one history."""
    HISTORIES.mkdir(exist_ok=True)
    text = json.dumps(told, ensure_ascii=False, indent=1)
    (HISTORIES / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    for wanted in list(scenarios.SCENARIOS) if sys.argv[1:] == ["all"] else sys.argv[1:]:
        keep(wanted, asyncio.run(record(wanted)))
        print(wanted, flush=True)
