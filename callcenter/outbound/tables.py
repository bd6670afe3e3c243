"""Files of rows as people have them: CSV in any encoding and with any separator, and XLSX. Read as a stream, trusted in nothing.

What is no table is refused by its name: a picture, a PDF, a web page, an old .xls. Every cell comes out as text; a number of a
spreadsheet keeps all its digits.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import exceptions as xlsx_errors

from callcenter import errors

MOST_COLUMNS = 200
LONGEST_CELL = 2_000
LARGEST_UNPACKED = 1_000_000_000
SAMPLE = 64 * 1024
DELIMITERS = ",;\t|"
CSV, XLSX = "csv", "xlsx"
_SIGNS = (
    (b"%PDF", "a PDF"), (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an old .xls; save it as .xlsx or CSV"), (b"\x1f\x8b", "a compressed file"),
    (b"Rar!", "a compressed file"), (b"7z\xbc\xaf", "a compressed file"), (b"SQLite format", "a database"),
    (b"\x7fELF", "a program"), (b"MZ\x90", "a program"),
)  # fmt: skip
_MARKUP = ("<!doctype", "<html", "<?xml", "{", "[{")

# What openpyxl and what it stands on raise of a workbook that is torn, or none.
_TORN = (
    xlsx_errors.InvalidFileException,
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    OSError,
    SyntaxError,
)


class NotATable(errors.Invalid):
    """Refuse a file that holds no rows, saying what it is instead."""

    code = "not_a_table"

    def __init__(self, problem: str, what: str = "other_kind") -> None:
        """Take the words, and what they are about: empty, other_kind, old_xls, encoding, broken or too_large."""
        super().__init__("file", problem)
        self.what = what


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written."""

    kind: str  # csv | xlsx
    encoding: str = ""
    delimiter: str = ","


def recognise(path: Path) -> Form:
    """Find out how a file is written; raise NotATable saying what it is instead of a table."""
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise NotATable("is empty", "empty")
    for sign, what in _SIGNS:
        if head.startswith(sign):
            raise NotATable(
                f"is {what}, not a table", "old_xls" if ".xls;" in what else "other_kind"
            )
    if head.startswith(b"PK\x03\x04"):
        _check_zip(path)
        return Form(XLSX)
    encoding = _encoding(path, head)
    text = head.decode(encoding, "ignore").lstrip("\ufeff")
    if text.lstrip().lower().startswith(_MARKUP):
        raise NotATable("is a web page or data for programs, not a table")
    if sum(c < " " and c not in "\t\r\n" for c in text) > len(text) // 100:
        raise NotATable("is not text")
    return Form(CSV, encoding, _delimiter(text))


def rows(path: Path, form: Form) -> Iterator[list[str]]:
    """Yield every row that is not empty as texts; raise NotATable, naming the line, where a file breaks off."""
    found = _sheet_rows(path) if form.kind == XLSX else _csv_rows(path, form)
    for row in found:
        if any(row):
            yield row


def first_rows(path: Path, form: Form, count: int) -> list[list[str]]:
    """Return the first rows, for a look."""
    return list(itertools.islice(rows(path, form), count))


def write_csv(rows_: Iterator[list[str]]) -> Iterator[str]:
    """Write rows as Excel opens them: UTF-8 with its mark, and nothing in them is a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield "\ufeff"
    for row in rows_:
        writer.writerow([harmless(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def harmless(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would compute; reading takes it off again."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _tidy(value: Any) -> str:
    """Return a cell as text, without what cannot be seen, and no longer than a cell is."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)[:LONGEST_CELL].replace("\x00", "").strip("\ufeff \t\r\n\u00a0")
    return (
        text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@", *"0123456789") else text
    )


def _encoding(path: Path, head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _readable(path, "utf-16") or _unreadable()
    if head.startswith(codecs.BOM_UTF8):
        return _readable(path, "utf-8-sig") or _unreadable()
    zeros = head[1::2].count(0), head[::2].count(0)
    if max(zeros) > len(head) // 5:
        encoding = "utf-16-le" if zeros[0] >= zeros[1] else "utf-16-be"
        return _readable(path, encoding) or _unreadable()
    return _readable(path, "utf-8") or _readable(path, "windows-1255") or _unreadable()


def _readable(path: Path, encoding: str) -> str:
    """Say whether the whole file is in this encoding: its first page may be all ASCII."""
    try:
        with path.open(encoding=encoding, newline="") as file:
            while file.read(1 << 20):
                pass
    except UnicodeError:
        return ""
    return encoding


def _unreadable() -> str:
    raise NotATable("is neither UTF-8, UTF-16 nor Windows-1255 text", "encoding")


def _delimiter(text: str) -> str:
    """Choose the separator that parts the first lines most alike; one column needs none."""
    lines = [line for line in text.splitlines()[:30] if line.strip()][:20]
    best, most = ",", 0
    for mark in DELIMITERS:
        counts = [len(row) - 1 for row in _parse(lines, mark)]
        usual = max(set(counts), key=counts.count, default=0)
        score = usual and counts.count(usual) * 100 + usual
        if score > most:
            best, most = mark, score
    return best


def _parse(lines: list[str], mark: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=mark))
    except csv.Error:
        return []


def _csv_rows(path: Path, form: Form) -> Iterator[list[str]]:
    with path.open(encoding=form.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=form.delimiter)
        try:
            for row in reader:
                if len(row) > MOST_COLUMNS:
                    raise NotATable(
                        f"has more than {MOST_COLUMNS} columns in line {reader.line_num}"
                    )
                yield [_tidy(cell) for cell in row]
        except csv.Error as error:
            raise NotATable(
                f"cannot be read past line {reader.line_num}: {error}; perhaps a quotation mark is not closed",
                "broken",
            ) from error


def _check_zip(path: Path) -> None:
    """Refuse an archive that is no workbook, or that unpacks to more than any list of people is."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise NotATable("is a broken .xlsx or a compressed file", "broken") from error
    if "xl/workbook.xml" not in names:
        raise NotATable("is a compressed file or another kind of document, not a table")
    if size > LARGEST_UNPACKED:
        raise NotATable("unpacks to more than a gigabyte", "too_large")


def _sheet_rows(path: Path) -> Iterator[list[str]]:
    # As a stream: by its path a workbook would be judged by the end of its name.
    with path.open("rb") as file:
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            if not book.worksheets:
                raise NotATable("has no sheet", "empty")
            for row in book.worksheets[0].iter_rows(values_only=True, max_col=MOST_COLUMNS):
                yield _shortened([_tidy(cell) for cell in row])
        except _TORN as error:
            raise NotATable("is a broken .xlsx", "broken") from error


def _shortened(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row.pop()
    return row
