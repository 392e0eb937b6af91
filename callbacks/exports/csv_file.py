"""CSV that a spreadsheet opens as intended: UTF-8 with a byte order mark, commas, CRLF.

Texts come from strangers. A text that a spreadsheet would run as a formula, or read as a number or
date (which would drop its plus or its zeros), gets an apostrophe in front, so that it stays text.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice

from django.utils.translation import gettext

from callbacks.exports.tables import Column, Kind, Row, Rows, Value

BOM = b"\xef\xbb\xbf"
# Rows in each piece.
CHUNK = 500

# Also after blanks, and full-width signs, which some programs read as the plain ones.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]|[\t\r\n]")
# Digits, with characters that occur in numbers, dates, times and exponents.
_NUMBER = re.compile(r"\s*[\d.,:/()%\s-]*\d[\d.,:/()%\s-]*(?:[eE][+-]?\d+)?\s*")
# Control characters, such as NUL, which no file needs and some readers cannot handle.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def chunks(table: Rows) -> Iterator[tuple[bytes, int]]:
    """The file in pieces, each with the number of rows written by its end."""
    yield BOM + _lines([tuple(_headed(column) for column in table.columns)], ()), 0
    written = 0
    while some := list(islice(table.rows, CHUNK)):
        written += len(some)
        yield _lines(some, table.columns), written


def harmless(text: str) -> str:
    """The text in a form that every spreadsheet shows as text."""
    text = without_controls(text)
    return f"'{text}" if _FORMULA.match(text) or _NUMBER.fullmatch(text) else text


def without_controls(text: str) -> str:
    """The text without control characters."""
    return _CONTROL.sub("", text)


def _headed(column: Column) -> str:
    if column.kind is Kind.SECONDS:
        return gettext("%(column)s (seconds)") % {"column": column.name}
    return column.name


def _lines(rows: list[Row] | list[tuple[str, ...]], columns: tuple[Column, ...]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    kinds = [column.kind for column in columns]
    for row in rows:
        writer.writerow(
            [_written(value, kind) for value, kind in zip(row, kinds, strict=True)]
            if kinds
            else [harmless(str(value)) for value in row]
        )
    return text.getvalue().encode()


def _written(value: Value, kind: Kind) -> str:
    match value:
        case None:
            return ""
        case str():
            return harmless(value)
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return value.isoformat()
        case float() if kind is Kind.SECONDS:
            return f"{value:.3f}"
        case float():
            return f"{value:.6g}" if kind is Kind.NUMBER else f"{value:.6f}"
        case _:
            return str(value)
