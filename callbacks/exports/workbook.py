"""XLSX: typed values, a header that stays in sight, and columns as wide as they need.

Rows go to temporary files (TMPDIR) one by one, so memory use does not grow with them. No text is
read as a formula, a number or a link.
"""

import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from types import TracebackType
from typing import IO, Any

from django.utils.translation import gettext

from callbacks.exports.csv_file import without_controls
from callbacks.exports.tables import Column, Kind, Rows, Telling, Value

# Excel's limit for a cell.
_MOST_CHARACTERS = 32_767
# The bounds of a column's width, in characters.
_NARROWEST, _WIDEST = 9, 45
# Rows between two progress reports.
_TELL_EVERY = 1000
_SECONDS_A_DAY = 86_400

_NUMBERS = {
    Kind.TEXT: "@",
    Kind.COUNT: "#,##0",
    Kind.NUMBER: "0.0",
    Kind.SHARE: "0.0%",
    Kind.SECONDS: "[h]:mm:ss",
    Kind.DAY: "ddd d mmm yyyy",
    Kind.MOMENT: "yyyy-mm-dd hh:mm:ss",
}
_WIDTHS = {Kind.TEXT: 18, Kind.SECONDS: 10, Kind.DAY: 17, Kind.MOMENT: 20}
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "nan_inf_to_errors": True,
}


class Workbook:
    """A workbook written to `target`. It is complete once the `with` block ends without error."""

    def __init__(self, target: IO[bytes]) -> None:
        # Imported for the first workbook, because many processes never make one.
        import xlsxwriter  # noqa: PLC0415

        self._parts = tempfile.TemporaryDirectory(prefix="export-")
        self._book = xlsxwriter.Workbook(target, {**_OPTIONS, "tmpdir": self._parts.name})
        self._formats = {
            kind: self._book.add_format({"num_format": number, "valign": "top"})
            for kind, number in _NUMBERS.items()
        }
        self._head = self._book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#EEF1F5"}
        )

    def __enter__(self) -> "Workbook":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with self._parts:
            if kind is None:
                self._book.close()
            else:  # Nobody will get it, so no file is made from its parts.
                self._book.fileclosed = True

    def add(self, name: str, table: Rows, tell: Telling | None = None) -> "Sheet":
        """Adds a sheet with a header; reads and writes the rows."""
        sheet = Sheet(self._book, self._book.add_worksheet(name), table.columns)
        for place, column in enumerate(table.columns):
            sheet.part.set_column(place, place, _width(column))
            sheet.part.write_string(0, place, _headed(column), self._head)
        sheet.part.freeze_panes(1, 1)
        for row in table.rows:
            sheet.count += 1
            for place, (value, column) in enumerate(zip(row, table.columns, strict=True)):
                self._write(sheet.part, sheet.count, place, value, column.kind)
            if tell and sheet.count % _TELL_EVERY == 0:
                tell(sheet.count)
        if sheet.count:
            sheet.part.autofilter(0, 0, sheet.count, len(table.columns) - 1)
        return sheet

    def _write(self, part: Any, row: int, place: int, value: Value, kind: Kind) -> None:
        match value:
            case None:
                return
            case str():
                text = without_controls(value)[:_MOST_CHARACTERS]
                part.write_string(row, place, text, self._formats[Kind.TEXT])
            case datetime():
                moment = value.replace(tzinfo=None)
                part.write_datetime(row, place, moment, self._formats[Kind.MOMENT])
            case date():
                part.write_datetime(row, place, value, self._formats[Kind.DAY])
            case _:
                number = value / _SECONDS_A_DAY if kind is Kind.SECONDS else value
                part.write_number(row, place, number, self._formats[kind])


class Sheet:
    """A written sheet; `count` is its number of rows."""

    def __init__(self, book: Any, part: Any, columns: Sequence[Column]) -> None:
        self._book = book
        self._columns = columns
        self.part = part
        self.count = 0

    def add_chart(self, title: str, bars: Iterable[int], lines: Iterable[int]) -> None:
        """A chart of columns, given by position: counts as bars, times as lines on a second axis.

        It is placed to the right of the columns.
        """
        bar = self._book.add_chart({"type": "column"})
        line = self._book.add_chart({"type": "line"})
        for place in bars:
            bar.add_series(self._series(place) | {"fill": {"color": "#B9C7DB"}})
        for place in lines:
            line.add_series(self._series(place) | {"y2_axis": True, "marker": {"type": "circle"}})
        bar.combine(line)
        bar.set_title({"name": title, "overlay": False})
        bar.set_legend({"position": "bottom"})
        bar.set_y_axis({"num_format": "#,##0", "min": 0})
        line.set_y2_axis({"num_format": "[h]:mm:ss", "min": 0})
        bar.set_size({"width": 900, "height": 420})
        self.part.insert_chart(1, len(self._columns) + 1, bar, {"description": title})

    def _series(self, place: int) -> dict[str, Any]:
        name, last = self.part.get_name(), max(self.count, 1)
        return {
            "name": [name, 0, place],
            "categories": [name, 1, 0, last, 0],
            "values": [name, 1, place, last, place],
        }


def _headed(column: Column) -> str:
    if column.kind is Kind.SECONDS:
        return gettext("%(column)s (h:mm:ss)") % {"column": column.name}
    return column.name


def _width(column: Column) -> int:
    # The header wraps at blanks, so its longest word must fit.
    longest = max((len(word) for word in _headed(column).split()), default=0)
    return min(max(longest + 3, _WIDTHS.get(column.kind, _NARROWEST)), _WIDEST)
