"""Lists that come as CSV files, whatever program has written them."""

import csv
import io
from collections.abc import Callable, Hashable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from django.utils.translation import gettext

LARGEST = 200 * 1024  # bytes
# In front of what a spreadsheet would not take for text: exports put it there (exports.csv_file).
_KEEPS_TEXT = "'"


LONGEST_REASON = 200


class NotAFile(ValueError):  # noqa: N818  # said to a person
    """Nothing of the file can be used; the text says why."""


@dataclass(frozen=True)
class Problem:
    """A row that cannot be stored, and why."""

    line: int
    why: str


class NotARow(ValueError):  # noqa: N818  # said to a person
    """A row that cannot be stored; the text says why."""


class Row(Protocol):
    """What a list makes of a row that can be stored."""

    @property
    def line(self) -> int:
        """The line of the file at which it begins."""

    @property
    def key(self) -> Hashable:
        """What the list has one row of."""


_Row = TypeVar("_Row", bound=Row)


@dataclass(frozen=True)
class Contents(Generic[_Row]):
    """What a file says: the rows that can be stored, and those that cannot."""

    rows: tuple[_Row, ...]
    problems: tuple[Problem, ...]


def contents(
    text: str,
    columns: Sequence[str],
    needed: Set[str],
    read: Callable[[int, dict[str, str]], _Row],
    twice: str,
) -> Contents[_Row]:
    """What the text of a file says, each row as `read` understands its line and its cells.

    `read` raises NotARow. `twice` is said of a row that stands in `%(line)s` already. Raises
    NotAFile as `rows` does.
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
    """Why it is on the list, as a row says. Raises NotARow where that is too long."""
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
        raise NotAFile(gettext("The file is no text in UTF-8. Save it as “CSV UTF-8”.")) from None
    if "\x00" in text:
        raise NotAFile(gettext("This is no CSV file."))
    return text


def rows(
    text: str, columns: Sequence[str], needed: Set[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows below the first, which names the columns: each with the line at which it begins and
    its cells by their columns. Empty rows are left out.

    Raises NotAFile where a column that is `needed` is not named, where one is named twice, and for
    a row with more cells than columns.
    """
    lines = _lines(text)
    _line, first = next(lines, (0, []))
    names = [it.strip().lower() for it in first]
    if not needed <= set(names):
        raise NotAFile(
            gettext("The first row has to name the columns: %(columns)s.")
            % {"columns": ", ".join(columns)}
        )
    if twice := next((it for it in names if it and names.count(it) > 1), ""):
        raise NotAFile(gettext("The first row names %(column)s twice.") % {"column": twice})
    for line, cells in lines:
        if any(it.strip() for it in cells[len(names) :]):
            raise NotAFile(
                gettext(
                    "Line %(line)s has more cells than there are columns. Put a text that has a "
                    "comma in it between quotation marks."
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
        raise NotAFile(gettext("Line %(line)s is no row of CSV.") % {"line": begins}) from None
