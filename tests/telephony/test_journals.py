"""Files that grow, are rotated away and cut short, and tables: every line is read once."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, text

from callcenter.telephony import journals, tables

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()


def row(n: int, *, zone: str = "UTC") -> str:
    """Write the n-th call: it began n seconds after noon and took ten."""
    start = datetime.fromtimestamp(NOON + n, ZoneInfo(zone))
    end = datetime.fromtimestamp(NOON + n + 10, ZoneInfo(zone))
    at = f'"{start:%Y-%m-%d %H:%M:%S}","","{end:%Y-%m-%d %H:%M:%S}"'
    key = f"{int(NOON) + n}.{n}"
    return f'"","05{n:08}","1001","direct","<05{n:08}>","PJSIP/trunk-{n:08x}","PJSIP/1001-{n:08x}","Dial","",{at},10,0,"NO ANSWER","DOCUMENTATION","{key}","","","{key}",{n}\n'


def reader(path: Path, *, zone: str = "", local: str = "Asia/Jerusalem") -> journals.CdrFile:
    return journals.CdrFile(path, journals.CdrClock(zone, local))


def numbers(legs: list[object]) -> list[int]:
    return [int(leg.uniqueid.partition(".")[2]) for leg in legs]  # type: ignore[attr-defined]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "Master.csv"


def test_lines_are_read_once_as_they_come(path: Path) -> None:
    cdr = reader(path)
    assert cdr.read(NOON) == []
    path.write_text(row(0) + row(1))
    assert numbers(cdr.read(NOON)) == [0, 1]
    with path.open("a") as file:
        file.write(row(2))
    assert numbers(cdr.read(NOON)) == [2]
    assert cdr.read(NOON) == []


def test_a_line_that_is_not_whole_is_left_for_the_next_time(path: Path) -> None:
    whole = row(1)
    path.write_text(row(0) + whole[:50])
    cdr = reader(path)
    assert numbers(cdr.read(NOON)) == [0]
    with path.open("a") as file:
        file.write(whole[50:])
    assert numbers(cdr.read(NOON)) == [1]


def test_what_was_added_before_a_rotation_is_read_after_it(path: Path) -> None:
    path.write_text(row(0))
    cdr = reader(path)
    assert numbers(cdr.read(NOON)) == [0]
    with path.open("a") as file:
        file.write(row(1))
    path.rename(path.with_name("Master.csv.1"))
    assert numbers(cdr.read(NOON)) == [1]  # the new one is not there yet
    path.write_text(row(2))
    assert numbers(cdr.read(NOON))[-1] == 2


def test_a_rotation_while_nobody_read_loses_nothing(path: Path) -> None:
    path.with_name("Master.csv.1").write_text("".join(row(n) for n in range(100)))
    path.write_text(row(100))
    assert numbers(reader(path).read(NOON + 100)) == list(range(90, 101))


def test_a_file_that_was_cut_short_is_read_from_its_beginning(path: Path) -> None:
    path.write_text("".join(row(n) for n in range(5)))
    cdr = reader(path)
    assert len(cdr.read(NOON)) == 5
    with path.open("r+") as file:
        os.ftruncate(file.fileno(), 0)
    with path.open("a") as file:
        file.write(row(7))
    assert numbers(cdr.read(NOON)) == [7]


def test_a_place_in_a_large_file_is_found_without_reading_it(path: Path) -> None:
    path.write_text("".join(row(n) for n in range(30_000)))
    asked: list[str] = []

    def at(line: str) -> float | None:
        asked.append(line)
        fields = journals.cdr_fields(line)
        return journals.CdrClock("UTC", "UTC")(fields[11]) if len(fields) > 11 else None

    with path.open("rb") as file:
        offset = journals.bisect(file, NOON + 20_010, at)
        file.seek(offset)
        assert file.readline().decode() == row(20_000)
    assert len(asked) < 1000


@pytest.mark.parametrize("zone", ["UTC", "Asia/Jerusalem"])
def test_the_zone_of_the_times_is_told_by_the_ids(path: Path, zone: str) -> None:
    path.write_text("".join(row(n, zone=zone) for n in range(5)))
    assert [leg.start - NOON for leg in reader(path).read(NOON)] == [0, 1, 2, 3, 4]


def test_the_zone_of_the_settings_wins(path: Path) -> None:
    path.write_text(row(0, zone="Asia/Tokyo"))
    cdr = reader(path, zone="Asia/Tokyo")
    assert [leg.start for leg in cdr.read(NOON)] == [NOON]


def test_a_clock_that_was_an_hour_fast_for_a_while_hides_no_line_behind_its_own(path: Path) -> None:
    path.write_text("".join(row(n) for n in (0, 3600, 3601, 1, 2)))
    assert numbers(reader(path).between(NOON - 1000, NOON + 20)) == [0, 3600, 3601, 1, 2]
    later = [3600 * hours for hours in range(1, 9)]
    path.write_text("".join(row(n) for n in (0, 1, *later)))
    assert numbers(reader(path).between(NOON - 1000, NOON + 20)) == [
        0,
        1,
        3600,
        7200,
    ]  # and reads no further


def test_bytes_that_are_no_text_and_lines_that_are_no_calls_harm_nothing(path: Path) -> None:
    path.write_bytes(b"\xff\xfe garbage\n" + row(0).encode() + b'"","half\n' + row(1).encode())
    assert numbers(reader(path).read(NOON - 1000)) == [0, 1]


def test_a_queue_log_is_read_from_a_time_on(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text("".join(f"{int(NOON) + n}|{n}.0|support|NONE|ENTERQUEUE||05\n" for n in range(50)))  # fmt: skip
    log = journals.QueueLogFile(path)
    assert [line.callid for line in log.read(NOON + 48)] == ["48.0", "49.0"]


def test_a_table_like_that_of_freepbx_is_read_once_a_row(tmp_path: Path) -> None:
    """The columns are FreePBX's; the database is SQLite, since none of its own is at hand."""
    address = f"sqlite:///{tmp_path / 'cdr.db'}"
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.execute(text(
            "CREATE TABLE cdr (calldate datetime, clid varchar(80), src varchar(80), dst varchar(80), dcontext varchar(80),"
            " channel varchar(80), dstchannel varchar(80), lastapp varchar(80), lastdata varchar(80), duration int, billsec int,"
            " disposition varchar(45), uniqueid varchar(32), did varchar(50), recordingfile varchar(255), linkedid varchar(32),"
            " sequence int)"
        ))  # fmt: skip

    def add(n: int) -> None:
        start = datetime.fromtimestamp(NOON + n, ZoneInfo("Asia/Jerusalem")).replace(tzinfo=None)
        with engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO cdr VALUES (:at, '\"Dana\" <05>', '05', '600', 'ext-queues', 'PJSIP/trunk-1', 'PJSIP/1001-2',"
                    " 'Queue', '600,t', 30, 20, 'ANSWERED', :id, '+97237000100', 'in-600.wav', :id, :n)"
                ),
                {"at": f"{start:%Y-%m-%d %H:%M:%S.%f}", "id": f"{int(NOON) + n}.{n}", "n": n},
            )

    for n in range(3):
        add(n)
    cdr = tables.CdrTable(address, journals.CdrClock("", "Asia/Jerusalem"))
    legs = cdr.read(NOON)
    assert numbers(list(legs)) == [0, 1, 2]
    assert (legs[0].start, legs[0].answer, legs[0].end) == (NOON, NOON + 10, NOON + 30)
    assert (legs[0].did, legs[0].recording) == ("+97237000100", "in-600.wav")
    add(3)
    assert numbers(list(cdr.read(NOON))) == [3]
    engine.dispose()


def test_a_database_that_cannot_be_asked_says_so(tmp_path: Path) -> None:
    cdr = tables.CdrTable(f"sqlite:///{tmp_path / 'none.db'}", journals.CdrClock("", "UTC"))
    with pytest.raises(OSError, match="cdr"):
        cdr.read(NOON)
