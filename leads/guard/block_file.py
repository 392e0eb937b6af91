"""Block lists as CSV files: what a file says, row by row, and what it would change."""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from typing import TypeVar

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext

from leads.guard import block_values
from leads.guard.address import Network
from leads.guard.block_values import NotAnEntry
from leads.models import BlockEntry, BlockKind, BlockVerdict

# The names in the first row, in any order; the same in every language, so that a file that one
# person has exported another can import.
COLUMNS = ("kind", "entry", "verdict", "reason", "until")
LARGEST = 200 * 1024  # bytes
_LONGEST_REASON = 200
# In front of what a spreadsheet would not take for text: exports put it there (exports.csv_file).
_KEEPS_TEXT = "'"
_Choice = TypeVar("_Choice", BlockKind, BlockVerdict)


class NotAFile(ValueError):  # noqa: N818  # said to a person
    """Nothing of the file can be used; the text says why."""


@dataclass(frozen=True)
class Row:
    """A row that can be stored, and the line of the file at which it begins."""

    line: int
    kind: BlockKind
    value: str
    verdict: BlockVerdict
    reason: str
    until: datetime | None

    @property
    def key(self) -> tuple[str, str]:
        """What there is one entry of."""
        return (self.kind.value, self.value)


@dataclass(frozen=True)
class Problem:
    """A row that cannot be stored, and why."""

    line: int
    why: str


@dataclass(frozen=True)
class Contents:
    """What a file says: the rows that can be stored, and those that cannot."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Difference:
    """What storing the rows would do."""

    new: tuple[Row, ...]
    changed: tuple[Row, ...]
    same: tuple[Row, ...]


@dataclass(frozen=True)
class Reading:
    """By what the rows are read. `zone`: of the times; `now`: what is over by then is no entry."""

    default_countries: Collection[str]
    proxies: Collection[Network]
    zone: tzinfo
    now: datetime


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


def contents(text: str, reading: Reading) -> Contents:
    """What the text of a file says. Raises NotAFile where its first row names no columns."""
    lines = _rows(text)
    _line, first = next(lines, (0, []))
    names = [it.strip().lower() for it in first]
    if not {"kind", "entry"} <= set(names):
        raise NotAFile(
            gettext("The first row has to name the columns: %(columns)s.")
            % {"columns": ", ".join(COLUMNS)}
        )
    rows: dict[tuple[str, str], Row] = {}
    problems = []
    for line, cells in lines:
        try:
            row = _row(line, dict(zip(names, cells, strict=False)), reading)
            if earlier := rows.get(row.key):
                raise NotAnEntry(
                    gettext("This entry stands in line %(line)s already.") % {"line": earlier.line}
                )
            rows[row.key] = row
        except NotAnEntry as problem:
            problems.append(Problem(line, str(problem)))
    return Contents(tuple(rows.values()), tuple(problems))


def difference(rows: Sequence[Row]) -> Difference:
    """What storing them would do. One query."""
    found = BlockEntry.objects.filter(value__in=[it.value for it in rows])
    there = {(it.kind, it.value): it for it in found}
    new, changed, same = [], [], []
    for row in rows:
        entry = there.get(row.key)
        if entry is None:
            new.append(row)
        elif (entry.verdict, entry.reason, entry.until) == (row.verdict, row.reason, row.until):
            same.append(row)
        else:
            changed.append(row)
    return Difference(tuple(new), tuple(changed), tuple(same))


def store(rows: Iterable[Row], user_id: int | None, now: datetime) -> None:
    """Stores the rows: entries that are there get what the file says, and keep who added them."""
    BlockEntry.objects.bulk_create(
        (
            BlockEntry(
                kind=it.kind,
                value=it.value,
                verdict=it.verdict,
                reason=it.reason,
                until=it.until,
                added_by_id=user_id,
                added_at=now,
            )
            for it in rows
        ),
        update_conflicts=True,
        unique_fields=["kind", "value"],
        update_fields=["verdict", "reason", "until"],
    )


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the line at which it begins."""
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


def _row(line: int, cells: dict[str, str], reading: Reading) -> Row:
    def cell(name: str) -> str:
        return cells.get(name, "").strip().removeprefix(_KEEPS_TEXT).strip()

    kind = _choice(BlockKind, cell("kind"))
    if kind is None:
        raise NotAnEntry(
            gettext("“%(typed)s” is no kind of entry: %(kinds)s.")
            % {"typed": cell("kind")[:40], "kinds": ", ".join(BlockKind.values)}
        )
    verdict = _choice(BlockVerdict, cell("verdict") or BlockVerdict.HOLD.value)
    if verdict is None:
        raise NotAnEntry(
            gettext("“%(typed)s” is no verdict: %(verdicts)s.")
            % {"typed": cell("verdict")[:40], "verdicts": ", ".join(BlockVerdict.values)}
        )
    value = block_values.read(kind, cell("entry"), reading.default_countries, reading.proxies)
    block_values.refuse_too_much(kind, value, verdict)
    if len(cell("reason")) > _LONGEST_REASON:
        raise NotAnEntry(
            gettext("The reason is longer than %(most)s characters.") % {"most": _LONGEST_REASON}
        )
    return Row(line, kind, value, verdict, cell("reason"), _until(cell("until"), reading))


def _choice(choices: type[_Choice], typed: str) -> _Choice | None:
    return next((it for it in choices if it.value == typed.lower()), None)


def _until(typed: str, reading: Reading) -> datetime | None:
    """A day ends it with its last second; "2027-01-31", "2027-01-31 18:00"."""
    if not typed:
        return None
    try:
        day = parse_date(typed)
        at = datetime.combine(day, time(23, 59, 59)) if day else parse_datetime(typed)
    except ValueError:
        at = None
    if at is None:
        raise NotAnEntry(
            gettext("“%(typed)s” is no day and no time, like 2027-01-31 or 2027-01-31 18:00.")
            % {"typed": typed[:40]}
        )
    at = at if at.tzinfo else at.replace(tzinfo=reading.zone)
    if at <= reading.now:
        raise NotAnEntry(gettext("It would be over already: %(typed)s.") % {"typed": typed[:40]})
    return at
