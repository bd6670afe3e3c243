"""Files as people send them: encodings, separators, spreadsheets, and what is no table at all."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from callcenter.outbound import columns, imports, tables

HEBREW = "שם מלא;טלפון\nדנה לוי;054-1234567\nיוסי כהן;0521112233\n"


def put(folder: Path, data: bytes) -> Path:
    path = folder / "list"
    path.write_bytes(data)
    return path


def read(path: Path) -> list[list[str]]:
    return list(tables.rows(path, tables.recognise(path)))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "windows-1255", "utf-16", "utf-16-le", "utf-16-be"]
)
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_every_encoding_and_separator_gives_the_same_rows(
    tmp_path: Path, encoding: str, mark: str
) -> None:
    path = put(tmp_path, HEBREW.replace(";", mark).encode(encoding))
    assert read(path) == [["שם מלא", "טלפון"], ["דנה לוי", "054-1234567"], ["יוסי כהן", "0521112233"]]  # fmt: skip


def test_a_spreadsheet_keeps_every_digit_of_a_number(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["שם", "טלפון"], ["דנה", 541234567], ["יוסי", 541234568.0], [None, None], ["=1+1", "0521112233"]):  # fmt: skip
        sheet.append(row)
    book.save(tmp_path / "list")
    rows = read(tmp_path / "list")
    assert rows[:3] == [["שם", "טלפון"], ["דנה", "541234567"], ["יוסי", "541234568"]]
    assert [row[1] for row in rows[3:]] == [
        "0521112233"
    ]  # a formula has no value until Excel gives it one


def archive(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (b"%PDF-1.7 stuff", "other_kind"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "other_kind"),
        (b"\xff\xd8\xff\xe0 a photograph", "other_kind"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "old_xls"),
        (b"<!DOCTYPE html><html><body>0541234567</body></html>", "other_kind"),
        (b'{"phone": "0541234567"}', "other_kind"),
        (bytes(range(1, 32)) * 50, "other_kind"),
        (b"name,phone\n\xfa\xfb\xff\xfe\xff\xd9\xda\xdb\xdc\n" * 20, "encoding"),
        (archive(readme=b"hello"), "other_kind"),
        (b"PK\x03\x04 torn", "broken"),
        (archive(**{"xl/workbook.xml": b"<torn"}), "broken"),
        (b'name,phone\ndana,"0541234567\n' + b"x,1\n" * 60_000, "broken"),
    ],
)
def test_what_is_no_table_is_refused_by_its_name(tmp_path: Path, data: bytes, what: str) -> None:
    with pytest.raises(tables.NotATable) as refused:
        read(put(tmp_path, data))
    assert refused.value.what == what, refused.value


def test_an_archive_that_would_fill_the_memory_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LARGEST_UNPACKED", 1_000_000)
    path = put(tmp_path, archive(**{"xl/workbook.xml": b"0" * 2_000_000}))
    with pytest.raises(tables.NotATable, match="gigabyte"):
        tables.recognise(path)


def test_nothing_that_we_write_is_a_formula_and_reading_it_again_gives_the_same(
    tmp_path: Path,
) -> None:
    cells = ["=HYPERLINK(1)", "+972541234567", "-1", "@x", "דנה, לוי", 'a "b"', "'0541234567"]
    text = "".join(tables.write_csv(iter([["a"] * len(cells), cells])))
    assert "\n=" not in text and ",=" not in text and ",+" not in text
    again = read(put(tmp_path, text.encode()))[1]
    assert again[:6] == cells[:6]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (["שם מלא", "טלפון נייד", "עיר", "ספק"], ["name", "phone", "city", "fact"]),
        (["First name", "Last name", "Mobile", "E-mail"], ["given", "family", "phone", "email"]),
        (["ФИО", "Телефон", "Город", "Язык"], ["name", "phone", "city", "language"]),
        (["Phone 1", "phone_2", "Name", "Name"], ["phone", "phone", "name", "fact"]),
        (["order number", "", "customer"], ["fact", None, "name"]),
    ],
)
def test_columns_are_guessed_in_three_languages(
    header: list[str], expected: list[str | None]
) -> None:
    found = columns.guess(header)
    assert [found.get(i) for i in range(len(header))] == expected


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("054-1234567", ["+972541234567"]),
        ("541234567", ["+972541234567"]),  # a spreadsheet took the zero
        ("31234567", ["+97231234567"]),
        ("0541234567 / 03-1234567", ["+972541234567", "+97231234567"]),
        ("0541234567 או 052-1112233", ["+972541234567", "+972521112233"]),
        ("+44 20 7946 0000", ["+442079460000"]),
        ("\u202a054-1234567\u202c", ["+972541234567"]),
    ],
)
def test_numbers_are_read_as_people_write_them(cell: str, numbers: list[str]) -> None:
    found = columns.read([cell], {0: "phone"}, ["phone"], "IL")
    assert isinstance(found, columns.Person)
    assert [number.e164 for number in found.numbers] == numbers


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("", "no_number"),
        ("יש לברר", "not_a_number"),
        ("12", "not_a_number"),
        ("*2700", "not_a_number"),
        ("5.41E+08", "damaged_number"),
        ("anonymous", "not_a_number"),
    ],
)
def test_a_row_without_a_number_says_why(cell: str, code: str) -> None:
    found = columns.read([cell, "דנה"], {0: "phone", 1: "name"}, ["a", "b"], "IL")
    assert isinstance(found, columns.Bad) and found.code == code


def test_a_list_without_headings_is_known_by_its_first_row(tmp_path: Path) -> None:
    seen = imports.look(put(tmp_path, "דנה לוי,0541234567\nיוסי,0521112233\n".encode()), "IL")
    assert not seen.has_header and dict(seen.mapping) == {0: "name", 1: "phone"}
    assert len(seen.rows) == 2
