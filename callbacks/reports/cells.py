"""Figures as people read them, each with a link to the leads behind it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from callbacks.common.formatting import in_words, percent
from callbacks.reports.drilldown import Behind
from callbacks.reports.measures import Measure, Unit
from callbacks.reports.queries import Figure, Row, Table

# Shown for a percentile or share of nothing.
NOTHING = "-"
MORE, LESS = "▲", "▼"


@dataclass(frozen=True)
class Cell:
    """One figure. `notes` stand below it. `tone`: "better" or "worse" than before, or empty."""

    measure: Measure
    shown: SafeString
    notes: tuple[SafeString, ...] = ()
    before: SafeString | None = None
    tone: str = ""


@dataclass(frozen=True)
class Line:
    """A row of a table."""

    label: str
    cells: tuple[Cell, ...]


def words(figure: Figure) -> str:
    """The value: "98.7 %", "1 min 20 s", "1,204"; "-" if there is none."""
    if figure.value is None:
        return NOTHING
    match figure.measure.unit:
        case Unit.LEADS:
            return number_format(int(figure.value), force_grouping=True)
        case Unit.SHARE:
            return percent(figure.value)
        case Unit.SECONDS:
            return in_words(figure.value)
        case Unit.NUMBER:
            return number_format(figure.value, decimal_pos=1)


def link(text: str, behind: Behind, title: str) -> SafeString:
    """A number that links to its leads, for users who may see them."""
    if not (address := behind.address()):
        return format_html("{}", text)
    return format_html('<a href="{}" title="{}">{}</a>', address, title, text)


def pairs(table: Table, before: Table | None = None) -> list[tuple[Row, Row | None]]:
    """The table's rows, each with the row of the period before to compare it with, if any."""
    if before is None:
        return [(row, None) for row in table.rows]
    others: Iterable[Row | None]
    if table.grouping and table.grouping.days:  # the first day stands beside the first day
        others = before.rows[: len(table.rows)]
    else:
        earlier = {row.key: row for row in before.rows}
        others = [earlier.get(row.key) for row in table.rows]
    return [(row, other) for row, other in zip_longest(table.rows, others) if row]


def lines(table: Table, before: Table | None = None) -> tuple[Line, ...]:
    """The table's rows; with `before`, each figure has its earlier value beside it."""
    return tuple(
        Line(row.label, _cells(table, row, before, other)) for row, other in pairs(table, before)
    )


def total(table: Table, label: str, before: Table | None = None) -> Line:
    """The row of all leads together."""
    return Line(label, _cells(table, table.total, before, before.total if before else None))


def _cells(
    table: Table, row: Row, before: Table | None = None, other: Row | None = None
) -> tuple[Cell, ...]:
    return tuple(
        cell(table, row, measure.key, before, other if before else None)
        for measure in table.measures
    )


def cell(
    table: Table, row: Row, key: str, before: Table | None = None, other: Row | None = None
) -> Cell:
    """One figure of a row; `other` is the row of the period before."""
    figure = row[key]
    was, its_tone = None, ""
    if before is not None and other is not None:
        earlier = other[key]
        was = format_html(
            gettext("{change} was {value}"),
            change=change(figure, earlier),
            value=_shown(before, other, earlier),
        )
        its_tone = tone(figure, earlier)
    return Cell(
        figure.measure, _shown(table, row, figure), _notes(table, row, figure), was, its_tone
    )


def _behind(table: Table, row: Row, figure: Figure, *, out_of: bool = False) -> Behind:
    grouping = table.grouping if row.key is not None else None
    return Behind(table.asked, figure.measure, grouping, row.key, out_of)


def _shown(table: Table, row: Row, figure: Figure) -> SafeString:
    if figure.value is None:
        return format_html("{}", NOTHING)
    if not figure.measure.listed:
        return format_html("{}", words(figure))
    behind = _behind(table, row, figure)
    return link(words(figure), behind, behind.words(row.label))


def _notes(table: Table, row: Row, figure: Figure) -> tuple[SafeString, ...]:
    if figure.out_of:
        every = _behind(table, row, figure, out_of=True)
        of = number_format(figure.out_of, force_grouping=True)
        return (
            format_html(
                gettext("{count} of {all}"),
                count=number_format(figure.leads, force_grouping=True),
                all=link(of, every, every.words(row.label)),
            ),
        )
    if figure.is_small:
        return (format_html(few(figure), count=figure.leads),)
    return ()


def few(figure: Figure) -> str:
    """The note on a percentile or mean of few rows, with {count}."""
    if figure.measure.counts == "calls":
        return ngettext("only {count} call", "only {count} calls", figure.leads)
    return ngettext("only {count} lead", "only {count} leads", figure.leads)


def change(figure: Figure, earlier: Figure) -> str:
    """An arrow for more or less than before, for readers who cannot see the colour."""
    if figure.value is None or earlier.value is None or _look_alike(figure, earlier):
        return ""
    return MORE if figure.value > earlier.value else LESS


def _look_alike(figure: Figure, earlier: Figure) -> bool:
    """ "23 s, was 23 s" is no change, even if the exact values differ."""
    return words(figure) == words(earlier)


def tone(figure: Figure, earlier: Figure) -> str:
    """ "better" or "worse" than before; "" if that cannot be said."""
    better = figure.measure.better
    if not better or figure.value is None or earlier.value is None:
        return ""
    if _look_alike(figure, earlier):
        return ""
    if figure.is_small or earlier.is_small:
        return ""  # too few leads to tell
    return "better" if (figure.value > earlier.value) == (better > 0) else "worse"
