"""CSV that Excel opens in any language: UTF-8 with its mark, numbers as numbers, and no cell that a sheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from callcenter.reports import metrics

MARK = "\ufeff"
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")
_DIGITS = {metrics.COUNT: 0, metrics.SECONDS: 1, metrics.SHARE: 4}


def cell(value: Any) -> str:
    """Return a value as a cell; a text that a spreadsheet would take for a formula is quoted by an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = value.replace("\x00", "")
        return f"'{text}" if text.lstrip(" ").startswith(_RUNS) or text.startswith(_RUNS) else text
    return str(value)


def line(values: Iterable[Any]) -> str:
    """Return a row of a file."""
    written = io.StringIO()
    csv.writer(written).writerow([cell(value) for value in values])
    return written.getvalue()


def number(figure: metrics.Figure, value: float | None) -> int | float | None:
    """Return a figure's number for a file: counts whole, seconds to a tenth, shares of 1; None where there is none."""
    if value is None:
        return None
    rounded = round(value, _DIGITS[figure.unit])
    return int(rounded) if figure.unit == metrics.COUNT else rounded


def heading(figure: metrics.Figure, name: str, seconds: str) -> str:
    """Return a column's name, with the unit where it is one of time."""
    return f"{name} ({seconds})" if figure.unit == metrics.SECONDS else name


def numbers(shown: Sequence[metrics.Figure], tally: metrics.Tally) -> list[int | float | None]:
    """Return the numbers of one row of a table."""
    return [number(figure, figure.value(tally)) for figure in shown]
