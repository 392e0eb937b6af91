"""The content of an export: columns with their kinds, and rows of plain values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto
from typing import Protocol

# None: no value, which is never shown as zero. A text may be in any column.
Value = str | int | float | date | datetime | None
Row = Sequence[Value]


class Kind(Enum):
    """What the values of a column are."""

    TEXT = auto()
    COUNT = auto()
    NUMBER = auto()
    SHARE = auto()  # 0 ... 1
    SECONDS = auto()
    DAY = auto()
    MOMENT = auto()  # a datetime in the time zone that the export names


@dataclass(frozen=True)
class Column:
    """`name` is the header. The writers of both formats add the unit of times to it."""

    name: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Rows:
    """Rows that are read once, in order, and how many there will be."""

    columns: tuple[Column, ...]
    rows: Iterator[Row]
    count: int


class Telling(Protocol):
    """Called with the number of rows written so far."""

    def __call__(self, written: int, /) -> None: ...
