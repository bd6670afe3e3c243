"""`callcenter report figures` as a person runs it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from callcenter import db, migrations, models

BEGIN = datetime(2026, 11, 24, 8, tzinfo=UTC)


def _filled(folder: Path) -> Path:
    config = folder / "callcenter.toml"
    config.write_text(f"[database]\nurl = 'sqlite:///{folder}/c.db'\n", encoding="utf-8")
    database = db.Database(f"sqlite:///{folder}/c.db")
    migrations.upgrade(database)
    with database.session() as session:
        for n, wait in enumerate((10.0, 30.0)):
            at = BEGIN + timedelta(minutes=n)
            session.add(
                models.Call(
                    pbx="main", linkedid=f"{n}", direction="inbound", queue="support", started=at, queued=at,
                    answered=at + timedelta(seconds=wait), ended=at + timedelta(seconds=100), result="answered",
                    wait_seconds=wait, talk_seconds=100 - wait, variables={},
                )
            )  # fmt: skip
    database.close()
    return config


def _run(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callcenter", "report", "figures", "--config", str(config)]
    return subprocess.run([*command, *words], capture_output=True, text=True, check=False)


def test_the_command_tells_the_figures_as_json_csv_and_words(tmp_path: Path) -> None:
    config = _filled(tmp_path)
    days = ("--from", "2026-11-24", "--to", "2026-11-25")
    told = json.loads(_run(config, *days, "--by", "queue", "--json").stdout)
    assert told["rows"][0]["group"] == "support"
    assert (told["total"]["offered"], told["total"]["asa"]) == (2, 20.0)
    assert (told["total"]["service_level"], told["total"]["conversion"]) == (0.5, None)
    read = list(csv.DictReader(io.StringIO(_run(config, *days, "--csv").stdout.lstrip("\ufeff"))))
    assert [(row["day"], row["offered"]) for row in read] == [("2026-11-24", "2"), ("total", "2")]
    assert "service_level 50.0%" in _run(config, *days).stdout


def test_a_wrong_word_is_named(tmp_path: Path) -> None:
    config = _filled(tmp_path)
    for words, said in (
        (("--from", "yesterday"), "from: is not a date"),
        (("--from", "2026-11-24", "--by", "moon"), "by: is none of day, hour"),
    ):
        answer = _run(config, *words)
        assert answer.returncode == 2 and said in answer.stderr
