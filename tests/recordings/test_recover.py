"""Recordings of calls that nobody saw are found by the Linkedid in their name, or by the name in the CDR."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from callcenter import db, models, settings
from callcenter.crm import traces
from callcenter.telephony import facts, reconcile
from recordings import recover

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "monitor"
    (made / "2026/11/25").mkdir(parents=True)
    return made


def told(linkedid: str, *recordings: str) -> reconcile.Told:
    record = facts.CallRecord(
        id=linkedid, direction=facts.Direction.INBOUND, from_="05", from_name="", to="", did=None, queue=None,
        started=NOON, ended=NOON + 60,
    )  # fmt: skip
    return reconcile.Told(record, (linkedid,), recordings)


def call(database: db.Database, linkedid: str) -> int:
    with database.session() as session:
        row = models.Call(pbx="main", linkedid=linkedid, direction="inbound", started=datetime.fromtimestamp(NOON, UTC))  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def recover_(database: db.Database, folder: Path, *found: tuple[int, reconcile.Told]) -> list[int]:
    hinted: list[int] = []
    pbx = settings.Pbx(recordings=str(folder), recordings_remote="/var/spool/asterisk/monitor")
    config = settings.Settings(pbx=(pbx,), site=settings.Site(timezone="Asia/Jerusalem"))
    recover.Recoverer(database, config, hint=hinted.append).on_found("main", found)
    return hinted


def rows(database: db.Database) -> list[models.Recording]:
    with database.session() as session:
        return list(session.scalars(select(models.Recording).order_by(models.Recording.id)))


def test_a_file_is_found_by_its_linkedid_and_its_sides_are_not_calls(
    database: db.Database, folder: Path
) -> None:
    for name in ("1.0_1.0.wav", "1.0_1.0-agent.wav", "1.0_1.0-customer.wav", "1.00_1.00.wav"):
        (folder / name).write_bytes(b"RIFF")
    id_ = call(database, "1.0")
    hinted = recover_(database, folder, (id_, told("1.0")))
    (row,) = rows(database)
    assert (row.file, row.call_id, row.state) == ("/var/spool/asterisk/monitor/1.0_1.0.wav", id_, "expected")  # fmt: skip
    assert row.ended_at == datetime.fromtimestamp(NOON + 60, UTC) and hinted == [row.id]
    assert recover_(database, folder, (id_, told("1.0"))) == [] and len(rows(database)) == 1


def test_a_file_that_the_cdr_names_is_found_in_the_folder_of_its_day(
    database: db.Database, folder: Path
) -> None:
    (folder / "2026/11/25/in-600.wav").write_bytes(b"RIFF")
    recover_(database, folder, (call(database, "2.0"), told("2.0", "in-600.wav")))
    assert [row.file for row in rows(database)] == ["/var/spool/asterisk/monitor/2026/11/25/in-600.wav"]  # fmt: skip


@pytest.mark.parametrize("name", ["../secret.wav", "/etc/passwd", "a\nb.wav", "x" * 500, "link.wav"])  # fmt: skip
def test_a_name_that_leads_out_of_the_folder_is_nobodys_recording(
    database: db.Database, folder: Path, name: str
) -> None:
    (folder.parent / "secret.wav").write_bytes(b"RIFF")
    (folder / "link.wav").symlink_to(folder.parent / "secret.wav")
    recover_(database, folder, (call(database, "3.0"), told("3.0", name)))
    assert rows(database) == []


def test_a_recording_that_was_expected_live_is_closed_with_its_call(
    database: db.Database, folder: Path
) -> None:
    with database.session() as session:
        session.add(models.Recording(pbx="main", linkedid="4.0", file="/x/4.0.wav", started_at=datetime.fromtimestamp(NOON, UTC)))  # fmt: skip
    id_ = call(database, "4.0")
    assert recover_(database, folder, (id_, told("4.0"))) == [1]
    (row,) = rows(database)
    assert (row.call_id, row.ended_at) == (id_, datetime.fromtimestamp(NOON + 60, UTC))


def test_a_folder_that_is_not_there_stops_nothing(database: db.Database, tmp_path: Path) -> None:
    assert recover_(database, tmp_path / "gone", (call(database, "5.0"), told("5.0"))) == []


def test_a_recording_that_nobody_expects_is_told_with_the_time_in_its_name(
    database: db.Database, folder: Path
) -> None:
    known = (
        "1700000000.1_1700000000.1.wav",
        "1700000000.1_1700000000.1-agent.wav",
        "in-600.wav",
        "_.wav",
    )
    for name in (*known, "1700000005.7_1700000005.7.wav", "cc-0af_srv-1700000006.9.wav"):
        (folder / name).write_bytes(b"RIFF")
        os.utime(folder / name, (1_700_000_060, 1_700_000_060))
    (folder / "1600000000.1_1600000000.1.wav").write_bytes(b"RIFF")
    os.utime(folder / "1600000000.1_1600000000.1.wav", (1_600_000_060, 1_600_000_060))
    recover_(database, folder, (call(database, "1700000000.1"), told("1700000000.1")))
    pbx = settings.Pbx(recordings=str(folder), recordings_remote="/var/spool/asterisk/monitor")
    found = recover.Recoverer(database, settings.Settings(pbx=(pbx,)), hint=print)
    assert sorted(found.unexpected("main", 1_700_000_000), key=lambda t: t.began) == [
        traces.Trace("1700000005.7", 1_700_000_005, 1_700_000_060),
        traces.Trace("cc-0af", 1_700_000_006, 1_700_000_060),
    ]
    assert found.unexpected("main", 1_700_000_061) == found.unexpected("other", 0) == []
