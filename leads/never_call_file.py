"""The never-call list as CSV files: what a file says, row by row, and what it would add."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from leads import countries, csv_file, never_call, phones
from leads.csv_file import Problem
from leads.phones import PhoneRefused

# As leads.guard.block_file has its own.
COLUMNS = ("phone", "reason")
_LONGEST_REASON = 200


@dataclass(frozen=True)
class Row:
    """A number (E.164) that can be put on the list, and the line of the file at which it begins."""

    line: int
    phone: str
    reason: str


@dataclass(frozen=True)
class Contents:
    """What a file says: the rows that can be stored, and those that cannot."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Difference:
    """What storing the rows would do. A number that is listed already keeps its reason."""

    new: tuple[Row, ...]
    same: tuple[Row, ...]


class NotANumber(ValueError):  # noqa: N818  # said to a person
    """A row of which nobody can tell the number, or whose reason is too long."""


def contents(text: str, default_countries: Collection[str]) -> Contents:
    """What the text of a file says; `default_countries` (ISO 3166): of numbers without +.

    Raises csv_file.NotAFile where its first row names no columns.
    """
    rows: dict[str, Row] = {}
    problems = []
    for line, cells in csv_file.rows(text, COLUMNS, needed={"phone"}):
        try:
            row = _row(line, cells, default_countries)
            if earlier := rows.get(row.phone):
                raise NotANumber(
                    gettext("This number stands in line %(line)s already.") % {"line": earlier.line}
                )
            rows[row.phone] = row
        except NotANumber as problem:
            problems.append(Problem(line, str(problem)))
    return Contents(tuple(rows.values()), tuple(problems))


def difference(rows: Sequence[Row]) -> Difference:
    """What storing them would do. Two queries."""
    listed = never_call.which_are_listed([it.phone for it in rows])
    new = tuple(it for it in rows if it.phone not in listed)
    return Difference(new, tuple(it for it in rows if it.phone in listed))


def store(rows: Sequence[Row], user: object) -> int:
    """Puts the numbers on the list, as one by one. Returns how many were not on it."""
    return never_call.add_all({it.phone: it.reason for it in rows}, user)


def read(typed: str, default_countries: Collection[str]) -> str:
    """The number (E.164) that a manager means. Raises PhoneRefused, by the first country."""
    refused = None
    for country in default_countries:
        try:
            return phones.parse(typed, country, countries.NAMES).e164
        except PhoneRefused as refusal:
            refused = refused or refusal
    raise refused or PhoneRefused("invalid", gettext("Enter the number."))


def _row(line: int, cells: dict[str, str], default_countries: Collection[str]) -> Row:
    typed, reason = cells.get("phone", ""), cells.get("reason", "")
    try:
        phone = read(typed, default_countries)
    except PhoneRefused as refused:
        raise NotANumber(
            gettext("“%(typed)s”: %(why)s") % {"typed": typed[:40], "why": refused.message}
        ) from None
    if len(reason) > _LONGEST_REASON:
        raise NotANumber(
            gettext("The reason is longer than %(most)s characters.") % {"most": _LONGEST_REASON}
        )
    return Row(line, phone, reason)
