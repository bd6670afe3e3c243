"""The doctor on a real exchange: it finds what is wrong, and its lines mend it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter import db, doctor, doctor_history, migrations, settings
from callcenter.demo.exchange import Exchange
from callcenter.settings import Pbx
from callcenter.telephony import checkup
from tests.pbx.fixtures import StartExchange


@pytest.fixture
async def exchange(start_exchange: StartExchange) -> Exchange:
    return await start_exchange()


def pbx_of(exchange: Exchange, **changed: object) -> Pbx:
    values: dict[str, object] = {
        "host": exchange.host,
        "port": exchange.ami_port,
        "username": exchange.ami_user,
        "secret": exchange.ami_secret,
        "trunks": ("PJSIP/trunk-*",),
        "phones": ("PJSIP/1???-*",),
    }
    return Pbx.model_validate(values | changed)


async def examine(pbx: Pbx) -> dict[str, doctor.Finding]:
    return {finding.check: finding async for finding in checkup.examine(pbx)}


async def rewrite_manager(exchange: Exchange, old: str, new: str) -> None:
    conf = exchange.etc / "manager.conf"
    text = conf.read_text()
    assert re.search(old, text, re.M), "the sample changed"
    conf.write_text(re.sub(old, new, text, flags=re.M))
    await exchange.cli("manager reload")


@pytest.mark.asterisk
async def test_a_sound_exchange_has_nothing_to_mend(exchange: Exchange) -> None:
    found = await examine(pbx_of(exchange))
    assert {f.level for f in found.values()} == {"ok"}, found
    assert "support" in found["queues"].text
    assert "1001" in found["phones"].text


@pytest.mark.asterisk
async def test_a_wrong_secret_is_told_from_a_wrong_port(exchange: Exchange) -> None:
    found = await examine(pbx_of(exchange, secret="wrong"))
    assert found["login"].level == "fail"
    assert any("secret" in line for line in found["login"].fix)
    found = await examine(pbx_of(exchange, port=exchange.http_port))
    assert found["tcp"].level == "fail" and "login" not in found


@pytest.mark.asterisk
@pytest.mark.parametrize(
    "missing,actions", [("originate", "Originate"), ("agent", "QueuePause"), ("call", "Redirect")]
)
async def test_each_missing_write_permission_is_named_with_its_line(
    exchange: Exchange, missing: str, actions: str
) -> None:
    left = ",".join(c for c in checkup.WRITE.split(",") if c != missing)
    await rewrite_manager(exchange, r"^write = .*$", f"write = {left}")
    found = await examine(pbx_of(exchange))
    assert found["permissions"].level == "fail"
    assert missing in found["permissions"].text and actions in found["permissions"].text
    assert f"write = {checkup.WRITE}" in found["permissions"].fix


@pytest.mark.asterisk
async def test_recording_by_ami_is_said_to_be_possible_or_what_is_missing(
    exchange: Exchange,
) -> None:
    told = pbx_of(exchange, record="ami", recordings=str(exchange.recordings))
    assert (await examine(told))["record"].level == "ok"
    left = ",".join(c for c in checkup.WRITE.split(",") if c != "system")
    await rewrite_manager(exchange, r"^write = .*$", f"write = {left}")
    found = (await examine(told))["record"]
    assert found.level == "fail" and "system" in found.text
    assert f"write = {checkup.WRITE}" in found.fix


@pytest.mark.asterisk
@pytest.mark.parametrize("missing", ["system", "call", "agent"])
async def test_each_missing_class_of_events_is_named(exchange: Exchange, missing: str) -> None:
    left = ",".join(c for c in checkup.READ.split(",") if c != missing)
    await rewrite_manager(exchange, r"^read = .*$", f"read = {left}")
    found = await examine(pbx_of(exchange))
    assert found["events"].level == "fail"
    assert missing in found["events"].text
    assert f"read = {checkup.READ}" in found["events"].fix


@pytest.mark.asterisk
async def test_missing_timestamps_and_unmapped_phones_are_named(exchange: Exchange) -> None:
    await rewrite_manager(exchange, r"^timestampevents = yes$", "timestampevents = no")
    found = await examine(pbx_of(exchange, phones=("SIP/*",)))
    assert "timestampevents = yes" in found["timestamps"].fix
    assert found["phones"].level == "fail" and "1001" in found["phones"].text


async def test_an_exchange_that_is_not_there_is_one_clear_line() -> None:
    found = await examine(Pbx(host="127.0.0.1", port=9))
    assert found["tcp"].level == "fail"
    assert "127.0.0.1:9" in found["tcp"].text
    found = await examine(Pbx(host="no-such-host.invalid"))
    assert found["dns"].level == "fail"


def test_the_database_is_told_empty_behind_or_without_people(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/a.db"\n')
    loaded = settings.load(file)
    first = list(doctor.check_database(loaded))
    assert [(f.check, f.level, f.fix) for f in first] == [
        ("database", "fail", ("callcenter migrate",))
    ]
    database = db.Database(loaded.database.url)
    migrations.upgrade(database)
    database.close()
    assert [(f.check, f.level) for f in doctor.check_database(loaded)] == [
        ("database", "ok"),
        ("people", "fail"),
        ("search", "ok"),
    ]


def test_the_command_speaks_json_and_fails_when_something_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    store = tmp_path / "store"
    file.write_text(
        f'[database]\nurl = "sqlite:///{tmp_path}/a.db"\n[recordings]\nfolder = "{store}"\n'
        f'[speech.models]\nhe = "{tmp_path}"\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "callcenter", "doctor", "--json", "--config", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    found = {line["check"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert found["pbx"]["level"] == "fail"
    assert found["disk"]["level"] in {"ok", "fail"}
    assert "is not a model" in found["speech"]["text"]


@pytest.mark.parametrize(
    "cdr,level,words",
    [
        (None, "warn", "not set"),
        ("", "ok", "empty yet"),
        (",".join(['"x"'] * 16) + "\n", "fail", "neither Linkedid nor Uniqueid"),
        (",".join(['"x"'] * 16) + ',"1795632895.0"\n', "warn", "no Linkedid"),
        (",".join(['"x"'] * 21) + "\n", "ok", "reads"),
        ("something else\n", "fail", "not what cdr_csv writes"),
    ],
)
def test_the_exchanges_records_are_looked_at(
    tmp_path: Path, cdr: str | None, level: str, words: str
) -> None:
    values: dict[str, object] = {"queue_log": str(tmp_path / "queue_log")}
    if cdr is not None:
        (tmp_path / "Master.csv").write_text(cdr)
        values["cdr"] = str(tmp_path / "Master.csv")
    loaded = settings.Settings(pbx=(Pbx.model_validate(values),))
    found = {f.check: f for f in doctor_history.check_history(loaded)}
    assert found["cdr"].level == level and words in found["cdr"].text
    assert bool(found["cdr"].fix) == (level != "ok")
    assert found["queue_log"].level == "fail"  # it is not there
    assert "queue_log = yes" in found["queue_log"].fix
