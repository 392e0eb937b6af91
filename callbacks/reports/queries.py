"""Figures of leads, grouped and measured, in one query for each table.

asked = filters.read(request.GET, now)
table = figures(asked, [MEASURES["leads"], MEASURES["ring_p90"]], GROUPINGS["day"], now=now)
table.total["ring_p90"].value, table.rows[0]["leads"].leads
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Case, ExpressionWrapper, Q, QuerySet, When

from callbacks.reports.filters import Asked
from callbacks.reports.grouped_sql import KEY, grouped
from callbacks.reports.groupings import Grouping, Key
from callbacks.reports.measures import SMALL_SAMPLE, Measure, Unit


@dataclass(frozen=True)
class Figure:
    """One value, and how many leads are behind it.

    `value`: None if there is nothing to tell it from. Shares are 0 ... 1, times are seconds.
    `out_of`: for a share, how many leads it is a share of.
    """

    measure: Measure
    value: float | None
    leads: int
    out_of: int | None = None

    @property
    def is_small(self) -> bool:
        """Whether it is a percentile or mean of too few leads to say much."""
        is_sample = self.measure.unit in (Unit.SECONDS, Unit.NUMBER) and not self.measure.added
        return is_sample and 0 < self.leads < SMALL_SAMPLE


@dataclass(frozen=True)
class Row:
    """One group; or all leads, with `key` None and `label` empty."""

    key: Key | None
    label: str
    figures: Mapping[str, Figure]

    def __getitem__(self, measure: str) -> Figure:
        return self.figures[measure]


@dataclass(frozen=True)
class Table:
    """Figures as of `now`: of each group, and of all leads together."""

    asked: Asked
    now: datetime
    measures: tuple[Measure, ...]
    grouping: Grouping | None
    rows: tuple[Row, ...]
    total: Row


def figures(
    asked: Asked,
    measures: Iterable[Measure],
    grouping: Grouping | None = None,
    *,
    now: datetime,
    leads: QuerySet[Any] | None = None,
) -> Table:
    """One query, and a small one for the names of sources, teams or people.

    Days, hours and weekdays without leads have rows too. For the period before, pass
    `asked.before()`. `leads`: the rows, if `asked` cannot select them; calls, for measures that
    count calls.
    """
    measures = tuple(measures)
    rows, aggregates = _prepared(asked, asked.leads() if leads is None else leads, measures, now)
    if grouping is None:
        (found,) = grouped(rows, aggregates)
        return Table(asked, now, measures, None, (), _row(None, "", found, measures))
    rows = rows.annotate(**{KEY: grouping.expression(asked)})
    by_key = {values[KEY]: values for values in grouped(rows, aggregates)}
    total = _row(None, "", by_key.pop(None), measures)
    nothing = dict.fromkeys(aggregates)
    by_key = dict.fromkeys(grouping.every(asked), nothing) | by_key
    labels = grouping.in_order(by_key, asked)
    shown = tuple(_row(key, label, by_key[key], measures) for key, label in labels.items())
    return Table(asked, now, measures, grouping, shown, total)


def _prepared(
    asked: Asked, leads: QuerySet[Any], measures: Iterable[Measure], now: datetime
) -> tuple[QuerySet[Any, Any], dict[str, str]]:
    """The rows with the columns to aggregate, and the aggregates by name."""
    columns: dict[str, Any] = {}
    names: dict[Any, str] = {}

    def named(what: Any, expression: Any) -> str:
        """One column for each condition and value, however many measures use it."""
        if what not in names:
            names[what] = f"column_{len(names)}"
            columns[names[what]] = expression
        return names[what]

    def condition(leads: Q) -> str:
        return named(leads, ExpressionWrapper(leads, output_field=BooleanField()))

    aggregates = {}
    for it in measures:
        leads_of = it.rows(now, asked.seen)
        if it.distinct is not None:
            column = named((leads_of, id(it.distinct)), Case(When(leads_of, then=it.distinct)))
            aggregates[f"{it.key}_leads"] = f"count(DISTINCT {column})"
        elif it.value is None:
            aggregates[f"{it.key}_leads"] = f"count(*) FILTER (WHERE {condition(leads_of)})"
        else:
            column = named((leads_of, id(it.value)), Case(When(leads_of, then=it.value)))
            aggregates[f"{it.key}_leads"] = f"count({column})"
            aggregates[f"{it.key}_value"] = _aggregate(it, column)
        if it.out_of:
            of = condition(it.out_of(now))
            aggregates[f"{it.key}_out_of"] = f"count(*) FILTER (WHERE {of})"
    return leads.annotate(**columns).values(*columns), aggregates


def _aggregate(measure: Measure, column: str) -> str:
    if measure.added:
        return f"sum({column})"
    if measure.fraction is None:
        return f"avg({column})"
    return f"percentile_cont({float(measure.fraction)}) WITHIN GROUP (ORDER BY {column})"


def nothing(measures: Iterable[Measure]) -> dict[str, Figure]:
    """The figures of no rows."""
    return {it.key: _figure(it, defaultdict(lambda: None)) for it in measures}


def _row(
    key: Key | None, label: str, values: Mapping[str, Any], measures: Iterable[Measure]
) -> Row:
    return Row(key, label, {it.key: _figure(it, values) for it in measures})


def _figure(measure: Measure, values: Mapping[str, Any]) -> Figure:
    leads = values[f"{measure.key}_leads"] or 0
    if measure.value is not None:
        value = values[f"{measure.key}_value"]
        return Figure(measure, None if value is None else float(value), leads)
    if measure.out_of:
        out_of = values[f"{measure.key}_out_of"] or 0
        return Figure(measure, leads / out_of if out_of else None, leads, out_of)
    return Figure(measure, leads, leads)
