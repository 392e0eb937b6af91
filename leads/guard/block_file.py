"""Block lists as CSV files: reads them row by row, and says what they would change."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from typing import TypeVar

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext

from leads import csv_file
from leads.csv_file import Contents, NotARow
from leads.guard import block_values
from leads.guard.address import Network
from leads.guard.block_values import NotAnEntry
from leads.models import BlockEntry, BlockKind, BlockVerdict

# The column names in the header, in any order. They are the same in every language, so that one
# person can import what another exported.
COLUMNS = ("kind", "entry", "verdict", "reason", "until")
_Choice = TypeVar("_Choice", BlockKind, BlockVerdict)


@dataclass(frozen=True)
class Row:
    """A row that can be stored, and the line of the file where it begins."""

    line: int
    kind: BlockKind
    value: str
    verdict: BlockVerdict
    reason: str
    until: datetime | None

    @property
    def key(self) -> tuple[str, str]:
        """What identifies an entry."""
        return (self.kind.value, self.value)


@dataclass(frozen=True)
class Difference:
    """What storing the rows would do."""

    new: tuple[Row, ...]
    changed: tuple[Row, ...]
    same: tuple[Row, ...]


@dataclass(frozen=True)
class Reading:
    """How to read the rows. `zone`: of the times; `now`: an entry that ends before it is
    refused.
    """

    default_countries: Collection[str]
    proxies: Collection[Network]
    zone: tzinfo
    now: datetime


def contents(text: str, reading: Reading) -> Contents[Row]:
    """Reads the text of a file. Raises NotAFile if its header names no columns."""
    return csv_file.contents(
        text,
        COLUMNS,
        {"kind", "entry"},
        lambda line, cells: _row(line, cells, reading),
        twice=gettext("This entry is already in line %(line)s."),
    )


def difference(rows: Sequence[Row]) -> Difference:
    """What storing the rows would do. One query."""
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
    """Stores the rows. Existing entries get the file's values, and keep who added them."""
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


def _row(line: int, cells: dict[str, str], reading: Reading) -> Row:
    def cell(name: str) -> str:
        return cells.get(name, "")

    kind = _choice(BlockKind, cell("kind"))
    if kind is None:
        raise NotARow(
            gettext("“%(typed)s” is not a kind of entry. Use one of these: %(kinds)s.")
            % {"typed": cell("kind")[:40], "kinds": ", ".join(BlockKind.values)}
        )
    verdict = _choice(BlockVerdict, cell("verdict") or BlockVerdict.HOLD.value)
    if verdict is None:
        raise NotARow(
            gettext("“%(typed)s” is not a verdict. Use one of these: %(verdicts)s.")
            % {"typed": cell("verdict")[:40], "verdicts": ", ".join(BlockVerdict.values)}
        )
    try:
        value = block_values.read(kind, cell("entry"), reading.default_countries, reading.proxies)
        block_values.refuse_too_much(kind, value, verdict)
    except NotAnEntry as refused:
        raise NotARow(str(refused)) from None
    reason = csv_file.reason(cells)
    return Row(line, kind, value, verdict, reason, _until(cell("until"), reading))


def _choice(choices: type[_Choice], typed: str) -> _Choice | None:
    return next((it for it in choices if it.value == typed.lower()), None)


def _until(typed: str, reading: Reading) -> datetime | None:
    """Parses "2027-01-31" or "2027-01-31 18:00"; a day alone means its last second."""
    if not typed:
        return None
    try:
        day = parse_date(typed)
        at = datetime.combine(day, time(23, 59, 59)) if day else parse_datetime(typed)
    except ValueError:
        at = None
    if at is None:
        raise NotARow(
            gettext(
                "“%(typed)s” is neither a day nor a time. Write 2027-01-31 or 2027-01-31 18:00."
            )
            % {"typed": typed[:40]}
        )
    at = at if at.tzinfo else at.replace(tzinfo=reading.zone)
    if at <= reading.now:
        raise NotARow(gettext("This time has already passed: %(typed)s.") % {"typed": typed[:40]})
    return at
