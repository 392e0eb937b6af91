"""The never-call list as CSV files: reads them row by row, and says what they would add."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from leads import countries, csv_file, never_call, phones
from leads.csv_file import Contents, NotARow
from leads.phones import PhoneRefused

# The column names in the header, in any order.
COLUMNS = ("phone", "reason")


@dataclass(frozen=True)
class Row:
    """A number (E.164) that can be listed, and the line of the file where its row begins."""

    line: int
    phone: str
    reason: str

    @property
    def key(self) -> str:
        """What identifies an entry."""
        return self.phone


@dataclass(frozen=True)
class Difference:
    """What storing the rows would do. A number that is listed already keeps its reason."""

    new: tuple[Row, ...]
    same: tuple[Row, ...]


def contents(text: str, default_countries: Collection[str]) -> Contents[Row]:
    """Reads the text of a file; `default_countries` (ISO 3166) are for numbers without +.

    Raises csv_file.NotAFile if its header names no columns.
    """
    return csv_file.contents(
        text,
        COLUMNS,
        {"phone"},
        lambda line, cells: _row(line, cells, default_countries),
        twice=gettext("This number is already in line %(line)s."),
    )


def difference(rows: Sequence[Row]) -> Difference:
    """What storing the rows would do. Two queries."""
    listed = never_call.which_are_listed([it.phone for it in rows])
    new = tuple(it for it in rows if it.phone not in listed)
    return Difference(new, tuple(it for it in rows if it.phone in listed))


def store(rows: Sequence[Row], user: object) -> int:
    """Puts the numbers on the list. Returns how many were not on it before."""
    return never_call.add_all({it.phone: it.reason for it in rows}, user)


def read(typed: str, default_countries: Collection[str]) -> str:
    """The number (E.164) that a manager means. Raises PhoneRefused with the first country's
    reason.
    """
    refused = None
    for country in default_countries:
        try:
            return phones.parse(typed, country, countries.NAMES).e164
        except PhoneRefused as refusal:
            refused = refused or refusal
    raise refused or PhoneRefused("invalid", gettext("Enter the number."))


def _row(line: int, cells: dict[str, str], default_countries: Collection[str]) -> Row:
    typed = cells.get("phone", "")
    try:
        phone = read(typed, default_countries)
    except PhoneRefused as refused:
        raise NotARow(
            gettext("“%(typed)s”: %(why)s") % {"typed": typed[:40], "why": refused.message}
        ) from None
    return Row(line, phone, csv_file.reason(cells))
