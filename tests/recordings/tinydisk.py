"""A store on a tiny file system that is really full: run by test_full_disk.py in a mount namespace of its own.

`python -m tests.recordings.tinydisk FOLDER` mounts 2 MB at FOLDER/store, fills it, lets a worker try, frees it and lets the
worker try again. It prints what the recording's row, the room and health said at each step, as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from callcenter import health, migrations, settings
from callcenter.db import Database, utcnow
from recordings import audio, backlog
from tests.recordings import conftest, sounds


def look(place: conftest.Place, recording_id: int, before: list[health.Trouble]) -> dict[str, Any]:
    """Let a worker try once, and say what is so afterwards."""
    row = place.fetched(recording_id)
    kept = place.database.call(backlog.read, utcnow())
    seen = health.Seen(time.time(), recordings=kept, disk=backlog.room(place.settings))
    before[:] = health.troubles(seen, before)
    assert seen.disk is not None
    return {
        "state": row.state, "reason": row.reason, "free": seen.disk.free,
        "troubles": [trouble.code for trouble in before],
    }  # fmt: skip


def fill(folder: Path) -> Path:
    """Write until there is no room for one byte more."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return filler


def main(folder: Path) -> None:
    """Play it through."""
    store, monitor = folder / "store", folder / "monitor"
    store.mkdir()
    monitor.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tiny", str(store)], check=True)
    told = settings.Settings(
        database=settings.DatabaseSettings(url=f"sqlite:///{folder}/center.db"),
        pbx=(settings.Pbx(recordings=str(monitor), recordings_remote=conftest.REMOTE),),
        recordings=settings.Recordings(folder=str(store)),
    )
    database = Database(told.database.url)
    migrations.upgrade(database)
    place = conftest.Place(told, database, monitor)
    place.write("a.wav", audio.encode(sounds.tone(3)))
    recording_id = place.expect()
    filler = fill(store)
    before: list[health.Trouble] = []
    full = look(place, recording_id, before)
    filler.unlink()
    print(json.dumps({"full": full, "freed": look(place, recording_id, before)}))
    for each in place.workers:
        each.close()
    database.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
