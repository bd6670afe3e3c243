"""Record the scenario logs: `python -m tests.pbx.scenarios NAME...|all [--version 16] [--expect]`.

The plays are in plays_*.py beside this; the logs go to tests/ami/<scenario>.ami, those of Asterisk 16 to <scenario>.16.ami.
Bytes are as they came over the wire, but for the exchange's own folder, which reads /var/spool/asterisk (recordings,
voicemail) and /usr/share/asterisk (prompts) as on a packaged Asterisk. `--expect` prints what must come out, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json

from tests.pbx import (
    plays_campaign,
    plays_dial,
    plays_direct,
    plays_feature,
    plays_members,
    plays_queue,
    plays_transfer,
    stage,
)

SCENARIOS = stage.SCENARIOS
PLAYS = (
    plays_queue,
    plays_members,
    plays_direct,
    plays_dial,
    plays_campaign,
    plays_transfer,
    plays_feature,
)


def main() -> None:
    """Record what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["all"])
    parser.add_argument("--version", choices=("22", "16"), default="22")
    parser.add_argument("--expect", action="store_true")
    asked = parser.parse_args()
    names = list(SCENARIOS) if asked.names == ["all"] else asked.names
    if asked.expect:
        told = {
            name: {"note": SCENARIOS[name].note, "calls": SCENARIOS[name].expect} for name in names
        }
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for name in names:
        if asked.version == "16" and asked.names == ["all"] and not SCENARIOS[name].also_on_16:
            continue
        path = asyncio.run(stage.capture(name, version=asked.version))
        data = path.read_bytes()
        print(f"{path.name}: {data.count(b'Event: ')} events, {len(data) // 1024} KiB", flush=True)


if __name__ == "__main__":
    main()
