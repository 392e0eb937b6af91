"""Reads lists from CSV files, whichever program wrote them."""

import csv
import io
from collections.abc import Callable, Hashable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from django.utils.translation import gettext

LARGEST = 200 * 1024  # bytes
# A prefix that keeps a cell text in a spreadsheet; exports write it (exports.csv_file).
_KEEPS_TEXT = "'"


LONGEST_REASON = 200


class NotAFile(ValueError):  # noqa: N818  # said to a person
    """Nothing in the file is usable; the text says why."""


@dataclass(frozen=True)
class Problem:
    """A row that cannot be stored, and why."""

    line: int
    why: str


class NotARow(ValueError):  # noqa: N818  # said to a person
    """A row that cannot be stored; the text says why."""


class Row(Protocol):
    """A list's own form of a row that can be stored."""

    @property
    def line(self) -> int:
        """The line of the file where the row begins."""

    @property
    def key(self) -> Hashable:
        """What identifies the row; the list has one row for each key."""


_Row = TypeVar("_Row", bound=Row)


@dataclass(frozen=True)
class Contents(Generic[_Row]):
    """The contents of a file: the rows that can be stored, and the problems of the others."""

    rows: tuple[_Row, ...]
    problems: tuple[Problem, ...]


def contents(
    text: str,
    columns: Sequence[str],
    needed: Set[str],
    read: Callable[[int, dict[str, str]], _Row],
    twice: str,
) -> Contents[_Row]:
    """Reads the text of a file; `read` turns the line number and cells of each row into a row.

    `read` raises NotARow. `twice` is the sentence for a row that line `%(line)s` has already.
    Raises NotAFile as `rows` does.
    """
    found: dict[Hashable, _Row] = {}
    problems = []
    for line, cells in rows(text, columns, needed):
        try:
            row = read(line, cells)
            if earlier := found.get(row.key):
                raise NotARow(twice % {"line": earlier.line})
            found[row.key] = row
        except NotARow as problem:
            problems.append(Problem(line, str(problem)))
    return Contents(tuple(found.values()), tuple(problems))


def reason(cells: dict[str, str]) -> str:
    """The row's reason for being on the list. Raises NotARow if it is too long."""
    typed = cells.get("reason", "")
    if len(typed) > LONGEST_REASON:
        raise NotARow(
            gettext("The reason is longer than %(most)s characters.") % {"most": LONGEST_REASON}
        )
    return typed


def text_of(data: bytes) -> str:
    """The file as text. Raises NotAFile."""
    if len(data) > LARGEST:
        raise NotAFile(
            gettext("The file is larger than %(size)s KiB. Import it in parts.")
            % {"size": LARGEST // 1024}
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotAFile(gettext("The file is not UTF-8 text. Save it as “CSV UTF-8”.")) from None
    if "\x00" in text:
        raise NotAFile(gettext("This is not a CSV file."))
    return text


def rows(
    text: str, columns: Sequence[str], needed: Set[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows below the header, each with the line where it begins and its cells by column. Skips
    empty rows.

    Raises NotAFile if the header lacks a `needed` column or names a column twice, and for a row
    with more cells than columns.
    """
    lines = _lines(text)
    _line, first = next(lines, (0, []))
    names = [it.strip().lower() for it in first]
    if not needed <= set(names):
        raise NotAFile(
            gettext("The first row must name the columns: %(columns)s.")
            % {"columns": ", ".join(columns)}
        )
    if twice := next((it for it in names if it and names.count(it) > 1), ""):
        raise NotAFile(gettext("The first row names %(column)s twice.") % {"column": twice})
    for line, cells in lines:
        if any(it.strip() for it in cells[len(names) :]):
            raise NotAFile(
                gettext(
                    "Line %(line)s has more cells than columns. Put text that contains a comma "
                    "in quotation marks."
                )
                % {"line": line}
            )
        plain = (it.strip().removeprefix(_KEEPS_TEXT).strip() for it in cells)
        yield line, dict(zip(names, plain, strict=False))


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    begins = 1
    try:
        for cells in reader:
            if any(it.strip() for it in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error:
        raise NotAFile(gettext("Line %(line)s is not a CSV row.") % {"line": begins}) from None
