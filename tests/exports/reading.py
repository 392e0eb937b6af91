"""CSV and XLSX as a spreadsheet reads them: the header, and rows of plain values."""

import csv
import io
import re
import zipfile
from typing import Any
from xml.etree import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
BOM = "\ufeff"


def body(answer: Any) -> bytes:
    assert answer.status_code == 200
    return answer.getvalue()  # type: ignore[no-any-return]


def csv_rows(data: bytes) -> list[list[str]]:
    text = data.decode()
    assert text.startswith(BOM)
    return list(csv.reader(io.StringIO(text[1:], newline="")))


class Book:
    """A workbook: its sheets by name, each a list of rows of texts, floats and None."""

    def __init__(self, data: bytes) -> None:
        self._file = zipfile.ZipFile(io.BytesIO(data))
        assert self._file.testzip() is None
        names = [it.get("name") or "" for it in self._xml("xl/workbook.xml").iter(f"{_MAIN}sheet")]
        self._parts = {
            name: self._xml(f"xl/worksheets/sheet{at}.xml") for at, name in enumerate(names, 1)
        }
        self.sheets = {name: self._rows(part) for name, part in self._parts.items()}
        self.charts = [it for it in self._file.namelist() if it.startswith("xl/charts/chart")]

    def is_frozen(self, name: str) -> bool:
        pane = next(self._parts[name].iter(f"{_MAIN}pane"), None)
        return pane is not None and pane.get("state") == "frozen" and pane.get("ySplit") == "1"

    def widths(self, name: str) -> list[float]:
        return [float(it.get("width") or 0) for it in self._parts[name].iter(f"{_MAIN}col")]

    def has_formulas(self) -> bool:
        return any(next(part.iter(f"{_MAIN}f"), None) is not None for part in self._parts.values())

    def _xml(self, name: str) -> Any:
        return ElementTree.fromstring(self._file.read(name))

    @staticmethod
    def _rows(part: Any) -> list[list[Any]]:
        found = []
        for row in part.iter(f"{_MAIN}row"):
            values: dict[int, Any] = {}
            for cell in row.iter(f"{_MAIN}c"):
                letters = re.match("[A-Z]+", cell.get("r")).group()  # type: ignore[union-attr]
                place = 0
                for letter in letters:
                    place = place * 26 + ord(letter) - 64
                number = cell.find(f"{_MAIN}v")
                if cell.get("t") == "inlineStr":
                    text = "".join(it.text or "" for it in cell.iter(f"{_MAIN}t"))
                    values[place - 1] = text.replace("_x000D_", "\r")
                elif number is not None:
                    values[place - 1] = float(number.text)
            found.append([values.get(at) for at in range(max(values, default=-1) + 1)])
        return found
