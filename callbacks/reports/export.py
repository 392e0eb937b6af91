"""The report as a file: the page's figures, from the same queries, and a chart."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext

from callbacks.common.formatting import listed
from callbacks.exports.records import Recorded
from callbacks.exports.tables import Column, Kind, Rows, Value
from callbacks.exports.tables import Row as FileRow
from callbacks.exports.workbook import Workbook
from callbacks.reports import cells, choices, filters, pictures, selection
from callbacks.reports.measures import MEASURES, Measure, Unit
from callbacks.reports.queries import Figure, Row, Table, figures
from callbacks.reports.selection import Selection

_KINDS = {
    Unit.LEADS: Kind.COUNT,
    Unit.SHARE: Kind.SHARE,
    Unit.SECONDS: Kind.SECONDS,
    Unit.NUMBER: Kind.NUMBER,
}


@dataclass(frozen=True)
class Export:
    """The page's tables at `now`; `before` is None without a comparison."""

    selected: Selection
    now: datetime
    table: Table
    before: Table | None

    @classmethod
    def of(cls, selected: Selection, now: datetime) -> "Export":
        """What the page shows for the same address."""
        asked, measures, grouping = selected.asked, selected.measures(), selected.grouping
        table = figures(asked, measures, grouping, now=now)
        before = None
        if selected.compare:
            before = figures(asked.before(), measures, grouping, now=now)
        return cls(selected, now, table, before)

    @property
    def name(self) -> str:
        """The file's name, without its extension."""
        days = self.selected.asked.days
        return f"callback-times_{days.first.isoformat()}_{days.last.isoformat()}"

    @property
    def remarks(self) -> list[str]:
        """What the reader should know."""
        return filters.remarks(self.selected.asked)

    def rows(self) -> Rows:
        """The page's table with its last row, "All"."""
        return rows_of(self.table, self.before)

    def fill(self, book: Workbook, recorded: Recorded) -> None:
        """Three sheets: the table, the trend with its chart, and what was asked for."""
        book.add(gettext("Callback times"), self.rows(), recorded.tell)
        self._add_trend(book)
        book.add(gettext("About"), self._about())

    def _add_trend(self, book: Workbook) -> None:
        asked, by = self.selected.asked, self.selected.trend()
        measures = [MEASURES[key] for key in pictures.TREND]
        trend = figures(asked, measures, by, now=self.now)
        before = None
        if self.selected.compare:
            before = figures(asked.before(), measures, by, now=self.now)
        table = rows_of(trend, before, total=False)
        target = selection.target(asked)
        if target is not None:
            column = Column(gettext("Target"), Kind.SECONDS)
            rows = ([*row, float(target)] for row in table.rows)
            table = Rows((*table.columns, column), rows, table.count)
        sheet = book.add(gettext("Trend"), table)
        if not sheet.count:
            return
        # The chart draws times, including earlier ones and the target, but no counts.
        lines = [at for at, it in enumerate(table.columns) if it.kind is Kind.SECONDS]
        sheet.add_chart(gettext("Time to ring"), [1], lines)

    def _about(self) -> Rows:
        asked, query = self.selected.asked, self.selected.query()
        said: list[tuple[str, str]] = [
            (gettext("Days"), str(asked.days)),
            (gettext("Time zone"), asked.zone),
            (gettext("Columns"), str(self.selected.columns.name)),
        ]
        for field in choices.fields(query, {}, seen=asked.seen):
            chosen = [str(option.name) for option in field.options if option.is_chosen]
            said.append((field.label, listed(chosen) if chosen else gettext("All")))
        if self.before:
            said.append((gettext("Compared with"), str(self.before.asked.days)))
        local = self.now.astimezone(asked.tz)
        said.append((gettext("Figures as of"), f"{local:%Y-%m-%d %H:%M:%S}"))
        said += [(gettext("Note"), remark) for remark in filters.remarks(asked)]
        said += [(str(it.name), str(it.definition)) for it in self.table.measures]
        columns = (Column(gettext("What")), Column(gettext("Value")))
        return Rows(columns, iter(said), len(said))


def rows_of(table: Table, before: Table | None, *, total: bool = True) -> Rows:
    """A table as on the page, with its last row, "All", if `total`."""
    is_compared = before is not None
    pairs = [(_label(row), row, other) for row, other in cells.pairs(table, before)]
    if total:
        pairs.append((gettext("All"), table.total, before.total if before else None))
    columns = [_label_column(table)]
    for measure in table.measures:
        columns += _columns(measure, is_compared=is_compared)

    def written() -> Iterator[FileRow]:
        for label, row, other in pairs:
            values: list[Value] = [label]
            for measure in table.measures:
                earlier = other[measure.key] if other else None
                values += _values(row[measure.key], earlier, is_compared=is_compared)
            yield values

    return Rows(tuple(columns), written(), len(pairs))


def _label_column(table: Table) -> Column:
    grouping = table.grouping
    if grouping is None:
        return Column("")
    if grouping.days is None:
        return Column(str(grouping.name))
    if grouping.key == "day":
        return Column(str(grouping.name), Kind.DAY)
    return Column(gettext("%(group)s from") % {"group": grouping.name}, Kind.DAY)


def _label(row: Row) -> Value:
    return row.key if isinstance(row.key, date) else row.label


def _columns(measure: Measure, *, is_compared: bool) -> list[Column]:
    kind, words = _KINDS[measure.unit], {"measure": measure.name}
    found = [Column(str(measure.name), kind)]
    if measure.out_of:
        found += [
            Column(_rows_name(measure) % words, Kind.COUNT),
            Column(gettext("%(measure)s: out of") % words, Kind.COUNT),
        ]
    elif _has_rows(measure):
        found.append(Column(_rows_name(measure) % words, Kind.COUNT))
    if is_compared:
        found.append(Column(gettext("%(measure)s before") % words, kind))
    return found


def _has_rows(measure: Measure) -> bool:
    """Whether a column beside the value says how many rows it is of."""
    return measure.unit is not Unit.LEADS and bool(measure.listed)


def _rows_name(measure: Measure) -> str:
    """The heading of that column: "calls" for a share, "of calls" for other values."""
    if measure.counts == "pauses":
        return gettext("%(measure)s: of pauses")
    if measure.counts != "leads":
        is_share = measure.out_of is not None
        return gettext("%(measure)s: calls") if is_share else gettext("%(measure)s: of calls")
    return gettext("%(measure)s: leads") if measure.out_of else gettext("%(measure)s: of leads")


def _values(figure: Figure, earlier: Figure | None, *, is_compared: bool) -> list[Value]:
    found = [_value(figure)]
    if figure.out_of is not None:
        found += [figure.leads, figure.out_of]
    elif _has_rows(figure.measure):
        found.append(figure.leads)
    if is_compared:
        found.append(_value(earlier) if earlier else None)
    return found


def _value(figure: Figure) -> Value:
    if figure.value is None or figure.measure.unit is not Unit.LEADS:
        return figure.value
    return int(figure.value)
