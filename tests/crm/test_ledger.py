"""The ledger of a day: what Asterisk wrote down beside what our log has."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from callcenter import db, models, settings
from callcenter.crm import ledger
from tests import servers
from tests.crm.rows_of import NOON, record, when, write


def test_the_command_names_a_missing_call_and_fails(tmp_path: Path) -> None:
    cdr = tmp_path / "Master.csv"
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    config = tmp_path / "c.toml"
    config.write_text(
        f'[site]\ntimezone = "UTC"\n[database]\nurl = "sqlite:///{tmp_path}/a.db"\n[[pbx]]\ncdr = "{cdr}"\n'
    )
    made = db.Database(f"sqlite:///{tmp_path}/a.db")
    models.Base.metadata.create_all(made.engine)
    day = start.date().isoformat()

    def ask() -> tuple[int, dict[str, Any]]:
        command = [sys.executable, "-m", "callcenter", "ledger", "--json", "--day", day, "--config", str(config)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)

    assert ask()[1]["problem"] == "this exchange was never listened to"
    times = ",".join(f'"{start + timedelta(seconds=s):%Y-%m-%d %H:%M:%S}"' for s in (0, 1, 9))
    key = f"{int(start.timestamp())}.7"
    cdr.write_text(
        f'"","0501234567","1001","direct","<0501234567>","PJSIP/trunk-1","PJSIP/1001-2","Dial","",{times},9,8,"ANSWERED","","{key}","","","{key}",0\n'
    )
    with made.session() as session:
        at = start - timedelta(days=1)
        session.add(models.ReconcileMark(pbx="main", since=at, read_until=at, seen_at=at, problem=""))  # fmt: skip
    status, told_ = ask()
    assert (status, told_["total"], told_["missing"], told_["calls"][0]["linkedid"]) == (1, 1, 1, key)  # fmt: skip
    with made.session() as session:
        write(session, record(key, started=start.timestamp(), ended=start.timestamp() + 9))
    status, told_ = ask()
    assert (status, told_["captured"], told_["missing"]) == (0, 1, 0)
    command = [sys.executable, "-m", "callcenter", "ledger", "--day", day, "--config", str(config)]
    words = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"main {day}: 1 of 1 calls captured (1 live, 0 reconciled, 0 missing)" in words
    wrong = subprocess.run([*command, "--day", "tomorrow"], capture_output=True, text=True, check=False)  # fmt: skip
    assert (wrong.returncode, "tomorrow" in wrong.stderr) == (2, True)
    made.close()


@servers.on_both()
def test_the_ledger_tells_states_and_outages(database: db.Database, tmp_path: Path) -> None:
    lines = []
    for n, (began, of) in enumerate([(0, "live"), (60, "made"), (120, "gone"), (180, "open")]):
        times = ",".join(f'"{when(began + s):%Y-%m-%d %H:%M:%S}"' for s in (0, 1, 30))
        lines.append(
            f'"","05012345{n:02}","1001","direct","<05012345{n:02}>","PJSIP/trunk-{n}","PJSIP/1001-{n}a","Dial","",{times},'
            f'30,29,"ANSWERED","","{of}.1","","","{of}.1",{n}\n'
        )
    (tmp_path / "Master.csv").write_text("".join(lines))
    pbx = settings.Pbx(cdr=str(tmp_path / "Master.csv"), cdr_timezone="UTC", trunks=("PJSIP/trunk-*",))  # fmt: skip
    config = settings.Settings(pbx=(pbx,), site=settings.Site(timezone="UTC"))
    with database.session() as session:
        session.add(models.ReconcileMark(pbx="main", since=when(-9999), read_until=when(0), seen_at=when(0), problem=""))  # fmt: skip
        session.add(models.Outage(pbx="main", began=when(50), ended=when(100)))
        session.add(models.Outage(pbx="main", began=when(110)))
        write(session, record("live.1"))
        write(session, record("made.1"), source="reconciled")
        write(session, record("open.1", ended=None, result=None))
        write(session, record("ours.1"))
    told_ = ledger.read(database, config, pbx, when(0).date())
    assert {e.linkedid: e.state for e in told_.entries} == {
        "live.1": "captured", "made.1": "reconciled", "gone.1": "missing", "open.1": "running",
    }  # fmt: skip
    assert (told_.total, told_.kept, told_.only_ours, len(told_.outages)) == (3, 2, 1, 2)
    assert [e.outage and e.outage.ended for e in told_.not_live] == [NOON + 100, None]


def test_a_call_over_which_the_clock_went_back_past_midnight_is_in_its_day(
    database: db.Database, tmp_path: Path
) -> None:
    began = (
        -12 * 3600 + 1500
    )  # twenty-five minutes past midnight; it ends at a quarter to, by a clock set back
    times = ",".join(f'"{when(began + s):%Y-%m-%d %H:%M:%S}"' for s in (0, 1, -2400))
    (tmp_path / "Master.csv").write_text(
        '"","0501234567","1001","direct","<0501234567>","PJSIP/trunk-1","PJSIP/1001-1a","Dial","",'
        f'{times},3,2,"ANSWERED","","back.1","","","back.1",1\n'
    )
    pbx = settings.Pbx(cdr=str(tmp_path / "Master.csv"), cdr_timezone="UTC", trunks=("PJSIP/trunk-*",))  # fmt: skip
    config = settings.Settings(pbx=(pbx,), site=settings.Site(timezone="UTC"))
    with database.session() as session:
        session.add(models.ReconcileMark(pbx="main", since=when(-99999), read_until=when(0), seen_at=when(0), problem=""))  # fmt: skip
        write(session, record("back.1", started=NOON + began))
    told_ = ledger.read(database, config, pbx, when(0).date())
    assert [(e.linkedid, e.state) for e in told_.entries] == [("back.1", "captured")]
    assert told_.only_ours == 0
