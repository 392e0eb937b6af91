"""A saved view in a mail: the figures of its report's page, with full addresses."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext

from callbacks.access.scope import EVERYTHING, Scope
from callbacks.common.site_address import absolute
from callbacks.models import SavedView
from callbacks.reports import cells, saved_views
from callbacks.reports.drilldown import Behind
from callbacks.reports.measures import Measure
from callbacks.reports.queries import Figure, Row, Table

# Columns side by side; they fit a mail of 600 pixels, and a phone.
COLUMNS = 3
# Groups in the mail; the file and the page have all of them.
MOST_ROWS = 40


@dataclass(frozen=True)
class Cell:
    """One figure. `notes` stand below it. `address`: of the leads behind it, or empty."""

    name: str
    shown: str
    address: str
    notes: tuple[str, ...]
    tone: str = ""


@dataclass(frozen=True)
class Line:
    """A group with its figures."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Mailed:
    """What a mail shows. `left_out`: how many groups are not in it."""

    title: str
    days: str
    zone: str
    before: str
    said: tuple[str, ...]
    remarks: tuple[str, ...]
    group: str
    total: tuple[Cell, ...]
    lines: tuple[Line, ...]
    left_out: int
    address: str
    as_of: datetime
    export: saved_views.Exported

    @property
    def bands(self) -> list[tuple[tuple[Cell, ...], list[Line]]]:
        """The columns, COLUMNS at a time: their headings, and the lines with only these columns."""
        return [
            (
                self.total[at : at + COLUMNS],
                [Line(it.label, it.cells[at : at + COLUMNS]) for it in self.lines],
            )
            for at in range(0, len(self.total), COLUMNS)
        ]

    @property
    def total_rows(self) -> list[tuple[Cell, ...]]:
        """The totals, two side by side."""
        return [self.total[at : at + 2] for at in range(0, len(self.total), 2)]


def mailed(view: SavedView, today: datetime, now: datetime, seen: Scope = EVERYTHING) -> Mailed:
    """The view for the days as of `today`, with figures as of `now`. Raises NotUnderstood."""
    query = QueryDict(view.query)
    report = saved_views.REPORTS[view.report]
    selected = report.read(query, today, seen)
    export = report.export(selected, now)
    table, before, asked = export.table, export.before, selected.asked
    fixed = selected.query()
    for name, value in asked.fixed().query().items():
        if name in ("period", "first", "last"):
            fixed[name] = str(value)
    page = reverse(report.page)
    pairs = cells.pairs(table, before)
    return Mailed(
        title=view.name,
        days=str(asked.days),
        zone=asked.zone,
        before=str(before.asked.days) if before else "",
        said=tuple(report.in_words(query, seen)),
        remarks=tuple(export.remarks),
        group=str(selected.grouping.name),
        total=_cells(table, table.total, before.total if before else None),
        lines=tuple(Line(row.label, _cells(table, row, other)) for row, other in pairs[:MOST_ROWS]),
        left_out=max(0, len(pairs) - MOST_ROWS),
        address=absolute(f"{page}?{fixed.urlencode()}"),
        as_of=now.astimezone(asked.tz),
        export=export,
    )


def _cells(table: Table, row: Row, before: Row | None) -> tuple[Cell, ...]:
    return tuple(_cell(table, row, before, measure) for measure in table.measures)


def _cell(table: Table, row: Row, before: Row | None, measure: Measure) -> Cell:
    figure = row[measure.key]
    address = ""
    if figure.value is not None and measure.listed and table.asked.seen.names:
        grouping = table.grouping if row.key is not None else None
        address = absolute(Behind(table.asked, measure, grouping, row.key).address())
    earlier = before[measure.key] if before else None
    return Cell(
        name=str(measure.name),
        shown=cells.words(figure),
        address=address,
        notes=tuple(_notes(figure, earlier)),
        tone=cells.tone(figure, earlier) if earlier else "",
    )


def _notes(figure: Figure, earlier: Figure | None) -> Iterator[str]:
    if figure.out_of:
        yield gettext("%(count)s of %(all)s") % {
            "count": number_format(figure.leads, force_grouping=True),
            "all": number_format(figure.out_of, force_grouping=True),
        }
    elif figure.is_small:
        yield cells.few(figure).format(count=figure.leads)
    if earlier is not None:
        words = {"change": cells.change(figure, earlier), "value": cells.words(earlier)}
        yield (gettext("%(change)s was %(value)s") % words).strip()
