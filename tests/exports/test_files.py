"""Texts stay texts, values keep their types, and memory does not grow with the rows."""

import io
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from callbacks.exports import csv_file
from callbacks.exports.tables import Column, Kind, Row, Rows
from callbacks.exports.workbook import Workbook
from tests.exports.reading import Book, csv_rows

TEXT = (Column("Text"),)


def as_csv(columns: tuple[Column, ...], rows: list[Row]) -> list[list[str]]:
    table = Rows(columns, iter(rows), len(rows))
    return csv_rows(b"".join(data for data, _written in csv_file.chunks(table)))


def as_xlsx(columns: tuple[Column, ...], rows: list[Row]) -> Book:
    target = io.BytesIO()
    with Workbook(target) as book:
        book.add("Rows", Rows(columns, iter(rows), len(rows)))
    return Book(target.getvalue())


@pytest.mark.parametrize(
    ("text", "in_csv"),
    [
        ("Noa", "Noa"),
        ("נועה, כהן", "נועה, כהן"),
        ('say "hi"', 'say "hi"'),
        ("+972505550123", "'+972505550123"),
        ("0505550123", "'0505550123"),
        ("050-555-0123", "'050-555-0123"),
        ("007", "'007"),
        ("12", "'12"),
        ("1/2", "'1/2"),
        ("12:30", "'12:30"),
        ("1E5", "'1E5"),
        ("=1+1", "'=1+1"),
        ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ('=HYPERLINK("https://x.example","y")', '\'=HYPERLINK("https://x.example","y")'),
        (" =1+1", "' =1+1"),
        ("\t=1+1", "'\t=1+1"),
        ("\r=1+1", "'\r=1+1"),
        ("\x00=1+1", "'=1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("first\nsecond", "first\nsecond"),
        ("4 rooms", "4 rooms"),
        ("", ""),
    ],
)
def test_a_text_stays_the_text_it_is(text: str, in_csv: str) -> None:
    assert as_csv(TEXT, [(text,)])[1] == [in_csv]
    book = as_xlsx(TEXT, [(text,), ("end",)])
    shown = book.sheets["Rows"][1]
    assert ((shown[0] if shown else "") or "") == text.replace("\x00", "")
    assert not book.has_formulas()


def test_headers_are_harmless_too() -> None:
    assert as_csv((Column("=1+1"),), [])[0] == ["'=1+1"]


def test_values_keep_their_types() -> None:
    columns = tuple(
        Column(kind.name, kind)
        for kind in (Kind.COUNT, Kind.NUMBER, Kind.SHARE, Kind.SECONDS, Kind.DAY, Kind.MOMENT)
    )
    day, moment = date(2026, 3, 26), datetime(2026, 3, 26, 12, 0)
    rows: list[Row] = [(1204, 1.7, 3 / 7, 75.5, day, moment), (None,) * 6]
    assert as_csv(columns, rows)[1:] == [
        ["1204", "1.7", "0.428571", "75.500", "2026-03-26", "2026-03-26 12:00:00"],
        [""] * 6,
    ]
    book = as_xlsx(columns, rows)
    # Days since 30 December 1899, as spreadsheets count.
    assert book.sheets["Rows"][1] == pytest.approx(
        [1204, 1.7, 3 / 7, 75.5 / 86_400, 46107, 46107.5]
    )
    assert book.is_frozen("Rows")
    assert min(book.widths("Rows")) >= 9


def _many(count: int) -> Iterator[Row]:
    return ((f"+97250555{number:04}", "x" * 100) for number in range(count))


def _peak(write: Callable[[Rows], Any], count: int) -> int:
    tracemalloc.start()
    try:
        write(Rows((Column("Phone"), Column("Message")), _many(count), count))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _to_csv(table: Rows) -> None:
    for _piece in csv_file.chunks(table):
        pass


def _to_xlsx(table: Rows, folder: Path) -> None:
    with (folder / "file.xlsx").open("wb+") as target, Workbook(target) as book:
        book.add("Rows", table)


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Ten times the rows, 1.6 MB more of text: less than a tenth of that in memory."""

    def to_xlsx(table: Rows) -> None:
        _to_xlsx(table, tmp_path)

    for write in (_to_csv, to_xlsx):
        _peak(write, 100)  # loads what is loaded only once
        assert _peak(write, 16_000) - _peak(write, 1600) < 160_000


def test_what_breaks_off_leaves_no_parts_behind(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def rows() -> Iterator[Row]:
        yield ("one",)
        raise OSError

    target = io.BytesIO()
    with pytest.raises(OSError), Workbook(target) as book:  # noqa: PT011
        book.add("Rows", Rows(TEXT, rows(), 2))
    assert target.getvalue() == b""
    assert list(tmp_path.iterdir()) == []
